package rehearsal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
)

// crowded is a month in which many things meet: caps, retries, opt-outs, two
// profiles of one person, everything the sample shop does at once.
func crowded(t *testing.T) campaigns.Test {
	t.Helper()
	start := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	test := campaigns.Test{Title: "a crowded month", Start: start, Until: start.Add(35 * 24 * time.Hour), Zone: time.UTC}
	for n := range 12 {
		id := fmt.Sprintf("c%02d", n)
		c := customers.Customer{ID: id, Kind: "consumer", FirstName: "Jo", Email: id + "@home.example", Country: "DE", CreatedAt: start}
		if n%3 != 0 {
			c.Phone = fmt.Sprintf("+4915112345%03d", n)
			c.PhoneZone = customers.PhoneZone(c.Phone)
		}
		if n == 11 { // a second profile
			c.Email, c.Phone, c.PhoneZone = "c10@home.example", "", ""
		}
		if n%2 == 0 {
			c.Orders = customers.OrderTotals{Count: 2, Total: 9000, FirstAt: start.AddDate(-1, 0, 0), LastAt: start.AddDate(0, 0, -20-15*n)}
		}
		for _, ch := range channels.All() {
			c.Consents = append(c.Consents, customers.Consent{Topic: "marketing", Channel: ch, In: (n+len(ch))%4 != 0, Source: "test"})
		}
		test.Customers = append(test.Customers, c)
		at := start.Add(time.Duration(n*7) * time.Hour)
		order := map[string]any{"order_id": "A" + id, "total": 40.0 + 10*float64(n)}
		test.Script = append(test.Script,
			campaigns.Scene{At: at, Customer: id, Event: "Signed Up"},
			campaigns.Scene{At: at.Add(26 * time.Hour), Customer: id, Event: "Order Completed", With: order},
			campaigns.Scene{At: at.Add(50 * time.Hour), Customer: id, Event: "Order Delivered", With: order})
		if n%5 == 0 {
			test.Script = append(test.Script, campaigns.Scene{At: at.Add(60 * time.Hour), Customer: id, Event: "Order Returned", With: order})
		}
	}
	slices.SortStableFunc(test.Script, func(a, b campaigns.Scene) int { return a.At.Compare(b.At) })
	on := func(ch channels.Channel, template string, customer string, after time.Duration, acts ...campaigns.Act) {
		test.Cues = append(test.Cues, campaigns.Cue{On: campaigns.Message{Channel: ch, Template: template}, Customer: customer, After: after, Acts: acts})
	}
	on(channels.Email, "welcome", "c02", time.Hour, campaigns.Act{Kind: campaigns.ActUnsubscribe})
	on(channels.Email, "advent-sale", "c04", time.Hour, campaigns.Act{Kind: campaigns.ActOpen}, campaigns.Act{Kind: campaigns.ActClick, Link: "https://shop.example"})
	on(channels.Email, "advent-sale", "c06", time.Minute, campaigns.Act{Kind: campaigns.ActComplain})
	on(channels.Email, "weekly-news", "c08", time.Minute, campaigns.Act{Kind: campaigns.ActBounce, Hard: true})
	on(channels.Call, "satisfaction", "c04", 20*time.Second, campaigns.Act{Kind: campaigns.ActNoAnswer})
	on(channels.Call, "satisfaction", "c04", 25*time.Second, campaigns.Act{Kind: campaigns.ActAnswer, Answer: "1"})
	on(channels.Call, "satisfaction", "c05", 20*time.Second, campaigns.Act{Kind: campaigns.ActBusy})
	on(channels.Call, "satisfaction", "", 20*time.Second, campaigns.Act{Kind: campaigns.ActAnswer, Answer: "5"})
	on(channels.SMS, "advent-reminder", "c10", time.Minute, campaigns.Act{Kind: campaigns.ActReply, Text: "what does that mean"})
	on(channels.SMS, "apology", "c04", time.Minute, campaigns.Act{Kind: campaigns.ActUnsubscribe})
	return test
}

