package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

// aimed puts a campaign in force whose version 1 is for an order within a day.
func aimed(t *testing.T, s *store.Store) {
	t.Helper()
	keep(t, s, "d1", map[string][]byte{}, campaigns.Stamp{
		Campaign: "welcome", Digest: "w1", State: campaigns.Live, GoalEvent: "Order Completed", GoalWithin: 24 * time.Hour,
	}, stamp("farewell", "f1"))
}

func hoping(t *testing.T, s *store.Store, events ...customers.Event) []campaigns.Hope {
	t.Helper()
	hopes, err := s.Goals().Hoping(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	return hopes
}

func TestAnEventMayCountWhileTheTimeOfItsGoalIsNotOver(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		aimed(t, s)
		other := journey("c-1", "event:2")
		other.Campaign = "farewell"
		gone := journey("c-2", "event:1")
		twin := journey("c-3", "run:1")
		twin.State, twin.Why = campaigns.Finished, "duplicate_person"
		enter(t, s, always, journey("c-1", "event:1"), other, gone, twin)
		leave(t, s, "event Order Returned", running(t, s, "c-2")[0].ID)
		at := func(who, name string, after time.Duration) customers.Event {
			return customers.Event{ID: 9, Customer: who, Name: name, At: noon.Add(after)}
		}
		for what, c := range map[string]struct {
			event customers.Event
			want  int
		}{
			"at once":         {at("c-1", "Order Completed", 0), 1},
			"just in time":    {at("c-1", "Order Completed", 24*time.Hour-time.Millisecond), 1},
			"too late":        {at("c-1", "Order Completed", 24*time.Hour), 0},
			"before":          {at("c-1", "Order Completed", -time.Millisecond), 0},
			"another event":   {at("c-1", "Order Delivered", time.Hour), 0},
			"who has left":    {at("c-2", "Order Completed", time.Hour), 1},
			"a second person": {at("c-3", "Order Completed", time.Hour), 0},
		} {
			hopes := hoping(t, s, at("c-9", "Order Completed", time.Hour), c.event)
			if len(hopes) != c.want {
				t.Errorf("%s: counts for %d entries, want %d", what, len(hopes), c.want)
			}
			for _, h := range hopes {
				if h.Entry.Campaign != "welcome" || h.Event.ID != 9 || h.Entry.Customer != c.event.Customer {
					t.Errorf("%s: %+v", what, h)
				}
			}
		}
	})
}

func TestConversionsAreComparedWithTheHoldout(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		aimed(t, s)
		var all []campaigns.Entry
		for i, id := range []string{"a", "b", "c", "d", "e"} {
			e := journey(id, "event:1")
			e.Holdout = i >= 3
			all = append(all, e)
		}
		enter(t, s, always, all...)
		entry := func(who string) int64 { return running(t, s, who)[0].ID }
		conversions := []campaigns.Conversion{
			{Entry: entry("a"), Event: 1, At: noon, Value: 500},
			{Entry: entry("a"), Event: 2, At: noon, Value: 250},
			{Entry: entry("b"), Event: 3, At: noon},
			{Entry: entry("d"), Event: 4, At: noon, Value: 100},
		}
		for range 2 { // a reactor that died before it said so
			if err := s.Goals().Convert(t.Context(), conversions); err != nil {
				t.Fatal(err)
			}
		}
		funnels, err := s.Summary().Funnels(t.Context(), noon.Add(24*time.Hour))
		if err != nil || len(funnels) != 1 || funnels[0].Goal == nil {
			t.Fatalf("summed up as %+v, %v", funnels, err)
		}
		same(t, "the goal", *funnels[0].Goal, deliveries.GoalFunnel{
			Versions:  []int{1},
			Contacted: deliveries.Side{Entered: 3, People: 3, Converted: 2, Conversions: 3, Value: 750},
			Holdout:   deliveries.Side{Entered: 2, People: 2, Converted: 1, Conversions: 1, Value: 100},
		})
		early := goalOf(t, s, noon.Add(24*time.Hour-time.Millisecond))
		same(t, "within their time", early.Contacted, deliveries.Side{Entered: 3, People: 3, Within: 3, Conversions: 3, Value: 750})
	})
}

func goalOf(t *testing.T, s *store.Store, now time.Time) deliveries.GoalFunnel {
	t.Helper()
	funnels, err := s.Summary().Funnels(t.Context(), now)
	if err != nil || len(funnels) != 1 || funnels[0].Goal == nil {
		t.Fatalf("summed up as %+v, %v", funnels, err)
	}
	return *funnels[0].Goal
}

func convert(t *testing.T, s *store.Store, conversions ...campaigns.Conversion) {
	t.Helper()
	if err := s.Goals().Convert(t.Context(), conversions); err != nil {
		t.Fatal(err)
	}
}

// life is an entry by a version, beside the customer's others.
func life(customer, cause string, version int, held bool, at time.Time) campaigns.Entry {
	e := journey(customer, cause)
	e.Version, e.Holdout, e.EnteredAt, e.Key = version, held, at, cause
	return e
}

func TestAPersonWhoEntersEveryWeekCountsOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		aimed(t, s)
		for week := range 3 {
			at := noon.Add(time.Duration(week) * 7 * 24 * time.Hour)
			cause := fmt.Sprint("run:", week+1)
			enter(t, s, always, life("a", cause, 1, false, at), life("b", cause, 1, false, at), life("c", cause, 1, true, at))
		}
		entries := 0
		for _, e := range running(t, s, "a") {
			entries++
			convert(t, s, campaigns.Conversion{Entry: e.ID, Event: e.ID, At: e.EnteredAt, Value: 100})
		}
		if entries != 3 {
			t.Fatalf("%d entries", entries)
		}
		same(t, "the goal", goalOf(t, s, noon.Add(100*24*time.Hour)), deliveries.GoalFunnel{
			Versions:  []int{1},
			Contacted: deliveries.Side{Entered: 6, People: 2, Converted: 1, Conversions: 3, Value: 300},
			Holdout:   deliveries.Side{Entered: 3, People: 1},
		})
	})
}

