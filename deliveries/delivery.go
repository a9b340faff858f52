package deliveries

import (
	"time"

	"rapport/channels"
)

// Delivery is one message to one customer: a row of the ledger.
type Delivery struct {
	ID       int64            `json:"id"`
	Entry    int64            `json:"entry"`
	Customer string           `json:"customer"`
	Campaign string           `json:"campaign"`
	Version  int              `json:"version"`
	Step     string           `json:"step"`  // the step's path in the campaign
	Group    int              `json:"group"` // which planning of the step: 0 first, 1 after a fallback or a resend
	Channel  channels.Channel `json:"channel"`
	Topic    string           `json:"topic"`
	Template string           `json:"template"`
	Vars     map[string]any   `json:"vars,omitempty"`
	Priority int              `json:"priority"`

	Status Status    `json:"status"`
	Reason string    `json:"reason,omitempty"` // skip or failure reason; while planned, what holds it
	DueAt  time.Time `json:"due_at"`
	// ExpiresAt is when a message that is still held is given up.
	ExpiresAt time.Time `json:"expires_at"`
	// Attempts counts sends begun.
	Attempts int `json:"attempts"`
	// Rung counts those of them that came as far as the customer's phone, or of a
	// text as far as its provider's queue, and are
	// to be repeated. What a provider turned away is an attempt that rang nobody.
	Rung int `json:"rung,omitempty"`
	// Retry is how attempts that failed at the customer's end are repeated.
	Retry Retry `json:"retry,omitzero"`
	// Ambiguous is what to do when nobody knows whether it was sent.
	Ambiguous Ambiguous `json:"ambiguous"`
	// Resent marks the one extra copy the resend policy allows.
	Resent bool `json:"resent,omitempty"`

	// Case is the case a direct message answers; 0 for others.
	Case int64 `json:"case,omitempty"`

	Provider   string            `json:"provider,omitempty"` // by its name in the configuration: the last that was handed it
	ProviderID string            `json:"provider_id,omitempty"`
	Cost       int64             `json:"cost,omitempty"`      // minor units reserved for it
	Segments   int               `json:"segments,omitempty"`  // of a text, as they are billed
	Content    *channels.Content `json:"content,omitempty"`   // kept for calls, whose script is fetched later, and of direct messages
	Zone       string            `json:"zone,omitempty"`      // whose clock judged the contact hours
	ZoneFrom   string            `json:"zone_from,omitempty"` // profile, phone, country, workspace

	PlannedAt time.Time `json:"planned_at"`
	TakenAt   time.Time `json:"taken_at,omitzero"`   // when caps and budget were taken: the send began
	SettledAt time.Time `json:"settled_at,omitzero"` // when sent or ended
	// Did is what a report just told of people; the ledger adds it up.
	Did Did `json:"-"`
	// DeliveredAt is when an e-mail was handed over, where Lookup finds that said.
	DeliveredAt time.Time `json:"-"`
}

// Arrived is when the message was handed over, or taken by the provider where
// nobody said more; zero before that.
func (d Delivery) Arrived() time.Time {
	if d.DeliveredAt.IsZero() {
		return d.SettledAt
	}
	return d.DeliveredAt
}

// Taken reports whether a provider took the message, whatever came of it: one that
// failed afterwards still has the provider's name.
func (d Delivery) Taken() bool { return taken(d.Status, d.ProviderID != "") }

func taken(s Status, named bool) bool { return s.Accepted() || s == Failed && named }

// Alike is the delivery as a funnel counts it, but for what machines did.
func (d Delivery) Alike() Alike {
	return Alike{
		Channel: d.Channel, Status: d.Status, Reason: d.Reason, Named: d.ProviderID != "", Count: 1,
		Did: d.Did, Cost: d.Cost, Segments: int64(d.Segments),
	}
}

// Outlasts reports whether the delivery is still sent after its journey has finished.
// Webhooks are, since no journey waits for them, and so is whatever a send was already
// begun for.
func (d Delivery) Outlasts() bool {
	return d.Channel == channels.Webhook || d.Attempts > 0
}

// Retry repeats an attempt that met busy, no_answer or machine.
type Retry struct {
	On     []string      `json:"on,omitempty"`
	Every  time.Duration `json:"every,omitempty"`
	AtMost int           `json:"at_most,omitempty"` // further attempts after the first
}

// Wants reports whether an attempt that ended for this reason is to be repeated,
// after rung others that were.
func (r Retry) Wants(reason string, rung int) bool {
	if rung >= r.AtMost {
		return false
	}
	for _, on := range r.On {
		if on == reason {
			return true
		}
	}
	return false
}

// Ambiguous is the policy for a send whose outcome nobody knows.
type Ambiguous string

// Policies. Hold never sends a second copy; Resend sends at most one, flagged.
const (
	Hold   Ambiguous = "hold"
	Resend Ambiguous = "resend"
)
