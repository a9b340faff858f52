package campaigns

import (
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// engagedFor is how long a click or a reply speaks for a channel.
const engagedFor = 180 * 24 * time.Hour

// reach plans a message on one channel after the other, until one has delivered
// it, and reports whether the journey may go on. Nothing follows a no.
func (j *journey) reach(step *Step) bool {
	tried := j.deliveriesOf(step)
	if len(tried) == 0 {
		j.plan(step, j.preferred(step), 0)
		return false
	}
	latest := tried[len(tried)-1]
	j.doneAt(begunAt(latest))
	switch {
	case !latest.Status.Settled():
		return false
	case j.move.Entry.Holdout, slices.ContainsFunc(tried, gotThrough):
		return true
	}
	next, more := j.nextChannel(step, tried)
	if !more {
		return true
	}
	patience := begunAt(latest).Add(step.Send.FallbackAfter)
	if !failedToReach(latest.Status) && patience.After(j.now) {
		j.move.Entry.WakeAt = patience
		return false
	}
	j.plan(step, next, latest.Group+1)
	return false
}

// gotThrough reports whether a delivery came to the customer, who may have
// answered with a no.
func gotThrough(d deliveries.Delivery) bool {
	return d.Status.Rank() >= deliveries.Delivered.Rank() && !failedToReach(d.Status)
}

// preferred is the channel of a reach step that the customer last clicked or
// replied on, of those that may be used; otherwise the first that may be. When
// there is none the first is planned all the same, so that the gate records why.
func (j *journey) preferred(step *Step) channels.Channel {
	favourite, latest := j.firstChannel(step), j.now.Add(-engagedFor)
	for _, ch := range step.channels() {
		if at := engagedAt(j.traveller.Customer.Engagement, ch); at.After(latest) && j.mayReach(ch) {
			favourite, latest = ch, at
		}
	}
	return favourite
}

// engagedAt is when somebody last clicked or replied on a channel. Opens are no
// sign: machines open too.
func engagedAt(e customers.Engagement, ch channels.Channel) time.Time {
	switch ch {
	case channels.Email:
		return e.EmailClickedAt
	case channels.SMS:
		return e.SMSRepliedAt
	case channels.Push:
		return e.PushClickedAt
	}
	return time.Time{}
}

// furthest is the delivery of a reach step that tells what became of it: one
// that got through before one on its way, that before one that failed, the
// latest of several.
func furthest(tried []deliveries.Delivery) deliveries.Delivery {
	best := tried[0]
	for _, d := range tried[1:] {
		if standing(d.Status) >= standing(best.Status) {
			best = d
		}
	}
	return best
}

func standing(s deliveries.Status) int {
	switch {
	case failedToReach(s):
		return -1
	case s == deliveries.Unconfirmed:
		return deliveries.Planned.Rank()
	}
	return s.Rank()
}
