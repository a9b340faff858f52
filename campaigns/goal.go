package campaigns

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
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
	moment := expression.Moment{Now: c.today(ev.At), Customer: cust, Event: ev.Properties, Counts: counts}
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
	// Order is the order whose event it is; "" where it is none's.
	Order string
}

// Credited leaves of each event the conversion of the latest entry of a campaign: what
// a person did once counts once, however many of their journeys are open. The hopes
// stand in the order of the conversions.
func Credited(hopes []Hope, conversions []Conversion) []Conversion {
	type credit struct {
		campaign string
		event    int64
	}
	latest := map[credit]int{}
	for i, h := range hopes {
		of := credit{h.Entry.Campaign, h.Event.ID}
		if other, rival := latest[of]; !rival || hopes[other].Entry.before(h.Entry) {
			latest[of] = i
		}
	}
	credited := make([]Conversion, 0, len(latest))
	for _, i := range slices.Sorted(maps.Values(latest)) {
		credited = append(credited, conversions[i])
	}
	return credited
}

// before reports whether an entry was made before another.
func (e Entry) before(other Entry) bool {
	return cmp.Or(e.EnteredAt.Compare(other.EnteredAt), cmp.Compare(e.ID, other.ID)) < 0
}

// Goals counts what campaigns are for.
type Goals interface {
	// Hoping finds the entries that events may count for, of any profile of the person,
	// running or not, let in by a stage or not, second profiles aside.
	Hoping(ctx context.Context, events []customers.Event) ([]Hope, error)
	// Convert counts conversions, each event once for a campaign.
	Convert(ctx context.Context, conversions []Conversion) error
}

// Converts judges a hope: the conversion it is, if it is one. counts are the
// customer's did() counts. A value that is no amount of money counts as none.
func (w *Workspace) Converts(c *Campaign, h Hope, cust *customers.Customer, counts map[string]int64) (Conversion, bool) {
	value, reached := c.Reached(h.Entry, h.Event, cust, counts)
	if !reached || math.IsNaN(value) || math.Abs(value) > 1e12 {
		value = 0
	}
	order, isOrder := strings.CutPrefix(h.Event.ProviderKey, "order:")
	if !isOrder {
		order = ""
	}
	return Conversion{Entry: h.Entry.ID, Event: h.Event.ID, At: h.Event.At, Value: w.MinorUnits(value), Order: order}, reached
}
