package expressiontest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"rapport/channels"
	"rapport/customers"
)

// Person is a customer with what a store keeps beside the profile.
type Person struct {
	Customer     customers.Customer
	Suppressions []customers.Suppression
	Browser      *channels.PushSubscription
	Events       []customers.Event
	Cases        []customers.Case
	// Contacts are when messages were taken to be sent.
	Contacts []time.Time
}

// People generates between least and most people with different ids.
func People(least, most int) *rapid.Generator[[]Person] {
	return rapid.Custom(func(t *rapid.T) []Person {
		people := make([]Person, rapid.IntRange(least, most).Draw(t, "people"))
		for i := range people {
			people[i] = person(t, fmt.Sprintf("c%03d", i))
		}
		return people
	})
}

func person(t *rapid.T, id string) Person {
	p := Person{Customer: customers.Customer{
		ID: id, CreatedAt: instants.Draw(t, "created at"), BornOn: maybe(t, days),
		FirstName: maybe(t, texts), LastName: maybe(t, texts), Locale: maybe(t, texts), Country: maybe(t, texts),
		City: maybe(t, texts), Zone: maybe(t, texts), Kind: maybe(t, texts), Tier: maybe(t, texts),
		Pyramid: maybe(t, rapid.SampledFrom(pyramids)), Points: amounts.Draw(t, "points"),
		Tags:   rapid.SliceOfNDistinct(texts, 0, 3, rapid.ID).Draw(t, "tags"),
		Traits: traits(t), Orders: orders(t), RFM: rfm(t), NPS: score(t, 0, 10), CSAT: score(t, 1, 5),
		Contacted: customers.Contacted{LastAt: maybe(t, instants)},
		Engagement: customers.Engagement{
			EmailOpenedAt: maybe(t, instants), EmailClickedAt: maybe(t, instants),
			SMSRepliedAt: maybe(t, instants), PushClickedAt: maybe(t, instants),
		},
		Consents: consents(t, id),
	}}
	p.addresses(t)
	p.history(t)
	return p
}

// The pools of values.
var (
	texts   = rapid.SampledFrom(words)
	amounts = rapid.SampledFrom([]int64{0, 1, 7, 100, 1999, -250, 1_000_000_000_000_000, 1_000_000_000_000_001})
	figures = rapid.SampledFrom([]float64{0, 1, 3, 7, 9, 10, 0.1, 0.5, 42.5, -1, 1e15, 2e15, 1e-16})
	// instants lie on and beside the borders conditions speak of.
	instants = rapid.Custom(func(t *rapid.T) time.Time {
		border := rapid.SampledFrom([]time.Time{
			Now, Now.AddDate(0, 0, -1), Now.AddDate(0, 0, -7), Now.AddDate(0, 0, -90), Now.Add(-36 * time.Hour), Now.Add(-time.Hour),
			Now.AddDate(0, 0, 3), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
		}).Draw(t, "border")
		return border.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "beside")) * time.Millisecond)
	})
	days = rapid.Map(rapid.IntRange(-20000, 60), func(n int) time.Time { return Now.Truncate(24*time.Hour).AddDate(0, 0, n) })
)

// maybe draws a value, or the zero value, which is not known.
func maybe[V any](t *rapid.T, values *rapid.Generator[V]) (v V) {
	if rapid.IntRange(0, 2).Draw(t, "known") > 0 {
		v = values.Draw(t, "value")
	}
	return v
}

func traits(t *rapid.T) map[string]any {
	all := map[string]any{
		"club":       rapid.Bool().Draw(t, "club"),
		"shoe_size":  figures.Draw(t, "shoe size"),
		"favourite":  texts.Draw(t, "favourite"),
		"renewed_on": days.Draw(t, "renewed on"),
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch rapid.IntRange(0, 5).Draw(t, name) {
		case 0:
			delete(all, name)
		case 1: // of another type than the declared one
			all[name] = rapid.SampledFrom([]any{"gold", 1.0, true, ""}).Draw(t, "other type")
		}
	}
	return all
}

