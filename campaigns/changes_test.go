package campaigns

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func TestPointsAreGivenAndSeenByLaterSteps(t *testing.T) {
	c := ruleCampaign(
		Step{Kind: StepPoints, ID: "hello", Points: 100},
		Step{Kind: StepPoints, Points: -30},
		branchStep(Branch{If: when(t, `points.balance == 75 and steps.hello.status == "points +100"`), Steps: []Step{stopStep()}}),
	)
	who := traveller()
	who.Customer.Points = 5
	move := ruleShop().Advance(c, who, noon)
	if move.Points != 70 || move.Entry.Why != "stopped" || who.Customer.Points != 5 {
		t.Errorf("adds %d, ends %q, the customer has %d", move.Points, move.Entry.Why, who.Customer.Points)
	}
	if got := move.Entry.Journal.Steps["1"].Status; got != "points -30" {
		t.Errorf("marked %q", got)
	}
}

func TestConsentHoldsForTheStepsThatFollow(t *testing.T) {
	c := ruleCampaign(
		Step{Kind: StepConsent, Consent: &ConsentChange{Topic: "service", Channels: []channels.Channel{channels.SMS, channels.Email}}},
		branchStep(Branch{If: when(t, `consent("service", "sms") or consent("service", "email")`), Steps: []Step{smsStep("")}}),
		Step{Kind: StepConsent, Consent: &ConsentChange{Topic: "marketing", Channels: []channels.Channel{channels.Call}, In: true}},
	)
	who := traveller()
	move := ruleShop().Advance(c, who, noon)
	word := func(topic string, ch channels.Channel, in bool) customers.Consent {
		return customers.Consent{Customer: "c1", Topic: topic, Channel: ch, In: in, At: noon, Source: "campaign"}
	}
	want := []customers.Consent{word("service", channels.SMS, false), word("service", channels.Email, false), word("marketing", channels.Call, true)}
	if diff := cmp.Diff(want, move.Consents); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
	if marks := move.Entry.Journal.Steps; marks["0"].Status != "consent out" || marks["1"].Status != "no branch" || marks["2"].Status != "consent in" {
		t.Errorf("marked %+v", marks)
	}
	if !who.Customer.Consented("service", channels.SMS, true) {
		t.Error("the traveller's own customer was changed")
	}
}

// A yes that a step passes on is as old as what brought it: it undoes no stop that the
// customer said while the journey waited. A no holds from now on.
func TestAYesIsAsOldAsWhatBroughtIt(t *testing.T) {
	stopped, later := noon.Add(time.Hour), noon.Add(24*time.Hour)
	news := func(in bool) Step {
		return Step{Kind: StepConsent, Consent: &ConsentChange{Topic: "marketing", Channels: []channels.Channel{channels.Email}, In: in}}
	}
	confirmed := customers.Event{ID: 12, Name: "Newsletter Confirmed", At: noon, ReceivedAt: noon.Add(time.Minute)}
	double := customers.Event{ID: 13, Name: "Confirmed Again", Live: true, At: stopped.Add(time.Minute), ReceivedAt: stopped.Add(time.Minute)}
	wait := Step{Kind: StepWait, Wait: &Wait{Event: double.Name, AtMost: 48 * time.Hour}}
	for name, of := range map[string]struct {
		step  Step
		first []Step
		said  func(*Traveller)
		at    time.Time
		in    bool
	}{
		"the event that began it":       {step: news(true), at: confirmed.At},
		"a later answer":                {step: news(true), said: func(t *Traveller) { t.Answers = []Answer{{Ask: "sure", At: stopped.Add(time.Second)}} }, at: stopped.Add(time.Second), in: true},
		"an event that was waited for":  {step: news(true), first: []Step{wait}, said: func(t *Traveller) { t.News = []customers.Event{double} }, at: double.At, in: true},
		"by hand":                       {step: news(true), said: func(t *Traveller) { t.Entry = ruleEntry(); t.Entry.EnteredAt = stopped.Add(time.Minute) }, at: stopped.Add(time.Minute), in: true},
		"an answer by a clock ahead":    {step: news(true), said: func(t *Traveller) { t.Answers = []Answer{{Ask: "sure", At: later.Add(time.Hour)}} }, at: later, in: true},
		"a no, which holds from now on": {step: news(false), at: later},
	} {
		c := ruleCampaign(append(of.first, of.step)...)
		c.Trigger, c.State = Trigger{Kind: OnEvent, Event: confirmed.Name}, Live
		who := traveller()
		entry, enters := ruleShop().EntryByEvent(c, confirmed, who.Customer, nil, stopped)
		if !enters {
			t.Fatal("the event begins nothing")
		}
		who.Entry = entry
		who.Customer.Consents = []customers.Consent{{Customer: who.Customer.ID, Topic: "marketing", Channel: channels.Email, At: stopped, Source: customers.ByOneClick}}
		if of.said != nil {
			of.said(&who)
		}
		move := ruleShop().Advance(c, who, later)
		if len(move.Consents) != 1 || !move.Consents[0].At.Equal(of.at) {
			t.Errorf("%s: %+v, want one of %s", name, move.Consents, of.at)
		}
		if in := move.changed(who.Customer, later).Consented("marketing", channels.Email, false); in != of.in {
			t.Errorf("%s: after it the customer is in: %v", name, in)
		}
	}
}

// Who is handed over to another campaign said yes when they said it in the first.
func TestAYesIsAsOldInAJourneyItIsHandedOverTo(t *testing.T) {
	w := ruleShop()
	c, other := ruleCampaign(Step{Kind: StepEnter, Path: "0", Enter: "news"}), ruleCampaign(Step{Kind: StepConsent, Consent: &ConsentChange{Topic: "marketing", In: true}})
	other.ID, other.State, other.Trigger = "news", Live, Trigger{Kind: Manual}
	w.Campaigns = map[string]*Campaign{other.ID: other}
	who := traveller()
	who.Entry.EnteredAt = noon.Add(-time.Hour)
	move := w.Advance(c, who, noon)
	if len(move.Enter) != 1 || !move.Enter[0].Entry.Journal.Said.Equal(who.Entry.EnteredAt) {
		t.Errorf("hands over %+v", move.Enter)
	}
}

func TestAWebhookIsPlannedAndTheJourneyGoesOn(t *testing.T) {
	hook := Step{Kind: StepWebhook, ID: "hello", Webhook: &Webhook{URL: "https://crm.example/hook"}}
	move := ruleShop().Advance(ruleCampaign(hook, stopStep()), traveller(), noon)
	want := []deliveries.Delivery{{
		Entry: 7, Customer: "c1", Campaign: "after-delivery", Version: 3, Step: "0", Channel: channels.Webhook, Topic: "service",
		Priority: 80, Status: deliveries.Planned, DueAt: noon, ExpiresAt: noon.Add(defaultExpires), PlannedAt: noon, Ambiguous: deliveries.Resend,
	}}
	if diff := cmp.Diff(want, move.Plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if move.Entry.Why != "stopped" {
		t.Errorf("stands at %s", move.Entry.Position)
	}
	who := traveller(sent("0", 0, channels.Webhook, deliveries.Failed))
	if got := who.statuses(ruleCampaign(hook))["hello"]; got != "failed" {
		t.Errorf("its status is %q", got)
	}
}
