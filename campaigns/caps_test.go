package campaigns

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/channels"
	"rapport/deliveries"
)

func TestCapsAreRollingWindows(t *testing.T) {
	limit := Cap{AtMost: 2, Per: 24 * time.Hour}
	at := func(hours ...int) (contacts []deliveries.Contact) {
		for _, h := range hours {
			contacts = append(contacts, deliveries.Contact{Channel: channels.SMS, Topic: "service", At: noon.Add(-time.Duration(h) * time.Hour)})
		}
		return contacts
	}
	for name, c := range map[string]struct {
		contacts []deliveries.Contact
		want     time.Duration
	}{
		"none":                        {nil, 0},
		"one":                         {at(1), 0},
		"two: the older must go":      {at(1, 5), 19 * time.Hour},
		"three: the second must go":   {at(1, 5, 10), 19 * time.Hour},
		"in any order":                {at(10, 1, 5), 19 * time.Hour},
		"one is as old as the window": {at(1, 24), 0},
	} {
		got, found := limit.free(c.contacts, noon)
		if !found || got.Sub(noon) != c.want {
			t.Errorf("%s: room in %s, want %s", name, got.Sub(noon), c.want)
		}
	}
}

// A day is 24 hours to a cap, also where clocks are set, and midnight means
// nothing to it.
func TestACapsDayIsNoCalendarDay(t *testing.T) {
	for _, sent := range []string{"2026-03-28T23:30:00Z", "2026-10-24T22:30:00Z", "2026-12-01T22:59:00Z"} {
		p := smsPlea()
		p.shop.Contact.Caps, p.shop.Contact.Hours = oneADay(), nil
		at := utc(sent)
		p.pressure.Contacts = []deliveries.Contact{{Channel: channels.SMS, Topic: "service", At: at}}
		p.delivery.ExpiresAt = at.Add(72 * time.Hour)
		p.now = at.Add(24*time.Hour - time.Millisecond)
		if got := p.judge(); got.Go || !got.Until.Equal(at.Add(24*time.Hour)) {
			t.Errorf("less than a day after %s: %+v", sent, got)
		}
		p.now = at.Add(24 * time.Hour)
		if got := p.judge(); !got.Go {
			t.Errorf("a day after %s: held until %s", sent, got.Until)
		}
	}
}

// Money comes back a window after it was spent, and at no midnight.
func TestBudgetsRoll(t *testing.T) {
	p := smsPlea()
	p.shop.Contact.Hours = nil
	p.shop.Budgets = []Budget{{Amount: 16, Per: 24 * time.Hour, Channel: channels.SMS}}
	p.spendings = []spending{{noon, 8}, {noon.Add(time.Hour), 8}}
	p.pressure.Spent = p.spentSince
	for after, goes := range map[time.Duration]bool{
		2 * time.Hour: false, 13 * time.Hour: false, 24*time.Hour - time.Second: false, 24 * time.Hour: true, 25 * time.Hour: true,
	} {
		p.now = noon.Add(after)
		if got := p.judge(); got.Go != goes || !goes && got.Reason != deliveries.OverBudget {
			t.Errorf("%s after the first was spent: %+v", after, got)
		}
	}
}

// rival is a text of priority 90 that waits beside the plea's, of priority 50.
func (p *plea) rival(due time.Duration) *deliveries.Rival {
	p.delivery.Priority = 50
	p.pressure.Rivals = append(p.pressure.Rivals, deliveries.Rival{
		Delivery: 200, Channel: channels.SMS, Topic: "service", Priority: 90, DueAt: p.now.Add(due),
	})
	return &p.pressure.Rivals[len(p.pressure.Rivals)-1]
}

func oneADay() []Cap { return []Cap{{AtMost: 1, Per: 24 * time.Hour}} }

