package sms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"rapport/channels"
	"rapport/channels/twilio"
)

// serviceSID is the name of a messaging service.
var serviceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)

// longest is what Twilio takes in one message, in characters (error 21617).
const longest = 1600

// mostQueued is how long Twilio keeps a message in its queue where nothing is said
// (error 90007).
const mostQueued = 10 * time.Hour

// Twilio is the settings of text messages through Twilio.
type Twilio struct {
	twilio.Account `yaml:",inline"`
	// MessagingServiceSID lets a messaging service choose the sender; it wins
	// over every From, the workspace's by country included.
	MessagingServiceSID string `yaml:"messaging_service_sid"`
	// OptOutsOff says that Twilio's own answers to STOP, START and HELP are switched
	// off for the account, so that ours are sent for every such word.
	OptOutsOff bool `yaml:"opt_outs_off"`
	// From is the number or sender id used where the workspace names none.
	From string `yaml:"from"`
}

// Open gives the sender, which is also a Listener, a Finder, a Checker and a
// Prober.
func (t Twilio) Open() (channels.Sender, error) {
	client, err := t.Account.Open()
	if err != nil {
		return nil, fmt.Errorf("open sms through twilio: %w", err)
	}
	if t.MessagingServiceSID != "" && !serviceSID.MatchString(t.MessagingServiceSID) {
		return nil, errors.New("open sms through twilio: messaging_service_sid is not a messaging service's SID (MG and 32 digits)")
	}
	return &texts{client: client, service: t.MessagingServiceSID, from: t.From, optOutsOff: t.OptOutsOff}, nil
}

type texts struct {
	client  *twilio.Client
	service string
	from    string

	optOutsOff bool
}

// Send hands one text to Twilio.
func (s *texts) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	receipt, err := s.send(ctx, m)
	if err != nil {
		return channels.Receipt{}, fmt.Errorf("send text of delivery %d: %w", m.Delivery, err)
	}
	return receipt, nil
}

func (s *texts) send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	if err := s.Check(m); err != nil {
		return channels.Receipt{}, err
	}
	params := &api.CreateMessageParams{To: &m.To, Body: &m.Content.SMS.Text}
	if from := s.sender(m); serviceSID.MatchString(from) {
		params.MessagingServiceSid = &from
	} else {
		params.From = &from
	}
	if m.StatusURL != "" {
		params.StatusCallback = &m.StatusURL
	}
	if m.ValidFor > 0 && m.ValidFor < mostQueued {
		seconds := max(int(m.ValidFor.Seconds()), 1)
		params.ValidityPeriod = &seconds
	}
	message, err := twilio.Do(ctx, s.client, func(service *api.ApiService) (*api.ApiV2010Message, error) {
		return service.CreateMessage(params)
	})
	if err != nil {
		return channels.Receipt{}, err
	}
	return receipt(message)
}

func receipt(message *api.ApiV2010Message) (channels.Receipt, error) {
	sid := twilio.Text(message.Sid)
	if sid == "" {
		return channels.Receipt{}, errors.New("twilio's answer names no message")
	}
	// A messaging service has not chosen a sender yet and says 0 segments.
	segments, _ := strconv.Atoi(twilio.Text(message.NumSegments))
	return channels.Receipt{ProviderID: sid, Segments: segments}, nil
}

// sender is who a text comes from: a number, a name, or a messaging service, which
// chooses one itself.
func (s *texts) sender(m channels.Message) string { return cmp.Or(s.service, m.From, s.from) }

// Check refuses a text that Twilio could not send.
func (s *texts) Check(m channels.Message) error {
	refuse := func(reason, why string) error {
		return &channels.Refused{Reason: reason, Err: errors.New(why)}
	}
	switch {
	case !twilio.IsNumber(m.To):
		return refuse(channels.ReasonInvalidAddress, "the recipient is not an E.164 number")
	case m.Content.SMS == nil || m.Content.SMS.Text == "":
		return refuse(channels.ReasonRejected, "there is no text")
	case utf8.RuneCountInString(m.Content.SMS.Text) > longest:
		return refuse(channels.ReasonTooLarge, fmt.Sprintf("the text has more than %d characters", longest))
	case s.sender(m) == "":
		return refuse(channels.ReasonRejected, "neither the workspace nor the settings name a sender")
	case !channels.OneLine(s.sender(m), m.StatusURL):
		return refuse(channels.ReasonRejected, "the sender or the status URL holds a line break")
	case channels.IsSenderName(s.sender(m)) && !channels.TakesSenderNames(m.Country):
		return refuse("sender_refused", "no text from a name is delivered in "+m.Country)
	}
	return nil
}

// Verify checks Twilio's signature.
func (s *texts) Verify(c channels.Callback) error { return s.client.Verify(c) }

// Probe implements channels.Prober: it asks for the newest text.
func (s *texts) Probe(ctx context.Context) error {
	size := 1
	_, err := twilio.Do(ctx, s.client, func(service *api.ApiService) (*api.ListMessageResponse, error) {
		return service.PageMessage(&api.ListMessageParams{PageSize: &size}, "", "")
	})
	if err != nil {
		return fmt.Errorf("probe twilio: %w", err)
	}
	return nil
}

// Find looks among the newest texts Twilio sent to the number. Twilio gives
// back nothing of ours, so only a single text since then is an answer.
func (s *texts) Find(ctx context.Context, delivery int64, to string, since time.Time) (channels.Receipt, bool, error) {
	size := twilio.PageSize
	page, err := twilio.Do(ctx, s.client, func(service *api.ApiService) (*api.ListMessageResponse, error) {
		return service.PageMessage(&api.ListMessageParams{To: &to, PageSize: &size}, "", "")
	})
	if err != nil {
		return channels.Receipt{}, false, fmt.Errorf("look for text of delivery %d: %w", delivery, err)
	}
	listed := make([]twilio.Resource, len(page.Messages))
	segments := map[string]int{}
	for i, message := range page.Messages {
		r, _ := receipt(&message)
		segments[r.ProviderID] = r.Segments
		listed[i] = twilio.Resource{
			SID: r.ProviderID, Direction: twilio.Text(message.Direction), Created: twilio.Text(message.DateCreated),
		}
	}
	found, is, err := twilio.Only(listed, twilio.Text(page.NextPageUri) != "", since)
	if err != nil || !is {
		if err != nil {
			err = fmt.Errorf("look for text of delivery %d: %w", delivery, err)
		}
		return channels.Receipt{}, false, err
	}
	return channels.Receipt{ProviderID: found.SID, Segments: segments[found.SID]}, true, nil
}
