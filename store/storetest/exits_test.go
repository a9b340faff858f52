package storetest

import (
	"testing"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

func TestASweepEndsWhoSatisfiesTheExitPageByPage(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 5, nil)
		other := journey("c-0000", "event:1")
		other.Version = 2
		other.Key = "another"
		enter(t, s, always, other)
		for _, i := range []int{0, 1, 4} {
			put(t, s, customers.Customer{ID: planned[i].Customer, Tier: "gold"})
		}
		sweep := campaigns.Sweep{Where: "c.tier = $1", Args: []any{"gold"}, Why: `when tier == "gold"`}
		var total, looks int
		for after, more := int64(0), true; more; looks++ {
			left, last, err := s.LeaveWhere(t.Context(), noon, campaigns.Underway{Campaign: "welcome", Version: 1}, sweep, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			total += left
			after, more = last, last != 0
		}
		if total != 3 || looks != 4 {
			t.Errorf("%d left in %d looks", total, looks)
		}
		for i, want := range []deliveries.Status{deliveries.Skipped, deliveries.Skipped, deliveries.Planned, deliveries.Planned, deliveries.Skipped} {
			e := travellers(t, s, planned[i].Entry)[0]
			if got := e.Deliveries[0].Status; got != want {
				t.Errorf("message %d is %s", i, got)
			}
			if ended := e.Entry.State == campaigns.Left && e.Entry.Why == sweep.Why; ended != (want == deliveries.Skipped) {
				t.Errorf("entry %d is %s (%s)", i, e.Entry.State, e.Entry.Why)
			}
		}
		if still := running(t, s, "c-0000"); len(still) != 1 || still[0].Version != 2 {
			t.Errorf("of the other version run %+v", still)
		}
	})
}

func TestUnderwayIsWhatJourneysRunThrough(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		keep(t, s, "one", nil, stamp("welcome", "a"), stamp("empty", "a"))
		keep(t, s, "two", nil, stamp("welcome", "b"))
		keep(t, s, "three", nil, stamp("welcome", "c"))
		all := entered(t, s, 2)
		latest := journey("c-9", "event:1")
		latest.Version = 3
		enter(t, s, always, latest)
		under := func() []campaigns.Underway {
			all, err := s.Underway(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		same(t, "underway", under(), []campaigns.Underway{{Campaign: "welcome", Version: 1}, {Campaign: "welcome", Version: 3}})
		leave(t, s, "over", all[0].ID, all[1].ID)
		same(t, "after some ended", under(), []campaigns.Underway{{Campaign: "welcome", Version: 3}})
	})
}
