package campaigns

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/deliveries"
)

func waitStep(d time.Duration) Step { return Step{Kind: StepWait, Wait: &Wait{For: d}} }

func smsStep(id string) Step {
	return Step{Kind: StepSMS, ID: id, Send: &Send{By: []channels.Channel{channels.SMS}, Template: "hello"}}
}

func branchStep(arms ...Branch) Step { return Step{Kind: StepBranch, Branch: arms} }

func stopStep() Step { return Step{Kind: StepStop} }

// onward is the traveller after a move was applied.
func onward(t Traveller, m Move) Traveller {
	t.Entry = m.Entry
	return t
}

func traveller(deliveries ...deliveries.Delivery) Traveller {
	return Traveller{Entry: ruleEntry(), Customer: ann(), Deliveries: deliveries}
}

// at puts a traveller at a step, arrived at noon.
func (t Traveller) at(path string) Traveller {
	t.Entry.Position = path
	return t
}

func TestAWaitLastsFromTheArrival(t *testing.T) {
	w, c := ruleShop(), ruleCampaign(waitStep(24*time.Hour), waitStep(time.Hour))
	first := w.Advance(c, traveller(), noon)
	if first.Entry.Position != "0" || !first.Entry.WakeAt.Equal(noon.Add(24*time.Hour)) {
		t.Fatalf("stands at %q until %s", first.Entry.Position, first.Entry.WakeAt)
	}
	early := w.Advance(c, onward(traveller(), first), noon.Add(time.Hour))
	if !early.Entry.WakeAt.Equal(noon.Add(24 * time.Hour)) {
		t.Errorf("looking early moves the end of the wait to %s", early.Entry.WakeAt)
	}
	late := noon.Add(30 * time.Hour) // six hours late
	second := w.Advance(c, onward(traveller(), first), late)
	if second.Entry.Position != "1" || !second.Entry.WakeAt.Equal(late.Add(time.Hour)) {
		t.Errorf("stands at %q until %s", second.Entry.Position, second.Entry.WakeAt)
	}
	last := w.Advance(c, onward(traveller(), second), late.Add(time.Hour))
	if last.Entry.State != Finished || last.Entry.Why != "finished" || !last.Entry.WakeAt.IsZero() || last.Entry.EndedAt.IsZero() {
		t.Errorf("ended as %+v", last.Entry)
	}
}

func TestAMessageIsDueSinceTheClockRang(t *testing.T) {
	for name, c := range map[string]struct {
		late time.Duration
		want time.Time
	}{
		"at once":       {0, noon},
		"a little late": {20 * time.Second, noon},
		"hours late":    {3 * time.Hour, noon.Add(3*time.Hour - time.Minute)},
	} {
		now := noon.Add(c.late)
		begins := traveller()
		begins.Entry.WakeAt = noon
		waits := traveller().at("0")
		waits.Entry.ArrivedAt, waits.Entry.WakeAt = noon.Add(-time.Hour), noon
		for _, move := range []Move{
			ruleShop().Advance(ruleCampaign(smsStep("hello")), begins, now),
			ruleShop().Advance(ruleCampaign(waitStep(time.Hour), smsStep("hello")), waits, now),
		} {
			if len(move.Plan) != 1 || !move.Plan[0].DueAt.Equal(c.want) || !move.Plan[0].PlannedAt.Equal(now) {
				t.Errorf("%s: planned %+v, want it due since %s", name, move.Plan, c.want)
			}
		}
	}
	again := traveller().at("0") // by news, of which nobody knows here when it came
	again.Entry.WakeAt = noon.Add(-time.Second)
	if move := ruleShop().Advance(ruleCampaign(smsStep("hello")), again, noon); !move.Plan[0].DueAt.Equal(noon) {
		t.Errorf("by news: planned %+v", move.Plan)
	}
}

