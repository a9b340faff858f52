package campaigns

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/campaigns/expression"
	"rapport/channels"
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
	kinds := []StepKind{StepWait, StepSMS, StepAsk, StepCase, StepTag, StepStop, StepBranch, StepBranch}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	switch {
	case kind == StepWait && rapid.Bool().Draw(t, "until"):
		at := ClockTime(rapid.IntRange(0, 1439).Draw(t, "clock"))
		return Step{Kind: kind, Wait: &Wait{Until: &at, Days: Days(rapid.IntRange(0, 127).Draw(t, "days"))}}
	case kind == StepWait:
		return waitStep(time.Duration(rapid.IntRange(1, 1000).Draw(t, "minutes")) * time.Minute)
	case kind == StepSMS:
		return smsStep("hello")
	case kind == StepAsk:
		by := rapid.SliceOfNDistinct(rapid.SampledFrom(channels.All()), 1, 4, rapid.ID).Draw(t, "by")
		return askStep(by...)
	case kind == StepCase:
		return Step{Kind: kind, Case: &CaseRule{}}
	case kind == StepTag:
		return Step{Kind: kind, Tag: []TagChange{{Tag: "vip", Add: rapid.Bool().Draw(t, "add")}}}
	case kind == StepBranch && depth > 0:
		arms := make([]Branch, rapid.IntRange(0, 3).Draw(t, "arms"))
		for i := range arms {
			arms[i] = Branch{If: rapid.SampledFrom(conditions).Draw(t, "if"), Steps: drawSteps(t, depth-1, conditions)}
		}
		return branchStep(arms...)
	}
	return stopStep()
}

// ledgerOf plays the store: it keeps what is planned and lets it settle.
type ledgerOf struct {
	traveller Traveller
	planned   map[[2]any]bool
	now       time.Time
}

func (l *ledgerOf) apply(t *rapid.T, m Move) {
	for _, d := range m.Plan {
		key := [2]any{d.Step, d.Group}
		if l.planned[key] {
			t.Fatalf("step %s group %d is planned twice", d.Step, d.Group)
		}
		l.planned[key] = true
		d.ID = int64(len(l.traveller.Deliveries) + 1)
		l.traveller.Deliveries = append(l.traveller.Deliveries, d)
	}
	l.traveller.Entry = m.Entry
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

func (l *ledgerOf) open() bool {
	for _, d := range l.traveller.Deliveries {
		if !d.Status.Settled() {
			return true
		}
	}
	return false
}

func TestEveryJourneyEnds(t *testing.T) {
	w := ruleShop()
	conditions := []*expression.Program{
		nil, when(t, `steps.hello.status == "sent"`), when(t, `steps.csat.status == "unanswered"`), when(t, `"vip" in tags`),
	}
	rapid.Check(t, func(t *rapid.T) {
		c := ruleCampaign(drawSteps(t, 3, conditions)...)
		l := &ledgerOf{traveller: traveller(), planned: map[[2]any]bool{}, now: noon}
		l.traveller.Entry.Holdout = rapid.Bool().Draw(t, "holdout")
		for range 1000 {
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
			case e.WakeAt.IsZero() && !l.open():
				t.Fatalf("stands at %s for ever", e.Position)
			case e.WakeAt.IsZero():
				l.now = l.now.Add(time.Minute)
				l.settle(t)
			case !e.WakeAt.After(l.now):
				t.Fatalf("wakes at %s, which is over", e.WakeAt)
			default:
				l.now = e.WakeAt
			}
			if still := w.Advance(c, l.traveller, l.now.Add(-time.Second)); len(still.Plan) > 1 {
				t.Fatalf("plans %d messages at one step", len(still.Plan))
			}
		}
		t.Fatalf("has not ended after 1000 moves, at %s", l.traveller.Entry.Position)
	})
}
