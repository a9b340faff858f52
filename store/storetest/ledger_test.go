package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

func TestADeliveryGoesThroughTheLedger(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 1, func(_ int, d *deliveries.Delivery) {
			d.Vars = map[string]any{"gift": "tea"}
			d.Retry = deliveries.Retry{On: []string{"busy"}, Every: time.Hour, AtMost: 2}
		})[0]
		fence, claimed := claim(t, s)
		if len(claimed) != 1 || claimed[0].Status != deliveries.Queued {
			t.Fatalf("claimed %+v", claimed)
		}
		begin(t, s, fence, claimed, pass(8))
		sending := stored(t, s, planned.ID)
		if sending.Status != deliveries.Sending || sending.Attempts != 1 || !sending.TakenAt.Equal(noon) || sending.Cost != 8 {
			t.Fatalf("begun as %+v", sending)
		}
		if n := settle(t, s, fence, deliveries.Outcome{ID: planned.ID, Status: deliveries.Sent, ProviderID: "m1"}); n != 1 {
			t.Fatalf("%d outcomes were written", n)
		}
		want := planned
		want.Status, want.Attempts, want.TakenAt, want.SettledAt = deliveries.Sent, 1, noon, noon
		want.Cost, want.Provider, want.ProviderID = 8, "sendgrid", "m1"
		same(t, "the delivery", stored(t, s, planned.ID), want)
		same(t, "timeline", names(t, s, planned.Customer), []string{"email sent"})
		if c := loaded(t, s, planned.Customer); !c.Contacted.LastAt.Equal(noon) || c.Contacted.Last7d != 1 {
			t.Errorf("contacted %+v", c.Contacted)
		}
		if !awake(t, s, planned.Entry) {
			t.Error("the entry does not know that its message was sent")
		}
	})
}

func TestDueTakesTheOldestThenTheMostImportant(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 4, func(i int, d *deliveries.Delivery) {
			d.DueAt = noon.Add(-time.Hour)
			switch i {
			case 1:
				d.Priority = 90
			case 2:
				d.DueAt = noon.Add(-2 * time.Hour)
			case 3:
				d.DueAt = noon.Add(time.Minute)
			}
		})
		want := []int64{planned[2].ID, planned[1].ID, planned[0].ID}
		if got := due(t, s, noon); !slices.Equal(got, want) {
			t.Errorf("due are %v, want %v", got, want)
		}
		if again := due(t, s, noon); len(again) != 0 {
			t.Errorf("leased twice: %v", again)
		}
	})
}

func TestABroadcastLeavesRoomForOtherChannels(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, 30, func(i int, d *deliveries.Delivery) {
			d.DueAt = noon.Add(-time.Hour)
			if i == 29 {
				d.Channel, d.DueAt = channels.Call, noon
			}
		})
		batches, err := s.Due(t.Context(), noon, lease, deliveries.QuotaFor(11), 5)
		if err != nil {
			t.Fatal(err)
		}
		size := map[channels.Channel][]int{}
		for _, b := range batches {
			size[b.Channel] = append(size[b.Channel], len(b.IDs))
		}
		same(t, "batches", size, map[channels.Channel][]int{channels.Email: {5, 5, 1}, channels.Call: {1}})
	})
}

func TestAClaimTakesOnlyWhatNobodyHolds(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 3, nil)
		ids := due(t, s, noon)
		if _, _, err := s.Claim(t.Context(), ids[:1], noon, lease); err != nil {
			t.Fatal(err)
		}
		asked := append([]int64{ids[2], planned[0].ID + 1000}, ids...)
		_, claimed, err := s.Claim(t.Context(), asked, noon, lease)
		if err != nil || len(claimed) != 2 {
			t.Fatalf("claimed %d, %v", len(claimed), err)
		}
		_, late, err := s.Claim(t.Context(), ids[:1], noon.Add(lease), lease)
		if err != nil || len(late) != 1 {
			t.Errorf("a claim whose lease is over is still held: %v, %v", late, err)
		}
	})
}

