package campaigns

import (
	"slices"
	"time"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// ask plans a question, channel after channel, and reports whether the journey
// may go on: the customer answered, nothing is left to try, or the time to
// answer is over.
func (j *journey) ask(step *Step) bool {
	if n := slices.IndexFunc(j.traveller.Answers, func(a Answer) bool { return a.Ask == step.ID }); n >= 0 {
		j.mark(step, markAnswered)
		j.doneAt(j.traveller.Answers[n].At)
		return true
	}
	sent := j.deliveriesOf(step)
	if len(sent) == 0 {
		j.plan(step, j.firstChannel(step), 0)
		return false
	}
	latest := sent[len(sent)-1]
	j.doneAt(begunAt(latest))
	switch {
	case !latest.Status.Settled():
		return false
	case j.move.Entry.Holdout:
		j.mark(step, markUnanswered)
		return true
	case failedToReach(latest.Status):
		return j.fallBack(step, sent)
	case latest.Status == deliveries.Unsubscribed, latest.Status == deliveries.Complained:
		j.mark(step, string(latest.Status)) // no other channel after a no
		return true
	}
	return j.awaitAnswer(step, latest)
}

// firstChannel is the preferred channel by which the customer can and may be
// asked. When there is none the first is planned all the same, so that the gate
// records why the customer was not contacted.
func (j *journey) firstChannel(step *Step) channels.Channel {
	by := step.channels()
	for _, ch := range by {
		if j.mayReach(ch) {
			return ch
		}
	}
	return by[0]
}

func (j *journey) mayReach(ch channels.Channel) bool {
	topic, customer := j.campaign.Topic, j.traveller.Customer
	return customer.Reachable(ch) && customer.Consented(topic, ch, j.workspace.inByDefault(topic))
}

// failedToReach reports whether a settled delivery cannot bring an answer.
func failedToReach(s deliveries.Status) bool {
	switch s {
	case deliveries.Skipped, deliveries.Failed, deliveries.Bounced, deliveries.Expired:
		return true
	}
	return false
}

// fallBack plans the question on the next channel that was not tried yet, or
// settles the step with what became of the last one.
func (j *journey) fallBack(step *Step, tried []deliveries.Delivery) bool {
	latest := tried[len(tried)-1]
	next, more := j.nextChannel(step, tried)
	if more {
		j.plan(step, next, latest.Group+1)
		return false
	}
	j.mark(step, string(latest.Status))
	return true
}

// nextChannel is the first channel of a step that may be used and was not tried
// yet.
func (j *journey) nextChannel(step *Step, tried []deliveries.Delivery) (next channels.Channel, more bool) {
	for _, ch := range step.channels() {
		used := slices.ContainsFunc(tried, func(d deliveries.Delivery) bool { return d.Channel == ch })
		if !used && j.mayReach(ch) {
			return ch, true
		}
	}
	return "", false
}

func (j *journey) awaitAnswer(step *Step, latest deliveries.Delivery) bool {
	deadline := answerDeadline(step, latest)
	if deadline.After(j.now) {
		j.move.Entry.WakeAt = deadline
		return false
	}
	j.mark(step, markUnanswered)
	j.doneAt(deadline)
	return true
}

// answerDeadline is when a question that was sent counts as unanswered.
func answerDeadline(step *Step, d deliveries.Delivery) time.Time {
	within := defaultAnswerWithin
	if step.Send.Ask != nil && step.Send.Ask.AnswerWithin > 0 {
		within = step.Send.Ask.AnswerWithin
	}
	return begunAt(d).Add(within)
}

// begunAt is when a delivery was sent, as well as it is known.
func begunAt(d deliveries.Delivery) time.Time {
	for _, at := range []time.Time{d.TakenAt, d.SettledAt} {
		if !at.IsZero() {
			return at
		}
	}
	return d.PlannedAt
}

// Asks reports whether a delivery asks a question.
func (c *Campaign) Asks(d deliveries.Delivery) bool {
	step := c.StepAt(d.Step)
	return step != nil && step.Send != nil && step.Send.Ask != nil
}

// Awaits reports whether a delivery's question waits for its answer still, and a text is
// one. Any words would answer a question in words, so that they tell nothing.
func (w *Workspace) Awaits(c *Campaign, d deliveries.Delivery, r channels.Report, cust *customers.Customer, now time.Time) bool {
	if !c.Asks(d) || d.Status.Rank() >= deliveries.Answered.Rank() {
		return false
	}
	step := c.StepAt(d.Step)
	switch wishOf(r) {
	case replytext.NoWish, replytext.Yes, replytext.Help: // "info" may be a choice
	default:
		return false
	}
	_, understood := step.Send.Ask.read(r.Text, w.understands(cust))
	return understood && step.Send.Ask.Scale != Text && now.Before(answerDeadline(step, d))
}