// A version that holds nobody out, or others, is compared by itself: what people did in
// its time is no work of the campaign.
func TestVersionsWithAnotherHoldoutAreComparedByThemselves(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for i, share := range []float64{0, 0.5, 0.1, 0.5} {
			keep(t, s, fmt.Sprint("d", i), map[string][]byte{}, campaigns.Stamp{
				Campaign: "welcome", Digest: fmt.Sprint("w", i), State: campaigns.Live, GoalEvent: "Order Completed", GoalWithin: 24 * time.Hour, Holdout: share,
			})
		}
		enter(t, s, always,
			life("a", "event:1", 1, false, noon), life("b", "event:1", 2, false, noon), life("c", "event:1", 2, true, noon),
			life("d", "event:1", 3, false, noon), life("e", "event:1", 4, false, noon))
		convert(t, s, campaigns.Conversion{Entry: running(t, s, "a")[0].ID, Event: 1, At: noon})
		same(t, "the goal", goalOf(t, s, noon.Add(48*time.Hour)), deliveries.GoalFunnel{
			Versions: []int{4, 2}, Contacted: deliveries.Side{Entered: 2, People: 2}, Holdout: deliveries.Side{Entered: 1, People: 1},
			Earlier: []deliveries.GoalFunnel{
				{Versions: []int{3}, Contacted: deliveries.Side{Entered: 1, People: 1}},
				{Versions: []int{1}, Contacted: deliveries.Side{Entered: 1, People: 1, Converted: 1, Conversions: 1}},
			},
		})
	})
}

func TestAnEventCountsOnceForACampaign(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		aimed(t, s)
		enter(t, s, always, life("a", "run:1", 1, false, noon), life("a", "run:2", 1, false, noon.Add(time.Hour)))
		for _, e := range slices.Backward(running(t, s, "a")) {
			convert(t, s, campaigns.Conversion{Entry: e.ID, Event: 7, At: noon, Value: 100})
		}
		if got := goalOf(t, s, noon).Contacted; got.Conversions != 1 || got.Value != 100 {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestWhatAPersonDoesUnderAnotherProfileCounts(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		aimed(t, s)
		put(t, s, customers.Customer{ID: "a", Email: "ann@shop.example"}, customers.Customer{ID: "guest", Email: "Ann@shop.example"})
		enter(t, s, always, life("a", "run:1", 1, false, noon))
		hopes := hoping(t, s, customers.Event{ID: 9, Customer: "guest", Name: "Order Completed", At: noon.Add(time.Hour)})
		if len(hopes) != 1 || hopes[0].Entry.Customer != "a" {
			t.Errorf("counts for %+v", hopes)
		}
	})
}

func TestAnOrderThatIsCompletedNoMoreCountsNoMore(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		aimed(t, s)
		order := func(id, status string) {
			t.Helper()
			if _, err := s.PutOrders(t.Context(), noon, []customers.Order{{ID: id, Customer: "a", At: noon, Total: 100, Currency: "EUR", Status: status, Announced: true}}); err != nil {
				t.Fatal(err)
			}
		}
		enter(t, s, always, life("a", "run:1", 1, false, noon))
		of := running(t, s, "a")[0].ID
		for i, end := range []string{"cancelled", "returned"} {
			id := fmt.Sprint("o", i)
			order(id, "completed")
			if _, err := s.Append(t.Context(), []customers.Event{{Customer: "a", Name: "Order Completed", At: noon, Key: "track:" + id, ProviderKey: "order:" + id, Live: true}}); err != nil {
				t.Fatal(err)
			}
			events, err := s.Pending(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			counted := campaigns.Conversion{Entry: of, Event: events[len(events)-1].ID, At: noon, Value: 100, Order: id}
			convert(t, s, counted)
			if got := goalOf(t, s, noon).Contacted.Conversions; got != 1 {
				t.Errorf("%s: %d conversions before", end, got)
			}
			order(id, end)
			convert(t, s, counted) // judged again
			if got := goalOf(t, s, noon).Contacted.Conversions; got != 0 {
				t.Errorf("%s: %d conversions after", end, got)
			}
		}
	})
}

// A guest's order that is cancelled as it goes to their account counted for the guest.
func TestAnOrderThatGoesToAnotherAsItIsCancelledCountsNoMore(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		aimed(t, s)
		put(t, s, customers.Customer{ID: "guest"}, customers.Customer{ID: "a"})
		enter(t, s, always, life("a", "run:1", 1, false, noon))
		for i, end := range []string{"cancelled", "returned"} {
			id := fmt.Sprint("o-", i)
			tell(t, s, bought("t-"+id, order(id, "guest", noon, line(1, 1, 100))))
			events, err := s.Pending(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			convert(t, s, campaigns.Conversion{Entry: running(t, s, "a")[0].ID, Event: events[len(events)-1].ID, At: noon, Value: 100, Order: id})
			same(t, "before", goalOf(t, s, noon).Contacted.Conversions, 1)
			gone := order(id, "a", noon)
			gone.Status = end
			putOrders(t, s, gone)
			same(t, end, goalOf(t, s, noon).Contacted.Conversions, 0)
		}
	})
}