func TestAWaitForATimeOfDay(t *testing.T) {
	ten := clockAt("10:00")
	for name, c := range map[string]struct {
		wait Wait
		zone string // the customer's
		want string
	}{
		"the customer's clock":  {Wait{Until: &ten}, "Asia/Tokyo", "2026-12-02T01:00:00Z"},
		"a zone of its own":     {Wait{Until: &ten, Zone: time.UTC}, "Asia/Tokyo", "2026-12-02T10:00:00Z"},
		"on a day":              {Wait{Until: &ten, Days: 1 << time.Saturday}, "Europe/Berlin", "2026-12-05T09:00:00Z"},
		"the workspace's clock": {Wait{Until: &ten}, "", "2026-12-02T09:00:00Z"},
		"later on the same day": {Wait{Until: &ten}, "America/New_York", "2026-12-01T15:00:00Z"},
	} {
		who := traveller()
		who.Customer.Zone, who.Customer.Country = c.zone, ""
		move := ruleShop().Advance(ruleCampaign(Step{Kind: StepWait, Wait: &c.wait}), who, noon)
		if !move.Entry.WakeAt.Equal(utc(c.want)) {
			t.Errorf("%s: wakes at %s, want %s", name, move.Entry.WakeAt.Format(time.RFC3339), c.want)
		}
	}
}

func TestAMessageIsPlannedOnceAndAwaited(t *testing.T) {
	w := ruleShop()
	step := smsStep("hello")
	step.Send.Vars = map[string]any{"discount": 5.0}
	step.Send.Retry = deliveries.Retry{On: []string{"busy"}, AtMost: 2}
	c := ruleCampaign(step, stopStep())
	who := traveller()
	who.Entry.Journal.Vars = map[string]any{"agent": "Kim", "discount": 1.0}

	move := w.Advance(c, who, noon)
	want := []deliveries.Delivery{{
		Entry: 7, Customer: "c1", Campaign: "after-delivery", Version: 3, Step: "0", Channel: channels.SMS,
		Topic: "service", Template: "hello", Vars: map[string]any{"agent": "Kim", "discount": 5.0}, Priority: 80,
		Status: deliveries.Planned, DueAt: noon, ExpiresAt: noon.Add(72 * time.Hour), PlannedAt: noon,
		Retry: step.Send.Retry, Ambiguous: deliveries.Hold,
	}}
	if diff := cmp.Diff(want, move.Plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if !move.Entry.WakeAt.IsZero() || move.Entry.Position != "0" || move.Entry.State != Running {
		t.Errorf("the entry does not wait for its message: %+v", move.Entry)
	}
	for _, status := range []deliveries.Status{deliveries.Planned, deliveries.Queued, deliveries.Sending} {
		move := w.Advance(c, traveller(sent("0", 0, channels.SMS, status)).at("0"), noon)
		if len(move.Plan) > 0 || move.Entry.Position != "0" || !move.Entry.WakeAt.IsZero() {
			t.Errorf("%s: plans %d, stands at %s", status, len(move.Plan), move.Entry.Position)
		}
	}
	for _, status := range []deliveries.Status{deliveries.Sent, deliveries.Skipped, deliveries.Failed, deliveries.Unconfirmed, deliveries.Bounced} {
		if move := w.Advance(c, traveller(sent("0", 0, channels.SMS, status)).at("0"), noon); move.Entry.State != Finished {
			t.Errorf("%s: stands at %s", status, move.Entry.Position)
		}
	}
}

func TestWhatAnUnknownOutcomeMeansByDefault(t *testing.T) {
	w := ruleShop()
	for _, c := range []struct {
		channel channels.Channel
		topic   string
		asked   deliveries.Ambiguous
		want    deliveries.Ambiguous
	}{
		{channels.Call, "service", "", deliveries.Hold},
		{channels.SMS, "service", "", deliveries.Hold},
		{channels.Email, "marketing", "", deliveries.Hold},
		{channels.Email, "service", "", deliveries.Resend},
		{channels.Push, "marketing", "", deliveries.Resend},
		{channels.SMS, "service", deliveries.Resend, deliveries.Resend},
		{channels.Push, "service", deliveries.Hold, deliveries.Hold},
	} {
		if got := w.ambiguity(c.asked, c.channel, c.topic); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.topic, c.channel, got, c.want)
		}
	}
}