// Two workers never hold the same row, however hard they try.
func TestClaimersNeverShareARow(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		const rows, workers = 200, 8
		plan(t, s, rows, nil)
		var mutex sync.Mutex
		holder := map[int64]deliveries.Fence{}
		var wait sync.WaitGroup
		for range workers {
			wait.Go(func() {
				for {
					batches, err := s.Due(t.Context(), noon, lease, deliveries.QuotaFor(20), 7)
					if err != nil {
						t.Error(err)
						return
					}
					if len(batches) == 0 {
						return
					}
					for _, b := range batches {
						for range 2 { // a task that arrives twice
							fence, claimed, err := s.Claim(t.Context(), b.IDs, noon, lease)
							if err != nil {
								t.Error(err)
								return
							}
							mutex.Lock()
							for _, d := range claimed {
								if other, held := holder[d.ID]; held {
									t.Errorf("delivery %d is held under %d and %d", d.ID, other, fence)
								}
								holder[d.ID] = fence
							}
							mutex.Unlock()
						}
					}
				}
			})
		}
		wait.Wait()
		if len(holder) != rows {
			t.Errorf("%d of %d deliveries were claimed", len(holder), rows)
		}
	})
}

func TestALostFenceWritesNothing(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 1, nil)[0]
		stale, claimed := claim(t, s)
		later := noon.Add(2 * lease)
		if _, _, err := s.Reclaim(t.Context(), later); err != nil {
			t.Fatal(err)
		}
		fence, again := claimAt(t, s, later)
		if len(again) != 1 {
			t.Fatal("the delivery did not come back")
		}
		if verdicts := begin(t, s, stale, claimed, pass(0)); verdicts[0].Go {
			t.Error("a lost fence began a send")
		}
		beginAt(t, s, fence, later, again, pass(0))
		for _, status := range []deliveries.Status{deliveries.Sent, deliveries.Planned, deliveries.Failed, deliveries.Unconfirmed} {
			if n := settle(t, s, stale, deliveries.Outcome{ID: planned.ID, Status: status}); n != 0 {
				t.Errorf("a lost fence wrote %s", status)
			}
		}
		if d := stored(t, s, planned.ID); d.Status != deliveries.Sending || d.Attempts != 1 {
			t.Errorf("the delivery is %s after %d attempts", d.Status, d.Attempts)
		}
		same(t, "timeline", names(t, s, planned.Customer), []string{})
	})
}

func TestSettleWritesEveryOutcome(t *testing.T) {
	statuses := []deliveries.Status{deliveries.Sent, deliveries.Failed, deliveries.Planned, deliveries.Unconfirmed, deliveries.Bounced, deliveries.Skipped}
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, len(statuses), nil)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed[:5], pass(8)) // what is skipped here was never begun
		var outcomes []deliveries.Outcome
		for i, status := range statuses {
			outcomes = append(outcomes, deliveries.Outcome{ID: planned[i].ID, Status: status, Reason: "because", DueAt: noon.Add(time.Hour)})
		}
		if n := settle(t, s, fence, outcomes...); n != len(outcomes) {
			t.Errorf("%d of %d outcomes were written", n, len(outcomes))
		}
		for i, status := range statuses {
			d := stored(t, s, planned[i].ID)
			if d.Status != status {
				t.Errorf("%s was written as %s", status, d.Status)
			}
			taken := status == deliveries.Sent || status == deliveries.Unconfirmed || status == deliveries.Bounced
			if d.TakenAt.IsZero() == taken || (d.Cost == 8) != taken {
				t.Errorf("%s: taken at %v, cost %d", status, d.TakenAt, d.Cost)
			}
			want := []string{"email " + string(status)}
			if status == deliveries.Planned {
				want = []string{}
			}
			same(t, string(status), names(t, s, d.Customer), want)
			if got := awake(t, s, d.Entry); got != (status != deliveries.Planned) {
				t.Errorf("%s: awake %v", status, got)
			}
		}
		back := due(t, s, noon.Add(time.Hour))
		if !slices.Equal(back, []int64{planned[2].ID}) {
			t.Errorf("due again are %v, want %d", back, planned[2].ID)
		}
		if n := settle(t, s, fence, outcomes[:2]...); n != 1 {
			t.Errorf("settling twice wrote %d", n) // sent again says nothing new
		}
		same(t, "settled twice", names(t, s, planned[0].Customer), []string{"email sent"})
	})
}

