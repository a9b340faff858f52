package call

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"rapport/channels"
	"rapport/channels/twilio"
)

// ringFor is how long, in seconds, a phone rings before the call counts as not
// answered: shorter than most mailboxes take to pick up.
const ringFor = 25

// Twilio is the settings of calls through Twilio.
type Twilio struct {
	twilio.Account `yaml:",inline"`
	// From is the E.164 number shown where the workspace names none.
	From string `yaml:"from"`
	// MachineDetection tells answering machines from people while the script is
	// under way, so that nobody says hello into silence. It costs a fee.
	MachineDetection bool `yaml:"machine_detection"`
	// Transcribe has Twilio write down recorded answers, English only, for a fee.
	Transcribe bool `yaml:"transcribe"`
}

// Open gives the sender, which is also a Listener, a Talker, a Finder, a
// Checker, a Prober and a Recorder.
func (t Twilio) Open() (channels.Sender, error) {
	client, err := t.Account.Open()
	if err != nil {
		return nil, fmt.Errorf("open calls through twilio: %w", err)
	}
	if t.From != "" && !twilio.IsNumber(t.From) {
		return nil, errors.New("open calls through twilio: from is not an E.164 number")
	}
	return &calls{
		client: client, from: t.From, detect: t.MachineDetection, transcribe: t.Transcribe,
	}, nil
}

type calls struct {
	client     *twilio.Client
	from       string
	detect     bool
	transcribe bool
}

// Send places one call.
func (s *calls) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	receipt, err := s.send(ctx, m)
	if err != nil {
		return channels.Receipt{}, fmt.Errorf("place call of delivery %d: %w", m.Delivery, err)
	}
	return receipt, nil
}

func (s *calls) send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	if err := s.Check(m); err != nil {
		return channels.Receipt{}, err
	}
	call, err := twilio.Do(ctx, s.client, func(service *api.ApiService) (*api.ApiV2010Call, error) {
		return service.CreateCall(s.params(m))
	})
	if err != nil {
		return channels.Receipt{}, err
	}
	sid := twilio.Text(call.Sid)
	if sid == "" {
		return channels.Receipt{}, errors.New("twilio's answer names no call")
	}
	return channels.Receipt{ProviderID: sid}, nil
}

func (s *calls) params(m channels.Message) *api.CreateCallParams {
	params := (&api.CreateCallParams{}).
		SetTo(m.To).SetFrom(s.caller(m)).
		SetUrl(m.ScriptURL).SetMethod(http.MethodPost).
		SetTimeout(ringFor)
	if m.StatusURL != "" {
		params.SetStatusCallback(m.StatusURL).SetStatusCallbackMethod(http.MethodPost).
			SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	}
	if s.detect && m.StatusURL != "" {
		params.SetMachineDetection(detection(m.Content.Call)).
			SetAsyncAmd("true").SetAsyncAmdStatusCallback(m.StatusURL).SetAsyncAmdStatusCallbackMethod(http.MethodPost)
	}
	return params
}

// detection is how a machine is told from a person: as soon as can be, or at the
// beep where words are to be left.
func detection(script *channels.CallScript) string {
	if script.Voicemail != "" {
		return "DetectMessageEnd"
	}
	return "Enable"
}

func (s *calls) caller(m channels.Message) string {
	if m.From != "" {
		return m.From
	}
	return s.from
}

// Check refuses a call that Twilio could not place.
func (s *calls) Check(m channels.Message) error {
	refuse := func(reason, why string) error {
		return &channels.Refused{Reason: reason, Err: errors.New(why)}
	}
	script, err := url.Parse(m.ScriptURL)
	switch {
	case !twilio.IsNumber(m.To):
		return refuse(channels.ReasonInvalidAddress, "the recipient is not an E.164 number")
	case !twilio.IsNumber(s.caller(m)):
		return refuse(channels.ReasonRejected, "the caller is not an E.164 number")
	case m.Content.Call == nil:
		return refuse(channels.ReasonRejected, "there is no script")
	case m.Content.Call.Voice == "" && !channels.Voiced(m.Content.Call.Language):
		return refuse(channels.ReasonRejected, "Twilio has no voice for the language "+m.Content.Call.Language+"; write the script in another, or name a voice under senders")
	case err != nil || script.Host == "":
		return refuse(channels.ReasonRejected, "the script has no absolute URL")
	case !channels.OneLine(m.StatusURL):
		return refuse(channels.ReasonRejected, "the status URL holds a line break")
	}
	return nil
}

// Verify checks Twilio's signature.
func (s *calls) Verify(c channels.Callback) error { return s.client.Verify(c) }

// Probe implements channels.Prober: it asks for the newest call.
func (s *calls) Probe(ctx context.Context) error {
	size := 1
	_, err := twilio.Do(ctx, s.client, func(service *api.ApiService) (*api.ListCallResponse, error) {
		return service.PageCall(&api.ListCallParams{PageSize: &size}, "", "")
	})
	if err != nil {
		return fmt.Errorf("probe twilio: %w", err)
	}
	return nil
}

// Find looks among the newest calls Twilio placed to the number. Twilio gives
// back nothing of ours, so only a single call since then is an answer.
func (s *calls) Find(ctx context.Context, delivery int64, to string, since time.Time) (channels.Receipt, bool, error) {
	found, is, err := s.find(ctx, to, since)
	if err != nil {
		return channels.Receipt{}, false, fmt.Errorf("look for call of delivery %d: %w", delivery, err)
	}
	return channels.Receipt{ProviderID: found.SID}, is, nil
}

func (s *calls) find(ctx context.Context, to string, since time.Time) (twilio.Resource, bool, error) {
	size := twilio.PageSize
	page, err := twilio.Do(ctx, s.client, func(service *api.ApiService) (*api.ListCallResponse, error) {
		return service.PageCall(&api.ListCallParams{To: &to, PageSize: &size}, "", "")
	})
	if err != nil {
		return twilio.Resource{}, false, err
	}
	listed := make([]twilio.Resource, len(page.Calls))
	for i, call := range page.Calls {
		listed[i] = twilio.Resource{
			SID: twilio.Text(call.Sid), Direction: twilio.Text(call.Direction), Created: twilio.Text(call.DateCreated),
		}
	}
	return twilio.Only(listed, twilio.Text(page.NextPageUri) != "", since)
}