func TestABranchTakesTheFirstArmThatHoldsAndGoesOnBehindIt(t *testing.T) {
	tree := func(t *testing.T) *Campaign {
		return ruleCampaign(
			smsStep("hello"),
			branchStep(
				Branch{If: when(t, `steps.hello.status == "skipped"`), Steps: []Step{stopStep()}},
				Branch{If: when(t, `steps.hello.status == "sent"`), Steps: []Step{
					branchStep(Branch{If: when(t, "event.total > 20"), Steps: []Step{waitStep(time.Hour)}}),
				}},
				Branch{Steps: []Step{waitStep(2 * time.Hour)}},
			),
			waitStep(3*time.Hour),
		)
	}
	for status, want := range map[deliveries.Status]struct{ position, mark, why string }{
		deliveries.Skipped: {"1.0.0", "branch 1", "stopped"},
		deliveries.Sent:    {"1.1.0.0.0", "branch 2", ""},
		deliveries.Failed:  {"1.2.0", "branch 3", ""},
	} {
		c := tree(t)
		who := traveller(sent("0", 0, channels.SMS, status)).at("0")
		move := ruleShop().Advance(c, who, noon)
		if move.Entry.Position != want.position || move.Entry.Journal.Steps["1"].Status != want.mark || move.Entry.Why != want.why {
			t.Errorf("%s: stands at %s by %q, %q", status, move.Entry.Position, move.Entry.Journal.Steps["1"].Status, move.Entry.Why)
		}
		if want.why != "" {
			continue
		}
		next := ruleShop().Advance(c, onward(who, move), noon.Add(2*time.Hour))
		if next.Entry.Position != "2" {
			t.Errorf("%s: behind the branch stands %s", status, next.Entry.Position)
		}
	}
}

func TestABranchWithoutAMatchIsPassed(t *testing.T) {
	c := ruleCampaign(branchStep(Branch{If: when(t, "event.total > 100"), Steps: []Step{stopStep()}}, Branch{If: when(t, "event.total > 90")}))
	move := ruleShop().Advance(c, traveller(), noon)
	if move.Entry.Why != "finished" || move.Entry.Journal.Steps["0"].Status != "no branch" {
		t.Errorf("ended %q, marked %v", move.Entry.Why, move.Entry.Journal.Steps)
	}
}

func TestACaseIsOpenedForSupport(t *testing.T) {
	c := ruleCampaign(Step{Kind: StepCase, Case: &CaseRule{Queue: "recovery", Priority: "high", Due: 4 * time.Hour, Title: "Unhappy with {{ event.order_id }}"}})
	move := ruleShop().Advance(c, traveller(), noon)
	if len(move.Cases) != 1 {
		t.Fatalf("%d cases", len(move.Cases))
	}
	got := move.Cases[0]
	if got.Queue != "recovery" || got.Priority != "high" || got.Why != "step" || got.Entry != 7 || got.Customer != "c1" ||
		got.Title != "Unhappy with A1" || !got.DueAt.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("case %+v", got)
	}
	bare := ruleShop().Advance(ruleCampaign(Step{Kind: StepCase, Case: &CaseRule{}}), traveller(), noon).Cases[0]
	if bare.Queue != "support" || bare.Priority != "normal" || bare.Title != "After delivery" || !bare.DueAt.IsZero() {
		t.Errorf("case without words %+v", bare)
	}
}

