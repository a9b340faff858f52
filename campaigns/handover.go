package campaigns

import (
	"fmt"
	"maps"

	"rapport/campaigns/expression"
)

// enter begins a journey in another campaign, as that one is today, and reports
// whether this one may go on. The event of this journey goes along, and must be one
// that the other takes. Only who keeps the journeys knows whether the other's rule
// of entry lets the customer in, so this one looks again before it goes on.
func (j *journey) enter(step *Step) bool {
	if _, asked := j.move.Entry.Journal.Steps[step.Path]; asked {
		return true
	}
	other := j.workspace.Campaigns[step.Enter]
	moment := j.moment()
	switch {
	case j.move.Entry.Holdout:
		j.mark(step, markWithheld)
	case other == nil || other.State != Live || other.ID == j.campaign.ID || !other.Trigger.takesOver():
		j.mark(step, markNotLive)
	case !other.Belongs(moment.Customer, moment.Counts, j.now):
		j.mark(step, markOutside)
	case !holds(other.Trigger.Where, moment), other.LacksKey(Entry{Key: other.keyOf(moment)}):
		j.mark(step, markOtherEvent)
	default:
		cause := fmt.Sprintf("enter:%d:%s", j.move.Entry.ID, step.Path)
		entry := other.Begin(moment.Customer, cause, j.move.Entry.Journal.Event, j.now)
		entry.ArrivedAt, entry.Journal.After = j.move.Entry.since(), j.lastHeard()
		if other.tellsSaid() {
			entry.Journal.Said = j.said()
		}
		j.move.Enter = append(j.move.Enter, NewEntry{Entry: entry, Again: other.Entry.Again, Step: step.Path})
		j.mark(step, enteredMark(other.ID))
		j.move.Entry.WakeAt = j.now
		return false
	}
	return true
}

// NotEntered is the journal of a journey that handed its customer over at a step
// to a campaign that did not take them.
func (j Journal) NotEntered(step string) Journal {
	steps := make(map[string]Mark, len(j.Steps)+1)
	maps.Copy(steps, j.Steps)
	steps[step] = Mark{Status: markKeptOut, At: j.Steps[step].At}
	j.Steps = steps
	return j
}

// CountsFor lists the did() counts that advancing a journey asks about: the
// campaign's own, and those of the campaigns it enters, as they are today.
func (w *Workspace) CountsFor(c *Campaign) []expression.Count {
	programs := c.programs()
	everyStep(c.Steps, func(step *Step) {
		if other := w.Campaigns[step.Enter]; other != nil {
			programs = append(programs, other.Trigger.Where, other.Audience.Who, other.Entry.Key)
		}
	})
	return countsOf(programs...)
}
