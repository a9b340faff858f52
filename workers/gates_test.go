package workers_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func TestOutsideContactHoursAMessageWaitsForTheOpening(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/text.yaml": campaign("text", "Texted", "{sms: note}") + `contact: {hours: ["15:00-19:00"]}` + "\n"}))
	s.plan("ann", "Texted")
	s.deliver()
	d := s.stands(deliveries.Planned, string(deliveries.QuietHoursExpired))
	if opening := time.Date(2026, 12, 1, 14, 0, 0, 0, time.UTC); !d.DueAt.Equal(opening) || d.Zone != "Europe/Berlin" || d.ZoneFrom != "profile" {
		t.Errorf("due at %s by the clock of %s (%s), want %s", d.DueAt, d.Zone, d.ZoneFrom, opening)
	}
	s.later(2 * time.Hour)
	s.deliver()
	s.stands(deliveries.Sent, "")
}

// Whatever changed between plan and send is judged at the send.
func TestWhatChangesBetweenPlanAndSendIsHeeded(t *testing.T) {
	word := func(in bool) func(*shop) {
		return func(s *shop) {
			ok(s.t, s.store.Consent(s.ctx(), s.clock(), []customers.Consent{{Customer: "ann", Topic: "service", Channel: channels.SMS, In: in, At: s.clock()}}))
		}
	}
	for _, c := range []struct {
		name   string
		change func(*shop)
		status deliveries.Status
		reason deliveries.SkipReason
	}{
		{"nothing", func(*shop) {}, deliveries.Sent, ""},
		{"consent withdrawn", word(false), deliveries.Skipped, deliveries.NoConsent},
		{"consent given", word(true), deliveries.Sent, ""},
		{"the number suppressed", func(s *shop) {
			ok(s.t, s.store.Suppress(s.ctx(), []customers.Suppression{{Channel: channels.SMS, Address: phoneOf("ann"), Reason: "opted_out", At: s.clock()}}))
		}, deliveries.Skipped, deliveries.Suppressed},
		{"moved to where nothing may be sent", func(s *shop) {
			_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "ann", Phone: "+33612345678", Country: "FR"}})
			ok(s.t, err)
		}, deliveries.Skipped, deliveries.CountryNotAllowed},
		{"the campaign paused", func(s *shop) {
			s.apply(with(map[string]string{"campaigns/text.yaml": campaign("text", "Texted", "{sms: note}") + "priority: 50\n"}))
			s.apply(with(map[string]string{"campaigns/text.yaml": replace(files["campaigns/text.yaml"], "live", "paused")}))
		}, deliveries.Planned, deliveries.PausedCampaign},
		{"the campaign archived", func(s *shop) {
			s.apply(with(map[string]string{"campaigns/text.yaml": replace(files["campaigns/text.yaml"], "live", "archived")}))
		}, deliveries.Skipped, deliveries.Exited},
		{"the journey ended", func(s *shop) {
			running, err := s.store.RunningOf(s.ctx(), []string{"ann"})
			ok(s.t, err)
			ok(s.t, s.store.Leave(s.ctx(), s.clock(), []int64{running[0].ID}, "event Returned"))
		}, deliveries.Skipped, deliveries.Exited},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, files)
			s.plan("ann", "Texted")
			ids := s.due() // a task has it already
			c.change(s)
			ok(t, s.courier.Deliver(s.ctx(), ids))
			s.stands(c.status, string(c.reason))
			if n := len(s.provider.requests()); (n == 1) != (c.status == deliveries.Sent) {
				t.Errorf("%d messages went out", n)
			}
		})
	}
}

func TestSkipsCarryTheirReason(t *testing.T) {
	s := open(t, with(map[string]string{
		"campaigns/offer.yaml": replace(campaign("offer", "Offered", "{email: note}"), "topic: service", "topic: marketing"),
		"campaigns/held.yaml":  campaign("held", "Held", "{email: note}") + "holdout: 100%\n",
	}))
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "nobody"}})
	ok(t, err)
	s.plan("ann", "Offered")
	s.plan("ann", "Held")
	s.plan("nobody", "Texted")
	s.deliverEach()
	want := map[string]deliveries.SkipReason{"offer": deliveries.NoConsent, "held": deliveries.Holdout, "text": deliveries.NoAddress}
	for _, d := range s.ledger() {
		if d.Status != deliveries.Skipped || d.Reason != string(want[d.Campaign]) {
			t.Errorf("%s: %s (%s), want skipped (%s)", d.Campaign, d.Status, d.Reason, want[d.Campaign])
		}
	}
	if n := len(s.provider.requests()); n != 0 {
		t.Errorf("%d messages went out", n)
	}
}