func orders(t *rapid.T) customers.OrderTotals {
	if rapid.IntRange(0, 3).Draw(t, "bought") == 0 {
		return customers.OrderTotals{}
	}
	first, last := instants.Draw(t, "first"), instants.Draw(t, "last")
	if last.Before(first) {
		first, last = last, first
	}
	return customers.OrderTotals{
		Count: rapid.Int64Range(1, 6).Draw(t, "count"), Total: amounts.Draw(t, "total"),
		Returned: rapid.Int64Range(0, 2).Draw(t, "returned"), FirstAt: first, LastAt: last,
	}
}

func rfm(t *rapid.T) customers.RFM {
	quintile := rapid.Int64Range(0, 5)
	return customers.RFM{Recency: quintile.Draw(t, "r"), Frequency: quintile.Draw(t, "f"), Monetary: quintile.Draw(t, "m")}
}

func score(t *rapid.T, least, most int) customers.Score {
	asked := rapid.Int64Range(0, 3).Draw(t, "asked")
	if asked == 0 {
		return customers.Score{}
	}
	last := float64(rapid.IntRange(least, most).Draw(t, "last"))
	return customers.Score{Last: last, Sum: last + 1.5*float64(asked-1), Count: asked}
}

func consents(t *rapid.T, id string) []customers.Consent {
	var words []customers.Consent
	for _, topic := range []string{"service", "marketing"} {
		for _, ch := range channels.All() {
			if rapid.Bool().Draw(t, "asked") {
				in, day := rapid.Bool().Draw(t, "in"), rapid.IntRange(0, 2).Draw(t, "day")
				words = append(words, customers.Consent{
					Customer: id, Topic: topic, Channel: ch, In: in, At: Now.AddDate(-1, 0, day),
					Source: []string{customers.ByImport, customers.ByNoWord, customers.ByImport}[day],
				})
				if topic == "marketing" && day == 1 { // and everything
					words = append(words, customers.Consent{Customer: id, Topic: customers.EveryTopic, Channel: ch, In: in, At: Now.AddDate(-1, 0, day), Source: customers.ByPreferences})
				}
			}
		}
	}
	return words
}

// addresses gives the person some, which others may have too, and suppresses some of
// them.
func (p *Person) addresses(t *rapid.T) {
	id := p.Customer.ID
	of := rapid.SampledFrom([]string{id, id, id[:len(id)-1] + "0"})
	if rapid.Bool().Draw(t, "has e-mail") {
		p.Customer.Email = of.Draw(t, "whose mailbox") + "@gold.example"
	}
	if rapid.Bool().Draw(t, "has phone") {
		p.Customer.Phone = "+4915100000" + of.Draw(t, "whose number")[1:]
	}
	if rapid.Bool().Draw(t, "has browser") {
		p.Browser = &channels.PushSubscription{Endpoint: "https://push.example/" + id, P256dh: "p", Auth: "a"}
	}
	for _, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call} {
		address := p.Customer.Address(ch)
		if address != "" && rapid.IntRange(0, 2).Draw(t, "suppressed") == 0 {
			p.Suppressions = append(p.Suppressions, customers.Suppression{Channel: ch, Address: address, Reason: "opted_out", At: Now})
		}
	}
}

// history puts something on the timeline.
func (p *Person) history(t *rapid.T) {
	id := p.Customer.ID
	for i := range rapid.IntRange(0, 5).Draw(t, "events") {
		at := instants.Draw(t, "at")
		p.Events = append(p.Events, customers.Event{
			Customer: id, Name: rapid.SampledFrom(eventNames).Draw(t, "name"), At: at, ReceivedAt: at, Key: fmt.Sprintf("%s-%d", id, i),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "cases") {
		p.Cases = append(p.Cases, customers.Case{Customer: id, Queue: "recovery", Priority: customers.Normal, Title: "t", Why: "step", OpenedAt: instants.Draw(t, "opened at")})
	}
	p.Contacts = rapid.SliceOfN(instants, 0, 3).Draw(t, "contacts")
}
