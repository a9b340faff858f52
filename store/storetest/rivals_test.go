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

// compete plans one message of each priority to one customer, each by a
// campaign of its own, in the order of their numbers.
func compete(t *testing.T, s *store.Store, priorities ...int) []deliveries.Delivery {
	t.Helper()
	who := entered(t, s, 1)[0].Customer
	for i := range priorities {
		e := journey(who, fmt.Sprintf("event:%d", i))
		e.Campaign = fmt.Sprintf("offer-%d", i)
		enter(t, s, always, e)
	}
	var planned []deliveries.Delivery
	for i, e := range running(t, s, who)[1:] {
		d := message(channels.Email)
		d.Campaign, d.Priority = e.Campaign, priorities[i]
		apply(t, s, campaigns.Move{Entry: e, Plan: []deliveries.Delivery{d}})
		planned = append(planned, deliveriesOf(t, s, e.ID)...)
	}
	return planned
}

// underOneADay is the contact policy of a shop whose customers get one message
// a day.
func underOneADay(now time.Time) judge {
	shop := &campaigns.Workspace{
		Topics:  []campaigns.Topic{{ID: "service", In: true}},
		Contact: campaigns.ContactRules{Caps: []campaigns.Cap{{AtMost: 1, Per: 24 * time.Hour}}},
	}
	return func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
		return shop.Judge(campaigns.Matter{
			Campaign: &campaigns.Campaign{ID: d.Campaign, State: campaigns.Live}, Delivery: d, Pressure: p,
			Entry:    campaigns.Entry{ID: d.Entry, State: campaigns.Running},
			Customer: &customers.Customer{ID: d.Customer, Email: "ann@shop.example"},
		}, now)
	}
}

func take(t *testing.T, s *store.Store, ids ...int64) (deliveries.Fence, []deliveries.Delivery) {
	t.Helper()
	fence, claimed, err := s.Claim(t.Context(), ids, noon, lease)
	if err != nil || len(claimed) != len(ids) {
		t.Fatalf("claimed %d of %d, %v", len(claimed), len(ids), err)
	}
	return fence, claimed
}

func TestTheHigherPriorityGoesWhicheverIsJudgedFirst(t *testing.T) {
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		for _, together := range []bool{true, false} {
			t.Run(fmt.Sprintf("order %v, one batch %v", order, together), func(t *testing.T) {
				Each(t, func(t *testing.T, s *store.Store) {
					planned := compete(t, s, 20, 80)
					due(t, s, noon)
					if first, second := planned[order[0]].ID, planned[order[1]].ID; together {
						fence, claimed := take(t, s, first, second)
						begin(t, s, fence, claimed, underOneADay(noon))
					} else {
						for _, id := range []int64{first, second} {
							fence, claimed := take(t, s, id)
							begin(t, s, fence, claimed, underOneADay(noon))
						}
					}
					low, high := stored(t, s, planned[0].ID), stored(t, s, planned[1].ID)
					if high.Status != deliveries.Sending || low.Status != deliveries.Planned || low.Reason != string(deliveries.LowerPriority) {
						t.Errorf("the higher is %s; the lower is %s (%s)", high.Status, low.Status, low.Reason)
					}
				})
			})
		}
	}
}

// Once the higher has gone the others follow, a day apart and by priority, until
// the last one's time is over.
func TestTheLowerPriorityFollowsOrIsGivenUp(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := compete(t, s, 20, 10, 80, 5)
		for day := range 3 {
			at := noon.Add(time.Duration(day) * 24 * time.Hour)
			fence, claimed := claimAt(t, s, at)
			beginAt(t, s, fence, at, claimed, underOneADay(at))
		}
		for i, day := range []int{1, 2, 0} {
			d := stored(t, s, planned[i].ID)
			if d.Status != deliveries.Sending || !d.TakenAt.Equal(noon.Add(time.Duration(day)*24*time.Hour)) {
				t.Errorf("priority %d is %s (%s) at %s, want day %d", d.Priority, d.Status, d.Reason, d.TakenAt, day)
			}
		}
		if last := stored(t, s, planned[3].ID); last.Status != deliveries.Skipped || last.Reason != string(deliveries.LowerPriority) {
			t.Errorf("the last is %s (%s)", last.Status, last.Reason)
		}
	})
}