func TestLaterStepsSeeWhatSetAndTagChanged(t *testing.T) {
	c := ruleCampaign(
		Step{Kind: StepSet, Set: []Assignment{
			{Field: "traits.visits", Value: when(t, "2 + 1")},
			{Field: "city", Value: when(t, `"Bonn"`)},
			{Field: "traits.favourite", Value: when(t, "first_name")},
		}},
		Step{Kind: StepTag, Tag: []TagChange{{Tag: "lapsed"}, {Tag: "vip", Add: true}}},
		branchStep(Branch{
			If:    when(t, `traits.visits == 3 and traits.favourite == "Ann" and city == "Bonn" and "vip" in tags and not ("lapsed" in tags)`),
			Steps: []Step{stopStep()},
		}),
	)
	who := traveller()
	who.Customer.Tags = []string{"lapsed"}
	move := ruleShop().Advance(c, who, noon)
	if move.Entry.Why != "stopped" {
		t.Errorf("the branch does not see the changes: %+v", move.Entry.Journal)
	}
	want := map[string]any{"traits.visits": 3.0, "city": "Bonn", "traits.favourite": "Ann"}
	if diff := cmp.Diff(want, move.Set); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]TagChange{{Tag: "lapsed"}, {Tag: "vip", Add: true}}, move.Tag); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if who.Customer.City != "" || !slices.Equal(who.Customer.Tags, []string{"lapsed"}) || who.Customer.Traits != nil {
		t.Errorf("the traveller's own customer was changed: %+v", who.Customer)
	}
}

func TestExitsComeFirst(t *testing.T) {
	c := ruleCampaign(smsStep(""), stopStep())
	c.Exits = []Exit{{Event: "Order Returned"}, {When: when(t, `not reachable("sms")`)}}
	who := traveller().at("0")
	who.Customer.Phone = ""
	move := ruleShop().Advance(c, who, noon)
	if move.Entry.State != Left || move.Entry.Why != `when not reachable("sms")` || len(move.Plan) > 0 || move.Entry.EndedAt != noon {
		t.Errorf("entry %+v plans %d", move.Entry, len(move.Plan))
	}
}

func TestEntriesThatAreOverOrNotYetBegunStayAsTheyAre(t *testing.T) {
	c := ruleCampaign(smsStep(""))
	over := traveller()
	over.Entry.State, over.Entry.Why = Left, "event Order Returned"
	delayed := traveller()
	delayed.Entry.WakeAt = noon.Add(time.Hour)
	for name, who := range map[string]Traveller{"over": over, "delayed": delayed} {
		if diff := cmp.Diff(Move{Entry: who.Entry}, ruleShop().Advance(c, who, noon)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if move := ruleShop().Advance(c, delayed, noon.Add(time.Hour)); len(move.Plan) != 1 {
		t.Error("the delayed entry does not begin")
	}
	gone := traveller()
	gone.Customer = nil
	if move := ruleShop().Advance(c, gone, noon); move.Entry.State != Left {
		t.Errorf("without a customer the entry is %s", move.Entry.State)
	}
	if move := ruleShop().Advance(c, traveller().at("4.1"), noon); move.Entry.State != Finished {
		t.Errorf("at a step that is not there the entry is %s", move.Entry.State)
	}
}

func TestHoldoutsWalkButOnlyTheGateSeesTheirMessages(t *testing.T) {
	c := ruleCampaign(smsStep(""))
	who := traveller()
	who.Entry.Holdout = true
	move := ruleShop().Advance(c, who, noon)
	if len(move.Plan) != 1 {
		t.Fatalf("plans %d", len(move.Plan))
	}
	v := ruleShop().Judge(Matter{Campaign: c, Delivery: move.Plan[0], Entry: move.Entry, Customer: who.Customer}, noon)
	if v.Go || v.Reason != deliveries.Holdout || !v.Until.IsZero() {
		t.Errorf("verdict %+v", v)
	}
}

func TestConditionsSeeTheLatestWordOfASharedStepID(t *testing.T) {
	c := ruleCampaign(smsStep("csat"), smsStep("csat"), smsStep("hello"))
	who := traveller(sent("0", 0, channels.SMS, deliveries.Sent), sent("1", 0, channels.SMS, deliveries.Failed))
	got := who.statuses(c)
	if diff := cmp.Diff(map[string]string{"csat": "failed"}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	score := 2.0
	who.Answers = []Answer{{Ask: "csat", Score: &score}, {Ask: "csat"}}
	if diff := cmp.Diff(map[string]expression.Answer{"csat": {Score: &score}}, who.answers()); diff != "" {
		t.Errorf("the first answer counts (-want +got):\n%s", diff)
	}
}
