package storetest

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

func TestPointsAreAddedOnceAndTold(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		two := []campaigns.Move{{Entry: entered(t, s, 1)[0], Points: 100}}
		put(t, s, customers.Customer{ID: "c-0000", Points: 5})
		other := journey("c-0000", "event:1")
		other.Campaign = "birthday"
		enter(t, s, always, other)
		for _, e := range running(t, s, "c-0000") {
			if e.Campaign == "birthday" {
				two = append(two, campaigns.Move{Entry: e, Points: -30})
			}
		}
		apply(t, s, two...)
		apply(t, s, two...) // refused: the entries have gone on
		if balance := loaded(t, s, "c-0000").Points; balance != 75 {
			t.Errorf("the balance is %d", balance)
		}
		events, err := s.Of(t.Context(), "c-0000", 10)
		if err != nil || len(events) != 2 {
			t.Fatalf("on the timeline: %+v, %v", events, err)
		}
		same(t, "the first", events[0].Properties, map[string]any{"amount": 100.0, "reason": "campaign welcome"})
		same(t, "the second", events[1].Properties, map[string]any{"amount": -30.0, "reason": "campaign birthday"})
		if events[0].Name != "points changed" || events[0].Entry != two[0].Entry.ID || events[0].Campaign != "welcome" {
			t.Errorf("told as %+v", events[0])
		}
	})
}

func TestAJourneySpeaksForTheCustomerButNotOverThem(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		e := entered(t, s, 1)[0]
		newer := customers.Consent{Customer: e.Customer, Topic: "marketing", Channel: channels.SMS, In: false, At: noon.Add(time.Second), Source: "sms"}
		if err := s.Consent(t.Context(), newer.At, []customers.Consent{newer}); err != nil {
			t.Fatal(err)
		}
		move := journeyOf(t, s, e.ID)
		move.Consents = []customers.Consent{
			{Topic: "marketing", Channel: channels.Email, In: true, At: noon, Source: "campaign"},
			{Topic: "marketing", Channel: channels.SMS, In: true, At: noon, Source: "campaign"},
		}
		apply(t, s, move)
		same(t, "consents", loaded(t, s, e.Customer).Consents, []customers.Consent{
			{Customer: e.Customer, Topic: "marketing", Channel: channels.Email, In: true, At: noon, Source: "campaign"}, newer,
		})
		events, err := s.Of(t.Context(), e.Customer, 10)
		if err != nil || len(events) != 1 || events[0].Name != "consent changed" {
			t.Fatalf("on the timeline: %+v, %v", events, err)
		}
		same(t, "told", events[0].Properties, map[string]any{"topic": "marketing", "channel": "email", "in": true, "source": "campaign"})
	})
}

func TestAJourneyHandsOver(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		e := entered(t, s, 1)[0]
		into := func(campaign, again string) campaigns.NewEntry {
			next := journey("", "enter:1:0")
			next.Campaign, next.Journal.Event = campaign, map[string]any{"order_id": "A1"}
			return campaigns.NewEntry{Entry: next, Again: campaigns.Again{Mode: again}}
		}
		move := journeyOf(t, s, e.ID)
		move.Enter = []campaigns.NewEntry{into("care", "always"), into("once", "never"), into("care", "always")}
		apply(t, s, move)
		apply(t, s, move)
		all := running(t, s, e.Customer)
		if len(all) != 3 || all[1].Campaign != "care" || all[2].Campaign != "once" {
			t.Fatalf("running are %+v", all)
		}
		same(t, "the event goes along", all[1].Journal.Event, map[string]any{"order_id": "A1"})

		leave(t, s, "over", all[1].ID, all[2].ID)
		again := journeyOf(t, s, e.ID)
		again.Enter = []campaigns.NewEntry{into("care", "always"), into("once", "never")}
		again.Enter[0].Entry.Trigger, again.Enter[1].Entry.Trigger = "enter:1:3", "enter:1:3"
		apply(t, s, again)
		var into2 []string
		for _, e := range running(t, s, e.Customer) {
			into2 = append(into2, e.Campaign)
		}
		same(t, "entered again by the rule", into2, []string{"welcome", "care"})
	})
}

