package workers_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/campaigns"
	"rapport/campaigns/plan"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
	"rapport/store/storetest"
)

// planned are the files of a shop in which everything that can keep a message
// from a customer is in play: two broadcasts at noon, the one that counts less
// named first, and a third that begins with a wait.
var planned = map[string]string{
	"rapport.yaml": `
workspace: shop
brand: {name: Shop, url: "https://shop.example", address: "1 High Street"}
locale: en
zone: Europe/Berlin
currency: EUR
topics:
  - {id: service, title: About your orders, default: in}
  - {id: marketing, title: Offers, default: out}
senders:
  email: {from: "Shop <hello@shop.example>"}
  sms: {from: "+493012345678"}
contact:
  hours: {sms: ["09:00-20:00"]}
  caps: [{at_most: 1, per: 1d, topics: [marketing]}, {at_most: 3, per: 7d}]
  countries: {sms: [DE, AT, US]}
budget: {sms: 9.50 EUR per 1d}
prices: {sms: {DE: 0.08, AT: 0.07, US: 0.06}}
`,
	"campaigns/advent.yaml": `
campaign: advent
title: Advent
topic: marketing
state: live
priority: 40
trigger: {once: 2026-12-01 13:00}
audience: {where: 'orders.count >= 2 and did("Order Completed", "90d") < 3'}
exit: [{when: 'tier == "gold"'}]
holdout: 10%
steps:
  - ask: csat
    by: [sms, email]
    template: note
`,
	"campaigns/zest.yaml": `
campaign: zest
title: Zest
topic: marketing
state: live
priority: 70
trigger: {cron: "0 13 * * TUE"}
entry: {again: after 3d}
audience: {where: 'country in ["DE", "US"]'}
budget: 4 EUR per 1d
steps:
  - sms: note
    expires: 2h
  - wait: 1d
  - sms: note
`,
	"campaigns/calm.yaml": `
campaign: calm
title: Calm
topic: service
state: live
trigger: {cron: "0 13 * * WED"}
audience: {where: 'orders.count > 2'}
holdout: 10%
rollout: {stages: [60%, 100%], hold: 6h, continue_if: [bounced < 5%], otherwise: pause}
steps:
  - wait: 90m
  - email: note
`,
	"templates/email/note.liquid": "---\nsubject: Hello\nlayout: base\nformat: mjml\n---\n" +
		"<mj-text>Hello, was it good? {{ 100 | divided_by: customer.orders.returned }}</mj-text>\n",
	"templates/sms/note.liquid": "A note from {{ brand.name }} {{ links.unsubscribe }}\n",
}

// crowd fills a store with customers of all kinds.
func (s *shop) crowd(n int) {
	s.t.Helper()
	luck := rand.New(rand.NewPCG(1, 2))
	pick := func(words ...string) string { return words[luck.IntN(len(words))] }
	var people []customers.Customer
	for i := range n {
		c := customers.Customer{
			ID: fmt.Sprintf("p%04d", i), Email: fmt.Sprintf("p%d@home.example", i), Phone: fmt.Sprintf("+49151123%05d", i),
			Country: "DE", Zone: pick("", "Europe/Berlin", "America/New_York", "Asia/Tokyo"), Tier: pick("", "silver", "gold"),
			Locale: pick("", "en", "de-DE"), Orders: customers.OrderTotals{Count: int64(luck.IntN(6)), Returned: int64(luck.IntN(4))},
		}
		switch luck.IntN(12) {
		case 0:
			c.Phone = ""
		case 1:
			c.Email = ""
		case 2:
			c.Phone = "0301234"
		case 3:
			c.Phone, c.Country = fmt.Sprintf("+336123%05d", i), "FR"
		case 4:
			c.Phone, c.Country = fmt.Sprintf("+1212555%04d", i), "US"
		case 5:
			c.Email = fmt.Sprintf("p%d@home.example", i/2) // another profile of the same person
		}
		for _, ch := range []channels.Channel{channels.SMS, channels.Email} {
			if luck.IntN(4) > 0 {
				c.Consents = append(c.Consents, customers.Consent{Topic: "marketing", Channel: ch, In: luck.IntN(6) > 0, Source: "form"})
			}
		}
		people = append(people, c)
	}
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), people)
	ok(s.t, err)
	var blocks []customers.Suppression
	for i, c := range people {
		if i%7 == 0 && c.Phone != "" {
			blocks = append(blocks, customers.Suppression{Channel: channels.SMS, Address: c.Phone, Reason: "opted_out", At: s.clock()})
		}
		for range i % 5 {
			s.happen(c.ID, "Order Completed")
		}
	}
	ok(s.t, s.store.Suppress(s.ctx(), blocks))
	ok(s.t, s.reactor.React(s.ctx()))
}

