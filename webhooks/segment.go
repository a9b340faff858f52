package webhooks

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"rapport/campaigns"
	"rapport/customers"
)

const (
	// anonymous begins the id of a visitor who has not said who they are.
	anonymous = "anonymous:"
	// longestMessageID is in characters.
	longestMessageID = 99
)

// segmentMessage is one message of Segment's HTTP API.
type segmentMessage struct {
	Type        string         `json:"type"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId"`
	AnonymousID string         `json:"anonymousId"`
	PreviousID  string         `json:"previousId"`
	Event       string         `json:"event"`
	Traits      map[string]any `json:"traits"`
	Properties  map[string]any `json:"properties"`
	Context     struct {
		Locale   string         `json:"locale"`
		Timezone string         `json:"timezone"`
		Traits   map[string]any `json:"traits"`
	} `json:"context"`
	Timestamp         string `json:"timestamp"`
	OriginalTimestamp string `json:"originalTimestamp"` // what RudderStack's clients call it
	SentAt            any    `json:"sentAt"`
}

// wrong says what is wrong with a message; "" when nothing is.
func (m *segmentMessage) wrong() string {
	switch m.Type {
	case "identify", "track", "page", "screen", "group", "alias":
	default:
		return "type is none of identify, track, page, screen, group, alias"
	}
	switch {
	case m.UserID == "" && m.AnonymousID == "":
		return "userId or anonymousId is missing"
	case utf8.RuneCountInString(m.MessageID) > longestMessageID:
		return fmt.Sprintf("messageId is longer than %d characters", longestMessageID)
	case m.Type == "track" && m.Event == "":
		return "event is missing"
	}
	order := orderID(m.Properties)
	for name, text := range map[string]string{
		"userId": m.UserID, "anonymousId": m.AnonymousID, "previousId": m.PreviousID, "event": m.Event, "properties.order_id": order,
	} {
		if len(text) > customers.LongestID {
			return fmt.Sprintf("%s is longer than %d bytes", name, customers.LongestID)
		}
	}
	for name, text := range map[string]string{"timestamp": m.Timestamp, "originalTimestamp": m.OriginalTimestamp} {
		if _, ok := timeOf(text); text != "" && !ok {
			return name + " is no time such as 2026-03-01T09:30:00.000Z"
		}
	}
	return ""
}

// customer is the id of whom a message is about.
func (m *segmentMessage) customer() string {
	if m.UserID == "" {
		return anonymous + m.AnonymousID
	}
	return m.UserID
}

// visitor is who says who they are: by an identify that names both ids, or by an
// alias. It is "" where nobody does.
func (m *segmentMessage) visitor() string {
	before := m.AnonymousID
	if m.Type == "alias" {
		before = strings.TrimPrefix(cmp.Or(m.PreviousID, m.AnonymousID), anonymous)
	}
	if m.Type != "identify" && m.Type != "alias" || m.UserID == "" || before == "" || before == m.UserID {
		return ""
	}
	return anonymous + before
}

// key tells a message from others of its type, "" where it has no id.
func (m *segmentMessage) key() string {
	if m.MessageID == "" {
		return ""
	}
	return m.Type + ":" + m.MessageID
}

// taking collects what a request's messages say.
type taking struct {
	workspace *campaigns.Workspace
	now       time.Time
	history   bool // what is said is over, and as an event begins nothing

	messages  []customers.Message
	countries map[string]string // named so far, by customer
	taken     int               // messages
	mistakes  []string
}

func newTaking(w *campaigns.Workspace, now time.Time) *taking {
	return &taking{workspace: w, now: now, countries: map[string]string{}}
}

func (t *taking) single(kind string, raw json.RawMessage) {
	t.add("", kind, raw, time.Time{})
}

func (t *taking) batch(messages []json.RawMessage, sentAt time.Time) {
	for n, raw := range messages {
		t.add(fmt.Sprintf("batch[%d]: ", n), "", raw, sentAt)
	}
}

// add takes one message or names what is wrong with it. kind is empty where the
// message says it; sentAt is when the sender's clock says the request left.
func (t *taking) add(which, kind string, raw json.RawMessage, sentAt time.Time) {
	m, wrong := read(kind, raw)
	if wrong == "" && t.history && m.Type == "track" && m.Timestamp+m.OriginalTimestamp == "" {
		wrong = "timestamp is missing; history says when it happened"
	}
	if wrong != "" {
		t.mistakes = append(t.mistakes, which+wrong)
		return
	}
	t.taken++
	if sentAt.IsZero() {
		sentAt, _ = timeOf(m.SentAt)
	}
	said := customers.Message{Key: m.key()}
	switch m.Type {
	case "identify":
		said.Person = t.person(m, m.Traits)
	case "alias":
		said.Person = customers.Customer{ID: m.customer()}
	case "track":
		said.Person = t.person(m, m.Context.Traits)
		t.track(&said, m, raw, sentAt)
	}
	said.Visitor = m.visitor()
	if m.Type != "alias" && said.Person.ID != "" || said.Visitor != "" {
		t.messages = append(t.messages, said)
	} // the others are taken, as every client sends them, but no journey speaks of them
}

func read(kind string, raw json.RawMessage) (*segmentMessage, string) {
	if len(raw) > eventLimit {
		return nil, fmt.Sprintf("the message is larger than %d KiB", eventLimit>>10)
	}
	m := &segmentMessage{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, place(err)
	}
	if kind != "" {
		m.Type = kind
	}
	return m, m.wrong()
}

// person is whom a message is about, and what it says of them.
func (t *taking) person(m *segmentMessage, traits map[string]any) customers.Customer {
	c := customers.Customer{ID: m.customer(), Locale: m.Context.Locale}
	if _, err := time.LoadLocation(m.Context.Timezone); err == nil && m.Context.Timezone != "Local" {
		c.Zone = m.Context.Timezone
	}
	t.describe(&c, traits)
	if c.Country != "" {
		t.countries[c.ID] = c.Country
	}
	return c
}

// track adds the event that a message tells; a completed order is also an order.
func (t *taking) track(said *customers.Message, m *segmentMessage, raw json.RawMessage, sentAt time.Time) {
	said.Event = &customers.Event{
		Customer: said.Person.ID, Name: m.Event, At: t.happened(m, sentAt), ReceivedAt: t.now,
		Properties: m.Properties, Key: t.key(m, raw), Live: !t.history,
	}
	order := customers.Order{}
	if m.Event == "Order Completed" {
		order = purchase(m.Properties, t.workspace)
	}
	if order.ID == "" {
		said.Key = "" // as new as the event
		return
	}
	order.Customer, order.At = said.Person.ID, said.Event.At
	said.Order, said.Event.ProviderKey = &order, "order:"+order.ID
	if said.Key == "" {
		said.Key = "track:" + said.Event.Key
	}
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

// key tells an event from every other. Without a messageId a repetition is
// known by its text, if that holds a time; without one every message counts.
func (t *taking) key(m *segmentMessage, raw json.RawMessage) string {
	if m.MessageID != "" {
		return "segment:" + m.MessageID
	}
	sum := sha256.Sum256(raw)
	key := "segment-text:" + hex.EncodeToString(sum[:16])
	if strings.TrimSpace(m.Timestamp+m.OriginalTimestamp) == "" {
		key += fmt.Sprintf("/%d/%d", t.now.UnixNano(), len(t.messages))
	}
	return key
}
