package campaigns

import (
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// noon is a Tuesday, inside everybody's hours in Berlin.
var noon = time.Date(2026, 12, 1, 11, 0, 0, 0, time.UTC)

// ruleShop is a workspace with a policy but no files.
func ruleShop() *Workspace {
	return &Workspace{
		Name: "shop", Brand: Brand{Name: "Shop"}, Locale: "en", Zone: zoneFor("Europe/Berlin"), Currency: "EUR",
		Topics: []Topic{{ID: "service", In: true}, {ID: "marketing"}},
		Traits: map[string]expression.Type{"favourite": expression.String, "visits": expression.Number},
		Contact: ContactRules{
			Hours: map[channels.Channel][]Window{
				channels.Call: {clockWindow("09:00", "12:30"), clockWindow("14:30", "19:00")},
				channels.SMS:  {clockWindow("09:00", "20:00")},
			},
			Countries: map[channels.Channel][]string{channels.SMS: {"DE", "US", "AT"}, channels.Call: {"DE", "US"}},
		},
		Prices: map[channels.Channel]map[string]float64{
			channels.SMS: {"DE": 7.5, "US": cents(0.07)}, channels.Call: {"DE": 5},
		},
	}
}

// ruleCampaign is a live campaign of the steps, numbered.
func ruleCampaign(steps ...Step) *Campaign {
	return &Campaign{
		ID: "after-delivery", Title: "After delivery", Owner: "support", Topic: "service", State: Live,
		Priority: 80, Version: 3, Steps: numbered("", steps),
	}
}

// numbered gives steps the paths a parsed file would.
func numbered(prefix string, steps []Step) []Step {
	for i := range steps {
		steps[i].Path = prefix + string(rune('0'+i))
		for b := range steps[i].Branch {
			numbered(steps[i].Path+"."+string(rune('0'+b))+".", steps[i].Branch[b].Steps)
		}
	}
	return steps
}

// ann can be reached by every channel and wants to be.
func ann() *customers.Customer {
	c := &customers.Customer{
		ID: "c1", Email: "ann@shop.example", Phone: "+4915112345678", FirstName: "Ann",
		Country: "DE", Zone: "Europe/Berlin", Kind: "consumer",
		Browsers: []channels.PushSubscription{{Endpoint: "https://push.example/1", P256dh: "k", Auth: "a"}},
	}
	for _, ch := range channels.All() {
		c.Consents = append(c.Consents, customers.Consent{Topic: "marketing", Channel: ch, In: true})
	}
	return c
}

func ruleEntry() Entry {
	return Entry{
		ID: 7, Campaign: "after-delivery", Version: 3, Customer: "c1", State: Running,
		ArrivedAt: noon, EnteredAt: noon,
		Journal: Journal{Event: map[string]any{"order_id": "A1", "total": 50.0}},
	}
}

// when compiles a condition of a journey.
func when(t *testing.T, source string) *expression.Program {
	t.Helper()
	program, problems := expression.Compile(source, expression.Scope{
		Event: true, Answers: []string{"csat"}, Steps: []string{"csat", "hello", "bought", "offer"},
		Statuses: map[string][]string{"hello": append(messageStatuses(), "points +100"), "offer": {"path a", "path b"}},
		Topics:   map[string]bool{"service": true, "marketing": false},
		Traits:   ruleShop().Traits, MoneyScale: 100,
	})
	if len(problems) > 0 {
		t.Fatalf("compile %s: %v", source, problems)
	}
	return program
}

func zoneFor(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func clockAt(text string) ClockTime {
	at, err := time.Parse("15:04", text)
	if err != nil {
		panic(err)
	}
	return ClockTime(at.Hour()*60 + at.Minute())
}

func clockWindow(from, to string) Window { return Window{clockAt(from), clockAt(to)} }

func utc(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

// sent is a delivery of a step as the ledger gives it back.
func sent(step string, group int, ch channels.Channel, status deliveries.Status) deliveries.Delivery {
	d := deliveries.Delivery{
		ID: int64(100 + group), Entry: 7, Customer: "c1", Campaign: "after-delivery", Version: 3,
		Step: step, Group: group, Channel: ch, Topic: "service", Template: "hello",
		Status: status, DueAt: noon, PlannedAt: noon, ExpiresAt: noon.Add(72 * time.Hour),
	}
	if status.Rank() >= deliveries.Sending.Rank() && status != deliveries.Skipped {
		d.Attempts, d.TakenAt, d.ProviderID = 1, noon, "P1"
	}
	return d
}

// cents multiplies as a program does, with its noise: 0.07 is 7.000000000000001.
func cents(price float64) float64 { return price * 100 }
