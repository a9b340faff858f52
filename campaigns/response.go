package campaigns

import (
	"context"
	"time"

	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
)

// Response is everything one report means: the line on the timeline and what
// follows from it. What follows happens only if the line is new, in the same
// transaction.
type Response struct {
	Event       customers.Event
	Progress    *deliveries.Progress
	Answer      *Answer
	Suppression *customers.Suppression
	Release     *customers.Suppression // the opt-out that START lifts
	Trial       *customers.Trial       // what an e-mail learned of its mailbox
	Consents    []customers.Consent
	Case        *customers.Case
	Reply       *deliveries.Delivery // what answers by itself, at most one of a kind a day for a customer
	Unanswered  *customers.Case      // what is opened where the customer had such a Reply today
	// Recording is one of the customer's voice, to be fetched and kept.
	Recording *recordings.Recording
	// GoneEndpoint is a push subscription to remove.
	GoneEndpoint string
	// Machine is what a machine did with a message, which moves nothing.
	Machine deliveries.Machine
}

// Responses applies what came back.
type Responses interface {
	// Apply writes responses in one transaction: appends the events and, for
	// those that are new, moves the delivery forward, keeps the answer (the
	// first for its ask counts in branches, later ones stand on the timeline
	// only, but for the words of one that was recorded) and the recording, updates scores and engagement on the customer, opens the case,
	// and wakes the entry.
	Apply(ctx context.Context, now time.Time, responses []Response) error
}
