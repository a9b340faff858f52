package webhooks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/zones"
	"rapport/customers"
)

const (
	// mostLeft is how many things that were left out are told one by one.
	mostLeft = 50
	// farthest is how far a sender's clock may be from ours for its word to count.
	farthest = 366 * 24 * time.Hour
)

// taking collects what a request's messages say.
type taking struct {
	workspace *campaigns.Workspace
	now       time.Time
	history   bool // what is said is over, and as an event begins nothing

	spelt     map[string]string // traits that are read, by their spellings
	messages  []customers.Message
	countries map[string]string // named so far, by customer
	said      map[string]saying // by messageId, of whom and what
	taken     int               // messages
	mistakes  []string

	which   string   // the message that is read, as the answer names it
	left    []string // of what is taken, that which was left out
	leftOut int      // how many there are
}

// saying is a message that has an id.
type saying struct {
	which string
	raw   json.RawMessage
}

// batchBody is the body of a batch.
type batchBody struct {
	Batch    []json.RawMessage `json:"batch"`
	SentAt   any               `json:"sentAt"`
	Misspelt any               `json:"sent_at"` // which is not read
	Context  json.RawMessage   `json:"context"` // of all its messages
}

func newTaking(w *campaigns.Workspace, now time.Time) *taking {
	return &taking{workspace: w, now: now, spelt: spellings(w.Traits), countries: map[string]string{}, said: map[string]saying{}}
}

// leave says what was left out of the message that is read.
func (t *taking) leave(what string) {
	if t.leftOut++; t.leftOut <= mostLeft {
		t.left = append(t.left, t.which+what)
	}
}

// leftover is what was left out, as it is told.
func (t *taking) leftover() []string {
	if t.leftOut > mostLeft {
		return append(t.left, fmt.Sprintf("and %d more", t.leftOut-mostLeft))
	}
	return t.left
}

func (t *taking) single(kind string, raw json.RawMessage) {
	t.add(kind, raw, time.Time{}, surroundings{})
}

func (t *taking) batch(b batchBody) {
	sentAt := t.clock(b.SentAt)
	if b.Misspelt != nil {
		t.leave("sent_at is not read; write sentAt")
	}
	var shared surroundings
	if len(b.Context) > 0 {
		if err := exactly(b.Context, &shared); err != nil {
			t.leave(misplaced("context", err))
			shared = surroundings{}
		}
	}
	if inexact, wrong := asFloats("context.traits", shared.Traits); wrong != "" {
		t.leave(wrong)
		shared.Traits = nil
	} else {
		for _, what := range inexact {
			t.leave(what)
		}
	}
	for n, raw := range b.Batch {
		t.which = fmt.Sprintf("batch[%d]: ", n)
		t.add("", raw, sentAt, shared)
	}
}

// add takes one message or names what is wrong with it. kind is empty where the
// message says it; sentAt is when the sender's clock says the request left.
func (t *taking) add(kind string, raw json.RawMessage, sentAt time.Time, shared surroundings) {
	m, wrong := read(kind, raw)
	if wrong == "" && t.history && m.Type == "track" && !m.dated() {
		wrong = "timestamp is missing; history says when it happened"
	}
	var order customers.Order
	var left []string
	if wrong == "" && m.Type == "track" {
		order, left, wrong = orderOf(m, t.workspace)
	}
	var key string
	if wrong == "" {
		key = m.key(raw)
		wrong = t.twice(m, raw, key)
	}
	if wrong != "" {
		t.mistakes = append(t.mistakes, t.which+wrong)
		return
	}
	t.taken++
	m.Context.within(shared)
	for _, what := range slices.Concat(m.unread, m.inexact, left) {
		t.leave(what)
	}
	said := customers.Message{}
	if key != "" {
		said.Key = m.Type + ":" + key
	}
	switch m.Type {
	case "identify":
		said.Person = t.person(m, "traits", m.Traits)
	case "alias":
		said.Person = customers.Customer{ID: m.customer()}
	case "track":
		if sentAt.IsZero() {
			sentAt = t.clock(m.SentAt)
		}
		said.Person = t.person(m, "context.traits", m.Context.Traits)
		t.track(&said, m, key, raw, sentAt, order)
	}
	said.Visitor = m.visitor()
	if m.Type != "alias" && said.Person.ID != "" || said.Visitor != "" {
		t.messages = append(t.messages, said)
	} // the others are taken, as every client sends them, but no journey speaks of them
}

