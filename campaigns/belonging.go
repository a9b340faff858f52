package campaigns

import (
	"fmt"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// Belonging is where a customer stands towards a campaign at a moment, whether
// they were ever in it or not: every question that is asked before a journey
// begins, with the values that answer it.
type Belonging struct {
	// At is the moment of all values.
	At    time.Time `json:"at"`
	State State     `json:"state"` // of the campaign
	// Audience is nil where everybody belongs.
	Belongs  bool              `json:"belongs"`
	Audience *expression.Trace `json:"audience,omitempty"`
	// Again says whether the campaign's entry rule would let the customer in.
	Again      bool   `json:"again"`
	AgainTells string `json:"again_tells"`
	// Holdout and Stage are the customer's lots. That of the holdout is kept from one
	// entry to the next, whatever becomes of the address it was drawn by.
	Holdout      bool        `json:"holdout"`
	HoldoutTells string      `json:"holdout_tells"`
	StageTells   string      `json:"stage_tells,omitempty"`
	Exits        []ExitTrace `json:"exits"`
}

// ExitTrace is an exit by a condition and what it saw.
type ExitTrace struct {
	When  string           `json:"when"`
	Trace expression.Trace `json:"trace"`
}

// Belonging tells where a customer stands. counts are the customer's did()
// counts, earlier their entries in the campaign, kept the side of the holdout that
// the next one keeps from the latest, nil where it is drawn.
func (w *Workspace) Belonging(c *Campaign, cust *customers.Customer, counts map[string]int64, earlier []Entry, kept *bool, now time.Time) Belonging {
	moment := expression.Moment{Now: c.AudienceAt(now), Customer: cust, Counts: counts}
	b := Belonging{At: now, State: c.State, Belongs: holds(c.Audience.Who, moment), Exits: []ExitTrace{}}
	if c.Audience.Who != nil {
		trace := c.Audience.Who.Trace(moment)
		b.Audience = &trace
	}
	b.Again, b.AgainTells = w.letsIn(c, earlier, now)
	if c.Entry.Key != nil {
		b.Again, b.AgainTells = true, "asked for each "+c.Entry.Key.String()+" by itself"
	}
	person := customers.Person(*cust)
	b.Holdout = InHoldout(c.ID, person, c.Holdout)
	b.HoldoutTells = lotWords(draw(c.ID, person), c.Holdout, "held out")
	if kept != nil && *kept != b.Holdout {
		b.Holdout, b.HoldoutTells = *kept, "on that side since an earlier entry"
	}
	if c.Rollout != nil {
		b.StageTells = fmt.Sprintf("drawn %.4f, let in once the stage is larger", draw(stageLot(c.ID), person))
	}
	moment.Now = c.today(now)
	for _, exit := range c.Exits {
		if exit.When != nil && !asksJourney(exit.When) {
			b.Exits = append(b.Exits, ExitTrace{When: exit.When.String(), Trace: exit.When.Trace(moment)})
		}
	}
	return b
}

func lotWords(lot, share float64, what string) string {
	if share <= 0 {
		return "nobody is " + what
	}
	return fmt.Sprintf("drawn %.4f, and whoever draws less than %g is %s", lot, share, what)
}

// letsIn reports whether a campaign's rule lets a customer with earlier entries of one
// key in, as the store's own rule does. Of a broadcast the store knows when the run was
// that they entered by, here it is when they entered, some minutes later at most.
func (w *Workspace) letsIn(c *Campaign, earlier []Entry, now time.Time) (in bool, why string) {
	a := c.Entry.Again
	if len(earlier) == 0 {
		return true, "never was in it"
	}
	latest, entered := earlier[len(earlier)-1], time.Time{}
	for _, e := range earlier {
		if e.State == Running {
			return false, "is in it since " + w.stamp(e.EnteredAt)
		}
		if e.left().After(latest.left()) {
			latest = e
		}
		if e.EnteredAt.After(entered) {
			entered = e.EnteredAt
		}
	}
	was := "was in it until " + w.stamp(latest.left())
	switch a.Mode {
	case "never":
		return false, was + ", and enters once only"
	case "after":
		if c.Trigger.Broadcast() {
			return !entered.After(a.RunsSince(now)), fmt.Sprintf("%s, entered %s, and may enter by a run %s after that one", was, w.stamp(entered), spell(a.After))
		}
		free := latest.left().Add(a.After)
		return free.Before(now) || free.Equal(now), fmt.Sprintf("%s, and may enter %s after that, from %s on", was, spell(a.After), w.stamp(free))
	}
	return true, was + ", and may enter as often as it comes"
}

// left is when an entry ended, or began where it never did more.
func (e Entry) left() time.Time {
	if e.EndedAt.IsZero() {
		return e.EnteredAt
	}
	return e.EndedAt
}

// BranchTrace is how the conditions of a step's arms are answered.
type BranchTrace struct {
	Arm   int               `json:"arm"` // from 1
	If    string            `json:"if,omitempty"`
	Trace *expression.Trace `json:"trace,omitempty"` // nil for else
}

// Branches answers, for a traveller as they stand at a moment, the conditions of
// every branch of a campaign, by the step's path.
func (w *Workspace) Branches(c *Campaign, t Traveller, now time.Time) map[string][]BranchTrace {
	moment := t.moment(c, now)
	all := map[string][]BranchTrace{}
	everyStep(c.Steps, func(step *Step) {
		if step.Kind != StepBranch {
			return
		}
		for i, arm := range step.Branch {
			b := BranchTrace{Arm: i + 1}
			if arm.If != nil {
				trace := arm.If.Trace(moment)
				b.If, b.Trace = arm.If.String(), &trace
			}
			all[step.Path] = append(all[step.Path], b)
		}
	})
	return all
}
