package campaigns

import (
	"context"
	"slices"
	"time"

	"rapport/customers"
)

// AwaitedEvents names the events that journeys through the campaign may stand
// still for, wherever in it, each once, sorted.
func (c *Campaign) AwaitedEvents() []string {
	var names []string
	everyStep(c.Steps, func(step *Step) {
		if step.Wait != nil && step.Wait.Event != "" {
			names = append(names, step.Wait.Event)
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// Awaited is what one entry stands still for: an event of its customer received
// at Since or later.
type Awaited struct {
	Entry    int64
	Customer string
	Event    string
	Since    time.Time
}

// Awaiting lists what entries stand still for.
func (c *Campaign) Awaiting(entries ...Entry) []Awaited {
	var awaited []Awaited
	for _, e := range entries {
		if event, waits := c.Awaits(e); waits {
			awaited = append(awaited, Awaited{Entry: e.ID, Customer: e.Customer, Event: event, Since: e.ArrivedAt})
		}
	}
	return awaited
}

// Arrivals brings journeys what they stand still for.
type Arrivals interface {
	// Arrived reads the live events that entries wait for, by entry, oldest
	// first. Entries for which nothing came are left out.
	Arrived(ctx context.Context, awaited []Awaited) (map[int64][]customers.Event, error)
	// Wake lets running entries be looked at at once and counts as a change of
	// them, so that a move judged without the news is refused. An entry before
	// its first step waits for its own time.
	Wake(ctx context.Context, now time.Time, ids []int64) error
}