// sendBefore lets some customers have been in campaigns and have got messages
// before noon.
func (s *shop) sendBefore(people int) {
	s.t.Helper()
	edition, err := s.catalog.Current(s.ctx())
	ok(s.t, err)
	at := noon.Add(-3*24*time.Hour - 14*time.Hour)
	for days := range 4 {
		var entries []campaigns.Entry
		now := at.Add(time.Duration(days) * 24 * time.Hour)
		for i := days; i < people; i += 7 + days {
			c := edition.Campaigns[[]string{"zest", "calm"}[i%2]]
			found, err := s.store.Load(s.ctx(), []string{fmt.Sprintf("p%04d", i)}, now)
			ok(s.t, err)
			for _, cust := range found {
				entries = append(entries, c.Begin(cust, fmt.Sprintf("manual:%d", days), nil, now))
			}
		}
		_, err := s.store.Enter(s.ctx(), entries, campaigns.Again{Mode: "always"})
		ok(s.t, err)
		s.setClock(now)
		s.work()
	}
	s.setClock(noon.Add(-time.Hour)) // what the night held
	s.work()
}

func (s *shop) setClock(to time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = to
}

// work does what is due at the clock's now, until nothing is, in the order of
// one scheduler and one worker.
func (s *shop) work() {
	s.t.Helper()
	for {
		shards, err := s.store.Runs().Pending(s.ctx(), s.clock(), 1000)
		ok(s.t, err)
		for _, shard := range shards {
			ok(s.t, s.entrance.Enter(s.ctx(), shard))
		}
		ids, err := s.store.Awake(s.ctx(), s.clock(), time.Minute, 100_000)
		ok(s.t, err)
		for batch := range slices.Chunk(ids, 500) {
			ok(s.t, s.walker.Walk(s.ctx(), batch))
		}
		batches, err := s.store.Due(s.ctx(), s.clock(), time.Minute, deliveries.QuotaFor(100_000), 500)
		ok(s.t, err)
		for _, batch := range batches {
			ok(s.t, s.courier.Deliver(s.ctx(), batch.IDs))
		}
		if len(shards)+len(ids)+len(batches) == 0 {
			return
		}
	}
}

// foretell plans campaigns at an instant and says of each customer, in one line,
// what will have become of them at a later one.
func (s *shop) foretell(at, until time.Time, ids ...string) (lines map[string]string, forecasts []plan.Forecast) {
	s.t.Helper()
	raw := map[string][]byte{}
	for name, text := range planned {
		raw[name] = []byte(text)
	}
	workspace, problems := campaigns.Load(raw)
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	var group []*campaigns.Campaign
	for _, id := range ids {
		group = append(group, workspace.Campaigns[id])
	}
	lines = map[string]string{}
	ok(s.t, s.store.Forecast(s.ctx(), func(source plan.Source) (err error) {
		planner := plan.Planner{Workspace: workspace, Source: source, Addresses: s.doors, Each: func(f plan.Fate) error {
			if f.Standing == plan.Enters || f.Standing == plan.Twin {
				lines[f.Campaign+" "+f.Customer] = fateLine(f, until)
			}
			return nil
		}}
		forecasts, err = planner.Run(s.ctx(), group, at)
		return err
	}))
	return lines, forecasts
}

func fateLine(f plan.Fate, until time.Time) string {
	if f.Standing == plan.Twin {
		return "duplicate_person"
	}
	var words []string
	for _, d := range f.Refused {
		if !d.PlannedAt.After(until) {
			words = append(words, refusal(d))
		}
	}
	if d := f.Contact; d != nil && !d.PlannedAt.After(until) {
		words = append(words, contactLine(*d, d.Status == deliveries.Sending, f.At))
	}
	return strings.Join(words, "; ")
}

func refusal(d deliveries.Delivery) string {
	return fmt.Sprintf("step %s %s %s: %s", d.Step, d.Channel, d.Status, d.Reason)
}

func contactLine(d deliveries.Delivery, goes bool, at time.Time) string {
	if goes {
		return fmt.Sprintf("step %s %s goes at %s for %d on the clock of %s (%s)", d.Step, d.Channel, at.UTC().Format(time.RFC3339), d.Cost, d.Zone, d.ZoneFrom)
	}
	return fmt.Sprintf("step %s %s held until %s: %s", d.Step, d.Channel, at.UTC().Format(time.RFC3339), d.Reason)
}

// become says the same of what the store holds after the run.
func (s *shop) become(runs map[string]int64) map[string]string {
	s.t.Helper()
	lines := map[string]string{}
	var ids []int64
	for id := int64(1); id < 20_000; id++ {
		ids = append(ids, id)
	}
	travellers, err := s.store.Travellers(s.ctx(), ids, s.clock())
	ok(s.t, err)
	for _, t := range travellers {
		run, ours := runs[t.Entry.Campaign]
		if !ours || t.Entry.Run != run {
			continue
		}
		lines[t.Entry.Campaign+" "+t.Entry.Customer] = journeyLine(t)
	}
	return lines
}

