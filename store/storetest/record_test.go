package storetest

import (
	"slices"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

func advance(t *testing.T, s *store.Store, progress ...deliveries.Progress) {
	t.Helper()
	if err := s.Advance(t.Context(), noon, progress); err != nil {
		t.Fatal(err)
	}
}

func TestLookupByNumberAndByName(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 2, nil)
		found, err := s.Lookup(t.Context(), []deliveries.Ref{
			{Channel: channels.Email, ProviderID: d[1].ProviderID},
			{ID: d[0].ID},
			{Channel: channels.SMS, ProviderID: d[1].ProviderID},
			{ID: d[1].ID + 1000},
			{},
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "found", found, []deliveries.Delivery{d[1], d[0], {}, {}, {}})
	})
}

func TestAdvanceMovesForwardOnly(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		for _, c := range []struct{ report, want deliveries.Status }{
			{deliveries.Opened, deliveries.Opened},
			{deliveries.Delivered, deliveries.Opened},
			{deliveries.Clicked, deliveries.Clicked},
			{deliveries.Complained, deliveries.Complained},
			{deliveries.Unsubscribed, deliveries.Complained},
			{deliveries.Answered, deliveries.Complained},
		} {
			advance(t, s, deliveries.Progress{ID: d.ID, Status: c.report, At: noon})
			if got := stored(t, s, d.ID).Status; got != c.want {
				t.Fatalf("after %s: %s, want %s", c.report, got, c.want)
			}
		}
	})
}

func TestAdvanceTakesSeveralReportsAtOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 2, nil)
		advance(t, s,
			deliveries.Progress{ID: d[0].ID, Status: deliveries.Clicked},
			deliveries.Progress{ID: d[1].ID, Status: deliveries.Bounced, Reason: "hard"},
			deliveries.Progress{ID: d[0].ID, Status: deliveries.Delivered},
			deliveries.Progress{ID: d[1].ID + 1000, Status: deliveries.Delivered})
		if first, second := stored(t, s, d[0].ID), stored(t, s, d[1].ID); first.Status != deliveries.Clicked ||
			second.Status != deliveries.Bounced || second.Reason != "hard" {
			t.Errorf("advanced to %s and %s (%s)", first.Status, second.Status, second.Reason)
		}
	})
}

// A call that has been answered already is not moved by its end, and still costs
// what it lasted.
func TestAdvanceCountsMoneyWhereverTheDeliveryStands(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Call })[0]
		advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Answered})
		advance(t, s,
			deliveries.Progress{ID: d.ID, Status: deliveries.Delivered, Cost: 10},
			deliveries.Progress{ID: d.ID, Status: deliveries.Delivered, Cost: 5})
		if got := stored(t, s, d.ID); got.Status != deliveries.Answered || got.Cost != d.Cost+15 {
			t.Errorf("%s at %d, want %d", got.Status, got.Cost, d.Cost+15)
		}
	})
}

func TestAdvanceWakesTheEntry(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		asleep := journeyOf(t, s, d.Entry)
		asleep.Entry.WakeAt = time.Time{}
		apply(t, s, asleep)
		advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Sent})
		if awake(t, s, d.Entry) {
			t.Error("old news woke the entry")
		}
		advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Delivered})
		if !awake(t, s, d.Entry) {
			t.Error("the entry does not know")
		}
	})
}

// A busy line brings the call back to be tried again, and a report on the first
// call has no say over the second.
func TestABusyLineIsCalledAgain(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Call })[0]
		later := noon.Add(4 * time.Hour)
		busy := deliveries.Progress{ID: d.ID, Status: deliveries.Planned, Reason: "busy", ProviderID: d.ProviderID, DueAt: later}
		advance(t, s, busy)
		again := stored(t, s, d.ID)
		if again.Status != deliveries.Planned || again.Reason != "busy" || again.Attempts != 1 || !again.DueAt.Equal(later) || again.TakenAt.IsZero() {
			t.Fatalf("after a busy line: %+v", again)
		}
		fence, claimed := claimAt(t, s, later)
		beginAt(t, s, fence, later, claimed, pass(0))
		advance(t, s, busy)
		if second := stored(t, s, d.ID); second.Status != deliveries.Sending || second.Attempts != 2 {
			t.Errorf("the first call's report made the second %s", second.Status)
		}
	})
}

func TestLatestIsTheNewestThatWasTaken(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := planFor(t, s, 4)
		fence, claimed := claim(t, s)
		for i, status := range []deliveries.Status{deliveries.Sent, deliveries.Sent, deliveries.Failed, deliveries.Unconfirmed} {
			at := noon.Add(time.Duration(i) * time.Minute)
			beginAt(t, s, fence, at, claimed[i:i+1], pass(0))
			settle(t, s, fence, deliveries.Outcome{ID: claimed[i].ID, Status: status})
		}
		who := planned[0].Customer
		for most, want := range map[int][]int64{1: {claimed[1].ID}, 2: {claimed[1].ID, claimed[0].ID}, 9: {claimed[1].ID, claimed[0].ID}} {
			latest, err := s.Latest(t.Context(), channels.Email, []string{who, "c-nobody"}, most)
			var got []int64
			for _, d := range latest[who] {
				got = append(got, d.ID)
			}
			if err != nil || len(latest) != 1 || !slices.Equal(got, want) {
				t.Errorf("the latest %d are %v, %v; want %v", most, got, err, want)
			}
		}
		if other, err := s.Latest(t.Context(), channels.SMS, []string{who}, 1); err != nil || len(other) != 0 {
			t.Errorf("latest text is %v, %v", other, err)
		}
	})
}

func TestOneCallHasTheScript(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Call })[0]
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		for _, c := range []struct {
			what    string
			attempt int
			call    string
			first   bool
		}{
			{"an attempt that was never made", 2, "CA1", false},
			{"the call", 1, "CA1", true},
			{"the same call once more", 1, "CA1", true},
			{"a second call", 1, "CA2", false},
			{"a call without a name", 1, "", false},
		} {
			first, d, err := s.Fetched(t.Context(), planned.ID, c.attempt, c.call, noon)
			if err != nil || first != c.first {
				t.Errorf("%s: first %v, %v", c.what, first, err)
			}
			if d.ID != planned.ID {
				t.Errorf("%s: delivery %d", c.what, d.ID)
			}
		}
		if d := stored(t, s, planned.ID); d.Status != deliveries.Sent || d.ProviderID != "CA1" {
			t.Errorf("the fetch is evidence, and the call is %s %q", d.Status, d.ProviderID)
		}
		if first, d, err := s.Fetched(t.Context(), planned.ID+1000, 1, "CA1", noon); first || d.ID != 0 || err != nil {
			t.Errorf("a delivery nobody knows: %v, %d, %v", first, d.ID, err)
		}
	})
}

func TestOfManyCallsOneIsTheFirst(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Call })[0]
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		const calls = 8
		first := make([]bool, calls)
		together(t, calls, func(i int) (err error) {
			first[i], _, err = s.Fetched(t.Context(), planned.ID, 1, string(rune('A'+i)), noon)
			return err
		})
		speaking := 0
		for _, f := range first {
			if f {
				speaking++
			}
		}
		if speaking != 1 {
			t.Errorf("%d calls speak", speaking)
		}
	})
}
