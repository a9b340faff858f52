package campaigns

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func reachStep(by ...channels.Channel) Step {
	return Step{Kind: StepReach, ID: "hello", Send: &Send{By: by, Template: "hello", FallbackAfter: 2 * time.Hour}}
}

func TestReachBeginsWhereTheCustomerLastAnswered(t *testing.T) {
	const day = 24 * time.Hour
	for name, k := range map[string]struct {
		engaged customers.Engagement
		change  func(*customers.Customer)
		want    channels.Channel
	}{
		"nothing is known":           {want: channels.Push},
		"an sms was answered":        {engaged: customers.Engagement{SMSRepliedAt: noon.Add(-day)}, want: channels.SMS},
		"the later click counts":     {engaged: customers.Engagement{SMSRepliedAt: noon.Add(-2 * day), EmailClickedAt: noon.Add(-day)}, want: channels.Email},
		"opens do not count":         {engaged: customers.Engagement{EmailOpenedAt: noon.Add(-day)}, want: channels.Push},
		"half a year is too long":    {engaged: customers.Engagement{SMSRepliedAt: noon.Add(-180 * day)}, want: channels.Push},
		"nearly half a year is not":  {engaged: customers.Engagement{SMSRepliedAt: noon.Add(-180*day + time.Second)}, want: channels.SMS},
		"what may not be used":       {engaged: customers.Engagement{SMSRepliedAt: noon.Add(-day)}, change: suppressed(channels.SMS), want: channels.Push},
		"the first that may be used": {change: suppressed(channels.Push), want: channels.SMS},
		"none: the gate records why": {change: suppressed(channels.All()...), want: channels.Push},
	} {
		who := traveller()
		who.Customer.Engagement = k.engaged
		if k.change != nil {
			k.change(who.Customer)
		}
		move := ruleShop().Advance(ruleCampaign(reachStep(channels.Push, channels.SMS, channels.Email)), who, noon)
		if len(move.Plan) != 1 || move.Plan[0].Channel != k.want || move.Plan[0].Template != "hello" {
			t.Errorf("%s: plans %+v, want %s", name, move.Plan, k.want)
		}
	}
}

func suppressed(all ...channels.Channel) func(*customers.Customer) {
	return func(c *customers.Customer) {
		c.Suppressed = map[channels.Channel]string{}
		for _, ch := range all {
			c.Suppressed[ch] = "opted_out"
		}
	}
}

func TestWhatFollowsTheFirstChannel(t *testing.T) {
	for status, want := range map[deliveries.Status]struct {
		next  bool // the next channel at once
		waits bool // for delivery, up to two hours
		done  bool
	}{
		deliveries.Planned:      {},
		deliveries.Sending:      {},
		deliveries.Sent:         {waits: true},
		deliveries.Unconfirmed:  {waits: true},
		deliveries.Delivered:    {done: true},
		deliveries.Clicked:      {done: true},
		deliveries.Skipped:      {next: true},
		deliveries.Failed:       {next: true},
		deliveries.Bounced:      {next: true},
		deliveries.Expired:      {next: true},
		deliveries.Unsubscribed: {done: true}, // no other channel after a no
		deliveries.Complained:   {done: true},
	} {
		c := ruleCampaign(reachStep(channels.Push, channels.SMS), stopStep())
		first := sent("0", 0, channels.Push, status)
		first.TakenAt = noon.Add(-time.Hour)
		move := ruleShop().Advance(c, traveller(first).at("0"), noon)
		if next := len(move.Plan) == 1 && move.Plan[0].Channel == channels.SMS && move.Plan[0].Group == 1; next != want.next {
			t.Errorf("%s: plans %+v", status, move.Plan)
		}
		if waits := move.Entry.WakeAt.Equal(noon.Add(time.Hour)); waits != want.waits || (move.Entry.State == Finished) != want.done {
			t.Errorf("%s: %s until %s", status, move.Entry.State, move.Entry.WakeAt)
		}
	}
}

func TestReachTriesEveryChannelOnce(t *testing.T) {
	c := ruleCampaign(reachStep(channels.Push, channels.SMS, channels.Email), stopStep())
	push, sms := sent("0", 0, channels.Push, deliveries.Sent), sent("0", 1, channels.SMS, deliveries.Failed)
	who := traveller(push, sms).at("0")
	if move := ruleShop().Advance(c, who, noon); len(move.Plan) != 1 || move.Plan[0].Channel != channels.Email || move.Plan[0].Group != 2 {
		t.Fatalf("after push and sms plans %+v", move.Plan)
	}
	email := sent("0", 2, channels.Email, deliveries.Sent)
	last := ruleShop().Advance(c, traveller(push, sms, email).at("0"), noon)
	if last.Entry.State != Finished || len(last.Plan) != 0 {
		t.Errorf("with nothing left it is %s until %s", last.Entry.State, last.Entry.WakeAt)
	}
	who.Deliveries[0].Status = deliveries.Delivered // late, but before the next was planned
	if move := ruleShop().Advance(c, who, noon); len(move.Plan) != 0 || move.Entry.State != Finished {
		t.Errorf("although delivered it goes on with %+v", move.Plan)
	}
}

func TestTheStatusOfAReachIsThatOfTheMessageThatGotFurthest(t *testing.T) {
	c := ruleCampaign(reachStep(channels.Push, channels.SMS), stopStep())
	for _, k := range []struct{ first, second, want deliveries.Status }{
		{deliveries.Delivered, deliveries.Skipped, deliveries.Delivered},
		{deliveries.Sent, deliveries.Failed, deliveries.Sent},
		{deliveries.Failed, deliveries.Skipped, deliveries.Skipped},
		{deliveries.Bounced, deliveries.Sent, deliveries.Sent},
		{deliveries.Unconfirmed, deliveries.Queued, deliveries.Queued},
		{deliveries.Sent, deliveries.Clicked, deliveries.Clicked},
		{deliveries.Complained, deliveries.Delivered, deliveries.Complained},
	} {
		who := traveller(sent("0", 0, channels.Push, k.first), sent("0", 1, channels.SMS, k.second))
		if got := who.statuses(c)["hello"]; got != string(k.want) {
			t.Errorf("%s then %s: %s, want %s", k.first, k.second, got, k.want)
		}
	}
}

func TestAHoldoutIsReachedByNothing(t *testing.T) {
	c := ruleCampaign(reachStep(channels.Push, channels.SMS), stopStep())
	who := traveller(sent("0", 0, channels.Push, deliveries.Skipped)).at("0")
	who.Entry.Holdout = true
	if move := ruleShop().Advance(c, who, noon); len(move.Plan) != 0 || move.Entry.State != Finished {
		t.Errorf("plans %+v and is %s", move.Plan, move.Entry.State)
	}
}
