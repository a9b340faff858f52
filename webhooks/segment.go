package webhooks

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rapport/customers"
)

const (
	// anonymous begins the id of a visitor who has not said who they are.
	anonymous = "anonymous:"
	// longestMessageID is in characters.
	longestMessageID = 99
)

// earliest is when an event may have happened: seconds that are read as milliseconds
// are of 1970.
var earliest = time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC)

// segmentMessage is one message of Segment's HTTP API.
type segmentMessage struct {
	Type              string
	MessageID         string
	UserID            string
	AnonymousID       string
	PreviousID        string
	Event             string
	Traits            map[string]any
	Properties        map[string]any
	Context           surroundings
	Timestamp         string
	OriginalTimestamp string // what RudderStack's clients call it
	SentAt            any

	// unread are keys that are written otherwise than those that are read, each with
	// the mend, and inexact the numbers that are not kept as they were written.
	unread, inexact []string
}

// surroundings are what a message, or a batch for all of its messages, says beside.
type surroundings struct {
	Locale   string         `json:"locale"`
	Timezone string         `json:"timezone"`
	Traits   map[string]any `json:"traits"`
}

// within lays a message's surroundings over those of its batch.
func (s *surroundings) within(batch surroundings) {
	s.Locale, s.Timezone = cmp.Or(s.Locale, batch.Locale), cmp.Or(s.Timezone, batch.Timezone)
	if len(batch.Traits) > 0 {
		traits := maps.Clone(batch.Traits)
		maps.Copy(traits, s.Traits)
		s.Traits = traits
	}
}

// read reads a message; kind is empty where it says itself what it is.
func read(kind string, raw json.RawMessage) (m *segmentMessage, wrong string) {
	if len(raw) > eventLimit {
		return nil, fmt.Sprintf("the message is larger than %d KiB", eventLimit>>10)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		wrong = place(err)
		if kind != "" && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
			wrong += `; several messages go as {"batch": [ … ]} to /v1/batch`
		}
		return nil, wrong
	}
	m = &segmentMessage{}
	if wrong = m.fill(keys); wrong != "" {
		return nil, wrong
	}
	if kind != "" {
		m.Type = kind
	}
	for _, id := range []*string{&m.MessageID, &m.UserID, &m.AnonymousID, &m.PreviousID, &m.Event} {
		*id = strings.TrimSpace(*id)
	}
	return m, m.wrong()
}

// fill reads what stands under the keys of a message. Some write them in another case,
// and are understood where nothing stands under the right one.
func (m *segmentMessage) fill(keys map[string]json.RawMessage) (wrong string) {
	fields := []struct {
		name string
		into any
	}{
		{"type", &m.Type},
		{"messageId", &m.MessageID},
		{"userId", &m.UserID},
		{"anonymousId", &m.AnonymousID},
		{"previousId", &m.PreviousID},
		{"event", &m.Event},
		{"traits", &m.Traits},
		{"properties", &m.Properties},
		{"context", &m.Context},
		{"timestamp", &m.Timestamp},
		{"originalTimestamp", &m.OriginalTimestamp},
		{"sentAt", &m.SentAt},
	}
	alike := map[string][]string{} // keys, by how they read in lower case
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		read := strings.ToLower(squeezed(key))
		alike[read] = append(alike[read], key)
	}
	for _, f := range fields {
		raw, given := keys[f.name]
		for _, key := range alike[strings.ToLower(f.name)] {
			switch {
			case key == f.name:
			case !given && strings.EqualFold(key, f.name):
				raw, given = keys[key], true
			default:
				m.unread = append(m.unread, named(key)+" is not read; write "+f.name)
			}
		}
		if !given {
			continue
		}
		decode := exactly
		if _, text := f.into.(*string); text {
			decode = func(raw json.RawMessage, into any) error { return json.Unmarshal(raw, into) }
		}
		if err := decode(raw, f.into); err != nil {
			return misplaced(f.name, err)
		}
	}
	for _, part := range []struct {
		name   string
		values map[string]any
	}{{"properties", m.Properties}, {"traits", m.Traits}, {"context.traits", m.Context.Traits}} {
		inexact, wrong := asFloats(part.name, part.values)
		if wrong != "" {
			return wrong
		}
		m.inexact = append(m.inexact, inexact...)
	}
	return ""
}