// What the journal says of a hand-over is what came of it.
func TestAJourneyKnowsWhetherItsCustomerWasTaken(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		all := entered(t, s, 1)
		into := func(campaign, again, step string) campaigns.NewEntry {
			next := journey("", "enter:1:"+step)
			next.Campaign = campaign
			return campaigns.NewEntry{Entry: next, Again: campaigns.Again{Mode: again}, Step: step}
		}
		move := journeyOf(t, s, all[0].ID)
		move.Entry.Journal.Steps = map[string]campaigns.Mark{}
		for _, step := range []string{"0", "1", "2"} {
			move.Entry.Journal.Steps[step] = campaigns.Mark{Status: "entered care", At: noon}
		}
		move.Enter = []campaigns.NewEntry{into("care", "always", "0"), into("care", "always", "1"), into("once", "never", "2")}
		apply(t, s, move)
		told := []string{}
		for _, step := range []string{"0", "1", "2"} {
			told = append(told, travellers(t, s, all[0].ID)[0].Entry.Journal.Steps[step].Status)
		}
		same(t, "told", told, []string{"entered care", "not entered: kept out by its rule of entry", "entered care"})
	})
}

// A journey that cannot hand over has not moved either.
func TestAHandOverThatIsWrongLeavesNoTrace(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		e := entered(t, s, 1)[0]
		move := campaigns.Move{Entry: e, Points: 5, Enter: []campaigns.NewEntry{{Entry: journey("", "enter"), Again: campaigns.Again{Mode: "sometimes"}}}}
		move.Entry.Position = "1"
		if err := s.Apply(t.Context(), noon, []campaigns.Move{move}); err == nil {
			t.Error("a rule nobody knows is taken")
		}
		same(t, "the entry", travellers(t, s, e.ID)[0].Entry, e)
		same(t, "the timeline", names(t, s, e.Customer), []string{})
	})
}

// The journey does not wait for a webhook: it is told although the journey went
// to its end, and not once the customer left.
func TestAWebhookOutlivesItsJourneyUnlessTheCustomerLeft(t *testing.T) {
	for state, want := range map[campaigns.EntryState]deliveries.Status{
		campaigns.Finished: deliveries.Planned, campaigns.Left: deliveries.Skipped,
	} {
		t.Run(string(state), func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				move := campaigns.Move{Entry: entered(t, s, 1)[0], Plan: []deliveries.Delivery{message(channels.Webhook)}}
				move.Entry.State, move.Entry.EndedAt = state, noon
				apply(t, s, move)
				d := deliveriesOf(t, s, move.Entry.ID)[0]
				if d.Status != want {
					t.Fatalf("the webhook is %s", d.Status)
				}
				if want == deliveries.Planned {
					fence, claimed := claim(t, s)
					begin(t, s, fence, claimed, pass(0))
					if got := stored(t, s, d.ID).Status; got != deliveries.Sending {
						t.Errorf("then it is %s", got)
					}
				}
			})
		})
	}
}

func TestWebhooksAreNoMessages(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Webhook })[0]
		if c := loaded(t, s, d.Customer); !c.Contacted.LastAt.IsZero() || c.Contacted.Last7d != 0 {
			t.Errorf("the customer counts as contacted: %+v", c.Contacted)
		}
		move := journeyOf(t, s, d.Entry)
		move.Plan = []deliveries.Delivery{message(channels.Email)}
		move.Plan[0].Step = "1"
		apply(t, s, move)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, func(_ deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			if len(p.Contacts) != 0 {
				t.Errorf("it weighs on messages: %+v", p.Contacts)
			}
			return deliveries.Verdict{Go: true}
		})
		funnels, err := s.Summary().Funnels(t.Context(), noon)
		if err != nil || len(funnels) != 1 || funnels[0].Planned != 1 || funnels[0].Sent != 0 {
			t.Errorf("the funnel is %+v, %v", funnels, err)
		}
	})
}

// A webhook whose sender died is told again: its receiver knows a repeat.
func TestAWebhookIsNeverInDoubt(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := plan(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Webhook })[0]
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		planned, unconfirmed, err := s.Reclaim(t.Context(), noon.Add(lease))
		if err != nil || planned != 1 || unconfirmed != 0 {
			t.Errorf("%d planned, %d unconfirmed, %v", planned, unconfirmed, err)
		}
		if got := stored(t, s, d.ID); got.Status != deliveries.Planned || got.Attempts != 1 {
			t.Errorf("it is %s after %d attempts", got.Status, got.Attempts)
		}
		if waiting := backlog(t, s, noon); waiting.Due != 1 {
			t.Errorf("the backlog is %+v", waiting)
		}
	})
}
