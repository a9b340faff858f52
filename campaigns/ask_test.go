package campaigns

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func askStep(by ...channels.Channel) Step {
	return Step{Kind: StepAsk, ID: "csat", Send: &Send{
		By: by, Template: "satisfaction", Ask: &Ask{Scale: CSAT5, AnswerWithin: 48 * time.Hour},
	}}
}

func TestAskPlansTheFirstChannelThatMayReachTheCustomer(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*customers.Customer)
		want   channels.Channel
	}{
		"all":          {func(*customers.Customer) {}, channels.Call},
		"no phone":     {func(c *customers.Customer) { c.Phone = "" }, channels.Email},
		"call blocked": {func(c *customers.Customer) { c.Suppressed = map[channels.Channel]string{channels.Call: "opted_out"} }, channels.SMS},
		"call unwanted": {func(c *customers.Customer) {
			c.Consents = []customers.Consent{{Topic: "service", Channel: channels.Call}}
		}, channels.SMS},
		"none: the gate records why": {func(c *customers.Customer) { c.Phone, c.Email = "", "" }, channels.Call},
	} {
		who := traveller()
		c.change(who.Customer)
		move := ruleShop().Advance(ruleCampaign(askStep(channels.Call, channels.SMS, channels.Email)), who, noon)
		if len(move.Plan) != 1 || move.Plan[0].Channel != c.want || move.Plan[0].Group != 0 {
			t.Errorf("%s: plans %+v, want %s", name, move.Plan, c.want)
		}
	}
}

func TestAskFallsBackChannelAfterChannel(t *testing.T) {
	w, c := ruleShop(), ruleCampaign(askStep(channels.Call, channels.SMS, channels.Email))
	call := sent("0", 0, channels.Call, deliveries.Failed)
	move := w.Advance(c, traveller(call).at("0"), noon)
	if len(move.Plan) != 1 || move.Plan[0].Channel != channels.SMS || move.Plan[0].Group != 1 {
		t.Fatalf("after a failed call plans %+v", move.Plan)
	}
	sms := sent("0", 1, channels.SMS, deliveries.Skipped)
	withoutEmail := traveller(call, sms).at("0")
	withoutEmail.Customer.Email = ""
	move = w.Advance(c, withoutEmail, noon)
	if len(move.Plan) != 0 || move.Entry.State != Finished || move.Entry.Journal.Steps["0"].Status != "skipped" {
		t.Errorf("with nothing left plans %+v, marks %v", move.Plan, move.Entry.Journal.Steps)
	}
	move = w.Advance(c, traveller(sms, call).at("0"), noon) // in whatever order they are loaded
	if len(move.Plan) != 1 || move.Plan[0].Channel != channels.Email || move.Plan[0].Group != 2 {
		t.Errorf("after a skipped text plans %+v", move.Plan)
	}
}

func TestAskWaitsForAnAnswer(t *testing.T) {
	w, c := ruleShop(), ruleCampaign(askStep(channels.SMS), stopStep())
	asked := sent("0", 0, channels.SMS, deliveries.Delivered)
	asked.TakenAt = noon.Add(time.Hour) // held for an hour
	deadline := noon.Add(49 * time.Hour)

	move := w.Advance(c, traveller(asked).at("0"), noon.Add(2*time.Hour))
	if move.Entry.Position != "0" || !move.Entry.WakeAt.Equal(deadline) {
		t.Fatalf("stands at %s until %s", move.Entry.Position, move.Entry.WakeAt)
	}
	late := w.Advance(c, traveller(asked).at("0"), deadline)
	if late.Entry.State != Finished || late.Entry.Journal.Steps["0"].Status != "unanswered" {
		t.Errorf("after the deadline: %+v", late.Entry)
	}
	score := 4.0
	answered := traveller(asked).at("0")
	answered.Answers = []Answer{{Ask: "csat", Score: &score}}
	if move := w.Advance(c, answered, noon); move.Entry.State != Finished || move.Entry.Journal.Steps["0"].Status != "answered" {
		t.Errorf("with an answer: %+v", move.Entry)
	}
}

func TestWhatEndsAQuestion(t *testing.T) {
	for status, want := range map[deliveries.Status]string{
		deliveries.Planned:      "",
		deliveries.Sending:      "",
		deliveries.Sent:         "",
		deliveries.Unconfirmed:  "",
		deliveries.Clicked:      "",
		deliveries.Failed:       "failed",
		deliveries.Bounced:      "bounced",
		deliveries.Expired:      "expired",
		deliveries.Skipped:      "skipped",
		deliveries.Unsubscribed: "unsubscribed",
		deliveries.Complained:   "complained",
	} {
		c := ruleCampaign(askStep(channels.SMS), stopStep())
		move := ruleShop().Advance(c, traveller(sent("0", 0, channels.SMS, status)).at("0"), noon)
		if got := move.Entry.Journal.Steps["0"].Status; got != want || (move.Entry.State == Finished) != (want != "") {
			t.Errorf("%s: marked %q and %s, want %q", status, got, move.Entry.State, want)
		}
	}
}

func TestASecondQuestionOfTheSameIDUsesTheAnswerThatIsThere(t *testing.T) {
	c := ruleCampaign(askStep(channels.SMS))
	who := traveller()
	who.Answers = []Answer{{Ask: "csat"}}
	if move := ruleShop().Advance(c, who, noon); len(move.Plan) != 0 || move.Entry.State != Finished {
		t.Errorf("asks again: %+v", move.Plan)
	}
}

func TestAHoldoutIsNeverAskedTwiceNorAwaited(t *testing.T) {
	c := ruleCampaign(askStep(channels.SMS, channels.Email), stopStep())
	who := traveller(sent("0", 0, channels.SMS, deliveries.Skipped)).at("0")
	who.Entry.Holdout = true
	move := ruleShop().Advance(c, who, noon)
	if len(move.Plan) != 0 || move.Entry.State != Finished || move.Entry.Journal.Steps["0"].Status != "unanswered" {
		t.Errorf("plans %d, %+v", len(move.Plan), move.Entry)
	}
}
