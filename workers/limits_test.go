package workers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/workers"
)

// number is a number that texts leave from.
var number = deliveries.Outlet{Channel: channels.SMS, Provider: "twilio", Via: "+493012345678"}

func TestALimitIsSharedByAllWorkers(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		limits := map[channels.Channel]workers.Limit{channels.SMS: {PerSecond: 20}}
		one := &workers.SharedLimits{Redis: s.redis, Limits: limits, Log: s.log}
		other := &workers.SharedLimits{Redis: s.redis, Limits: limits, Log: s.log}
		if n, _ := one.Take(t.Context(), number, 15); n != 15 {
			t.Fatalf("%d of 15 may leave", n)
		}
		n, _ := other.Take(t.Context(), number, 15)
		if n < 5 || n > 7 { // five, and what comes in while the test runs
			t.Errorf("then the other worker may send %d, want 5", n)
		}
		for n > 0 {
			n, _ = one.Take(t.Context(), number, 1)
		}
		if n, again := other.Take(t.Context(), number, 15); n > 1 || again > 100*time.Millisecond {
			t.Errorf("the bucket is empty, and %d may leave, the next after %s", n, again)
		}
		if n, _ := one.Take(t.Context(), deliveries.Outlet{Channel: channels.Email}, 5000); n != 5000 {
			t.Errorf("a channel without a limit: %d of 5000", n)
		}
	})
}

func TestTheLineIsSharedByAllWorkers(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		limits := map[channels.Channel]workers.Limit{channels.SMS: {PerSecond: 10}}
		one := &workers.SharedLimits{Redis: s.redis, Limits: limits, Log: s.log}
		other := &workers.SharedLimits{Redis: s.redis, Limits: limits, Log: s.log}
		first, apart := one.Line(t.Context(), number, 90)
		if first > 200*time.Millisecond || apart < 100*time.Millisecond || apart > 120*time.Millisecond {
			t.Errorf("the first in line waits %s, the next %s longer", first, apart)
		}
		if first, _ := other.Line(t.Context(), number, 90); first < 9*time.Second || first > 11*time.Second {
			t.Errorf("behind 90 others one waits %s, want 10 s", first)
		}
	})
}

func TestWhileRedisIsAwayAWorkerKeepsToTheLimitAlone(t *testing.T) {
	s := open(t, files)
	limits := &workers.SharedLimits{Redis: s.redis, Limits: map[channels.Channel]workers.Limit{channels.SMS: {PerSecond: 5}}, Log: s.log}
	s.mini.Close()
	if n, _ := limits.Take(t.Context(), number, 100); n != 5 {
		t.Errorf("%d may leave, want 5", n)
	}
	if n, again := limits.Take(t.Context(), number, 100); n > 3 || again <= 0 {
		t.Errorf("and at once %d more, the next after %s", n, again)
	}
	if first, apart := limits.Line(t.Context(), number, 10); first <= 0 || apart <= 0 {
		t.Errorf("the line: %s, %s", first, apart)
	}
}

// With one text a second, the usual limit of a long number, a batch is neither
// stuck nor keeps a worker busy: what does not go is given its time.
func TestASlowChannelGivesBackWhatDoesNotGo(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		s.courier.Limits = &workers.SharedLimits{Redis: s.redis, Limits: map[channels.Channel]workers.Limit{channels.SMS: {PerSecond: 1}}, Log: s.log}
		for n := range 20 {
			id := fmt.Sprintf("p%d", n)
			s.person(id)
			s.plan(id, "Texted")
		}
		ctx, cancel := context.WithTimeout(s.ctx(), 20*time.Second) // the test's own patience
		defer cancel()
		ok(t, s.courier.Deliver(ctx, s.due()))
		sent := 0
		last := noon
		for _, d := range s.ledger() {
			switch {
			case d.Status == deliveries.Sent:
				sent++
			case d.Status != deliveries.Planned || d.Reason != "rate_limit" || d.Attempts != 0:
				t.Errorf("delivery %d is %s (%s), attempt %d", d.ID, d.Status, d.Reason, d.Attempts)
			case !d.DueAt.After(last) || d.DueAt.After(noon.Add(25*time.Second)):
				t.Errorf("delivery %d is due at %s, the one before at %s", d.ID, d.DueAt, last)
			default:
				last = d.DueAt
			}
		}
		if sent < 1 || sent > 4 {
			t.Errorf("%d were sent in the two seconds a task waits", sent)
		}
		if n := len(s.provider.requests()); n != sent {
			t.Errorf("%d messages went out, %d are sent", n, sent)
		}
	})
}

// slowly grants one message at a time and lets something happen in between.
type slowly struct{ between func() }

func (l slowly) Take(context.Context, deliveries.Outlet, int) (int, time.Duration) {
	l.between()
	return 1, time.Millisecond
}

func (slowly) Line(context.Context, deliveries.Outlet, int) (first, apart time.Duration) {
	return 0, 0
}

// While a batch waits for the limit somebody says stop, and somebody else moves.
func TestAWaitingBatchHearsAStop(t *testing.T) {
	s := open(t, files)
	for _, id := range []string{"ben", "cem"} {
		s.person(id)
	}
	for _, id := range []string{"ann", "ben", "cem"} {
		s.plan(id, "Texted")
	}
	turn := 0
	s.courier.Limits = slowly{func() {
		if turn++; turn != 2 {
			return
		}
		s.later(5 * time.Second)
		s.reply(phoneOf("ben"), "STOP")
		_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "cem", Phone: "+4915112349999"}})
		ok(t, err)
	}}
	s.deliver()
	all := s.ledger()
	if all[0].Status != deliveries.Sent || all[1].Status != deliveries.Skipped || all[2].Status != deliveries.Sent {
		t.Errorf("got %s, %s, %s", all[0].Status, all[1].Status, all[2].Status)
	}
	if got := s.provider.requests(); len(got) != 2 || !strings.Contains(got[1].body, "4915112349999") {
		t.Errorf("the second went to %+v", got)
	}
}