func TestAMessageThatIsDueLaterKeepsItsPlace(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := compete(t, s, 20, 80)
		later := noon.Add(2 * time.Hour)
		due(t, s, noon)
		fence, claimed := take(t, s, planned[1].ID)
		begin(t, s, fence, claimed, func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
			return deliveries.Verdict{Until: later, Reason: deliveries.QuietHoursExpired}
		})
		fence, claimed = take(t, s, planned[0].ID)
		begin(t, s, fence, claimed, underOneADay(noon))
		if low := stored(t, s, planned[0].ID); low.Reason != string(deliveries.LowerPriority) || !low.DueAt.After(later) {
			t.Errorf("the lower is %s until %s (%s)", low.Status, low.DueAt, low.Reason)
		}
	})
}

// What a paused campaign plans can go nowhere and takes nobody's place.
func TestAPausedCampaignKeepsNoPlace(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := compete(t, s, 20, 80)
		due(t, s, noon)
		fence, claimed := take(t, s, planned[1].ID, planned[0].ID)
		verdicts := begin(t, s, fence, claimed, func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			if d.ID == planned[1].ID {
				return deliveries.Verdict{Until: noon.Add(time.Hour), Reason: deliveries.PausedCampaign}
			}
			return underOneADay(noon)(d, p)
		})
		if !verdicts[1].Go {
			t.Errorf("the lower waits: %+v", verdicts[1])
		}
	})
}

func TestPriorityHoldsBetweenWorkers(t *testing.T) {
	const people = 20
	Each(t, func(t *testing.T, s *store.Store) {
		var ids [2][]int64 // by worker: one has the low, the other the high
		for i, e := range entered(t, s, people) {
			for worker, priority := range []int{20, 80} {
				rival := journey(e.Customer, fmt.Sprintf("event:%d", i))
				rival.Campaign = fmt.Sprintf("offer-%d", priority)
				enter(t, s, always, rival)
				d := message(channels.Email)
				d.Priority = priority
				all := running(t, s, e.Customer)
				move := campaigns.Move{Entry: all[len(all)-1], Plan: []deliveries.Delivery{d}}
				apply(t, s, move)
				ids[worker] = append(ids[worker], deliveriesOf(t, s, move.Entry.ID)[0].ID)
			}
		}
		due(t, s, noon)
		var went [2]atomic.Int64
		together(t, 2, func(worker int) error {
			fence, claimed, err := s.Claim(t.Context(), ids[worker], noon, lease)
			if err != nil {
				return err
			}
			var candidates []deliveries.Candidate
			for _, d := range claimed {
				candidates = append(candidates, deliveries.Candidate{Delivery: d})
			}
			verdicts, err := s.Begin(t.Context(), fence, noon, noon.Add(-24*time.Hour), candidates, underOneADay(noon))
			went[worker].Add(int64(gone(verdicts)))
			return err
		})
		if low, high := went[0].Load(), went[1].Load(); low != 0 || high != people {
			t.Errorf("%d of low and %d of high priority went to %d customers", low, high, people)
		}
	})
}

// Telling another system contacts nobody and takes nobody's place.
func TestAWebhookIsNoContact(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := planFor(t, s, 2)
		hook := message(channels.Webhook)
		hook.Group = 10
		waiting := hook
		waiting.Group, waiting.DueAt = 11, noon.Add(time.Hour)
		move := journeyOf(t, s, planned[0].Entry)
		move.Plan = []deliveries.Delivery{hook, waiting}
		apply(t, s, move)
		fence, claimed := claim(t, s)
		if len(claimed) != 3 || claimed[2].Channel != channels.Webhook {
			t.Fatalf("claimed are %v", claimed)
		}
		begin(t, s, fence, claimed[2:], pass(0))
		settle(t, s, fence, deliveries.Outcome{ID: claimed[2].ID, Status: deliveries.Sent})
		begin(t, s, fence, claimed[:1], func(_ deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			if len(p.Contacts) != 0 || len(p.Rivals) != 1 || p.Rivals[0].Delivery != claimed[1].ID {
				t.Errorf("contacts %v, rivals %v", p.Contacts, p.Rivals)
			}
			return deliveries.Verdict{Go: true}
		})
		ann := travellers(t, s, planned[0].Entry)[0].Customer
		if !ann.Contacted.LastAt.IsZero() || ann.Contacted.Last7d != 1 {
			t.Errorf("contacted at %s, %d times in a week", ann.Contacted.LastAt, ann.Contacted.Last7d)
		}
	})
}
