package campaigns

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/deliveries"
)

func TestExplainTellsEveryStep(t *testing.T) {
	w := ruleShop()
	ten := clockAt("10:00")
	c := ruleCampaign(
		waitStep(25*time.Hour),
		askStep(channels.Call, channels.SMS),
		branchStep(
			Branch{If: when(t, "answers.csat.score <= 2"), Steps: []Step{{Kind: StepCase, Case: &CaseRule{Queue: "recovery"}}, smsStep("")}},
			Branch{Steps: []Step{stopStep()}},
		),
		Step{Kind: StepWait, Wait: &Wait{Until: &ten}},
		Step{Kind: StepTag, Tag: []TagChange{{Tag: "vip", Add: true}, {Tag: "lapsed"}}},
	)
	call := sent("1", 0, channels.Call, deliveries.Failed)
	call.Reason, call.Attempts = "no_answer", 3
	text := sent("1", 1, channels.SMS, deliveries.Answered)
	apology := sent("2.0.1", 0, channels.SMS, deliveries.Skipped)
	apology.Reason = "no_consent"
	low := 1.0
	who := traveller(call, text, apology).at("2.0.1")
	who.Answers = []Answer{{Ask: "csat", Score: &low, Channel: channels.SMS}}
	who.Entry.Journal.Steps = map[string]Mark{
		"0": {Status: "waited", At: noon}, "1": {Status: "answered", At: noon}, "2": {Status: "branch 1", At: noon}, "2.0.0": {Status: "case", At: noon},
	}
	who = onward(who, w.Advance(c, who, noon))

	want := []StepReport{
		{"0", StepWait, "wait 1d1h", "waited", noon, ""},
		{"1", StepAsk, "ask csat by call or sms", "call failed after 3 attempts, then sms answered", noon, "score 1, by sms"},
		{"2", StepBranch, "branch", "branch 1", noon, "answers.csat.score <= 2"},
		{"2.0.0", StepCase, "open a case in recovery", "case", noon, ""},
		{"2.0.1", StepSMS, "sms with hello", "sms skipped", noon, "no_consent: the customer has not agreed to this topic on this channel"},
		{"2.1.0", StepStop, "stop", "not reached", time.Time{}, "branch 1 was taken, not the else"},
		{"3", StepWait, "wait until 10:00", "waiting until Wed 2026-12-02 10:00", noon, ""},
		{"4", StepTag, "tag +vip, -lapsed", "not reached", time.Time{}, "the journey stands at step 3"},
	}
	if diff := cmp.Diff(want, w.Explain(c, who, noon)); diff != "" {
		t.Errorf("explanation (-want +got):\n%s", diff)
	}
}

func TestExplainTellsTheSecondHalfOfTheLanguage(t *testing.T) {
	w := ruleShop()
	c := ruleCampaign(
		reachStep(channels.Push, channels.SMS),
		splitStep(map[string]float64{"a": 0.999, "b": 0.001}, nil),
		Step{Kind: StepPoints, Points: -50},
		Step{Kind: StepConsent, Consent: &ConsentChange{Topic: "marketing", Channels: []channels.Channel{channels.SMS, channels.Email}}},
		Step{Kind: StepWebhook, Webhook: &Webhook{URL: "https://crm.example/hook?key=1"}},
		Step{Kind: StepEnter, Enter: "win-back"},
		awaitStep(t, ""),
		splitStep(map[string]float64{"a": 0.2, "b": 0.2}, &Winner{By: deliveries.Clicked}),
	)
	push, text := sent("0", 0, channels.Push, deliveries.Delivered), sent("0", 1, channels.SMS, deliveries.Skipped)
	text.Reason = "no_consent"
	who := traveller(push, text, sent("4", 0, channels.Webhook, deliveries.Sent)).at("0")
	who.Entry.ArrivedAt = noon.Add(-time.Hour)
	who = onward(who, w.Advance(c, who, noon))
	who = onward(who, w.Advance(c, who, noon.Add(time.Hour))) // the hour of path a

	hour := noon.Add(time.Hour)
	want := []StepReport{
		{"0", StepReach, "reach by push, then sms with hello", "push delivered, then sms skipped", noon, ""},
		{"1", StepSplit, "split offer", "path a", noon, "drawn for the customer, as for 99.9% of people"},
		{"1.0.0", StepWait, "wait 1h", "waited", hour, ""},
		{"1.1.0", StepWait, "wait 1h", "not reached", time.Time{}, "path a was taken, not path b"},
		{"2", StepPoints, "points -50", "points -50", hour, ""},
		{"3", StepConsent, "consent out to marketing by sms, email", "consent out", hour, ""},
		{"4", StepWebhook, "tell crm.example", "webhook sent", noon, ""},
		{"5", StepEnter, "enter win-back", "not entered: not live", hour, ""},
		{"6", StepWait, "wait for Order Completed, at most 3d", "waiting for Order Completed until Fri 2026-12-04 13:00", hour, ""},
	}
	got := w.Explain(c, who, hour)
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Errorf("explanation (-want +got):\n%s", diff)
	}
	waiting, alone := traveller().at("7"), ruleCampaign(c.Steps...)
	if got := w.Explain(alone, waiting, hour)[9].Happened; got != "waiting for the path that wins" {
		t.Errorf("at a split without a winner yet: %s", got)
	}
	kept := traveller()
	c.Rollout = &Rollout{}
	if got := w.Explain(c, kept, hour)[0].Why; got != "the rollout has not let the customer in yet" {
		t.Errorf("before its stage: %s", got)
	}
}

func TestExplainSaysWhyNothingHappens(t *testing.T) {
	c := ruleCampaign(smsStep(""), smsStep(""))
	left := traveller()
	left.Entry.State, left.Entry.Why = Left, "event Order Returned"
	delayed := traveller()
	delayed.Entry.WakeAt = noon.Add(time.Hour)
	held := sent("0", 0, channels.SMS, deliveries.Planned)
	held.Reason, held.DueAt = "quiet_hours_expired", noon.Add(21*time.Hour)
	for name, k := range map[string]struct {
		who  Traveller
		want [2]StepReport
	}{
		"left": {left, [2]StepReport{
			{Happened: "not reached", Why: "the journey left: event Order Returned"},
			{Happened: "not reached", Why: "the journey left: event Order Returned"},
		}},
		"delayed": {delayed, [2]StepReport{
			{Happened: "not reached", Why: "the journey begins at Tue 2026-12-01 13:00"},
			{Happened: "not reached", Why: "the journey begins at Tue 2026-12-01 13:00"},
		}},
		"held": {traveller(held).at("0"), [2]StepReport{
			{Happened: "sms planned for Wed 2026-12-02 09:00", Why: "quiet_hours_expired: contact hours did not open in time", At: noon},
			{Happened: "not reached", Why: "the journey stands at step 0"},
		}},
	} {
		for i, got := range ruleShop().Explain(c, k.who, noon) {
			want := k.want[i]
			want.Path, want.Kind, want.Title = got.Path, got.Kind, got.Title
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, step %d (-want +got):\n%s", name, i, diff)
			}
		}
	}
}
