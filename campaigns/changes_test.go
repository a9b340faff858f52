package campaigns

import (
	"testing"

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