// misplaced is place for what stands under a key.
func misplaced(name string, err error) string {
	wrong := place(err)
	switch rest, at := strings.CutPrefix(wrong, "it "); {
	case name == "timestamp" || name == "originalTimestamp":
		wrong, _, _ = strings.Cut(name+" "+rest, ";")
		return wrong + "; write it as 2026-03-01T09:30:00.000Z"
	case at:
		return name + " " + rest
	}
	return name + "." + wrong
}

var joints = strings.NewReplacer("_", "", "-", "", " ", "")

// squeezed is a key without what some put between its words.
func squeezed(key string) string { return joints.Replace(key) }

// wrong says what is wrong with a message; "" when nothing is.
func (m *segmentMessage) wrong() string {
	switch m.Type {
	case "identify", "track", "page", "screen", "group", "alias":
	default:
		return "type is none of identify, track, page, screen, group, alias"
	}
	switch {
	case m.UserID == "" && m.AnonymousID == "":
		return strings.Join(append([]string{"userId or anonymousId is missing"}, m.unread...), "; ")
	case utf8.RuneCountInString(m.MessageID) > longestMessageID:
		return fmt.Sprintf("messageId is longer than %d characters", longestMessageID)
	case m.Type == "track" && m.Event == "":
		return "event is missing"
	}
	for _, id := range []struct{ name, text string }{
		{"userId", m.UserID},
		{"anonymousId", m.AnonymousID},
		{"previousId", m.PreviousID},
		{"event", m.Event},
		{"properties.order_id", orderID(m.Properties)},
	} {
		if wrong := unkeepable(id.text); wrong != "" {
			return id.name + " " + wrong
		}
	}
	for _, at := range []struct{ name, text string }{{"timestamp", m.Timestamp}, {"originalTimestamp", m.OriginalTimestamp}} {
		if at.text == "" {
			continue
		}
		switch read, ok := timeOf(at.text); {
		case !ok:
			return at.name + " is no time such as 2026-03-01T09:30:00.000Z"
		case read.Before(earliest):
			return at.name + " is before 1995: are seconds taken for milliseconds?"
		}
	}
	return ""
}

// unkeepable says why a text cannot be an id or a name; "" where it can.
func unkeepable(text string) string {
	switch {
	case len(text) > customers.LongestID:
		return fmt.Sprintf("is longer than %d bytes", customers.LongestID)
	case strings.ContainsAny(text, "\x00\ufffd"):
		return "has a character that cannot be read (U+0000, or no UTF-8)"
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

// dated reports whether a message says when it happened.
func (m *segmentMessage) dated() bool { return m.Timestamp+m.OriginalTimestamp != "" }

// key tells a message from every other of its type: by its messageId, of whom it is
// about and of what happened to them, or by its text where that holds a time. It is ""
// where it has neither, and every message counts.
func (m *segmentMessage) key(raw json.RawMessage) string {
	switch {
	case m.MessageID != "":
		return "segment:" + digest(fmt.Sprintf("%q %q %q", m.MessageID, m.customer(), cmp.Or(m.Event, m.visitor())))
	case m.dated():
		return "segment-text:" + digest(wording(raw))
	}
	return ""
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// wording is what a message says, but for when it was sent: that is another moment
// each time.
func wording(raw json.RawMessage) string {
	var keys map[string]any
	if exactly(raw, &keys) != nil {
		return string(raw)
	}
	maps.DeleteFunc(keys, func(key string, _ any) bool { return strings.EqualFold(squeezed(key), "sentAt") })
	text, err := json.Marshal(keys)
	if err != nil {
		return string(raw)
	}
	return string(text)
}
