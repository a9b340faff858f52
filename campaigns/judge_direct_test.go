package campaigns

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// What stands in the way of an answer, and what does not.
func TestWhatMayKeepAnAnswerBack(t *testing.T) {
	shop := &Workspace{
		Zone: time.UTC, Currency: "EUR", Topics: []Topic{{ID: "service"}}, // out, for whoever has said nothing
		Senders: map[channels.Channel]SenderRule{channels.SMS: {From: "+493012345678"}},
		Prices:  map[channels.Channel]map[string]float64{channels.SMS: {"DE": 8}},
		Budgets: []Budget{{Channel: channels.SMS, Amount: 10, Per: 24 * time.Hour}},
		Contact: ContactRules{
			Hours:     map[channels.Channel][]Window{channels.SMS: {{From: 9 * 60, To: 20 * 60}}},
			Caps:      []Cap{{AtMost: 1, Per: 7 * 24 * time.Hour}},
			Countries: map[channels.Channel][]string{channels.SMS: {"DE"}},
		},
	}
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	night := time.Date(2026, 12, 1, 22, 0, 0, 0, time.UTC)
	opens := time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(*customers.Customer, *deliveries.Delivery, *deliveries.Pressure)
		now    time.Time
		want   deliveries.Verdict
	}{
		"nothing": {nil, at, deliveries.Verdict{Go: true, Cost: 8}},
		"a cap is not asked": {func(_ *customers.Customer, _ *deliveries.Delivery, p *deliveries.Pressure) {
			p.Contacts = []deliveries.Contact{{Channel: channels.SMS, At: at.Add(-time.Hour)}}
		}, at, deliveries.Verdict{Go: true, Cost: 8}},
		"no number": {func(c *customers.Customer, _ *deliveries.Delivery, _ *deliveries.Pressure) { c.Phone = "" }, at, deliveries.Verdict{Reason: deliveries.NoAddress}},
		"premium":   {func(c *customers.Customer, _ *deliveries.Delivery, _ *deliveries.Pressure) { c.Phone = "+499001234567" }, at, deliveries.Verdict{Reason: deliveries.InvalidAddress}},
		"far away":  {func(c *customers.Customer, _ *deliveries.Delivery, _ *deliveries.Pressure) { c.Phone = "+33612345678" }, at, deliveries.Verdict{Reason: deliveries.CountryNotAllowed}},
		"no money": {func(_ *customers.Customer, _ *deliveries.Delivery, p *deliveries.Pressure) {
			p.Spent = func(channels.Channel, string, time.Time) int64 { return 5 }
		}, at, deliveries.Verdict{Until: at.Add(time.Hour), Reason: deliveries.OverBudget}},
		"at night": {nil, night, deliveries.Verdict{Until: opens, Reason: deliveries.QuietHoursExpired}},
		"a talk": {func(c *customers.Customer, _ *deliveries.Delivery, _ *deliveries.Pressure) {
			c.Engagement.WroteAt = night.Add(-23 * time.Hour)
		}, night, deliveries.Verdict{Go: true, Cost: 8}},
		"a past one": {func(c *customers.Customer, _ *deliveries.Delivery, _ *deliveries.Pressure) {
			c.Engagement.WroteAt = night.Add(-24 * time.Hour)
		}, night, deliveries.Verdict{Until: opens, Reason: deliveries.QuietHoursExpired}},
		"too late": {func(_ *customers.Customer, d *deliveries.Delivery, _ *deliveries.Pressure) {
			d.ExpiresAt = night.Add(time.Hour)
		}, night, deliveries.Verdict{Reason: deliveries.QuietHoursExpired}},
		"stopped": {func(c *customers.Customer, _ *deliveries.Delivery, _ *deliveries.Pressure) {
			c.Suppressed = map[channels.Channel]string{channels.SMS: "opted_out"}
		}, at, deliveries.Verdict{Reason: deliveries.Suppressed}},
		"stopped just now": {func(_ *customers.Customer, _ *deliveries.Delivery, p *deliveries.Pressure) {
			p.Suppressed = "opted_out"
		}, at, deliveries.Verdict{Reason: deliveries.Suppressed}},
		"its confirmation": {func(_ *customers.Customer, d *deliveries.Delivery, p *deliveries.Pressure) {
			d.Template, p.Suppressed = deliveries.Stopped, "opted_out"
		}, at, deliveries.Verdict{Go: true, Cost: 8}},
		"a confirmation to a number that is none": {func(_ *customers.Customer, d *deliveries.Delivery, p *deliveries.Pressure) {
			d.Template, p.Suppressed = deliveries.Stopped, "invalid_address"
		}, at, deliveries.Verdict{Reason: deliveries.Suppressed}},
	} {
		customer, pressure := &customers.Customer{ID: "ann", Phone: "+4915112345678", Zone: "UTC"}, deliveries.Pressure{}
		d := direct(customer, channels.SMS, deliveries.Reply, "reply:1", c.now)
		d.Content = &channels.Content{SMS: &channels.SMSContent{Text: "Hello"}}
		if c.change != nil {
			c.change(customer, d, &pressure)
		}
		got := shop.Judge(Matter{Delivery: *d, Customer: customer, Pressure: pressure, Content: d.Content}, c.now)
		got.Zone, got.ZoneFrom = "", ""
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// An automatic answer fits one segment where it can, in every language there is.
func TestAutomaticWordsAreShort(t *testing.T) {
	shop := &Workspace{Locale: "en", Brand: Brand{Name: "Lindenhof", SupportPhone: "+493012345678", URL: "https://lindenhof.example"}}
	for about, languages := range ourWords {
		for language := range languages {
			text := shop.automaticWords(about, &customers.Customer{Locale: language})
			if segments, encoding := channels.Segments(text); segments > 1 && (about != deliveries.Help || segments > 2) {
				t.Errorf("%s in %s takes %d segments of %s: %s", about, language, segments, encoding, text)
			}
			if len(languages) != 14 {
				t.Errorf("%s is written in %d languages", about, len(languages))
			}
		}
	}
}
