package email

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// event is one entry of SendGrid's event webhook
// (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event).
// Our custom arguments stand beside SendGrid's fields. Loose types are kept
// loose: one odd event must not lose the others.
type event struct {
	Event          string          `json:"event"`
	Email          string          `json:"email"`
	Timestamp      json.RawMessage `json:"timestamp"`
	Delivery       json.RawMessage `json:"delivery"`
	ID             string          `json:"sg_event_id"`
	MessageID      string          `json:"sg_message_id"`
	URL            string          `json:"url"`
	Type           string          `json:"type"`
	Status         string          `json:"status"`
	Reason         string          `json:"reason"`
	Classification string          `json:"bounce_classification"`
	MachineOpen    bool            `json:"sg_machine_open"`
	Agent          *string         `json:"useragent"`
}

// Reports reads a batch of events. Kinds nobody here asks about are left out.
func (s *mails) Reports(c channels.Callback) ([]channels.Report, error) {
	var batch []json.RawMessage
	if err := json.Unmarshal(c.Body, &batch); err != nil {
		return nil, errors.New("read sendgrid events: the body is not a JSON array")
	}
	var reports []channels.Report
	for _, raw := range batch {
		var e event
		var odd *json.UnmarshalTypeError // the other fields are still read
		if err := json.Unmarshal(raw, &e); err != nil && !errors.As(err, &odd) {
			return nil, errors.New("read sendgrid events: an event is not a JSON object")
		}
		if r, is := e.report(c.ReceivedAt); is {
			reports = append(reports, r)
		}
	}
	return reports, nil
}

// machine reports whether the program that opened or clicked is nobody's, as
// far as SendGrid tells its name.
func (e event) machine() bool {
	return e.Agent != nil && channels.MachineVisit(http.MethodGet, *e.Agent)
}

func (e event) report(receivedAt time.Time) (channels.Report, bool) {
	r := channels.Report{
		Channel: channels.Email, Delivery: number(e.Delivery), ProviderID: messageID(e.MessageID),
		At: receivedAt.UTC(), Key: e.ID, From: e.Email,
	}
	if seconds := number(e.Timestamp); seconds > 0 {
		r.At = time.Unix(seconds, 0).UTC()
	}
	switch e.Event {
	case "processed":
		r.Kind = channels.ReportSent
	case "delivered":
		r.Kind = channels.ReportDelivered
	case "deferred":
		r.Kind = channels.ReportDeferred
	case "open":
		r.Kind, r.Bot = channels.ReportOpened, e.MachineOpen || e.machine()
	case "click":
		r.Kind, r.Link, r.Bot = channels.ReportClicked, e.URL, e.machine()
	case "bounce", "blocked":
		r.Kind = channels.ReportBounced
		r.Reason, r.Suppress = e.bounce()
	case "dropped":
		r.Kind = channels.ReportFailed
		r.Reason, r.Suppress = dropped(e.Reason)
	case "spamreport":
		r.Kind, r.Suppress, r.Reason = channels.ReportComplained, true, channels.ReasonComplained
	case "unsubscribe":
		r.Kind, r.Suppress, r.Reason = channels.ReportUnsubscribed, true, channels.ReasonOptedOut
	case "group_unsubscribe":
		r.Kind = channels.ReportUnsubscribed
	case "group_resubscribe":
		r.Kind = channels.ReportResubscribed
	default:
		return r, false
	}
	return r, true
}

// bounce is the class of a bounce: SendGrid's type and classification where they
// say more than the receiving server, whose code and words decide otherwise. SendGrid
// calls an address invalid that it could not look up or that a server refused for our
// sake: such a word alone suppresses nobody of whom the server says another thing.
func (e event) bounce() (class string, suppress bool) {
	said := BounceClass(e.Status, e.Reason)
	told := e.Status != "" || e.Reason != ""
	switch {
	case e.Classification == "Invalid Address" && told:
		class = said
	case e.Classification == "Invalid Address":
		class = channels.BounceHard
	case e.Type == "blocked", e.Event == "blocked", e.Classification == "Content", e.Classification == "Reputation":
		class = channels.BounceBlocked
	case e.Classification == "Mailbox Unavailable", e.Classification == "Technical", e.Classification == "Frequency/Volume":
		class = channels.BounceSoft
	case !told:
		class = channels.BounceHard // SendGrid tells nothing but that it was a bounce
	default:
		class = said
	}
	return class, class == channels.BounceHard
}

// dropped reads why SendGrid did not even try: its own suppression lists know
// the address, or the message is at fault.
func dropped(reason string) (string, bool) {
	switch {
	case strings.HasPrefix(reason, "Bounced"):
		return channels.BounceHard, true
	case strings.HasPrefix(reason, "Unsubscribed"):
		return channels.ReasonOptedOut, true
	case strings.HasPrefix(reason, "Spam Reporting"):
		return channels.ReasonComplained, true
	case reason == "Invalid":
		return channels.ReasonInvalidAddress, true
	}
	return channels.ReasonRejected, false
}

// number reads a JSON number or a string that holds one; 0 for anything else.
func number(raw json.RawMessage) int64 {
	text := strings.Trim(string(raw), `"`)
	if whole, _, fraction := strings.Cut(text, "."); fraction {
		text = whole
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// messageID cuts the X-Message-Id of the send from an sg_message_id, which adds
// the names of the machines the message went through. The id itself may hold
// dots.
func messageID(id string) string {
	for _, machine := range []string{".filter", ".recvd"} {
		if i := strings.Index(id, machine); i >= 0 {
			return id[:i]
		}
	}
	if strings.HasPrefix(id, "filter") || strings.HasPrefix(id, "recvd") {
		return ""
	}
	return id
}