func TestADeliveryYieldsToRivals(t *testing.T) {
	for name, c := range map[string]struct {
		with  func(*plea)
		until string // "": it goes; "skipped"
	}{
		"due now":        {func(p *plea) { p.rival(0) }, "2026-12-01T11:05:00Z"},
		"overdue":        {func(p *plea) { p.rival(-time.Hour) }, "2026-12-01T11:05:00Z"},
		"due in an hour": {func(p *plea) { p.rival(time.Hour) }, "2026-12-01T12:05:00Z"},
		"the first of two is awaited": {func(p *plea) {
			p.rival(3 * time.Hour)
			p.rival(time.Hour)
		}, "2026-12-01T12:05:00Z"},
		"at night the morning is awaited": {func(p *plea) { p.rival(12 * time.Hour) }, "2026-12-02T08:00:00Z"},
		"due when the window is over":     {func(p *plea) { p.rival(24 * time.Hour) }, ""},
		"as high and older": {func(p *plea) {
			r := p.rival(0)
			r.Priority, r.Delivery = 50, 99
		}, "2026-12-01T11:05:00Z"},
		"as high and younger": {func(p *plea) { p.rival(0).Priority = 50 }, ""},
		"lower":               {func(p *plea) { p.rival(0).Priority = 49 }, ""},
		"a webhook":           {func(p *plea) { p.rival(0).Channel = channels.Webhook }, ""},
		"not under the cap": {func(p *plea) {
			p.rival(0).Topic = "marketing"
			p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 24 * time.Hour, Topics: []string{"service"}}}
		}, ""},
		"no cap":                    {func(p *plea) { p.rival(0); p.shop.Contact.Caps = nil }, ""},
		"a cap of the campaign":     {func(p *plea) { p.rival(0); p.shop.Contact.Caps, p.campaign.Contact.Caps = nil, oneADay() }, ""},
		"a place for each":          {func(p *plea) { p.rival(0); p.shop.Contact.Caps[0].AtMost = 2 }, ""},
		"too late for the expiry":   {func(p *plea) { p.rival(time.Hour); p.delivery.ExpiresAt = p.now.Add(time.Hour) }, "skipped"},
		"and after the rival's due": {func(p *plea) { p.rival(20 * time.Hour); p.delivery.ExpiresAt = p.now.Add(20 * time.Hour) }, "skipped"},
		"two places, one taken, one wanted": {func(p *plea) {
			p.shop.Contact.Caps[0].AtMost = 2
			p.contacts(time.Hour)
			p.rival(time.Hour)
		}, "2026-12-01T12:05:00Z"},
		"a place that is free again by then": {func(p *plea) {
			p.shop.Contact.Caps[0].AtMost = 2
			p.contacts(23 * time.Hour)
			p.rival(time.Hour)
		}, ""},
		"a call that rang and is tried again has one place": {func(p *plea) {
			p.shop.Contact.Caps[0].AtMost = 2
			p.contacts(time.Hour)
			p.pressure.Contacts[0].Delivery = 200
			p.rival(time.Hour)
		}, ""},
	} {
		p := smsPlea()
		p.shop.Contact.Caps = oneADay()
		c.with(p)
		got, until := p.judge(), "skipped"
		switch {
		case got.Go:
			until = ""
		case !got.Until.IsZero():
			until = got.Until.UTC().Format(time.RFC3339)
		}
		if until != c.until || until != "" && got.Reason != deliveries.LowerPriority {
			t.Errorf("%s: %q for %q, want %q", name, until, got.Reason, c.until)
		}
	}
}

// Whose place was taken by a message of higher priority while it waited has lost
// to that, and to no cap.
func TestWhoeverIsOvertakenIsToldSo(t *testing.T) {
	for reason, priority := range map[deliveries.SkipReason]int{deliveries.LowerPriority: 90, deliveries.Capped: 50} {
		p := smsPlea()
		p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 26 * time.Hour}}
		p.contacts(time.Hour)
		p.pressure.Contacts[0].Priority, p.delivery.Priority = priority, 50
		p.delivery.PlannedAt = noon.Add(-2 * time.Hour)
		if got := p.judge(); got.Reason != reason || !got.Until.Equal(noon.Add(25*time.Hour)) {
			t.Errorf("by priority %d: %s until %s", priority, got.Reason, got.Until)
		}
		p.delivery.PlannedAt = noon
		if got := p.judge(); got.Reason != deliveries.Capped {
			t.Errorf("before it was planned, by priority %d: %s", priority, got.Reason)
		}
	}
}

// inbox is one customer's messages, sent by a program that looks at what is due,
// in whatever order.
type inbox struct {
	caps     []Cap
	waiting  []deliveries.Delivery
	contacts []deliveries.Contact
	ended    int
}

func drawInbox(t *rapid.T) *inbox {
	in := &inbox{}
	for range rapid.IntRange(1, 2).Draw(t, "caps") {
		limit := Cap{
			AtMost: rapid.IntRange(1, 3).Draw(t, "at most"),
			Per:    time.Duration(rapid.SampledFrom([]int{1, 7, 24, 48}).Draw(t, "hours")) * time.Hour,
		}
		if rapid.Bool().Draw(t, "one topic") {
			limit.Topics = []string{"marketing"}
		}
		in.caps = append(in.caps, limit)
	}
	for i := range rapid.IntRange(2, 7).Draw(t, "messages") {
		planned := noon.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "planned")) * time.Hour)
		in.waiting = append(in.waiting, deliveries.Delivery{
			ID: int64(i + 1), Entry: 1, Channel: rapid.SampledFrom([]channels.Channel{channels.Email, channels.Push}).Draw(t, "channel"),
			Topic:    rapid.SampledFrom([]string{"service", "marketing"}).Draw(t, "topic"),
			Priority: rapid.SampledFrom([]int{10, 50, 90}).Draw(t, "priority"), PlannedAt: planned,
			DueAt:     planned.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "due")) * time.Hour),
			ExpiresAt: planned.Add(time.Duration(rapid.IntRange(1, 96).Draw(t, "expires")) * time.Hour),
		})
	}
	return in
}

