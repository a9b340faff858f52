package campaigns

import (
	"context"
	"slices"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// LeavesNow reports whether a running entry's exits end it as things are, and
// why, by the conditions that hold without its answers and steps. Those that ask
// about them are judged by Advance, which has them. counts are the customer's
// did() counts.
func (c *Campaign) LeavesNow(e Entry, cust *customers.Customer, counts map[string]int64, now time.Time) (why string, leaves bool) {
	moment := expression.Moment{Now: c.today(now), Customer: cust, Event: e.Journal.Event, Counts: counts}
	for _, exit := range c.Exits {
		if exit.When != nil && !asksJourney(exit.When) && exit.When.Holds(moment) {
			return exit.why(), true
		}
	}
	return "", false
}

// Heeds reports whether an event may end a running entry or move it on: an exit or
// a wait names it, or an exit holds at any time, which every event may bring about.
func (c *Campaign) Heeds(event string) bool {
	ends := slices.ContainsFunc(c.Exits, func(exit Exit) bool { return exit.When != nil || exit.Event == event })
	return ends || slices.Contains(c.AwaitedEvents(), event)
}

// ExitsAskJourney reports whether an exit asks about answers or steps, so that
// only Advance can judge it.
func (c *Campaign) ExitsAskJourney() bool {
	return slices.ContainsFunc(c.Exits, func(exit Exit) bool { return exit.When != nil && asksJourney(exit.When) })
}

// Sweep is one exit as SQL: a condition over customers aliased c, and why those
// leave whom it selects.
type Sweep struct {
	Where string
	Args  []any
	Why   string
}

// whyArchived is the reason journeys end with when their campaign is archived.
const whyArchived = "archived"

// Sweeps lists the exits that a database can judge for all customers at once.
// Those that ask about the event, answers or steps of a journey it cannot. A
// campaign that is archived ends for everybody; one that stands still for nobody.
func (c *Campaign) Sweeps(d expression.Dialect, now time.Time) []Sweep {
	switch c.State {
	case Archived:
		return []Sweep{{Where: "TRUE", Why: whyArchived}}
	case Paused, Draft:
		return nil
	}
	var sweeps []Sweep
	for _, exit := range c.Exits {
		if exit.When == nil || exit.When.InMemoryOnly() {
			continue
		}
		where, args := exit.When.SQL(d, c.today(now))
		sweeps = append(sweeps, Sweep{Where: where, Args: args, Why: exit.why()})
	}
	return sweeps
}

func (x Exit) why() string { return "when " + x.When.String() }

// Underway is a version of a campaign through which journeys run.
type Underway struct {
	Campaign string
	Version  int
}

// Exodus ends many journeys at once.
type Exodus interface {
	// Underway lists the versions of campaigns that have running entries.
	Underway(ctx context.Context) ([]Underway, error)
	// LeaveWhere looks at up to limit running entries of a version, by number
	// after the one given, ends those whose customer a sweep selects, and skips
	// what they still plan. last is the highest number it looked at, 0 when there
	// was none left to look at.
	LeaveWhere(ctx context.Context, now time.Time, of Underway, sweep Sweep, after int64, limit int) (left int, last int64, err error)
}
