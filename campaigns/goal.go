package campaigns

import (
	"context"
	"math"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// Goal is what a campaign is for: an event of the customer that follows within a
// time of entering. It is counted for those who were contacted and for the
// holdout, whose difference is what the campaign did.
type Goal struct {
	Event  string
	Where  *expression.Program
	Within time.Duration
	// Value is what one such event is worth, such as event.revenue; nil counts
	// events alone.
	Value *expression.Program
}

// Reached reports whether an event is what a customer's entry was for, and what
// it is worth in the major unit of the workspace's currency; 0 without a value.
// counts are the customer's did() counts.
func (c *Campaign) Reached(e Entry, ev customers.Event, cust *customers.Customer, counts map[string]int64) (value float64, reached bool) {
	goal := c.Goal
	if goal == nil || ev.Name != goal.Event || ev.At.Before(e.EnteredAt) || !ev.At.Before(e.EnteredAt.Add(goal.Within)) {
		return 0, false
	}
	moment := expression.Moment{Now: ev.At, Customer: cust, Event: ev.Properties, Counts: counts}
	if !holds(goal.Where, moment) {
		return 0, false
	}
	if goal.Value != nil {
		value, _ = goal.Value.Eval(moment).(float64)
	}
	return value, true
}

// Hope is an event that may be what an entry was for: its name is the goal's, its
// time within that of the goal.
type Hope struct {
	Entry Entry
	Event customers.Event
}

// Conversion is an event that was what an entry was for.
type Conversion struct {
	Entry int64
	Event int64
	At    time.Time
	Value int64 // minor units
}

// Goals counts what campaigns are for.
type Goals interface {
	// Hoping finds the entries that events may count for, running or not, let in by a
	// stage or not, second profiles of a person aside.
	Hoping(ctx context.Context, events []customers.Event) ([]Hope, error)
	// Convert counts conversions, each event once for an entry.
	Convert(ctx context.Context, conversions []Conversion) error
}

// Converts judges a hope: the conversion it is, if it is one. counts are the
// customer's did() counts. A value that is no amount of money counts as none.
func (w *Workspace) Converts(c *Campaign, h Hope, cust *customers.Customer, counts map[string]int64) (Conversion, bool) {
	value, reached := c.Reached(h.Entry, h.Event, cust, counts)
	if !reached || math.IsNaN(value) || math.Abs(value) > 1e12 {
		value = 0
	}
	return Conversion{Entry: h.Entry.ID, Event: h.Event.ID, At: h.Event.At, Value: w.MinorUnits(value)}, reached
}
