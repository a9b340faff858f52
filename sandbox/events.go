package sandbox

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// mailEvent is one event of SendGrid's event webhook.
type mailEvent struct {
	name       string
	at         time.Time
	to, id     string
	args       map[string]string
	categories []string
	extra      details
	chance     chance
	again      bool // a repetition that comes under an id of its own
}

// details are what single events carry besides.
type details map[string]string

// homeIP is where simulated people are (RFC 5737).
const homeIP = "192.0.2.44"

// event plans one event of the letter.
func (l *letter) event(name string, at time.Time, extra details) act {
	return act{at: at, report: true, event: &mailEvent{
		name: name, at: at, to: l.to, id: l.id, args: l.args, categories: l.categories, extra: extra, chance: l.chance,
	}}
}

// encode writes the event as SendGrid does: custom arguments stand beside the
// event's own fields, which they cannot replace.
func (s *Sandbox) encode(e *mailEvent) ([]byte, error) {
	fields := make(map[string]any, 16)
	for name, value := range e.args {
		fields[name] = value
	}
	for name, value := range e.extra {
		fields[name] = value
	}
	maps.Copy(fields, map[string]any{
		"email": e.to, "event": e.name, "timestamp": e.at.Unix(),
		"sg_message_id": e.id, "sg_event_id": s.eventID(e), "smtp-id": "<" + e.id + "@sandbox>",
	})
	switch len(e.categories) {
	case 0:
	case 1:
		fields["category"] = e.categories[0]
	default:
		fields["category"] = e.categories
	}
	encoded, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return encoded, nil
}

func (s *Sandbox) eventID(e *mailEvent) string {
	sum := s.digest("event", s.born, e.chance.String(), e.id, e.name, e.at.String(), strconv.FormatBool(e.again))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// batchSize is the most events one request carries.
const batchSize = 1000

// batches cuts events into requests.
func batches(events []*mailEvent) iter.Seq[[]*mailEvent] { return slices.Chunk(events, batchSize) }

// eventPatience is how long SendGrid repeats a batch nobody took.
const eventPatience = 24 * time.Hour

// postEvents posts one batch. Unless it is taken it comes again, later each
// time, for a day.
func (s *Sandbox) postEvents(ctx context.Context, batch []*mailEvent, now time.Time, attempt int) {
	encoded := make([][]byte, 0, len(batch))
	for _, e := range batch {
		one, err := s.encode(e)
		if err != nil {
			s.tally.fail("encode an event")
			continue
		}
		encoded = append(encoded, one)
	}
	body := slices.Concat([]byte("["), bytes.Join(encoded, []byte(",\r\n")), []byte("]\r\n"))
	header, err := s.SignEvents(body, now)
	if err != nil {
		s.tally.fail("sign events")
		return
	}
	target := s.options.SendGrid.EventsURL
	if s.visit(ctx, visit{method: http.MethodPost, url: target, header: header, body: body, kind: jsonType}).ok() {
		return
	}
	later := now.Add(time.Duration(attempt*attempt) * 30 * time.Second)
	if later.Sub(batch[0].at) > eventPatience {
		s.tally.lost.Add(int64(len(batch)))
		return
	}
	s.plan.add(&story{key: batch[0].chance, acts: []act{{at: later, do: func(ctx context.Context) []act {
		s.postEvents(ctx, batch, later, attempt+1)
		return nil
	}}}})
}

// SignEvents signs a body: ECDSA P-256 over SHA-256 of the timestamp's digits
// and the raw bytes, in ASN.1 DER, base64.
func (s *Sandbox) SignEvents(body []byte, now time.Time) (http.Header, error) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	hash := sha256.New()
	hash.Write([]byte(stamp))
	hash.Write(body)
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, hash.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("sign events: %w", err)
	}
	return http.Header{
		"User-Agent":                             {"SendGrid Event API"},
		"X-Twilio-Email-Event-Webhook-Signature": {base64.StdEncoding.EncodeToString(signature)},
		"X-Twilio-Email-Event-Webhook-Timestamp": {stamp},
	}, nil
}
