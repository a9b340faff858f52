package campaigns

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/campaigns/expression"
)

// winBack is a campaign that others enter.
func winBack(t *testing.T) *Campaign {
	return &Campaign{
		ID: "win-back", Version: 9, State: Live, Trigger: Trigger{Kind: OnEvent, Event: "Order Returned", Where: when(t, "event.total > 20"), Delay: time.Hour},
		Audience: Audience{Who: when(t, `first_name == "Ann"`)},
		Entry:    EntryRule{Key: when(t, "event.order_id"), Again: Again{Mode: "after", After: 24 * time.Hour}},
	}
}

func TestAJourneyIsBegunInAnotherCampaign(t *testing.T) {
	w, c := ruleShop(), ruleCampaign(Step{Kind: StepEnter, Enter: "win-back"}, stopStep())
	w.Campaigns = map[string]*Campaign{"win-back": winBack(t)}
	move := w.Advance(c, traveller(), noon)
	want := []NewEntry{{
		Entry: Entry{
			Campaign: "win-back", Version: 9, Customer: "c1", Key: "A1", Trigger: "enter:7:0", State: Running,
			ArrivedAt: noon, WakeAt: noon, EnteredAt: noon, Journal: Journal{Event: map[string]any{"order_id": "A1", "total": 50.0}},
		},
		Again: Again{Mode: "after", After: 24 * time.Hour}, Step: "0",
	}}
	if diff := cmp.Diff(want, move.Enter); diff != "" {
		t.Errorf("enter (-want +got):\n%s", diff)
	}
	if got := move.Entry; got.Journal.Steps["0"].Status != "entered win-back" || got.Position != "0" || !got.WakeAt.Equal(noon) {
		t.Errorf("marked %q, stands at %q until %s", got.Journal.Steps["0"].Status, got.Position, got.WakeAt)
	}
	who := traveller()
	who.Entry = move.Entry
	if next := w.Advance(c, who, noon); len(next.Enter) != 0 || next.Entry.Why != "stopped" {
		t.Errorf("enters %+v, ended %q", next.Enter, next.Entry.Why)
	}
}

func TestWhoIsNotHandedOver(t *testing.T) {
	for name, k := range map[string]struct {
		change func(*Campaign, *Traveller)
		want   string
	}{
		"a campaign that is paused":        {func(c *Campaign, _ *Traveller) { c.State = Paused }, "not entered: not live"},
		"one that starts otherwise today":  {func(c *Campaign, _ *Traveller) { c.Trigger = Trigger{Kind: Once} }, "not entered: not live"},
		"a customer outside its audience":  {func(_ *Campaign, who *Traveller) { who.Customer.FirstName = "Bo" }, "not entered: not in its audience"},
		"an event that it does not take":   {func(_ *Campaign, who *Traveller) { who.Entry.Journal.Event = map[string]any{"total": 5.0} }, "not entered: not its event"},
		"no event where it asks for one":   {func(_ *Campaign, who *Traveller) { who.Entry.Journal.Event = nil }, "not entered: not its event"},
		"an event without what it goes by": {func(_ *Campaign, who *Traveller) { who.Entry.Journal.Event = map[string]any{"total": 50.0} }, "not entered: not its event"},
		"somebody who is never contacted":  {func(_ *Campaign, who *Traveller) { who.Entry.Holdout = true }, "withheld"},
		"a campaign that is there no more": {func(c *Campaign, _ *Traveller) { c.ID = "gone" }, "not entered: not live"},
	} {
		other, who, w := winBack(t), traveller(), ruleShop()
		k.change(other, &who)
		w.Campaigns = map[string]*Campaign{other.ID: other}
		move := w.Advance(ruleCampaign(Step{Kind: StepEnter, Enter: "win-back"}, stopStep()), who, noon)
		if got := move.Entry.Journal.Steps["0"].Status; got != k.want || len(move.Enter) != 0 || move.Entry.Why != "stopped" {
			t.Errorf("%s: marked %q, enters %+v", name, got, move.Enter)
		}
	}
}

func TestWhatIsWithheldFromTheHoldout(t *testing.T) {
	who := traveller()
	who.Entry.Holdout = true
	move := ruleShop().Advance(ruleCampaign(Step{Kind: StepPoints, Points: 100}), who, noon)
	if move.Points != 0 || move.Entry.Journal.Steps["0"].Status != "withheld" {
		t.Errorf("adds %d, marked %+v", move.Points, move.Entry.Journal.Steps)
	}
}

// Who belongs to the other campaign may depend on events that this one does not
// ask about.
func TestCountsForAJourneyFollowThoseItEnters(t *testing.T) {
	w, c := ruleShop(), ruleCampaign(branchStep(Branch{If: when(t, `did("Order Completed") > 1`), Steps: []Step{{Kind: StepEnter, Enter: "win-back"}}}))
	other := winBack(t)
	other.Audience.Who = when(t, `did("Order Completed") > 1 and did("Order Returned", "90d") > 0`)
	w.Campaigns = map[string]*Campaign{"win-back": other}
	completed, returned := expression.Count{Event: "Order Completed"}, expression.Count{Event: "Order Returned", Within: 90 * 24 * time.Hour}
	if diff := cmp.Diff([]expression.Count{completed, returned}, w.CountsFor(c)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	who := traveller()
	who.Counts = map[string]int64{completed.Key(): 2, returned.Key(): 1}
	if move := w.Advance(c, who, noon); len(move.Enter) != 1 {
		t.Errorf("enters %+v, marked %+v", move.Enter, move.Entry.Journal.Steps)
	}
}