// twice says that a message has the id of another of the request that says something
// else: one of them would be lost.
func (t *taking) twice(m *segmentMessage, raw json.RawMessage, key string) string {
	if m.MessageID == "" || m.Type != "identify" && m.Type != "track" && m.Type != "alias" {
		return ""
	}
	key = m.Type + ":" + key
	before, found := t.said[key]
	if !found {
		t.said[key] = saying{strings.TrimSuffix(t.which, ": "), raw}
		return ""
	}
	if wording(before.raw) == wording(raw) {
		return ""
	}
	return "messageId is that of " + before.which + ", which says something else; every message has its own"
}

// person is whom a message is about, and what it says of them.
func (t *taking) person(m *segmentMessage, path string, traits map[string]any) customers.Customer {
	c := customers.Customer{ID: m.customer()}
	switch locale := strings.TrimSpace(m.Context.Locale); {
	case locale == "":
	case customers.IsLocale(locale):
		c.Locale = locale
	default:
		t.leave("context.locale" + noLocale)
	}
	if _, known := zones.Named(m.Context.Timezone); known || m.Context.Timezone == "" {
		c.Zone = m.Context.Timezone
	} else {
		t.leave("context.timezone: is no time zone such as Europe/Berlin")
	}
	t.describe(&c, path, traits)
	if c.Country != "" {
		t.countries[c.ID] = c.Country
	}
	return c
}

// track adds the event that a message tells, and what it says of an order. That of a
// completed one is the order's line on the timeline.
func (t *taking) track(said *customers.Message, m *segmentMessage, key string, raw json.RawMessage, sentAt time.Time, order customers.Order) {
	said.Event = &customers.Event{
		Customer: said.Person.ID, Name: m.Event, At: t.happened(m, sentAt), ReceivedAt: t.now,
		Properties: m.Properties, Key: key, Live: !t.history,
	}
	if said.Event.Key == "" {
		said.Event.Key = fmt.Sprintf("segment-text:%s/%d/%d", digest(string(raw)), t.now.UnixNano(), len(t.messages))
	}
	if order.ID == "" {
		said.Key = "" // as new as the event
		return
	}
	order.Customer, order.At = said.Person.ID, said.Event.At
	said.Order = &order
	if m.Event == orderCompleted {
		said.Event.ProviderKey = "order:" + order.ID
	}
	if said.Key == "" {
		said.Key = "track:" + said.Event.Key
	}
}

// clock is what the sender's clock showed when the request left; the zero time where
// nothing sensible is said of that.
func (t *taking) clock(value any) time.Time {
	if t.history || blank(value) {
		return time.Time{}
	}
	at, ok := timeOf(value)
	if off := t.now.Sub(at); !ok || off > farthest || off < -farthest {
		t.leave("sentAt: is no time within a year of now, and sets no clock right")
		return time.Time{}
	}
	return at
}

// happened is when an event happened by our clock: the sender's is as wrong as
// it was when the request left (Segment, "timestamp = receivedAt − (sentAt −
// originalTimestamp)"). Of history, which may be sent once more as it was sent
// before, that is not asked. Nothing happens later than now.
func (t *taking) happened(m *segmentMessage, sentAt time.Time) time.Time {
	at, ok := timeOf(m.Timestamp)
	if !ok {
		at, ok = timeOf(m.OriginalTimestamp)
	}
	if !ok {
		return t.now.UTC()
	}
	if !sentAt.IsZero() && !t.history {
		at = at.Add(t.now.Sub(sentAt))
	}
	if at.After(t.now) {
		at = t.now
	}
	return at.UTC()
}
