package campaigns

import (
	"time"

	"rapport/customers"
)

// wait reports whether a pause, counted from the arrival, is over.
func (j *journey) wait(step *Step) bool {
	if step.Wait.Event != "" {
		return j.waitForEvent(step)
	}
	wake := j.move.Entry.ArrivedAt.Add(step.Wait.For)
	if until := step.Wait.Until; until != nil {
		zone := step.Wait.Zone
		if zone == nil {
			zone, _ = j.workspace.ZoneOf(j.traveller.Customer)
		}
		wake = nextClockTime(j.move.Entry.ArrivedAt, *until, step.Wait.Days, zone)
	}
	if wake.After(j.now) {
		j.move.Entry.WakeAt = wake
		return false
	}
	j.mark(step, markWaited)
	j.rang = wake
	j.doneAt(wake)
	return true
}

// waitForEvent reports whether the event has come or the time for it is over.
// What came in time counts, however late the journey is looked at.
func (j *journey) waitForEvent(step *Step) bool {
	deadline := j.move.Entry.ArrivedAt.Add(step.Wait.AtMost)
	if event, came := j.awaited(step, deadline); came {
		j.note(step, Mark{Status: markHappened, At: j.now, Event: event.ID})
		j.doneAt(event.ReceivedAt)
		if j.campaign.tellsSaid() {
			j.move.Entry.Journal.Said = later(j.said(), saidBy(event))
		}
		return true
	}
	if deadline.After(j.now) {
		j.move.Entry.WakeAt = deadline
		return false
	}
	j.mark(step, markTimedOut)
	j.rang = deadline
	j.doneAt(deadline)
	return true
}

// arrive lets the journey come to a step. Its time is counted from now; events are
// heard since the step before was done, however late the journey is looked at.
func (j *journey) arrive(step *Step) {
	e := &j.move.Entry
	e.Position, e.ArrivedAt, e.Journal.Since = step.Path, j.now, time.Time{}
	if (step.Kind == StepWait || step.Kind == StepEnter) && j.done.Before(j.now) {
		e.Journal.Since = j.done
	}
}

// doneAt says when the step at hand was done. Steps that take no time say nothing,
// and the moment the step before them was done stays.
func (j *journey) doneAt(at time.Time) {
	if at.After(j.done) {
		j.done = at
	}
}

// awaited is the first event that ends a wait: one that came since the step before
// was done and before the deadline, concerns the journey, and has not ended another
// wait of it.
func (j *journey) awaited(step *Step, deadline time.Time) (customers.Event, bool) {
	moment, entry := j.moment(), j.move.Entry
	wanted := Awaited{Event: step.Wait.Event, Since: entry.since(), After: entry.after()}
	for _, event := range j.traveller.News {
		moment.Event = event.Properties
		if wanted.Brings(event) && event.ReceivedAt.Before(deadline) && !j.used(event) &&
			j.campaign.concerns(entry, moment) && holds(step.Wait.Where, moment) {
			return event, true
		}
	}
	return customers.Event{}, false
}

// used reports whether another wait of the journey ended by an event.
func (j *journey) used(event customers.Event) bool {
	for _, mark := range j.move.Entry.Journal.Steps {
		if mark.Event != 0 && mark.Event == event.ID {
			return true
		}
	}
	return false
}

// lastHeard is the number of the last event by which the journey began or went on;
// 0 where none was.
func (j *journey) lastHeard() int64 {
	last := j.move.Entry.after()
	for _, mark := range j.move.Entry.Journal.Steps {
		last = max(last, mark.Event)
	}
	return last
}
