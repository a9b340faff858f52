package campaigns

import "testing"

func TestAJourneyClosesAtItsLastMessage(t *testing.T) {
	sms := func() Step { return Step{Kind: StepSMS, Send: &Send{}} }
	branch := Step{Kind: StepBranch, Branch: []Branch{{Steps: []Step{sms()}}, {Steps: []Step{sms(), sms()}}}}
	for name, c := range map[string]struct {
		campaign *Campaign
		at       string
		want     bool
	}{
		"the only step":               {ruleCampaign(sms()), "0", true},
		"not the last":                {ruleCampaign(sms(), sms()), "0", false},
		"the last":                    {ruleCampaign(sms(), sms()), "1", true},
		"the last of a branch":        {ruleCampaign(branch), "0.1.1", true},
		"before the last of a branch": {ruleCampaign(branch), "0.1.0", false},
		"a branch that goes on":       {ruleCampaign(branch, sms()), "0.0.0", false},
		"an ask":                      {ruleCampaign(Step{Kind: StepAsk, Send: &Send{}}), "0", false},
		"nowhere":                     {ruleCampaign(sms()), "7", false},
		"before its first step":       {ruleCampaign(sms()), "", false},
	} {
		if got := c.campaign.Closing(Entry{Position: c.at}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	leaving := ruleCampaign(sms())
	leaving.Exits = []Exit{{When: when(t, `country == "DE"`)}}
	if leaving.Closing(Entry{Position: "0"}) {
		t.Error("an exit that asks about the customer is not asked")
	}
	leaving.Exits = []Exit{{Event: "Order Returned"}}
	if !leaving.Closing(Entry{Position: "0"}) {
		t.Error("an exit by an event, which counts as a change of its own, keeps the journey open")
	}
}
