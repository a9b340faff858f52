package campaigns

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// drawSteps is any list of steps, nested up to a depth.
func drawSteps(t *rapid.T, depth int, conditions []*expression.Program) []Step {
	steps := make([]Step, rapid.IntRange(0, 4).Draw(t, "steps"))
	for i := range steps {
		steps[i] = drawStep(t, depth, conditions)
	}
	return steps
}

func drawStep(t *rapid.T, depth int, conditions []*expression.Program) Step {
	kinds := []StepKind{
		StepWait, StepWait, StepSMS, StepReach, StepAsk, StepCase, StepTag, StepPoints, StepConsent, StepWebhook, StepEnter,
		StepStop, StepBranch, StepBranch, StepSplit,
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	switch {
	case kind == StepWait && rapid.Bool().Draw(t, "event"):
		return Step{Kind: kind, ID: "bought", Wait: &Wait{Event: "Order Completed", AtMost: time.Duration(rapid.IntRange(1, 5000).Draw(t, "at most")) * time.Minute}}
	case kind == StepWait && rapid.Bool().Draw(t, "until"):
		at := ClockTime(rapid.IntRange(0, 1439).Draw(t, "clock"))
		return Step{Kind: kind, Wait: &Wait{Until: &at, Days: Days(rapid.IntRange(0, 127).Draw(t, "days"))}}
	case kind == StepWait:
		return waitStep(time.Duration(rapid.IntRange(1, 1000).Draw(t, "minutes")) * time.Minute)
	case kind == StepSMS:
		return smsStep("hello")
	case kind == StepAsk, kind == StepReach:
		by := rapid.SliceOfNDistinct(rapid.SampledFrom(channels.All()), 1, 4, rapid.ID).Draw(t, "by")
		if kind == StepReach {
			return reachStep(by...)
		}
		return askStep(by...)
	case kind == StepCase:
		return Step{Kind: kind, Case: &CaseRule{}}
	case kind == StepTag:
		return Step{Kind: kind, Tag: []TagChange{{Tag: "vip", Add: rapid.Bool().Draw(t, "add")}}}
	case kind == StepPoints:
		return Step{Kind: kind, Points: rapid.Int64Range(-5, 5).Draw(t, "points")}
	case kind == StepConsent:
		return Step{Kind: kind, Consent: &ConsentChange{Topic: "service", Channels: channels.All()[:2], In: rapid.Bool().Draw(t, "in")}}
	case kind == StepWebhook:
		return Step{Kind: kind, Webhook: &Webhook{}}
	case kind == StepEnter:
		return Step{Kind: kind, Enter: "win-back"}
	case kind == StepSplit && depth > 0:
		return drawSplit(t, depth, conditions)
	case kind == StepBranch && depth > 0:
		arms := make([]Branch, rapid.IntRange(0, 3).Draw(t, "arms"))
		for i := range arms {
			arms[i] = Branch{If: rapid.SampledFrom(conditions).Draw(t, "if"), Steps: drawSteps(t, depth-1, conditions)}
		}
		return branchStep(arms...)
	}
	return stopStep()
}

// drawSplit is a split of equal shares; with a winner they leave a rest.
func drawSplit(t *rapid.T, depth int, conditions []*expression.Program) Step {
	step := Step{Kind: StepSplit, ID: "offer"}
	paths := rapid.IntRange(2, 4).Draw(t, "paths")
	share := 1 / float64(paths)
	if rapid.Bool().Draw(t, "winner") {
		share, step.Winner = share/2, &Winner{By: deliveries.Clicked, After: time.Hour}
	}
	for _, name := range []string{"a", "b", "c", "d"}[:paths] {
		step.Branch = append(step.Branch, Branch{Name: name, Share: share, Steps: drawSteps(t, depth-1, conditions)})
	}
	return step
}

// ledgerOf plays the store: it keeps what is planned and lets it settle.
type ledgerOf struct {
	traveller Traveller
	planned   map[[2]any]bool
	splits    []string // that somebody came to
	events    []customers.Event
	now       time.Time
}

func (l *ledgerOf) apply(t *rapid.T, m Move) {
	messages := slices.DeleteFunc(slices.Clone(m.Plan), func(d deliveries.Delivery) bool { return d.Channel == channels.Webhook })
	if len(messages) > 1 {
		t.Fatalf("plans %d messages at one step", len(messages))
	}
	for _, d := range m.Plan {
		key := [2]any{d.Step, d.Group}
		if l.planned[key] {
			t.Fatalf("step %s group %d is planned twice", d.Step, d.Group)
		}
		l.planned[key] = true
		d.ID = int64(len(l.traveller.Deliveries) + 1)
		l.traveller.Deliveries = append(l.traveller.Deliveries, d)
	}
	l.splits = append(l.splits, m.Splits...)
	l.traveller.Entry = m.Entry
}

// happen lets an order come, or not, and loads what the entry waits for, as the
// store does.
func (l *ledgerOf) happen(t *rapid.T, c *Campaign) {
	if rapid.IntRange(0, 3).Draw(t, "order") == 0 {
		l.events = append(l.events, customers.Event{ID: int64(len(l.events) + 1), Name: "Order Completed", ReceivedAt: l.now})
	}
	l.traveller.News = nil
	if name, waits := c.Awaits(l.traveller.Entry); waits {
		for _, event := range l.events {
			if event.Name == name && !event.ReceivedAt.Before(l.traveller.Entry.ArrivedAt) {
				l.traveller.News = append(l.traveller.News, event)
			}
		}
	}
}

// decide names the path that wins a split the entry stands at.
func (l *ledgerOf) decide(t *rapid.T, c *Campaign) bool {
	at := l.traveller.Entry.Position
	step := c.StepAt(at)
	if step == nil || step.Winner == nil || !slices.Contains(l.splits, at) {
		return false
	}
	won := rapid.SampledFrom(step.Branch).Draw(t, "winner").Name
	l.traveller.Winners = map[string]string{at: won}
	return true
}

// settle lets every open delivery become what a draw says, and some of them be
// answered.
func (l *ledgerOf) settle(t *rapid.T) {
	ends := []deliveries.Status{
		deliveries.Sent, deliveries.Delivered, deliveries.Skipped, deliveries.Failed,
		deliveries.Bounced, deliveries.Unconfirmed, deliveries.Unsubscribed,
	}
	for i := range l.traveller.Deliveries {
		d := &l.traveller.Deliveries[i]
		if d.Status.Settled() {
			continue
		}
		d.Status, d.TakenAt = rapid.SampledFrom(ends).Draw(t, "end"), l.now
		if rapid.IntRange(0, 3).Draw(t, "answers") == 0 {
			l.traveller.Answers = append(l.traveller.Answers, Answer{Ask: "csat"})
		}
	}
}

// awaitsMessage reports whether a message of the step that the entry stands at
// is still on its way.
func (l *ledgerOf) awaitsMessage() bool {
	return slices.ContainsFunc(l.traveller.Deliveries, func(d deliveries.Delivery) bool {
		return d.Step == l.traveller.Entry.Position && !d.Status.Settled()
	})
}

// checkMarks makes sure that every mark is one that conditions may ask for.
func checkMarks(t *rapid.T, c *Campaign, e Entry) {
	for path, mark := range e.Journal.Steps {
		if mark.Status == "" || mark.At.IsZero() || c.StepAt(path) == nil {
			t.Fatalf("step %q is marked %+v", path, mark)
		}
	}
}

func TestEveryJourneyEnds(t *testing.T) {
	w := ruleShop()
	conditions := []*expression.Program{
		nil, when(t, `steps.hello.status == "sent"`), when(t, `steps.csat.status == "unanswered"`), when(t, `"vip" in tags`),
		when(t, `steps.bought.status == "happened"`), when(t, `steps.offer.status == "path a"`), when(t, `points.balance > 0`),
	}
	other := winBack(t)
	w.Campaigns = map[string]*Campaign{other.ID: other}
	rapid.Check(t, func(t *rapid.T) {
		c := ruleCampaign(drawSteps(t, 3, conditions)...)
		l := &ledgerOf{traveller: traveller(), planned: map[[2]any]bool{}, now: noon}
		l.traveller.Entry.Holdout = rapid.Bool().Draw(t, "holdout")
		l.traveller.Customer.Email = rapid.StringMatching(`[a-z]{4}`).Draw(t, "who") + "@shop.example"
		for range 1000 {
			l.happen(t, c)
			move := w.Advance(c, l.traveller, l.now)
			if again := w.Advance(c, l.traveller, l.now); !reflect.DeepEqual(move, again) {
				t.Fatalf("the same traveller moves twice:\n%+v\n%+v", move, again)
			}
			l.apply(t, move)
			e := l.traveller.Entry
			if e.State != Running {
				return
			}
			switch {
			case e.WakeAt.IsZero() && l.decide(t, c):
			case e.WakeAt.IsZero() && !l.awaitsMessage():
				t.Fatalf("stands at %s for ever", e.Position)
			case e.WakeAt.IsZero():
				l.now = l.now.Add(time.Minute)
				l.settle(t)
			case len(move.Enter) > 0 && e.WakeAt.Equal(l.now): // it looks at what came of it
			case !e.WakeAt.After(l.now):
				t.Fatalf("wakes at %s, which is over", e.WakeAt)
			default:
				l.now = e.WakeAt
			}
			checkMarks(t, c, e)
		}
		t.Fatalf("has not ended after 1000 moves, at %s", l.traveller.Entry.Position)
	})
}