// covered says in the test's own words whether a message falls under a cap.
func covered(limit Cap, topic string) bool { return len(limit.Topics) == 0 || topic == limit.Topics[0] }

// run judges everything that is due, minute by minute where anything is.
func (in *inbox) run(t *rapid.T) {
	shop := ruleShop()
	shop.Contact.Caps = in.caps
	shop.Contact.Hours = nil
	for now := noon; len(in.waiting) > 0; {
		var due []int
		next := noon.Add(365 * 24 * time.Hour)
		for i, d := range in.waiting {
			switch at := later(d.DueAt, d.PlannedAt); {
			case !at.After(now):
				due = append(due, i)
			case at.Before(next):
				next = at
			}
		}
		if len(due) == 0 {
			now = next
			continue
		}
		in.judge(t, shop, rapid.SampledFrom(due).Draw(t, "next"), now)
	}
}

func (in *inbox) judge(t *rapid.T, shop *Workspace, i int, now time.Time) {
	d := in.waiting[i]
	pressure := deliveries.Pressure{Contacts: in.contacts}
	for _, other := range in.waiting {
		if other.ID != d.ID && !other.PlannedAt.After(now) {
			pressure.Rivals = append(pressure.Rivals, deliveries.Rival{
				Delivery: other.ID, Channel: other.Channel, Topic: other.Topic, Priority: other.Priority, DueAt: other.DueAt,
			})
		}
	}
	v := shop.Judge(Matter{
		Campaign: ruleCampaign(), Delivery: d, Entry: ruleEntry(), Customer: ann(), Pressure: pressure,
	}, now)
	switch {
	case v.Go:
		in.nobodyLosesAPlace(t, d, pressure.Rivals, now)
		in.contacts = append(in.contacts, deliveries.Contact{
			Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: now,
		})
	case v.Until.IsZero():
		if v.Reason != deliveries.Capped && v.Reason != deliveries.LowerPriority {
			t.Fatalf("skipped for %s", v.Reason)
		}
	case !v.Until.After(now) || !v.Until.Before(d.ExpiresAt):
		t.Fatalf("held at %s until %s, which is no later moment before %s", now, v.Until, d.ExpiresAt)
	default:
		in.waiting[i].DueAt, in.waiting[i].Reason = v.Until, string(v.Reason)
		return
	}
	in.waiting = append(in.waiting[:i], in.waiting[i+1:]...)
	in.ended++
}

// nobodyLosesAPlace takes every rival that comes before the message to go at its
// time, as it would had the message stayed away, and counts what each then finds
// in its window, the message among it.
func (in *inbox) nobodyLosesAPlace(t *rapid.T, d deliveries.Delivery, rivals []deliveries.Rival, now time.Time) {
	for _, limit := range in.caps {
		if !covered(limit, d.Topic) {
			continue
		}
		var before []deliveries.Rival
		for _, r := range rivals {
			if covered(limit, r.Topic) && (r.Priority > d.Priority || r.Priority == d.Priority && r.Delivery < d.ID) {
				before = append(before, r)
			}
		}
		for _, loser := range before {
			at := later(loser.DueAt, now)
			if !at.Before(now.Add(limit.Per)) {
				continue // the message has left the window by then
			}
			n := 1
			for _, c := range in.contacts {
				if covered(limit, c.Topic) && at.Sub(c.At) < limit.Per {
					n++
				}
			}
			for _, r := range before {
				if other := later(r.DueAt, now); r.Delivery != loser.Delivery && !other.After(at) && at.Sub(other) < limit.Per {
					n++
				}
			}
			if n == limit.AtMost {
				t.Fatalf("%d goes at %s and takes the last of %d places from %d at %s", d.ID, now, n, loser.Delivery, at)
			}
		}
	}
}

func TestCapsHoldAndNobodyTakesTheirBettersPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInbox(t)
		all := len(in.waiting)
		in.run(t)
		if in.ended != all {
			t.Fatalf("%d of %d messages came to an end", in.ended, all)
		}
		for _, limit := range in.caps {
			for _, last := range in.contacts {
				n := 0
				for _, c := range in.contacts {
					if age := last.At.Sub(c.At); covered(limit, last.Topic) && covered(limit, c.Topic) && age >= 0 && age < limit.Per {
						n++
					}
				}
				if n > limit.AtMost {
					t.Fatalf("%d messages within %s under a cap of %d", n, limit.Per, limit.AtMost)
				}
			}
		}
	})
}
