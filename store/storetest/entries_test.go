package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
	"rapport/store"
)

func enter(t *testing.T, s *store.Store, again campaigns.Again, entries ...campaigns.Entry) []bool {
	t.Helper()
	for _, e := range entries {
		befriend(t, s, e.Customer)
	}
	added, err := s.Enter(t.Context(), entries, again)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func running(t *testing.T, s *store.Store, customers ...string) []campaigns.Entry {
	t.Helper()
	entries, err := s.RunningOf(t.Context(), customers)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestAnEntryIsKeptAsItWasGiven(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		want := journey("c-1", "event:812")
		want.Run, want.Key, want.Holdout, want.WakeAt = 7, "A1", true, noon.Add(time.Hour)
		want.Journal = campaigns.Journal{
			Event: map[string]any{"order_id": "A1", "total": 50.5, "gift": true},
			Vars:  map[string]any{"who": "Łukasz"},
			Steps: map[string]campaigns.Mark{"0": {Status: "waited", At: noon}},
		}
		enter(t, s, always, want)
		got := running(t, s, "c-1")[0]
		want.ID = got.ID
		same(t, "the entry", got, want)
	})
}

func TestACauseEntersOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		a, b := journey("c-1", "event:1"), journey("c-2", "event:1")
		same(t, "first", enter(t, s, always, a, b, a), []bool{true, true, false})
		same(t, "again", enter(t, s, always, b, a), []bool{false, false})
		leave(t, s, "over", running(t, s, "c-1")[0].ID)
		same(t, "after it ended", enter(t, s, always, a), []bool{false})
	})
}

func leave(t *testing.T, s *store.Store, why string, ids ...int64) {
	t.Helper()
	if err := s.Leave(t.Context(), noon, ids, why); err != nil {
		t.Fatal(err)
	}
}

func TestOneJourneyRunsAtATimeForACustomerAndKey(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		keyed := func(cause, key string) campaigns.Entry {
			e := journey("c-1", cause)
			e.Key = key
			return e
		}
		same(t, "keys", enter(t, s, always, keyed("event:1", "A1"), keyed("event:2", "A1"), keyed("event:3", "A2")), []bool{true, false, true})
		other := keyed("event:4", "A1")
		other.Campaign = "farewell"
		same(t, "another campaign", enter(t, s, always, other), []bool{true})
	})
}

func TestEnteringAgainFollowsTheRule(t *testing.T) {
	month := 30 * 24 * time.Hour
	for _, c := range []struct {
		name  string
		again campaigns.Again
		after time.Duration // since the first journey ended
		want  bool
	}{
		{"never", campaigns.Again{Mode: "never"}, 10 * month, false},
		{"always", always, 0, true},
		{"after a month, too early", campaigns.Again{Mode: "after", After: month}, month - time.Millisecond, false},
		{"after a month", campaigns.Again{Mode: "after", After: month}, month, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				first := journey("c-1", "event:1")
				first.EnteredAt = noon.Add(-time.Hour)
				same(t, "first", enter(t, s, c.again, first), []bool{true})
				leave(t, s, "over", running(t, s, "c-1")[0].ID)
				second := journey("c-1", "event:2")
				second.EnteredAt = noon.Add(c.after)
				same(t, "second", enter(t, s, c.again, second), []bool{c.want})
			})
		})
	}
	Each(t, func(t *testing.T, s *store.Store) {
		if _, err := s.Enter(t.Context(), []campaigns.Entry{journey("c-1", "x")}, campaigns.Again{Mode: "sometimes"}); err == nil {
			t.Error("a rule nobody knows is taken")
		}
	})
}

func TestManyEnterAtOnceAndOneDoes(t *testing.T) {
	for _, again := range []campaigns.Again{always, {Mode: "never"}} {
		t.Run(again.Mode, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				befriend(t, s, "c-1")
				var in atomic.Int64
				together(t, 8, func(i int) error {
					added, err := s.Enter(t.Context(), []campaigns.Entry{journey("c-1", fmt.Sprintf("event:%d", i))}, again)
					if err == nil && added[0] {
						in.Add(1)
					}
					return err
				})
				if in.Load() != 1 {
					t.Errorf("%d journeys of one customer run", in.Load())
				}
			})
		})
	}
}

