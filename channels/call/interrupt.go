package call

import (
	"context"
	"fmt"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"rapport/channels"
	"rapport/channels/twilio"
)

// Machine implements channels.Talker. Twilio tells it while the call goes on
// (https://www.twilio.com/docs/voice/answering-machine-detection#asynchronous-amd).
func (s *calls) Machine(c channels.Callback) bool {
	form, _, err := twilio.Fields(c)
	return err == nil && notPerson(form) != "" && form.Get("CallStatus") != "completed"
}

// CallOf implements channels.Talker.
func (s *calls) CallOf(c channels.Callback) string {
	form, _, err := twilio.Fields(c)
	if err != nil {
		return ""
	}
	return form.Get("CallSid")
}

// Interrupt implements channels.Talker.
func (s *calls) Interrupt(ctx context.Context, call string, with channels.Reply) error {
	_, err := twilio.Do(ctx, s.client, func(service *api.ApiService) (*api.ApiV2010Call, error) {
		return service.UpdateCall(call, (&api.UpdateCallParams{}).SetTwiml(string(with.Body)))
	})
	if err != nil {
		return fmt.Errorf("interrupt a call: %w", err)
	}
	return nil
}
