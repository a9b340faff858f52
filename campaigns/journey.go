package campaigns

import (
	"maps"
	"slices"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

const (
	defaultExpires      = 3 * 24 * time.Hour
	defaultAnswerWithin = 3 * 24 * time.Hour
)

// Advance walks an entry on until it must wait or is over, and says what that
// changes. It depends on its arguments alone: advancing the same traveller at
// the same moment again gives the same move.
//
// An entry that waits for a clock carries WakeAt; one that waits for news alone
// (a delivery that settles, the path that wins a split, its stage of the
// rollout) carries none and is woken by it.
func (w *Workspace) Advance(c *Campaign, t Traveller, now time.Time) Move {
	if t.Entry.State != Running {
		return Move{Entry: t.Entry}
	}
	j := newJourney(w, c, t, now)
	switch at, found := j.start(); {
	case c.State == Archived:
		j.end(Left, whyArchived)
	case t.Customer == nil:
		j.end(Left, "the customer is gone")
	case j.exits():
	case !found:
		j.end(Finished, "step "+t.Entry.Position+" is not in this version")
	case t.Entry.Position == "" && now.Before(t.Entry.WakeAt):
	case t.Entry.Position == "" && !j.letIn():
		j.move.Entry.WakeAt = time.Time{} // the next stage wakes it
	default:
		j.walk(at)
	}
	return j.move
}

// journey is one Advance: what is known and what was decided so far.
type journey struct {
	workspace *Workspace
	campaign  *Campaign
	now       time.Time
	traveller Traveller // its customer already carries what steps changed
	move      Move
	done      time.Time // when the step before the one it is at was done
	rang      time.Time // when the clock did that began this walk, or ended a wait of it
}

func newJourney(w *Workspace, c *Campaign, t Traveller, now time.Time) *journey {
	j := &journey{workspace: w, campaign: c, now: now, traveller: t, move: Move{Entry: t.Entry}, done: t.Entry.since()}
	j.move.Entry.Journal.Steps = maps.Clone(t.Entry.Journal.Steps)
	if t.Customer != nil {
		changed := *t.Customer
		changed.Traits = maps.Clone(changed.Traits)
		changed.Tags = slices.Clone(changed.Tags)
		changed.Consents = slices.Clone(changed.Consents)
		j.traveller.Customer = &changed
	}
	return j
}

func (j *journey) start() (place, bool) {
	if j.traveller.Entry.Position == "" {
		j.rang = j.traveller.Entry.WakeAt
		return j.campaign.begin(), true
	}
	return j.campaign.placeOf(j.traveller.Entry.Position)
}

// exits judges the exits that hold at any time.
func (j *journey) exits() bool {
	why, leaves := j.campaign.exitHolds(j.moment())
	if leaves {
		j.end(Left, why)
	}
	return leaves
}

// exitHolds finds the first exit whose condition holds.
func (c *Campaign) exitHolds(m expression.Moment) (why string, holds bool) {
	for _, exit := range c.Exits {
		if exit.When != nil && exit.When.Holds(m) {
			return exit.why(), true
		}
	}
	return "", false
}

// walk takes steps until one must wait or none is left. Places only move
// forward, so it ends.
func (j *journey) walk(at place) {
	for step := at.step(); step != nil; step = at.step() {
		if j.move.Entry.Position != step.Path {
			j.arrive(step)
		}
		j.move.Entry.WakeAt = time.Time{}
		switch step.Kind {
		case StepStop:
			j.mark(step, markStopped)
			j.end(Finished, markStopped)
			return
		case StepBranch:
			at = j.branch(at, step)
		case StepSplit:
			arm, decided := j.pathOf(step)
			if !decided {
				return
			}
			j.mark(step, pathMark(step.Branch[arm].Name))
			at = at.into(arm)
		default:
			if !j.take(step) {
				return
			}
			at = at.next()
		}
	}
	j.end(Finished, string(Finished))
}

// take does one step and reports whether the journey may go on.
func (j *journey) take(step *Step) bool {
	switch step.Kind {
	case StepWait:
		return j.wait(step)
	case StepEmail, StepSMS, StepCall, StepPush:
		return j.send(step)
	case StepReach:
		return j.reach(step)
	case StepAsk:
		return j.ask(step)
	case StepCase:
		j.openCase(step)
	case StepSet:
		j.set(step)
	case StepTag:
		j.tag(step)
	case StepPoints:
		j.points(step)
	case StepConsent:
		j.consent(step)
	case StepWebhook:
		j.tell(step)
	case StepEnter:
		return j.enter(step)
	}
	return true
}

func (j *journey) end(state EntryState, why string) {
	e := &j.move.Entry
	e.State, e.Why, e.EndedAt, e.WakeAt = state, why, j.now, time.Time{}
}

func (j *journey) mark(step *Step, status string) { j.note(step, Mark{Status: status, At: j.now}) }

func (j *journey) note(step *Step, mark Mark) {
	if j.move.Entry.Journal.Steps == nil {
		j.move.Entry.Journal.Steps = map[string]Mark{}
	}
	j.move.Entry.Journal.Steps[step.Path] = mark
}

// branch chooses the first arm whose condition holds.
func (j *journey) branch(at place, step *Step) place {
	moment := j.moment()
	for i, arm := range step.Branch {
		if holds(arm.If, moment) {
			j.mark(step, armMark(i))
			return at.into(i)
		}
	}
	j.mark(step, markNoBranch)
	return at.next()
}

// send plans the step's message and reports whether it is settled.
func (j *journey) send(step *Step) bool {
	sent := j.deliveriesOf(step)
	if len(sent) == 0 {
		j.plan(step, step.channels()[0], 0)
		return false
	}
	latest := sent[len(sent)-1]
	j.doneAt(begunAt(latest))
	return latest.Status.Settled()
}

// channels lists how the step may reach the customer, at least one way.
func (s *Step) channels() []channels.Channel {
	if len(s.Send.By) == 0 {
		return []channels.Channel{channels.Channel(s.Kind)}
	}
	return s.Send.By
}

// deliveriesOf lists what the ledger holds of a step, the first planned first.
func (j *journey) deliveriesOf(step *Step) []deliveries.Delivery {
	return deliveriesOf(j.traveller, step)
}

func deliveriesOf(t Traveller, step *Step) []deliveries.Delivery {
	var of []deliveries.Delivery
	for _, d := range t.Deliveries {
		if d.Step == step.Path {
			of = append(of, d)
		}
	}
	slices.SortStableFunc(of, func(a, b deliveries.Delivery) int { return a.Group - b.Group })
	return of
}

// plan plans a step's message on a channel.
func (j *journey) plan(step *Step, ch channels.Channel, group int) {
	send := step.Send
	d := j.delivery(step, ch)
	d.Group, d.Template, d.Retry = group, send.Template, send.Retry
	d.Vars = merged(j.move.Entry.Journal.Vars, send.Vars)
	d.Ambiguous = j.workspace.ambiguity(send.Ambiguous, ch, j.campaign.Topic)
	if send.Expires > 0 {
		d.ExpiresAt = j.now.Add(send.Expires)
	}
	j.move.Plan = append(j.move.Plan, d)
}

// tell plans a webhook. The journey does not wait for it. A repeat carries the
// same id, so the one extra copy is safe.
func (j *journey) tell(step *Step) {
	d := j.delivery(step, channels.Webhook)
	d.Ambiguous = deliveries.Resend
	j.move.Plan = append(j.move.Plan, d)
}

// delivery is one of a step, due since the journey could come to it.
func (j *journey) delivery(step *Step, ch channels.Channel) deliveries.Delivery {
	entry := j.move.Entry
	return deliveries.Delivery{
		Entry: entry.ID, Customer: entry.Customer, Campaign: entry.Campaign, Version: entry.Version,
		Step: step.Path, Channel: ch, Topic: j.campaign.Topic, Priority: j.campaign.Priority,
		Status: deliveries.Planned, DueAt: j.since(), ExpiresAt: j.now.Add(defaultExpires), PlannedAt: j.now,
	}
}

// since is since when what the journey comes to is due.
func (j *journey) since() time.Time { return DueSince(j.rang, j.now) }

// headStart is how far ahead of who comes now something may stand that was due earlier.
const headStart = time.Minute

// DueSince is since when something stands in line that was due at a moment and is
// looked at now: since that moment, a minute at most. So whoever comes while an
// audience is still entering comes last of all, and the last comers have their part.
func DueSince(at, now time.Time) time.Time {
	switch earliest := now.Add(-headStart); {
	case at.IsZero() || at.After(now):
		return now
	case at.Before(earliest):
		return earliest
	default:
		return at
	}
}

// ambiguity is the policy for a send whose outcome nobody knows: what the step
// says, else never a second copy, save for push, where the copy replaces the
// first, and e-mail on a topic that customers are in without having asked.
func (w *Workspace) ambiguity(asked deliveries.Ambiguous, ch channels.Channel, topic string) deliveries.Ambiguous {
	switch {
	case asked != "":
		return asked
	case ch == channels.Push, ch == channels.Email && w.inByDefault(topic):
		return deliveries.Resend
	}
	return deliveries.Hold
}

// inByDefault reports whether a topic holds without a word from the customer.
func (w *Workspace) inByDefault(topic string) bool {
	t, _ := w.Topic(topic)
	return t.In
}

func (j *journey) openCase(step *Step) {
	rule, entry := step.Case, j.move.Entry
	see := j.workspace.Bindings(j.campaign, j.traveller)
	opened := customers.Case{
		Customer: entry.Customer, Campaign: entry.Campaign, Entry: entry.ID, Why: "step",
		Title: words(rule.Title, see, j.campaign.title()), Note: words(rule.Note, see, ""),
	}
	j.move.Cases = append(j.move.Cases, rule.file(opened, j.campaign, customers.Normal, j.now))
	j.mark(step, markCase)
}

// file puts a case where the rule says: its queue, or the owner's; its
// priority, or the usual one; its due time, if it has any.
func (r CaseRule) file(opened customers.Case, c *Campaign, usual customers.Priority, now time.Time) customers.Case {
	opened.Queue, opened.Priority, opened.OpenedAt = r.Queue, customers.Priority(r.Priority), now
	if opened.Queue == "" && c != nil {
		opened.Queue = c.Owner
	}
	if opened.Queue == "" {
		opened.Queue = "support"
	}
	if opened.Priority == "" {
		opened.Priority = usual
	}
	if r.Due > 0 {
		opened.DueAt = now.Add(r.Due)
	}
	return opened
}

// title is what people call the campaign.
func (c *Campaign) title() string {
	if c.Title == "" {
		return c.ID
	}
	return c.Title
}

// moment is what conditions are judged by at this point of the walk.
func (j *journey) moment() expression.Moment {
	t := j.traveller
	t.Entry = j.move.Entry
	return t.moment(j.campaign, j.now)
}

// merged overlays what a step says on what the entry brought along.
func merged(under, over map[string]any) map[string]any {
	if len(under)+len(over) == 0 {
		return nil
	}
	all := maps.Clone(under)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, over)
	return all
}
