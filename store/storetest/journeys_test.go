package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

func TestTravellersCarryWhatRulesNeed(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		first := sent(t, s, 2, nil)
		score := 4.0
		respond(t, s, campaigns.Response{
			Event:  customers.Event{Customer: first[0].Customer, Name: "email answered", At: noon, ReceivedAt: noon, Key: "a", Entry: first[0].Entry},
			Answer: &campaigns.Answer{Entry: first[0].Entry, Customer: first[0].Customer, Delivery: first[0].ID, Ask: "csat", Scale: campaigns.CSAT5, Score: &score, Channel: channels.Email, At: noon},
		})
		all := travellers(t, s, first[1].Entry, first[0].Entry, first[0].Entry, first[1].Entry+1000)
		if len(all) != 2 || all[0].Entry.ID != first[0].Entry || all[1].Entry.ID != first[1].Entry {
			t.Fatalf("%d travellers", len(all))
		}
		for i, traveller := range all {
			if traveller.Customer == nil || traveller.Customer.ID != first[i].Customer || traveller.Customer.Contacted.Last7d != 1 {
				t.Errorf("traveller %d: customer %+v", i, traveller.Customer)
			}
			same(t, "deliveries", traveller.Deliveries, first[i:i+1])
		}
		same(t, "answers", all[0].Answers, []campaigns.Answer{{
			Entry: first[0].Entry, Customer: first[0].Customer, Delivery: first[0].ID, Ask: "csat",
			Scale: campaigns.CSAT5, Score: &score, Channel: channels.Email, At: noon,
		}})
		same(t, "no answers", all[1].Answers, []campaigns.Answer{})
	})
}

func TestAMoveIsWrittenInWhole(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		before := entered(t, s, 1)[0]
		put(t, s, customers.Customer{ID: before.Customer, City: "Köln", Tags: []string{"lapsed", "early"}, Traits: map[string]any{"shoe_size": 39.5, "club": true}})
		move := campaigns.Move{Entry: before}
		e := &move.Entry
		e.Position, e.ArrivedAt, e.WakeAt = "2.1.0", noon.Add(time.Second), noon.Add(time.Hour)
		e.Journal.Steps = map[string]campaigns.Mark{"0": {Status: "waited", At: noon}}
		move.Plan = []deliveries.Delivery{message(channels.SMS)}
		move.Cases = []customers.Case{{Queue: "recovery", Priority: customers.High, Title: "Unhappy", Why: "step", OpenedAt: noon}}
		move.Set = map[string]any{"traits.favourite": "tea", "traits.renewed_on": noon, "traits.club": nil, "city": nil, "tier": "gold"}
		move.Tag = []campaigns.TagChange{{Tag: "vip", Add: true}, {Tag: "lapsed"}, {Tag: "early", Add: true}}
		move.Events = []customers.Event{{Name: "split", At: noon, ReceivedAt: noon, Key: "split:1"}}
		apply(t, s, move)

		after := travellers(t, s, before.ID)[0]
		want := move.Entry
		want.Revision++
		same(t, "entry", after.Entry, want)
		if len(after.Deliveries) != 1 || after.Deliveries[0].Customer != before.Customer || after.Deliveries[0].Campaign != "welcome" {
			t.Errorf("planned %+v", after.Deliveries)
		}
		c := after.Customer
		same(t, "traits", c.Traits, map[string]any{"shoe_size": 39.5, "favourite": "tea", "renewed_on": float64(noon.UnixMilli())})
		same(t, "tags", c.Tags, []string{"vip", "early"})
		if c.City != "" || c.Tier != "gold" || c.Cases.Open != 1 {
			t.Errorf("the customer is %+v", c)
		}
		same(t, "timeline", names(t, s, before.Customer), []string{"case opened", "split"})
	})
}

func TestAMoveThatIsWrongLeavesNoTrace(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		before := entered(t, s, 1)[0]
		move := campaigns.Move{Entry: before, Plan: []deliveries.Delivery{message(channels.SMS)}, Set: map[string]any{"id": "c-other"}}
		move.Entry.Position = "1"
		if err := s.Apply(t.Context(), noon, []campaigns.Move{move}); err == nil {
			t.Error("a campaign may rename a customer")
		}
		after := travellers(t, s, before.ID)[0]
		same(t, "entry", after.Entry, before)
		if len(after.Deliveries) != 0 {
			t.Error("half of the move was written")
		}
	})
}

func TestAStepIsPlannedOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		again := journeyOf(t, s, d.Entry)
		again.Plan = []deliveries.Delivery{message(channels.SMS)}
		apply(t, s, again)
		same(t, "deliveries", deliveriesOf(t, s, d.Entry), []deliveries.Delivery{d})
	})
}

func TestAnEndedJourneySendsNothingMore(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := plan(t, s, 1, nil)[0]
		end := journeyOf(t, s, d.Entry)
		end.Entry.State, end.Entry.EndedAt, end.Entry.Why = campaigns.Finished, noon, "stopped"
		apply(t, s, end)
		if got := stored(t, s, d.ID); got.Status != deliveries.Skipped || got.Reason != "exited" {
			t.Errorf("its message is %s %s", got.Status, got.Reason)
		}
	})
}

