package main

import (
	"encoding/json"
	"strings"
	"testing"

	"rapport/customers"
	"rapport/deliveries"
)

// demoResult is what `rapport demo --format json` prints.
type demoResult struct {
	Campaigns []deliveries.Funnel `json:"campaigns"`
	OpenCases []customers.Case    `json:"open_cases"`
}

func TestTheDemoPlaysAWeekOnAllChannels(t *testing.T) {
	var out strings.Builder
	o := &options{data: t.TempDir(), format: "json"}
	if err := playDemo(t.Context(), o, &out, 400, 12, 7); err != nil {
		t.Fatal(err)
	}
	var result demoResult
	if err := json.Unmarshal([]byte(out.String()), &result); err != nil {
		t.Fatal(err)
	}
	funnels := map[string]deliveries.Funnel{}
	for _, f := range result.Campaigns {
		funnels[f.Campaign] = f
		if f.Unconfirmed > 0 {
			t.Errorf("%s has %d unconfirmed messages, nothing was broken", f.Campaign, f.Unconfirmed)
		}
		if f.Failed["not_rendered"] > 0 {
			t.Errorf("%s has %d messages that could not be rendered", f.Campaign, f.Failed["not_rendered"])
		}
	}
	for _, campaign := range []string{"advent-sale", "after-delivery", "weekly-news", "welcome", "win-back", "how-are-we-doing", "follow-up"} {
		if f := funnels[campaign]; f.Sent == 0 || f.Delivered == 0 {
			t.Errorf("%s: %d entered, %d sent, %d delivered", campaign, f.Entered, f.Sent, f.Delivered)
		}
	}
	if f := funnels["weekly-news"]; f.Goal == nil {
		t.Error("the news have a goal, and nothing was counted")
	}
	if funnels["after-delivery"].Answered == 0 {
		t.Error("nobody answered a satisfaction call")
	}
}