// Of two messages that a cap lets only one of through, one goes and one waits,
// although one task holds both.
func TestACapCountsWithinOneWindow(t *testing.T) {
	offer := func(id string) string {
		return replace(campaign(id, id, "{email: note, expires: 30d}"), "topic: service", "topic: marketing")
	}
	s := open(t, with(map[string]string{"campaigns/a.yaml": offer("a"), "campaigns/b.yaml": offer("b")}))
	ok(t, s.store.Consent(s.ctx(), s.clock(), []customers.Consent{{Customer: "ann", Topic: "marketing", Channel: channels.Email, In: true, At: noon}}))
	s.plan("ann", "a")
	s.plan("ann", "b")
	s.deliver()
	all := s.ledger()
	if all[0].Status != deliveries.Sent || all[1].Status != deliveries.Planned || all[1].Reason != string(deliveries.Capped) {
		t.Errorf("got %s and %s (%s)", all[0].Status, all[1].Status, all[1].Reason)
	}
	if next := noon.Add(7 * 24 * time.Hour); all[1].DueAt.Before(next) || all[1].DueAt.After(next.Add(time.Minute)) {
		t.Errorf("the other is due at %s, want %s", all[1].DueAt, next)
	}
}

// A journey of an older version is judged by that version's cap, over all of the time
// the cap looks at.
func TestACapOfAnOlderVersionLooksAsFarBackAsItSays(t *testing.T) {
	offer := campaign("offer", "Offered", "wait: 10d\n  - {email: note, expires: 30d}")
	s := open(t, with(map[string]string{"campaigns/offer.yaml": offer + "contact: {caps: [{at_most: 1, per: 30d}]}\n"}))
	s.plan("ann", "Wrote")
	s.deliver()
	s.plan("ann", "Offered")
	s.apply(with(map[string]string{"campaigns/offer.yaml": offer}))
	s.later(10 * 24 * time.Hour)
	s.travel()
	s.deliver()
	all := s.ledger()
	if len(all) != 2 || all[1].Version != 1 || all[1].Status != deliveries.Planned || all[1].Reason != string(deliveries.Capped) {
		t.Errorf("got %+v", all)
	}
}

// waited is a ledger that somebody else holds for a while before it asks the judge.
type waited struct {
	deliveries.Ledger
	forLocks func()
}

func (l waited) Begin(ctx context.Context, fence deliveries.Fence, now, horizon time.Time, all []deliveries.Candidate, judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict) ([]deliveries.Verdict, error) {
	wait := sync.OnceFunc(l.forLocks)
	return l.Ledger.Begin(ctx, fence, now, horizon, all, func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
		wait()
		return judge(d, p)
	})
}

// Contact hours are judged when the ledger has all its locks, and that is when a message
// begins: whoever waits for a lock past their end sends nothing any more.
func TestHoursAreJudgedOnceTheLocksAreHeld(t *testing.T) {
	for wait, want := range map[time.Duration]deliveries.Status{10 * time.Second: deliveries.Sent, 30 * time.Second: deliveries.Planned} {
		s := open(t, with(map[string]string{
			"rapport.yaml": replace(files["rapport.yaml"], "contact:\n", "contact:\n  hours: {sms: [\"09:00-20:00\"]}\n"),
		}))
		s.setClock(time.Date(2026, 12, 1, 18, 59, 40, 0, time.UTC)) // 19:59:40 in Berlin
		s.plan("ann", "Texted")
		s.courier.Ledger = waited{s.store, func() { s.later(wait) }}
		due, locked := s.due(), s.clock().Add(wait)
		ok(t, s.courier.Deliver(s.ctx(), due))
		d := s.only()
		if d.Status != want || want == deliveries.Sent && !d.TakenAt.Equal(locked) {
			t.Errorf("after %s of waiting it is %s (%s), taken at %s", wait, d.Status, d.Reason, d.TakenAt)
		}
		if want == deliveries.Planned && (d.Reason != string(deliveries.QuietHoursExpired) || !d.DueAt.Equal(time.Date(2026, 12, 2, 8, 0, 0, 0, time.UTC))) {
			t.Errorf("it waits until %s (%s)", d.DueAt, d.Reason)
		}
	}
}
