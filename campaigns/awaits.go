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
// at Since or later, with a number above After.
type Awaited struct {
	Entry    int64
	Customer string
	Event    string
	Since    time.Time
	After    int64
}

// Awaiting lists what entries stand still for.
func (c *Campaign) Awaiting(entries ...Entry) []Awaited {
	var awaited []Awaited
	for _, e := range entries {
		if event, waits := c.Awaits(e); waits {
			awaited = append(awaited, Awaited{Entry: e.ID, Customer: e.Customer, Event: event, Since: e.since(), After: e.after()})
		}
	}
	return awaited
}

// Brings reports whether an event is of those an entry stands still for.
func (a Awaited) Brings(ev customers.Event) bool {
	return ev.Name == a.Event && !ev.ReceivedAt.Before(a.Since) && ev.ID > a.After
}

// since is from when on events count for the step the entry stands at: the moment
// the step before it was done.
func (e Entry) since() time.Time {
	if !e.Journal.Since.IsZero() {
		return e.Journal.Since
	}
	return e.ArrivedAt
}

// after is the number of the event that began the journey, or led another to hand
// over to it: none up to that one counts. 0 where none did.
func (e Entry) after() int64 {
	if began, is := e.begunBy(); is {
		return began
	}
	return e.Journal.After
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