func TestReclaimTellsWhatMayHaveLeftFromWhatHasNot(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 3, nil)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed[1:2], pass(8))
		if p, u, err := s.Reclaim(t.Context(), noon.Add(lease-time.Millisecond)); err != nil || p+u != 0 {
			t.Fatalf("reclaimed %d and %d while the lease ran, %v", p, u, err)
		}
		p, u, err := s.Reclaim(t.Context(), noon.Add(lease))
		if err != nil || p != 2 || u != 1 {
			t.Fatalf("reclaimed %d planned, %d unconfirmed, %v", p, u, err)
		}
		doubtful := stored(t, s, planned[1].ID)
		if doubtful.Status != deliveries.Unconfirmed || doubtful.Cost != 8 {
			t.Errorf("in doubt: %+v", doubtful)
		}
		same(t, "timeline", names(t, s, doubtful.Customer), []string{"email unconfirmed"})
		if got := due(t, s, noon.Add(lease)); len(got) != 2 {
			t.Errorf("due again are %v", got)
		}
		// Its holder was only slow, and knows best what became of it.
		if n := settle(t, s, fence, deliveries.Outcome{ID: doubtful.ID, Status: deliveries.Sent, ProviderID: "m1"}); n != 1 {
			t.Error("the holder's word was not taken")
		}
	})
}

// Who ordered a minute ago does not stand behind a broadcast that fills the room.
func TestTheLastComersHaveATenthOfTheRoom(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 30, func(i int, d *deliveries.Delivery) { d.DueAt = noon.Add(time.Duration(i-30) * time.Minute) })
		var want []int64
		for _, d := range slices.Concat(planned[:18], planned[28:]) {
			want = append(want, d.ID)
		}
		batches, err := s.Due(t.Context(), noon, lease, deliveries.QuotaFor(20), 500)
		if err != nil || len(batches) != 2 || !slices.Equal(slices.Concat(batches[0].IDs, batches[1].IDs), want) {
			t.Errorf("due are %v, want %v, %v", batches, want, err)
		}

		var late []campaigns.Entry
		for i := range 30 {
			e := journey(fmt.Sprintf("late-%04d", i), "late")
			e.WakeAt = noon.Add(time.Duration(i-30) * time.Minute)
			late = append(late, e)
		}
		enter(t, s, always, late...)
		awake, err := s.Awake(t.Context(), noon, lease, 20)
		if err != nil || len(awake) != 20 {
			t.Fatalf("awake are %v, %v", awake, err)
		}
		if first, last := awake[0], awake[19]; awake[17] != first+17 || awake[18] != first+28 || last != first+29 {
			t.Errorf("awake are %v, want the first 18 and the last 2 of %d to %d", awake, first, first+29)
		}
	})
}

// Nor behind one whose audience is still entering: who enters after the order is
// awake, and due, since the broadcast's moment.
func TestTheLastComerIsWhoComesByItself(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		crowd(t, s, 100)
		later := noon.Add(10 * time.Second)
		order := journey("c-00050", "order")
		order.WakeAt = later
		enter(t, s, always, order)
		occur(t, s, 7, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		for _, shard := range pending(t, s) {
			if _, err := s.Runs().EnterShard(t.Context(), shard, campaigns.Intake{Campaign: weekly("always", 0)}, later.Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		awake, err := s.Awake(t.Context(), later.Add(time.Second), lease, 10)
		if err != nil || len(awake) != 10 {
			t.Fatalf("awake are %v, %v", awake, err)
		}
		travellers, err := s.Travellers(t.Context(), awake[9:], time.Time{})
		if err != nil || len(travellers) != 1 || travellers[0].Entry.Run != 0 {
			t.Errorf("the last of %v is %+v, %v", awake, travellers, err)
		}
	})
}

func TestRecallBringsBackOnlyWhatNobodyClaimed(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, 3, nil)
		ids := due(t, s, noon)
		if _, _, err := s.Claim(t.Context(), ids[:1], noon, lease); err != nil {
			t.Fatal(err)
		}
		n, err := s.Recall(t.Context(), noon)
		if err != nil || n != 2 {
			t.Fatalf("recalled %d, %v", n, err)
		}
		if got := due(t, s, noon); !slices.Equal(got, ids[1:]) {
			t.Errorf("due again are %v, want %v", got, ids[1:])
		}
	})
}

