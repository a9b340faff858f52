package rehearsal

import (
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

// Outcome is how a campaign test went.
type Outcome struct {
	Test campaigns.Test
	// Lines are all that happened, in order.
	Lines []Line
	// Unmet is what the test expected and did not get, the first of it; nil when
	// it passed.
	Unmet *Unmet
}

// Passed reports whether everything came as expected.
func (o Outcome) Passed() bool { return o.Unmet == nil }

// Unmet is an expectation that was not met.
type Unmet struct {
	// Expected is what should have happened or stood so, in the file's words;
	// empty where a message could not be written, which nobody has to expect.
	Expected     string
	Line, Column int
	// Instead is what happened, in words.
	Instead string
	// At is the line of the outcome in which things went another way; -1 when
	// they never came to it.
	At int
}

// Rehearse plays a test and compares what happens with what it expects.
func Rehearse(w *campaigns.Workspace, test campaigns.Test) Outcome {
	o := Outcome{Test: test}
	world := New(Stage{
		Workspace: w, Campaigns: test.Campaigns, Start: test.Start, Until: test.Until,
		AllAtOnce: !test.Rollout, Audience: Scripted(test), Tell: func(l Line) { o.Lines = append(o.Lines, l) },
	})
	world.Cast(test)
	world.Play()
	o.Unmet = world.judge(test, o.Lines)
	return o
}

// Cast lets a test's customers join, and plans what its script says.
func (w *World) Cast(test campaigns.Test) {
	for _, c := range test.Customers {
		var past []customers.Event
		for _, event := range test.History {
			if event.Customer == c.ID {
				past = append(past, event)
			}
		}
		w.Join(c, past)
	}
	w.perform(test.Script)
}

// Zone is whose clock a test's days are told by: its customer's, where there is
// one, else the test's.
func (o Outcome) Zone(w *campaigns.Workspace) *time.Location {
	if len(o.Test.Customers) == 1 {
		zone, _ := w.ZoneOf(&o.Test.Customers[0])
		return zone
	}
	return o.Test.Zone
}