// wholeLanguage is a workspace of what the sample shop does not use.
func wholeLanguage(t *testing.T) *campaigns.Workspace {
	t.Helper()
	w, problems := campaigns.Load(map[string][]byte{
		"rapport.yaml": []byte(`
workspace: whole
brand: {name: Whole, url: "https://whole.example"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: service, title: Service, default: in}]
senders: {email: {from: "Whole <hello@whole.example>"}, sms: {from: "+493012345678"}}
contact: {countries: {sms: [DE]}}
budget: {sms: 1 EUR per 1d}
prices: {sms: {DE: 0.08}}
`),
		"segments/s.yaml": []byte("segment: regulars\nwhere: orders.count >= 2 and days_since(orders.last_at) < 2\n"),
		"campaigns/basket.yaml": []byte(`
campaign: basket
topic: service
state: live
trigger: {event: Basket Left, delay: 30m}
exit: [{when: points.balance > 500}]
goal: {event: Order Completed, within: 3d, value: event.total}
steps:
  - wait: {for: Order Completed, where: event.total > 20, at_most: 6h}
    id: bought
  - branch:
      - if: steps.bought.status == "happened"
        then: [{points: +100}, {enter: thanks}]
      - else:
          - reach: note
            by: [push, sms, email]
            fallback_after: 1h
          - split: words
            paths:
              short: {share: 30%, steps: [{email: short}]}
              long: {share: 30%, steps: [{email: long}]}
            winner: {by: clicked, after: 5h, min_sample: 3}
          - consent: {topic: service, channel: [sms, push], to: out}
`),
		"campaigns/thanks.yaml":   []byte("campaign: thanks\ntopic: service\nstate: live\ntrigger: {manual: true}\nsteps:\n  - sms: note\n"),
		"campaigns/regulars.yaml": []byte("campaign: regulars\ntopic: service\nstate: live\ntrigger: {segment: regulars}\nsteps:\n  - tag: [+regular]\n  - email: short\n"),
		"campaigns/former.yaml":   []byte("campaign: former\ntopic: service\nstate: live\ntrigger: {segment: regulars, on: leave}\nsteps:\n  - email: long\n"),
		"campaigns/letter.yaml": []byte(`
campaign: letter
owner: marketing
topic: service
state: live
trigger: {once: "2026-12-02 09:00", zone: customer}
rollout: {stages: [40%, 100%], hold: 6h, continue_if: [bounced < 60%], min_sample: 1, otherwise: pause}
steps:
  - email: long
`),
		"templates/sms/note.liquid":    []byte("A note from {{ brand.name }}\n"),
		"templates/email/note.liquid":  []byte("---\nsubject: A note\n---\n<mj-text>A note</mj-text>\n"),
		"templates/push/note.yaml":     []byte("title: A note\nbody: Read it\nurl: https://whole.example\n"),
		"templates/email/short.liquid": []byte("---\nsubject: Short\n---\n<mj-text>Short</mj-text>\n"),
		"templates/email/long.liquid":  []byte("---\nsubject: Long\n---\n<mj-text>Long</mj-text>\n"),
	})
	for _, p := range problems {
		t.Error(p)
	}
	return w
}

// eventful are five days in which all of that happens.
func eventful(t *testing.T) campaigns.Test {
	t.Helper()
	start := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	test := campaigns.Test{Title: "five eventful days of the whole language", Start: start, Until: start.Add(5 * 24 * time.Hour), Zone: time.UTC}
	zones := []string{"Europe/Berlin", "Asia/Tokyo", "America/New_York"}
	for n := range 12 {
		id := fmt.Sprintf("c%02d", n)
		c := customers.Customer{ID: id, Kind: "consumer", Email: id + "@home.example", Country: "DE", Zone: zones[n%3], CreatedAt: start}
		if n%2 == 0 {
			c.Phone = fmt.Sprintf("+4915112345%03d", n)
			c.PhoneZone = customers.PhoneZone(c.Phone)
		}
		if n%4 == 0 {
			c.Browsers = []channels.PushSubscription{{Endpoint: "https://push.example/" + id, P256dh: "none", Auth: "none"}}
		}
		test.Customers = append(test.Customers, c)
		at := start.Add(time.Duration(n*20) * time.Minute)
		test.Script = append(test.Script, campaigns.Scene{At: at, Customer: id, Event: "Basket Left"})
		for order := range n % 3 {
			test.Script = append(test.Script, campaigns.Scene{
				At: at.Add(time.Duration(order*5+2) * time.Hour), Customer: id, Event: "Order Completed",
				With: map[string]any{"order_id": fmt.Sprintf("%s-%d", id, order), "total": 15.0 + 10*float64(order)},
			})
		}
		if n == 9 || n == 10 { // at once, and while the delay lasts
			test.Script = append(test.Script, campaigns.Scene{
				At: at.Add(time.Duration(n-9) * 10 * time.Minute), Customer: id, Event: "Order Completed", With: map[string]any{"order_id": id + "-now", "total": 50.0},
			})
		}
		if n == 5 {
			test.Script = append(test.Script, campaigns.Scene{At: at.Add(8 * time.Hour), Customer: id, Change: func(c *customers.Customer) { c.Points = 900 }})
		}
	}
	slices.SortStableFunc(test.Script, func(a, b campaigns.Scene) int { return a.At.Compare(b.At) })
	on := func(ch channels.Channel, template, customer string, after time.Duration, acts ...campaigns.ActKind) {
		cue := campaigns.Cue{On: campaigns.Message{Channel: ch, Template: template}, Customer: customer, After: after}
		for _, act := range acts {
			cue.Acts = append(cue.Acts, campaigns.Act{Kind: act, Hard: true})
		}
		test.Cues = append(test.Cues, cue)
	}
	on(channels.Push, "note", "c04", 0, campaigns.ActIgnore)
	on(channels.Push, "note", "c08", 0, campaigns.ActBounce)
	on(channels.SMS, "note", "c02", time.Minute, campaigns.ActBounce)
	on(channels.Email, "long", "c01", time.Minute, campaigns.ActClick)
	on(channels.Email, "long", "c03", time.Minute, campaigns.ActBounce)
	on(channels.Email, "short", "", 2*time.Hour, campaigns.ActOpen, campaigns.ActClick)
	return test
}