func TestAwakeLeasesInOrderOfTime(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		late, early, future, asleep := journey("c-1", "1"), journey("c-2", "1"), journey("c-3", "1"), journey("c-4", "1")
		early.WakeAt, future.WakeAt = noon.Add(-time.Hour), noon.Add(time.Hour)
		asleep.State = campaigns.Finished
		asleep.WakeAt = time.Time{}
		enter(t, s, always, late, early, future, asleep)
		look := func(now time.Time, limit int) []string {
			ids, err := s.Awake(t.Context(), now, lease, limit)
			if err != nil {
				t.Fatal(err)
			}
			var who []string
			for _, id := range ids {
				who = append(who, travellers(t, s, id)[0].Entry.Customer)
			}
			return who
		}
		same(t, "the first", look(noon, 1), []string{"c-2"})
		same(t, "the next", look(noon, 10), []string{"c-1"})
		same(t, "while leased", look(noon, 10), []string{})
		same(t, "after the lease", look(noon.Add(lease), 10), []string{"c-2", "c-1"})
	})
}

// Whom nobody can judge leaves its turn to others, and nothing else about it changes.
func TestWhatIsPutOffWaits(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		before := entered(t, s, 3)
		asleep := journeyOf(t, s, before[1].ID)
		asleep.Entry.WakeAt = time.Time{}
		apply(t, s, asleep)
		leave(t, s, "over", before[2].ID)
		until := noon.Add(5 * time.Minute)
		if err := s.PutOff(t.Context(), noon, until, []int64{before[0].ID, before[1].ID, before[2].ID}); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Time]int{until.Add(-time.Second): 0, until: 1} {
			if awake, err := s.Awake(t.Context(), at, time.Second, 10); err != nil || len(awake) != want {
				t.Errorf("at %s %v are awake, %v", at, awake, err)
			}
		}
		before[0].Position = "0" // a move that was under way
		apply(t, s, campaigns.Move{Entry: before[0]})
		if after := travellers(t, s, before[0].ID)[0].Entry; after.Position != "0" {
			t.Errorf("the journey stands at %q", after.Position)
		}
	})
}

func TestLeavingEndsTheJourneyAndWhatItPlans(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 3, nil)
		fence, claimed := claimSome(t, s, planned[2].ID)
		begin(t, s, fence, claimed, pass(0))
		leave(t, s, "event Order Returned", planned[0].Entry, planned[2].Entry)
		left := travellers(t, s, planned[0].Entry)[0]
		if e := left.Entry; e.State != campaigns.Left || e.Why != "event Order Returned" || !e.EndedAt.Equal(noon) || !e.WakeAt.IsZero() {
			t.Errorf("left as %+v", e)
		}
		if d := left.Deliveries[0]; d.Status != deliveries.Skipped || d.Reason != "exited" {
			t.Errorf("the planned message is %s %s", d.Status, d.Reason)
		}
		same(t, "timeline", names(t, s, planned[0].Customer), []string{"email skipped"})
		if d := stored(t, s, planned[2].ID); d.Status != deliveries.Sending {
			t.Errorf("the message under way is %s", d.Status)
		}
		if d := stored(t, s, planned[1].ID); d.Status != deliveries.Planned {
			t.Errorf("the other journey's message is %s", d.Status)
		}
		leave(t, s, "once more", planned[0].Entry)
		if e := travellers(t, s, planned[0].Entry)[0].Entry; e.Why != "event Order Returned" {
			t.Errorf("left twice: %s", e.Why)
		}
	})
}

// claimSome claims one of the due deliveries and gives the others back.
func claimSome(t *testing.T, s *store.Store, ids ...int64) (deliveries.Fence, []deliveries.Delivery) {
	t.Helper()
	due(t, s, noon)
	fence, claimed, err := s.Claim(t.Context(), ids, noon, lease)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recall(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	return fence, claimed
}

func TestRunningOfLeavesOutWhatEnded(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		enter(t, s, always, journey("c-1", "1"), journey("c-2", "1"), journey("c-3", "1"))
		leave(t, s, "over", running(t, s, "c-2")[0].ID)
		var who []string
		for _, e := range running(t, s, "c-1", "c-2", "c-1", "c-nobody") {
			who = append(who, e.Customer)
		}
		same(t, "running", who, []string{"c-1"})
	})
}
