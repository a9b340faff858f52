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
	return true
}

// waitForEvent reports whether the event has come or the time for it is over.
// What came in time counts, however late the journey is looked at.
func (j *journey) waitForEvent(step *Step) bool {
	deadline := j.move.Entry.ArrivedAt.Add(step.Wait.AtMost)
	if event, came := j.awaited(step, deadline); came {
		j.note(step, Mark{Status: markHappened, At: j.now, Event: event.ID})
		j.heard = event.ReceivedAt
		return true
	}
	if deadline.After(j.now) {
		j.move.Entry.WakeAt = deadline
		return false
	}
	j.mark(step, markTimedOut)
	j.rang = deadline
	return true
}

// arrival is when the journey comes to a step: now. A wait for an event that it
// comes to by another event begins with that one, however late the journey is
// looked at: what follows on its heels is not lost.
func (j *journey) arrival(step *Step) time.Time {
	if step.Wait != nil && step.Wait.Event != "" && !j.heard.IsZero() {
		return j.heard
	}
	return j.now
}

// awaited is the first event that ends a wait: one that came since the arrival
// and before the deadline, and has not begun the journey or ended another wait
// of it.
func (j *journey) awaited(step *Step, deadline time.Time) (customers.Event, bool) {
	moment := j.moment()
	for _, event := range j.traveller.News {
		moment.Event = event.Properties
		if event.Name == step.Wait.Event && !event.ReceivedAt.Before(j.move.Entry.ArrivedAt) && event.ReceivedAt.Before(deadline) &&
			!j.used(event) && holds(step.Wait.Where, moment) {
			return event, true
		}
	}
	return customers.Event{}, false
}

// used reports whether the journey went on by an event before.
func (j *journey) used(event customers.Event) bool {
	if j.move.Entry.Trigger == causeOf(event) {
		return true
	}
	for _, mark := range j.move.Entry.Journal.Steps {
		if mark.Event != 0 && mark.Event == event.ID {
			return true
		}
	}
	return false
}
