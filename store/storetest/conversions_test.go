package storetest

import (
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
		funnels, err := s.Summary().Funnels(t.Context())
		if err != nil || len(funnels) != 1 || funnels[0].Goal == nil {
			t.Fatalf("summed up as %+v, %v", funnels, err)
		}
		same(t, "the goal", *funnels[0].Goal, deliveries.GoalFunnel{
			Contacted: deliveries.Side{Entered: 3, Converted: 2, Conversions: 3, Value: 750},
			Holdout:   deliveries.Side{Entered: 2, Converted: 1, Conversions: 1, Value: 100},
		})
	})
}
