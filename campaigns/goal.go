package campaigns

import (
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
