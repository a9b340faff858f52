package campaigns

import (
	"testing"

	"rapport/channels"
)

func letterStep(template string) Step {
	return Step{Kind: StepEmail, Send: &Send{By: []channels.Channel{channels.Email}, Template: template}}
}

// forked is a campaign of a greeting, a branch of two arms, and a farewell.
func forked(change func(steps []Step)) *Campaign {
	steps := []Step{
		letterStep("hello"),
		{Kind: StepBranch, Branch: []Branch{
			{Steps: []Step{letterStep("offer"), {Kind: StepWait, Wait: &Wait{}}}},
			{Steps: []Step{letterStep("news"), letterStep("more")}},
		}},
		{Kind: StepWait, Wait: &Wait{}},
		letterStep("farewell"),
	}
	if change != nil {
		change(steps)
	}
	return ruleCampaign(steps...)
}

func TestAJourneyGoesOnWhereWhatItPassedIsTheSame(t *testing.T) {
	positions := []string{"", "0", "1.0.0", "1.0.1", "1.1.0", "1.1.1", "2", "3"}
	for name, c := range map[string]struct {
		change func(steps []Step)
		free   []string
	}{
		"nothing changed":        {nil, positions},
		"the first":              {func(s []Step) { s[0].Send.Template = "hi" }, []string{""}},
		"another kind":           {func(s []Step) { s[2] = letterStep("pause") }, []string{"", "0", "1.0.0", "1.0.1", "1.1.0", "1.1.1"}},
		"another id":             {func(s []Step) { s[2].ID = "pause" }, []string{"", "0", "1.0.0", "1.0.1", "1.1.0", "1.1.1"}},
		"how long it waits":      {func(s []Step) { s[2].Wait = &Wait{For: 7} }, positions},
		"the end of one arm":     {func(s []Step) { s[1].Branch[0].Steps[1] = letterStep("late") }, []string{"", "0", "1.0.0", "1.1.0", "1.1.1"}},
		"the other arm":          {func(s []Step) { s[1].Branch[1].Steps[0].Send.Template = "old" }, []string{"", "0", "1.0.0", "1.0.1"}},
		"an arm is gone":         {func(s []Step) { s[1].Branch = s[1].Branch[:1] }, []string{"", "0", "1.0.0", "1.0.1"}},
		"an arm grew":            {func(s []Step) { s[1].Branch[1].Steps = append(s[1].Branch[1].Steps, letterStep("most")) }, positions},
		"what is still to come":  {func(s []Step) { s[3].Send.Template = "so long" }, []string{"", "0", "1.0.0", "1.0.1", "1.1.0", "1.1.1", "2"}},
		"a path of another name": {func(s []Step) { s[1] = Step{Kind: StepSplit} }, []string{"", "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			older, newer := forked(nil), forked(c.change)
			var free []string
			for _, position := range positions {
				if _, barred := newer.Barrier(older, position); !barred {
					free = append(free, position)
				}
			}
			same(t, "positions that go on", c.free, free)
		})
	}
}

func TestABarrierSaysWhatIsNotTheSame(t *testing.T) {
	older := forked(nil)
	for want, change := range map[string]func(steps []Step){
		"step 0 was email hello and is email hi":           func(s []Step) { s[0].Send.Template = "hi" },
		"step 1.1.0, email news, is gone":                  func(s []Step) { s[1].Branch = s[1].Branch[:1] },
		"step 1.0.1 was wait and is wait (pause)":          func(s []Step) { s[1].Branch[0].Steps[1].ID = "pause" },
		"step 1 was branch and is split (ab) old new":      func(s []Step) { s[1] = Step{Kind: StepSplit, ID: "ab", Branch: []Branch{{Name: "old"}, {Name: "new"}}} },
		"step 0 was email hello and is email hello (mail)": func(s []Step) { s[0].ID = "mail" },
	} {
		barrier, _ := forked(change).Barrier(older, "2")
		if barrier.String() != want {
			t.Errorf("%q, want %q", barrier, want)
		}
	}
}

// Who stands in an arm stays where other conditions would have led elsewhere; what
// led past a branch that lies behind is no matter any more.
func TestAJourneyStaysInAnArmThatIsChosenOtherwise(t *testing.T) {
	chosen := func(first, second string) *Campaign {
		return forked(func(steps []Step) {
			steps[1].Branch = append(steps[1].Branch, Branch{Steps: []Step{letterStep("rest")}})
			steps[1].Branch[0].If, steps[1].Branch[1].If = when(t, first), when(t, second)
		})
	}
	positions := []string{"0", "1.0.1", "1.1.0", "1.2.0", "2"}
	older := chosen("orders.count > 5", "orders.count > 1")
	for name, c := range map[string]struct {
		newer *Campaign
		free  []string
	}{
		"nothing":    {chosen("orders.count > 5", "orders.count > 1"), positions},
		"the first":  {chosen("orders.count > 4", "orders.count > 1"), []string{"0", "2"}},
		"the second": {chosen("orders.count > 5", "orders.count > 2"), []string{"0", "1.0.1", "2"}},
	} {
		var free []string
		for _, position := range positions {
			if _, barred := c.newer.Barrier(older, position); !barred {
				free = append(free, position)
			}
		}
		same(t, name, c.free, free)
	}
	barrier, _ := chosen("orders.count > 4", "orders.count > 1").Barrier(older, "1.1.0")
	same(t, "why", "step 1.0 was if orders.count > 5 and is if orders.count > 4", barrier.String())
}
