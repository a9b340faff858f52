package campaigns

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
)

func TestTheUnhappyCustomerIsRead(t *testing.T) {
	tests := goodWorkspace(t).Tests
	if len(tests) != 2 {
		t.Fatalf("%d tests were read, want 2", len(tests))
	}
	read := tests[0]
	berlin := func(day, hour int) time.Time { return time.Date(2026, 12, day, hour-1, 0, 0, 0, time.UTC) }
	same(t, "title", "an unhappy customer gets a case and an apology, and no offer", read.Title)
	same(t, "start and end", []time.Time{berlin(1, 11), berlin(31, 11)}, []time.Time{read.Start, read.Until})
	same(t, "customer", []customers.Customer{{
		ID: "c1", Phone: "+4915112345678", Country: "DE", Zone: "Europe/Berlin", PhoneZone: "Europe/Berlin", Kind: "consumer", CreatedAt: berlin(1, 11),
		Consents: []customers.Consent{
			{Topic: "service", Channel: "call", In: true, Source: "test"}, {Topic: "service", Channel: "sms", In: true, Source: "test"},
		},
	}}, read.Customers)
	same(t, "script", []Scene{{At: berlin(1, 11), Customer: "c1", Event: "Order Delivered", With: map[string]any{"order_id": "A1", "total": 50.0}}}, read.Script)
	same(t, "cues", []Cue{{On: Message{Channel: channels.Call, Template: "satisfaction"}, After: 20 * time.Second, Acts: []Act{{Kind: ActAnswer, Answer: "1"}}, Line: 8}}, read.Cues)
	same(t, "expectations", []Expectation{
		{Kind: ExpectSent, Message: Message{Channel: channels.Call, Template: "satisfaction"}, From: berlin(2, 11), Until: berlin(2, 11).Add(time.Minute), Line: 12, Column: 5, Words: "{at: 2026-12-02 11:00, call: satisfaction}"},
		{Kind: ExpectCase, Name: "recovery", Line: 13, Column: 5, Words: "{case: recovery}"},
		{Kind: ExpectSent, Message: Message{Channel: channels.SMS, Template: "apology"}, Line: 14, Column: 5, Words: "{sms: apology}"},
		{Kind: ExpectSent, Never: true, Message: Message{Channel: channels.Email}, Line: 15, Column: 5, Words: "{never: email}"},
	}, read.Expect)
}

func TestEverythingATestCanSayIsRead(t *testing.T) {
	read := goodWorkspace(t).Tests[1]
	same(t, "campaigns", []string{"after-delivery", "weekly"}, read.Campaigns)
	anna := read.Customers[0]
	same(t, "the profile", customers.Customer{
		ID: "c1", Email: "anna@home.example", Phone: "+4915112345678", FirstName: "Anna", Locale: "de-AT", Country: "DE", PhoneZone: "Europe/Berlin",
		BornOn: time.Date(1980, 5, 6, 0, 0, 0, 0, time.UTC), CreatedAt: read.Start, Kind: "consumer", Tags: []string{"vip"},
		Traits: map[string]any{"shoe_size": 38.0, "birthday_club": true, "renewed_on": time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},
		Orders: customers.OrderTotals{Count: 3, Total: 15050, Returned: 1, LastAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},
		RFM:    customers.RFM{Recency: 5, Frequency: 4, Monetary: 3}, Pyramid: "big", Points: 120,
		CSAT: customers.Score{Last: 4, Sum: 4, Count: 1},
		Consents: []customers.Consent{
			{Topic: "marketing", Channel: "email", In: true, Source: "test"}, {Topic: "marketing", Channel: "sms", Source: "test"},
		},
		Suppressed: map[channels.Channel]string{channels.Push: channels.ReasonOptedOut},
		Browsers:   []channels.PushSubscription{{Endpoint: "https://push.example/c1", P256dh: "none", Auth: "none"}},
	}, anna)
	var at []time.Duration
	for _, scene := range read.Script {
		at = append(at, scene.At.Sub(read.Start))
	}
	same(t, "a line happens after the one above it", []time.Duration{2 * time.Hour, 58 * time.Hour, 59 * time.Hour}, at)
	same(t, "what is done about one message", []Act{
		{Kind: ActOpen}, {Kind: ActClick, Link: "https://shop.example"}, {Kind: ActEvent, Event: "Order Completed", With: map[string]any{"total": 20.0}},
	}, read.Cues[2].Acts)
	same(t, "the end counts from the last line", 14*24*time.Hour, read.Until.Sub(read.Script[2].At))
	same(t, "a day is all of it", 24*time.Hour, read.Expect[0].Until.Sub(read.Expect[0].From))
}

// A test of a campaign that is broken is not played, and one that is there but
// broken is not told as missing.
func TestATestOfABrokenCampaignIsLeftOut(t *testing.T) {
	w, problems := Load(workspace(t, map[string]string{
		"campaigns/broken.yaml": "campaign: broken\ntopic: service\ntrigger: {event: X}\nsteps: [{sms: missing}]\n",
		"tests/t.yaml":          "test: it\ncampaign: broken\nstart: 2026-12-01\ncustomer: {id: c1}\nexpect: [{sms: missing}]\n",
	}))
	if len(problems) != 1 || len(w.Tests) != 0 {
		t.Errorf("problems %v, %d tests", problems, len(w.Tests))
	}
}