func journeyLine(t campaigns.Traveller) string {
	if t.Entry.Why == string(deliveries.DuplicatePerson) {
		return t.Entry.Why
	}
	var words []string
	for _, d := range t.Deliveries {
		if d.Status == deliveries.Skipped || d.Status == deliveries.Failed {
			words = append(words, refusal(d))
			continue
		}
		at := d.DueAt
		if d.Status == deliveries.Sent {
			at = d.TakenAt
		}
		return strings.Join(append(words, contactLine(d, d.Status == deliveries.Sent, at)), "; ")
	}
	return strings.Join(words, "; ")
}

// TestAPlanSaysExactlyWhatARunThenDoes plans two broadcasts that run at the same
// instant, then runs them: whoever enters, is a second profile, is sent to, is held
// (until when), is skipped (why), by which step and channel and at what cost must
// be the same.
func TestAPlanSaysExactlyWhatARunThenDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		const people = 600
		s := openOn(t, db, files)
		s.crowd(people)
		s.apply(planned)
		s.sendBefore(people)
		s.setClock(noon)
		foretold, forecasts := s.foretell(noon, noon, "advent", "zest")
		before := s.run("advent", noon)
		after := s.run("zest", noon)
		s.work()
		became := s.become(map[string]int64{"advent": before, "zest": after})
		if diff := cmp.Diff(foretold, became); diff != "" {
			t.Errorf("(-foretold +became):\n%s", diff)
		}
		wantVariety(t, foretold)
		for _, f := range forecasts {
			t.Logf("%s: %d belong, %d enter, %v", f.Campaign, f.Belong, f.Enter, f.Outcomes)
		}
	})
}

// wantVariety checks that everything that may keep a message back was in play.
func wantVariety(t *testing.T, lines map[string]string) {
	t.Helper()
	all := strings.Builder{}
	for _, line := range lines {
		all.WriteString(line + "\n")
	}
	for _, want := range []string{
		"goes at", "email goes", "duplicate_person", "no_address", "invalid_address", "no_consent", "suppressed", "holdout",
		"country_not_allowed", "held until 2026-12-01T14:00:00Z: quiet_hours_expired", ": capped", "held until 2026-12-01T13:00:00Z: over_budget", "held until 2026-12-01T12:05:00Z: lower_priority",
		"failed: not_rendered", "skipped: quiet_hours_expired",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("nobody's fate is %q", want)
		}
	}
}

// run records an occurrence and gives its number.
func (s *shop) run(campaign string, at time.Time) int64 {
	s.t.Helper()
	edition, err := s.catalog.Current(s.ctx())
	ok(s.t, err)
	fresh, err := s.store.Runs().Occur(s.ctx(), []campaigns.Run{{Campaign: campaign, Version: edition.Campaigns[campaign].Version, At: at}}, campaigns.ShardsPerRun)
	ok(s.t, err)
	return fresh[0].ID
}

// TestAPlanFollowsJourneysThroughTheirWaits plans a broadcast whose first message
// comes after a wait.
func TestAPlanFollowsJourneysThroughTheirWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		const people = 200
		s := openOn(t, db, files)
		s.crowd(people)
		s.apply(planned)
		s.sendBefore(people)
		s.setClock(noon)
		foretold, _ := s.foretell(noon, noon.Add(90*time.Minute), "calm")
		run := s.run("calm", noon)
		s.work()
		s.setClock(noon.Add(90 * time.Minute))
		s.work()
		if diff := cmp.Diff(foretold, s.become(map[string]int64{"calm": run})); diff != "" {
			t.Errorf("(-foretold +became):\n%s", diff)
		}
	})
}

// What is told by the customers' hours goes by the clock that judged the message: of
// somebody who may be in any zone of a country one of those, not the workspace's.
func TestAPlanCountsHoursByTheClockThatJudges(t *testing.T) {
	raw := map[string][]byte{}
	for name, text := range with(map[string]string{
		"rapport.yaml": replace(files["rapport.yaml"], "contact:\n", "contact:\n  hours: {email: [\"09:00-20:00\"]}\n"),
		"campaigns/news.yaml": "campaign: news\ntopic: service\nstate: live\naudience:\n  where: country in [\"US\", \"JP\"]\n" +
			"trigger: {cron: \"0 10 * * *\"}\nsteps:\n  - email: note\n",
	}) {
		raw[name] = []byte(text)
	}
	workspace, problems := campaigns.Load(raw)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := open(t, files)
	s.live("somewhere", "", "", "US")
	s.live("tokyo", "", "+4915112345678", "JP")
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	ok(t, s.store.Forecast(s.ctx(), func(source plan.Source) error {
		planner := plan.Planner{Workspace: workspace, Source: source, Addresses: s.doors}
		forecasts, err := planner.Run(s.ctx(), []*campaigns.Campaign{workspace.Campaigns["news"]}, at)
		ok(t, err)
		// Honolulu's 09:00 is New York's 14:00, and 18:00 in Tokyo is Berlin's 10:00.
		if diff := cmp.Diff(map[string]int64{"14": 1, "18": 1}, forecasts[0].ByCustomerHour); diff != "" {
			t.Errorf("by hour, theirs (-want +got):\n%s", diff)
		}
		return nil
	}))
}
