package campaigns

import (
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/deliveries"
)

// What one answer decided is not told as a victory.
func TestAWinnerIsToldWithItsWarrant(t *testing.T) {
	for name, c := range map[string]struct {
		paths  []PathResult
		winner string
		least  int
		want   string
	}{
		"one of one":       {[]PathResult{{"a", 19, 2}, {"b", 1, 1}}, "b", 0, "was chosen; the difference may be chance"},
		"nothing reached":  {[]PathResult{{"a", 10, 0}, {"b", 10, 0}}, "a", 0, "was chosen as the first: there is no data that tells the paths apart"},
		"nothing sent":     {[]PathResult{{"a", 0, 0}, {"b", 0, 0}}, "a", 0, "was chosen as the first: there is no data that tells the paths apart"},
		"a tie":            {[]PathResult{{"a", 10, 1}, {"b", 100, 10}}, "a", 0, "was chosen as the first: the best paths did equally well"},
		"a true tie":       {[]PathResult{{"a", 1000, 50}, {"b", 1000, 50}}, "a", 100, "was chosen as the first: the best paths did equally well"},
		"a small one ties": {[]PathResult{{"a", 100, 10}, {"b", 10, 1}}, "a", 50, "was chosen; the difference may be chance"},
		"all are small":    {[]PathResult{{"a", 10, 1}, {"b", 10, 1}}, "a", 50, "was chosen as the first: the best paths did equally well"},
		"a small one did":  {[]PathResult{{"a", 100, 0}, {"b", 10, 1}}, "a", 50, "was chosen as the first: there is no data that tells the paths apart"},
		"far apart":        {[]PathResult{{"a", 1000, 30}, {"b", 1000, 300}}, "b", 0, "won"},
		"close to a third": {[]PathResult{{"a", 1000, 30}, {"b", 1000, 300}, {"c", 1000, 299}}, "b", 0, "was chosen; the difference may be chance"},
	} {
		if got := (SplitPoint{Winner: c.winner, Paths: c.paths, MinSample: c.least}).Warrant(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTheWinnerHasTheBestShare(t *testing.T) {
	for name, c := range map[string]struct {
		paths []PathResult
		want  string
	}{
		"no paths":            {nil, ""},
		"no data":             {[]PathResult{{"a", 0, 0}, {"b", 0, 0}}, "a"},
		"by share, not count": {[]PathResult{{"a", 1000, 30}, {"b", 100, 4}}, "b"},
		"a tie":               {[]PathResult{{"a", 10, 1}, {"b", 100, 10}}, "a"},
		"a tie behind":        {[]PathResult{{"a", 10, 1}, {"b", 10, 2}, {"c", 100, 20}}, "b"},
		"nothing sent first":  {[]PathResult{{"a", 0, 0}, {"b", 5, 1}}, "b"},
		"nothing reached":     {[]PathResult{{"a", 0, 0}, {"b", 5, 0}}, "a"},
		"nothing sent later":  {[]PathResult{{"a", 5, 1}, {"b", 0, 0}}, "a"},
		"one that went once":  {[]PathResult{{"a", 20, 2}, {"b", 1, 1}}, "a"},
		"none has its sample": {[]PathResult{{"a", 4, 1}, {"b", 3, 2}}, "b"},
	} {
		if got := Winning(c.paths, 5); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAPathHasAllStepsWithinIt(t *testing.T) {
	c := ruleCampaign(
		Step{Kind: StepWait, Wait: &Wait{For: time.Hour}},
		Step{Kind: StepSplit, Branch: []Branch{
			{Name: "a", Steps: []Step{{Kind: StepSMS}, {Kind: StepBranch, Branch: []Branch{{Steps: []Step{{Kind: StepEmail}}}}}}},
			{Name: "b"},
		}},
	)
	same(t, "paths", []SplitPath{{"a", []string{"1.0.0", "1.0.1", "1.0.1.0.0"}}, {Name: "b"}}, c.Steps[1].SplitPaths())
}

func TestWaitsAndExitsNameTheEventsTheyHeed(t *testing.T) {
	c := ruleCampaign(
		Step{Kind: StepWait, Wait: &Wait{Event: "Order Completed", AtMost: time.Hour}},
		Step{Kind: StepBranch, Branch: []Branch{{Steps: []Step{{Kind: StepWait, Wait: &Wait{Event: "Cart Viewed"}}}}}},
	)
	c.Exits = []Exit{{Event: "Order Returned"}}
	same(t, "awaited", []string{"Cart Viewed", "Order Completed"}, c.AwaitedEvents())
	for event, want := range map[string]bool{"Cart Viewed": true, "Order Returned": true, "Page Viewed": false, "": false} {
		if c.Heeds(event) != want {
			t.Errorf("heeds %q: %t", event, !want)
		}
	}
	standing := ruleEntry()
	standing.Position = "0"
	same(t, "awaiting", []Awaited{{Entry: 7, Customer: "c1", Event: "Order Completed", Since: noon}}, c.Awaiting(standing, ruleEntry()))

	c.Exits = append(c.Exits, Exit{When: when(t, `tier == "gold"`)})
	if !c.Heeds("Page Viewed") || c.ExitsAskJourney() {
		t.Error("any event may bring an exit about, which needs no answers")
	}
	c.Exits = append(c.Exits, Exit{When: when(t, `answers.csat.score <= 2`)})
	if !c.ExitsAskJourney() || len(c.Sweeps(expression.SQLite, noon)) != 1 {
		t.Errorf("swept are %+v", c.Sweeps(expression.SQLite, noon))
	}
}

func TestASplitIsDecidedWhenEnoughMessagesHadTheirTime(t *testing.T) {
	winner := &Winner{By: deliveries.Clicked, After: 4 * time.Hour, MinSample: 20}
	at := func(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }
	none, hourLater := Sample{}, Sample{First: at(1), Last: at(1)}
	waiting, alone := Sample{Coming: true}, Sample{First: at(1), Last: at(1), Coming: true}
	for name, c := range map[string]struct {
		run    int64
		since  time.Duration // the split opened
		sent   int64         // and how many messages of each path had their time
		sample Sample
		want   bool
	}{
		"too early, whatever is known": {0, 4*time.Hour - time.Second, 100, hourLater, false},
		"enough are known":             {0, 4 * time.Hour, 20, hourLater, true},
		"the first customer alone":     {0, 4 * time.Hour, 1, hourLater, false},
		"still not enough":             {0, 13*time.Hour - time.Second, 19, hourLater, false},
		"at the latest":                {0, 13 * time.Hour, 19, hourLater, true},
		"nothing is to come":           {0, 12 * time.Hour, 0, none, true},
		"nothing has gone yet":         {0, 500 * time.Hour, 0, waiting, false},
		"others come always":           {0, 13 * time.Hour, 1, alone, true},
		"of a run, others are to come": {7, 13*time.Hour + allClocks - time.Second, 1, alone, false},
		"of a run, at the latest":      {7, 13*time.Hour + allClocks, 1, alone, true},
		"of a run, all had their time": {7, 13 * time.Hour, 1, hourLater, true},
		"the last clock's had not":     {7, 24*time.Hour - time.Second, 9, Sample{First: at(1), Last: at(20)}, false},
		"and then had":                 {7, 24 * time.Hour, 9, Sample{First: at(1), Last: at(20)}, true},
		"a letter days later":          {7, 13*time.Hour + allClocks, 9, Sample{First: at(1), Last: at(90)}, true},
	} {
		ripe := []PathResult{{"a", c.sent, 0}, {"b", c.sent, c.sent}}
		if got := winner.Decides(SplitPoint{Run: c.run, OpenedAt: noon}, ripe, c.sample, noon.Add(c.since)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
