package workers_test

import (
	"strconv"
	"testing"
	"time"

	"rapport/customers"
	"rapport/deliveries"
)

const saleAtTen = "campaign: sale\ntitle: Sale\nowner: support\ntopic: service\nstate: live\n" +
	"trigger: {once: 2026-10-25 10:00, zone: customer}\nsteps:\n  - {email: note}\n"

// live puts a customer with nothing but a mailbox somewhere.
func (s *shop) live(id, zone, phone, country string) {
	s.t.Helper()
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: id, Email: id + "@home.example", Zone: zone, Phone: phone, Country: country}})
	ok(s.t, err)
}

// On the day on which Europe turns its clocks back everybody gets it when their
// own clock shows ten, once, whether Auckland is a day ahead or Los Angeles
// behind. Who may be in any of a country's zones goes by the workspace's.
func TestABroadcastGoesByEachCustomersOwnClock(t *testing.T) {
	s := open(t, with(nil))
	s.setClock(time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC))
	s.apply(with(map[string]string{"campaigns/sale.yaml": saleAtTen}))
	s.live("auckland", "Pacific/Auckland", "", "NZ")
	s.live("berlin", "", "+4930123456", "DE")
	s.live("angeles", "America/Los_Angeles", "", "US")
	s.live("somewhere", "", "", "US")
	want := map[string]time.Time{
		"auckland":  time.Date(2026, 10, 24, 21, 0, 0, 0, time.UTC), // UTC+13
		"berlin":    time.Date(2026, 10, 25, 9, 0, 0, 0, time.UTC),  // UTC+1 since three in the morning
		"ann":       time.Date(2026, 10, 25, 9, 0, 0, 0, time.UTC),
		"somewhere": time.Date(2026, 10, 25, 9, 0, 0, 0, time.UTC),
		"angeles":   time.Date(2026, 10, 25, 17, 0, 0, 0, time.UTC), // UTC-7
	}
	for range 4 * 48 {
		ok(t, s.schedule.Round(s.ctx()))
		s.enter()
		s.travel()
		s.deliver()
		s.later(15 * time.Minute)
	}
	sent := map[string]int{}
	for _, d := range s.ledger() {
		if d.Status != deliveries.Sent || !d.TakenAt.Equal(want[d.Customer]) {
			t.Errorf("%s: %s at %s, want %s", d.Customer, d.Status, d.TakenAt, want[d.Customer])
		}
		sent[d.Customer]++
	}
	for who := range want {
		if sent[who] != 1 {
			t.Errorf("%s got it %d times", who, sent[who])
		}
	}
}

// What is applied, or goes on, after the first clock on earth has shown ten still
// goes to everybody whose own clock has not.
func TestARunByOwnClocksBeginsLate(t *testing.T) {
	s := open(t, with(nil))
	s.setClock(time.Date(2026, 10, 25, 8, 59, 0, 0, time.UTC))
	s.apply(with(map[string]string{"campaigns/sale.yaml": saleAtTen}))
	s.live("auckland", "Pacific/Auckland", "", "NZ")
	s.live("berlin", "", "+4930123456", "DE")
	s.live("angeles", "America/Los_Angeles", "", "US")
	for range 24 {
		ok(t, s.schedule.Round(s.ctx()))
		s.enter()
		s.travel()
		s.deliver()
		s.later(30 * time.Minute)
	}
	sent := map[string]int{}
	for _, d := range s.ledger() {
		if d.Status == deliveries.Sent {
			sent[d.Customer]++
		}
	}
	if len(sent) != 3 || sent["berlin"] != 1 || sent["ann"] != 1 || sent["angeles"] != 1 {
		t.Errorf("it went to %v", sent)
	}
}

// A stage's hold counts from its first message: nobody's clock has come in the first
// hours of such a run, and nothing could be known.
func TestAStageIsWatchedFromItsFirstMessageOn(t *testing.T) {
	nine := time.Date(2026, 10, 25, 9, 0, 0, 0, time.UTC) // ten in Berlin
	for name, c := range map[string]struct {
		rollout string
		early   int // whose clock comes twelve hours before
		want    time.Time
	}{
		"judged by what was sent":    {"continue_if: [failed < 10%], min_sample: 1", 0, nine.Add(2 * time.Hour)},
		"judged by nothing":          {"", 0, nine.Add(2 * time.Hour)},
		"too few whose clock is far": {"continue_if: [failed < 10%], min_sample: 10", 4, nine.Add(2 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, with(nil))
			s.setClock(time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC))
			s.apply(with(map[string]string{"campaigns/sale.yaml": saleAtTen + "rollout: {stages: [50%, 100%], hold: 2h, " + c.rollout + "}\n"}))
			for n := range 40 {
				s.live("p"+strconv.Itoa(n), "Europe/Berlin", "", "DE")
			}
			for n := range c.early {
				s.live("k"+strconv.Itoa(n), "Pacific/Auckland", "", "NZ")
			}
			var opened time.Time
			for range 2 * 48 {
				s.turn()
				if all, err := s.store.AllStages(s.ctx()); err != nil || len(all) == 1 && all[0].Number == 1 && opened.IsZero() {
					ok(t, err)
					opened = s.clock()
				}
				s.later(30 * time.Minute)
			}
			if !opened.Equal(c.want) {
				t.Errorf("the last stage opened at %s, want %s", opened, c.want)
			}
			s.wantSent("at the end", 41+c.early)
		})
	}
}
