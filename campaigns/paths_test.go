package campaigns

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"rapport/deliveries"
)

func splitStep(shares map[string]float64, winner *Winner) Step {
	step := Step{Kind: StepSplit, ID: "offer", Winner: winner}
	for _, name := range []string{"a", "b", "c"} {
		if share, there := shares[name]; there {
			step.Branch = append(step.Branch, Branch{Name: name, Share: share, Steps: []Step{waitStep(time.Hour)}})
		}
	}
	return step
}

// walked is the mark of the split for each of many people.
func walked(c *Campaign, people int, winners map[string]string) map[string]int {
	w, marks := ruleShop(), map[string]int{}
	for n := range people {
		who := traveller()
		who.Customer.ID, who.Customer.Phone, who.Customer.Email = "c"+strconv.Itoa(n), "", ""
		who.Winners = winners
		marks[w.Advance(c, who, noon).Entry.Journal.Steps["0"].Status]++
	}
	return marks
}

// Shares come out within four standard deviations of a binomial: a fair draw
// fails this once in 16,000 campaigns, and this one always does the same.
func TestPathsAreTakenByTheirShares(t *testing.T) {
	const people = 10_000
	shares := map[string]float64{"a": 0.2, "b": 0.5, "c": 0.3}
	got := walked(ruleCampaign(splitStep(shares, nil)), people, nil)
	for name, share := range shares {
		off := float64(got["path "+name]) - people*share
		if math.Abs(off) > 4*math.Sqrt(people*share*(1-share)) {
			t.Errorf("path %s: %d of %d people, want about %.0f", name, got["path "+name], people, people*share)
		}
	}
	if got[""] > 0 {
		t.Errorf("%d people take no path", got[""])
	}
}

func TestAPersonAlwaysTakesTheSamePath(t *testing.T) {
	c := ruleCampaign(splitStep(map[string]float64{"a": 0.5, "b": 0.5}, nil))
	seen := map[string]int{}
	for n := range 200 {
		person := "e:" + strconv.Itoa(n) + "@shop.example"
		first, _ := c.drawnPath(&c.Steps[0], person)
		again, _ := c.drawnPath(&c.Steps[0], person)
		other := c.Steps[0]
		other.ID = "colour"
		independent, _ := c.drawnPath(&other, person)
		if first != again {
			t.Fatalf("%s takes path %d, then %d", person, first, again)
		}
		seen[strconv.Itoa(first)+strconv.Itoa(independent)]++
	}
	if len(seen) != 4 {
		t.Errorf("two splits are not drawn independently: %v", seen)
	}
	two := []Traveller{traveller(), traveller()} // two profiles of one person
	two[1].Customer.ID = "c2"
	w := ruleShop()
	if a, b := w.Advance(c, two[0], noon), w.Advance(c, two[1], noon); a.Entry.Position != b.Entry.Position {
		t.Errorf("two profiles of one person stand at %s and %s", a.Entry.Position, b.Entry.Position)
	}
}

func TestTheUndecidedRestTakesThePathThatWins(t *testing.T) {
	const people = 2000
	c := ruleCampaign(splitStep(map[string]float64{"a": 0.2, "b": 0.2}, &Winner{By: deliveries.Clicked, After: 4 * time.Hour}))
	before := walked(c, people, nil)
	waiting := before[""]
	if share := float64(waiting) / people; share < 0.55 || share > 0.65 {
		t.Errorf("%d of %d people wait for the winner, want about 60%%", waiting, people)
	}
	after := walked(c, people, map[string]string{"0": "b"})
	if after["path a"] != before["path a"] || after["path b"] != before["path b"]+waiting {
		t.Errorf("before the decision %v, after it %v", before, after)
	}
	unknown := walked(c, people, map[string]string{"0": "gone"}) // a name that this version does not have
	if unknown["path a"] != before["path a"]+waiting {
		t.Errorf("with a winner nobody knows %v", unknown)
	}
}

func TestEverybodyWhoComesToASplitWithAWinnerSaysSo(t *testing.T) {
	with := ruleCampaign(splitStep(map[string]float64{"a": 0.2, "b": 0.2}, &Winner{By: deliveries.Clicked, After: time.Hour}))
	without := ruleCampaign(splitStep(map[string]float64{"a": 0.5, "b": 0.5}, nil))
	for n := range 20 {
		who := traveller()
		who.Customer.ID, who.Customer.Phone, who.Customer.Email = "c"+strconv.Itoa(n), "", ""
		move := ruleShop().Advance(with, who, noon)
		if !slices.Equal(move.Splits, []string{"0"}) {
			t.Fatalf("came to %v", move.Splits)
		}
		if undecided := move.Entry.Position == "0"; undecided != (move.Entry.Journal.Steps["0"].Status == "") || undecided && !move.Entry.WakeAt.IsZero() {
			t.Fatalf("stands at %s until %s, marked %+v", move.Entry.Position, move.Entry.WakeAt, move.Entry.Journal.Steps)
		}
		if move := ruleShop().Advance(without, who, noon); move.Splits != nil || move.Entry.WakeAt.IsZero() {
			t.Fatalf("without a winner came to %v", move.Splits)
		}
	}
}

func TestBehindASplitAllPathsMeet(t *testing.T) {
	step := splitStep(map[string]float64{"a": 0.5, "b": 0.5}, nil)
	step.Branch[0].Steps = nil
	c := ruleCampaign(step, waitStep(2*time.Hour))
	for n := range 20 {
		who := traveller()
		who.Customer.ID, who.Customer.Phone, who.Customer.Email = "c"+strconv.Itoa(n), "", ""
		first := ruleShop().Advance(c, who, noon)
		next := ruleShop().Advance(c, onward(who, first), noon.Add(time.Hour))
		if next.Entry.Position != "1" {
			t.Errorf("by %s to %s", next.Entry.Journal.Steps["0"].Status, next.Entry.Position)
		}
	}
}

func TestTheRolloutLetsPeopleInByStages(t *testing.T) {
	c := ruleCampaign(waitStep(time.Hour))
	c.Rollout = &Rollout{Stages: []float64{0.1, 0.5, 1}}
	w := ruleShop()
	let := map[float64]map[string]bool{}
	for _, share := range []float64{0, 0.1, 0.5, 1} {
		let[share] = map[string]bool{}
		for n := range 2000 {
			who := traveller()
			who.Customer.ID, who.Customer.Phone, who.Customer.Email = "c"+strconv.Itoa(n), "", ""
			who.Share, who.Entry.WakeAt = share, noon
			e := w.Advance(c, who, noon).Entry
			if e.Position == "0" {
				let[share][who.Customer.ID] = true
			} else if !e.WakeAt.IsZero() || e.State != Running {
				t.Fatalf("kept back until %s", e.WakeAt)
			}
		}
		if got := float64(len(let[share])) / 2000; math.Abs(got-share) > 0.05 {
			t.Errorf("a stage of %g lets in %g", share, got)
		}
	}
	for who := range let[0.1] {
		if !let[0.5][who] {
			t.Fatalf("%s was let in and is not any more", who)
		}
	}
	held := traveller()
	held.Entry.Holdout = true
	if move := w.Advance(c, held, noon); move.Entry.Position != "0" {
		t.Error("the holdout is kept back")
	}
	early := traveller()
	early.Entry.WakeAt, early.Share = noon.Add(time.Hour), 0
	if move := w.Advance(c, early, noon); !move.Entry.WakeAt.Equal(noon.Add(time.Hour)) {
		t.Error("an entry with a time of its own forgets it")
	}
}