func TestRecallBringsBackJourneysThatWereHandedOver(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		enter(t, s, always, journey("c-1", "1"), journey("c-2", "1"))
		awake := func() []int64 {
			t.Helper()
			ids, err := s.Awake(t.Context(), noon, lease, 10)
			if err != nil {
				t.Fatal(err)
			}
			return ids
		}
		handed := awake()
		if len(handed) != 2 || len(awake()) != 0 {
			t.Fatalf("handed over were %v, and some again", handed)
		}
		if n, err := s.Recall(t.Context(), noon); err != nil || n != 2 {
			t.Fatalf("recalled %d, %v", n, err)
		}
		if again := awake(); !slices.Equal(again, handed) {
			t.Errorf("handed over again were %v, want %v", again, handed)
		}
	})
}

// What Redis did not take is due at once, and a worker that has it all the same keeps
// it.
func TestWhatTheQueueDidNotTakeIsTakenBack(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, 4, nil)
		ids := due(t, s, noon)
		if _, _, err := s.Claim(t.Context(), ids[:1], noon, lease); err != nil {
			t.Fatal(err)
		}
		if err := s.TakeBack(t.Context(), ids[:3]); err != nil {
			t.Fatal(err)
		}
		if _, claimed, err := s.Claim(t.Context(), ids[:3], noon, lease); err != nil || len(claimed) > 0 {
			t.Errorf("claimed %d that nobody handed over, %v", len(claimed), err)
		}
		if got := due(t, s, noon); !slices.Equal(got, ids[1:3]) {
			t.Errorf("due again are %v, want %v", got, ids[1:3])
		}
	})
}

func TestJourneysThatTheQueueDidNotTakeAreAwakeAtOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		enter(t, s, always, journey("c-1", "1"), journey("c-2", "1"))
		handed, err := s.Awake(t.Context(), noon, lease, 10)
		if err != nil {
			t.Fatal(err)
		}
		letGo := func(until time.Time, ids []int64) {
			t.Helper()
			if err := s.LetGo(t.Context(), until, ids); err != nil {
				t.Fatal(err)
			}
		}
		awake := func(now time.Time, want []int64) {
			t.Helper()
			if again, err := s.Awake(t.Context(), now, lease, 10); err != nil || !slices.Equal(again, want) {
				t.Errorf("handed over again were %v, want %v; %v", again, want, err)
			}
		}
		letGo(noon.Add(lease), handed[1:])
		awake(noon, handed[1:])
		later := noon.Add(lease + time.Second)
		awake(later, handed)
		letGo(noon.Add(lease), handed) // by one who comes late
		awake(later, nil)
	})
}

// A webhook may be faster than the courier's own settlement.
func TestEvidenceBeforeTheSettlementIsNotPulledBack(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 2, nil)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		for _, d := range planned {
			if err := s.Advance(t.Context(), noon, []deliveries.Progress{{ID: d.ID, Status: deliveries.Delivered, At: noon}}); err != nil {
				t.Fatal(err)
			}
		}
		n := settle(t, s, fence,
			deliveries.Outcome{ID: planned[0].ID, Status: deliveries.Sent, ProviderID: "m1"},
			deliveries.Outcome{ID: planned[1].ID, Status: deliveries.Unconfirmed})
		if n != 1 {
			t.Errorf("%d outcomes were written", n)
		}
		first, second := stored(t, s, planned[0].ID), stored(t, s, planned[1].ID)
		if first.Status != deliveries.Delivered || first.ProviderID != "m1" || second.Status != deliveries.Delivered {
			t.Errorf("settled as %s %q and %s", first.Status, first.ProviderID, second.Status)
		}
		same(t, "timeline", names(t, s, first.Customer), []string{"email sent"})
	})
}
