package workers_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"rapport/campaigns"
)

// expectant is a shop with a campaign that waits for an order of some size and
// then marks the customer.
func expectant(t *testing.T) *shop {
	t.Helper()
	return open(t, with(map[string]string{
		"campaigns/expectant.yaml": campaign("expectant", "Left a cart", "{wait: {for: Order Completed, where: event.total >= 50, at_most: 3d}, id: order}") +
			"  - branch:\n      - if: steps.order.status == \"happened\"\n        then: [{tag: [+bought]}]\n      - else: [{tag: [+lost]}]\n",
	}))
}

func (s *shop) tags() string { s.t.Helper(); return fmt.Sprint(s.customer("ann").Tags) }

func TestAJourneyGoesOnByTheEventItWaitsFor(t *testing.T) {
	s := expectant(t)
	s.plan("ann", "Left a cart")
	for _, total := range []int{20, 60} {
		if tags := s.tags(); tags != "[]" {
			t.Fatalf("it did not wait: %s", tags)
		}
		s.later(time.Hour)
		s.plan("ann", "Order Completed", "total", total)
	}
	if tags := s.tags(); tags != "[bought]" {
		t.Errorf("then the customer is %s", tags)
	}
}

func TestAJourneyWaitsNoLongerThanItSays(t *testing.T) {
	s := expectant(t)
	s.plan("ann", "Left a cart")
	s.later(72*time.Hour - time.Second)
	s.travel()
	if tags := s.tags(); tags != "[]" {
		t.Errorf("it ended early: %s", tags)
	}
	s.later(time.Second)
	s.travel()
	if tags := s.tags(); tags != "[lost]" {
		t.Errorf("then the customer is %s", tags)
	}
}

// An event that comes while its entry is being moved ends the wait as well,
// whenever in the middle of that move it comes and is judged.
func TestAnEventDuringAMoveIsNotMissed(t *testing.T) {
	for name, standing := range map[string]bool{"while it stands there": true, "while it comes there": false} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", judged late ", late), func(t *testing.T) {
				s := expectant(t)
				s.happen("ann", "Left a cart")
				ok(t, s.reactor.React(s.ctx()))
				if standing {
					s.travel()
					s.later(time.Hour)
					ok(t, s.store.Wake(s.ctx(), s.clock(), []int64{1}))
				}
				s.walker.Entries = &meanwhile{Entries: s.store, do: func() {
					s.happen("ann", "Order Completed", "total", 60)
					if !late {
						ok(t, s.reactor.React(s.ctx()))
					}
				}}
				s.travel()
				s.walker.Entries = s.store
				if late {
					ok(t, s.reactor.React(s.ctx()))
				}
				s.travel()
				s.travel()
				if tags := s.tags(); tags != "[bought]" {
					t.Errorf("the customer is %s", tags)
				}
			})
		}
	}
}

// meanwhile lets something happen between the reading of entries and the writing
// of their moves, once.
type meanwhile struct {
	campaigns.Entries
	do func()
}

func (m *meanwhile) Apply(ctx context.Context, now time.Time, moves []campaigns.Move) error {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return m.Entries.Apply(ctx, now, moves)
}

// An event that came after the one that began the journey ends its first wait, be
// it of the same moment, however late either is judged and the journey looked at.
func TestAnEventAfterTheTriggerIsNotMissed(t *testing.T) {
	for name, k := range map[string]struct{ after, judged, looked time.Duration }{
		"at the same moment":               {0, 0, 0},
		"in one batch, looked at later":    {0, 0, 100 * time.Millisecond},
		"on its heels, both judged later":  {time.Second, time.Second, time.Second},
		"while nothing works for six days": {time.Hour, 72 * time.Hour, 72 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s := expectant(t)
			s.happen("ann", "Order Completed", "total", 70) // before it
			s.happen("ann", "Left a cart")
			s.later(k.after)
			s.happen("ann", "Order Completed", "total", 60)
			s.later(k.judged)
			ok(t, s.reactor.React(s.ctx()))
			s.later(k.looked)
			s.travel()
			s.travel()
			if tags := s.tags(); tags != "[bought]" {
				t.Errorf("the customer is %s", tags)
			}
		})
	}
}

func TestAnEventBeforeTheTriggerEndsNothing(t *testing.T) {
	s := expectant(t)
	s.happen("ann", "Order Completed", "total", 60)
	s.plan("ann", "Left a cart")
	s.travel()
	if tags := s.tags(); tags != "[]" {
		t.Errorf("the customer is %s", tags)
	}
}

// What came after the letter was sent came while the journey waited, though nobody
// has looked at it since. What came before the letter did not.
func TestAnEventAfterTheLetterIsNotMissed(t *testing.T) {
	for when, want := range map[string]string{"before": "[]", "after": "[waited]"} {
		t.Run(when, func(t *testing.T) {
			s := open(t, with(map[string]string{
				"campaigns/cart.yaml": campaign("cart", "Left a cart", "{email: note}") +
					"  - wait: {for: Order Completed, at_most: 3d}\n  - tag: [+waited]\n",
			}))
			s.plan("ann", "Left a cart")
			for _, happens := range []string{"before", "after"} {
				if happens == "after" {
					s.deliver()
				}
				s.later(30 * time.Second)
				if happens == when {
					s.happen("ann", "Order Completed")
					ok(t, s.reactor.React(s.ctx()))
				}
				s.later(30 * time.Second)
			}
			s.travel()
			s.travel()
			if tags := s.tags(); tags != want {
				t.Errorf("the customer is %s, want %s", tags, want)
			}
		})
	}
}

// The review of one order says nothing of another.
func TestAnEventEndsTheWaitOfTheJourneyItConcerns(t *testing.T) {
	s := open(t, with(map[string]string{
		"campaigns/keyed.yaml": campaign("keyed", "Order Arrived", "{wait: {for: Order Reviewed, at_most: 3d}}") + "entry: {key: event.order_id}\n",
	}))
	s.plan("ann", "Order Arrived", "order_id", "A1")
	s.plan("ann", "Order Arrived", "order_id", "A2")
	s.later(time.Hour)
	s.plan("ann", "Order Reviewed", "order_id", "A1")
	running, err := s.store.RunningOf(s.ctx(), []string{"ann"})
	ok(t, err)
	if len(running) != 1 || running[0].Key != "A2" {
		t.Errorf("after the review of A1 there are %+v", running)
	}
}
