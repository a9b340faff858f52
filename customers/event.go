package customers

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Event is one line of a timeline: something a customer did, or that was done.
type Event struct {
	// ID orders a timeline; the store gives it.
	ID       int64  `json:"id"`
	Customer string `json:"customer"`
	// Name is what happened. Live events keep the sender's name ("Order
	// Completed"); our own are lower-case words ("email delivered").
	Name string `json:"name"`
	// At is when it happened, ReceivedAt when we learned of it.
	At         time.Time      `json:"at"`
	ReceivedAt time.Time      `json:"received_at"`
	Properties map[string]any `json:"properties,omitempty"`
	// Key makes the event unique: a second one with the same key is dropped.
	Key string `json:"-"`
	// ProviderKey is a second identity, where the sender has one; may be empty.
	ProviderKey string `json:"-"`
	Campaign    string `json:"campaign,omitempty"`
	Entry       int64  `json:"entry,omitempty"`
	Delivery    int64  `json:"delivery,omitempty"`
	// Live events may start and end journeys; imported history may not.
	Live bool `json:"-"`
}

// Told is a property's value as people read it: a number in all its digits, what holds
// others as JSON.
func Told(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any, map[string]any:
		var words strings.Builder
		encoder := json.NewEncoder(&words)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(v) == nil {
			return strings.TrimSuffix(words.String(), "\n")
		}
	}
	return fmt.Sprint(value)
}

// Timeline is the record of what happened, by customer.
type Timeline interface {
	// Append records events, each once, and says for each whether it was new.
	// Of somebody without a profile it keeps nothing. Durable when it returns.
	Append(ctx context.Context, events []Event) (fresh []bool, err error)
	// Of lists a customer's events, oldest first, at most limit of the newest.
	Of(ctx context.Context, customer string, limit int) ([]Event, error)
	// Conversation lists the events of a customer that Conversation and a reply go by,
	// oldest first: at most limit of the newest that are words or are about a case
	// (Spoken), and at most limit of the newest that tell what became of a message.
	Conversation(ctx context.Context, customer string, limit int) ([]Event, error)
}