// Of two workers that look at the same entry, one moves it.
func TestOneOfTwoMovesCounts(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		e := entered(t, s, 1)[0]
		var opened atomic.Int64
		together(t, 6, func(i int) error {
			move := campaigns.Move{Entry: e, Events: []customers.Event{{Name: "moved", At: noon, ReceivedAt: noon, Key: fmt.Sprint(i)}}}
			move.Entry.Position = fmt.Sprint(i)
			opened.Add(1)
			return s.Apply(t.Context(), noon, []campaigns.Move{move})
		})
		same(t, "timeline", names(t, s, e.Customer), []string{"moved"})
		if now := travellers(t, s, e.ID)[0].Entry; now.Revision != e.Revision+1 {
			t.Errorf("revision %d after %d", now.Revision, e.Revision)
		}
		if !awake(t, s, e.ID) {
			t.Error("nobody looks at the entry again, though moves were refused")
		}
	})
}

// What the customer does while an entry is looked at is not lost, although the
// move puts the entry to sleep.
func TestNewsDuringAMoveIsNotLost(t *testing.T) {
	for _, c := range []struct {
		name string
		news func(t *testing.T, s *store.Store, d deliveries.Delivery, fence deliveries.Fence)
	}{
		{"a settlement", func(t *testing.T, s *store.Store, d deliveries.Delivery, fence deliveries.Fence) {
			settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Sent})
		}},
		{"a report", func(t *testing.T, s *store.Store, d deliveries.Delivery, _ deliveries.Fence) {
			advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Delivered})
		}},
		{"an answer", func(t *testing.T, s *store.Store, d deliveries.Delivery, _ deliveries.Fence) {
			respond(t, s, campaigns.Response{Event: customers.Event{Customer: d.Customer, Name: "email answered", At: noon, Key: "a", Entry: d.Entry}})
		}},
		{"a dead worker", func(t *testing.T, s *store.Store, _ deliveries.Delivery, _ deliveries.Fence) {
			if _, _, err := s.Reclaim(t.Context(), noon.Add(lease)); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				d := plan(t, s, 1, nil)[0]
				fence, claimed := claim(t, s)
				begin(t, s, fence, claimed, pass(0))
				judged := journeyOf(t, s, d.Entry)
				judged.Entry.WakeAt = time.Time{} // sleeps until the message is settled
				c.news(t, s, d, fence)
				apply(t, s, judged)
				e := travellers(t, s, d.Entry)[0].Entry
				if e.WakeAt.IsZero() {
					t.Fatal("the entry sleeps for ever")
				}
				if ids, err := s.Awake(t.Context(), noon.Add(lease), lease, 10); err != nil || len(ids) != 1 {
					t.Errorf("awake are %v, %v", ids, err)
				}
			})
		})
	}
}

// abandoned is a message whose lease ended while it was being sent, and the fence
// under which it was begun.
func abandoned(t *testing.T, s *store.Store) (deliveries.Delivery, deliveries.Fence) {
	t.Helper()
	d := plan(t, s, 1, nil)[0]
	fence, claimed := claim(t, s)
	begin(t, s, fence, claimed, pass(0))
	if _, _, err := s.Reclaim(t.Context(), noon.Add(lease)); err != nil {
		t.Fatal(err)
	}
	return d, fence
}

// A message that may have gone lets its journey go on. If its worker comes back and
// knows that it never left, it is sent, and the journey waits for it as before.
func TestAMessageThatNeverLeftIsNotDroppedByAMove(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d, fence := abandoned(t, s)
		judged := journeyOf(t, s, d.Entry)
		judged.Entry.State, judged.Entry.WakeAt, judged.Entry.EndedAt = campaigns.Finished, time.Time{}, noon
		if n := settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Planned, DueAt: noon}); n != 1 {
			t.Fatal("what never left was not taken back")
		}
		apply(t, s, judged)
		if now := stored(t, s, d.ID); now.Status != deliveries.Planned {
			t.Errorf("the message is %s %s", now.Status, now.Reason)
		}
		if e := travellers(t, s, d.Entry)[0].Entry; e.State != campaigns.Running || !awake(t, s, e.ID) {
			t.Errorf("the journey is %s", e.State)
		}
	})
}

// It is sent as well where its journey went on, and to its end, before anybody knew.
func TestAMessageThatNeverLeftOutlastsItsJourney(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d, fence := abandoned(t, s)
		settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Planned, DueAt: noon})
		end := journeyOf(t, s, d.Entry)
		end.Entry.State, end.Entry.WakeAt, end.Entry.EndedAt = campaigns.Finished, time.Time{}, noon
		apply(t, s, end)
		if now := stored(t, s, d.ID); now.Status != deliveries.Planned {
			t.Fatalf("the message is %s %s", now.Status, now.Reason)
		}
		again, claimed := claim(t, s)
		begin(t, s, again, claimed, pass(0))
		if now := stored(t, s, d.ID); now.Status != deliveries.Sending {
			t.Errorf("the message is %s %s", now.Status, now.Reason)
		}
	})
}

// A journey that has not begun waits for its own time, whatever else happens.
func TestADelayIsNotCutShort(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1"})
		delayed := journey("c-1", "event:1")
		delayed.WakeAt = noon.Add(time.Hour)
		enter(t, s, always, delayed)
		e := running(t, s, "c-1")[0]
		respond(t, s, campaigns.Response{Event: customers.Event{Customer: "c-1", Name: "email clicked", At: noon, Key: "a", Entry: e.ID}})
		stale := campaigns.Move{Entry: e}
		stale.Entry.Revision--
		apply(t, s, stale)
		if got := running(t, s, "c-1")[0].WakeAt; !got.Equal(delayed.WakeAt) {
			t.Errorf("the journey begins at %v, want %v", got, delayed.WakeAt)
		}
	})
}
