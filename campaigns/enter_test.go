package campaigns

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"rapport/customers"
)

func eventCampaign(t *testing.T) *Campaign {
	c := ruleCampaign()
	c.Trigger = Trigger{Kind: OnEvent, Event: "Order Delivered", Where: when(t, "event.total >= 20"), Delay: time.Hour}
	c.Audience.Who = when(t, `country == "DE"`)
	c.Entry.Key = when(t, "event.order_id")
	return c
}

func delivered() customers.Event {
	return customers.Event{
		ID: 812, Customer: "c1", Name: "Order Delivered", At: noon, Live: true,
		Properties: map[string]any{"order_id": 4711.0, "total": 50.0},
	}
}

func TestAnEventBeginsAJourney(t *testing.T) {
	entry, belongs := ruleShop().EntryByEvent(eventCampaign(t), delivered(), ann(), nil, noon)
	if !belongs {
		t.Fatal("the customer belongs and did not enter")
	}
	if entry.Trigger != "event:812" || entry.Key != "4711" || entry.Customer != "c1" || entry.Version != 3 {
		t.Errorf("entry %+v", entry)
	}
	if entry.State != Running || !entry.WakeAt.Equal(noon.Add(time.Hour)) || entry.Journal.Event["total"] != 50.0 {
		t.Errorf("entry %+v", entry)
	}
}

// Without a key all of a customer's journeys would be taken for one.
func TestWhoComesIntoASegmentWithoutAKeyBeginsNoJourney(t *testing.T) {
	c := ruleCampaign()
	c.Trigger = Trigger{Kind: OnSegment, Segment: "gold", On: Entering, Delay: time.Hour}
	c.Entry.Key = when(t, "country")
	for country, begins := range map[string]bool{"DE": true, "": false} {
		who := ann()
		who.Country = country
		entry, began := ruleShop().EntryBySegment(c, "gold", Entering, "segment:gold:enter:1", who, nil, noon)
		if began != begins || began && entry.Key != country {
			t.Errorf("of country %q: %t, %+v", country, began, entry)
		}
	}
}

// Whatever a shop sends for a key, an index can hold it, and others are others.
func TestALongKeyTellsJourneysApart(t *testing.T) {
	keys := map[string]bool{}
	for _, order := range []string{strings.Repeat("x", 5000), strings.Repeat("x", 4999), "x"} {
		event := delivered()
		event.Properties["order_id"] = order
		entry, _ := ruleShop().EntryByEvent(eventCampaign(t), event, ann(), nil, noon)
		if len(entry.Key) > longestKey {
			t.Errorf("a key of %d bytes became one of %d", len(order), len(entry.Key))
		}
		keys[entry.Key] = true
		exit := eventCampaign(t)
		exit.Exits = []Exit{{Event: event.Name}}
		if _, leaves := exit.Leaves(entry, event, ann(), nil, noon); !leaves {
			t.Errorf("an event with a key of %d bytes does not find its journey", len(order))
		}
	}
	if len(keys) != 3 {
		t.Errorf("three keys became %d", len(keys))
	}
}

func TestWhoDoesNotEnter(t *testing.T) {
	for name, change := range map[string]func(*Campaign, *customers.Event, *customers.Customer){
		"another event":     func(_ *Campaign, e *customers.Event, _ *customers.Customer) { e.Name = "Order Completed" },
		"the condition":     func(_ *Campaign, e *customers.Event, _ *customers.Customer) { e.Properties["total"] = 10.0 },
		"the audience":      func(_ *Campaign, _ *customers.Event, c *customers.Customer) { c.Country = "FR" },
		"a paused campaign": func(c *Campaign, _ *customers.Event, _ *customers.Customer) { c.State = Paused },
		"no key":            func(_ *Campaign, e *customers.Event, _ *customers.Customer) { delete(e.Properties, "order_id") },
		"an empty key":      func(_ *Campaign, e *customers.Event, _ *customers.Customer) { e.Properties["order_id"] = "" },
		"another trigger":   func(c *Campaign, _ *customers.Event, _ *customers.Customer) { c.Trigger.Kind = Manual },
	} {
		campaign, event, customer := eventCampaign(t), delivered(), ann()
		change(campaign, &event, customer)
		if _, belongs := ruleShop().EntryByEvent(campaign, event, customer, nil, noon); belongs {
			t.Errorf("%s does not keep the customer out", name)
		}
	}
}

func TestAnEventEndsTheJourneyItConcerns(t *testing.T) {
	c := eventCampaign(t)
	c.Exits = []Exit{{Event: "Order Returned", Where: when(t, "event.total > 0")}, {When: when(t, "tier == 'gold'")}}
	returned := func(order any, total float64) customers.Event {
		return customers.Event{Name: "Order Returned", Properties: map[string]any{"order_id": order, "total": total}}
	}
	for name, k := range map[string]struct {
		event  customers.Event
		leaves bool
	}{
		"its own order":          {returned(4711.0, 50), true},
		"another order":          {returned(4712.0, 50), false},
		"an event without a key": {returned(nil, 50), true},
		"a condition that fails": {returned(4711.0, 0), false},
		"another event":          {delivered(), false},
	} {
		why, leaves := c.Leaves(Entry{Key: "4711"}, k.event, ann(), nil, noon)
		if leaves != k.leaves || leaves && why != "event Order Returned" {
			t.Errorf("%s: leaves %v (%s), want %v", name, leaves, why, k.leaves)
		}
	}
}

func TestHoldoutIsAShareOfPeople(t *testing.T) {
	const people = 20_000
	held, heldInBoth := 0, 0
	for i := range people {
		person := fmt.Sprintf("person-%d@shop.example", i)
		first := InHoldout("spring", person, 0.05)
		if first != InHoldout("spring", person, 0.05) {
			t.Fatal("a person changes sides")
		}
		if first && !InHoldout("spring", person, 0.10) {
			t.Fatal("a larger holdout leaves out somebody of the smaller one")
		}
		if first {
			held++
			if InHoldout("summer", person, 0.05) {
				heldInBoth++
			}
		}
	}
	if share := float64(held) / people; math.Abs(share-0.05) > 0.006 {
		t.Errorf("%.3f of the people are held out, want 0.05", share)
	}
	if share := float64(heldInBoth) / float64(held); share > 0.10 {
		t.Errorf("two campaigns hold out the same people: %.2f of them", share)
	}
	if InHoldout("spring", "anybody", 0) || !InHoldout("spring", "anybody", 1) {
		t.Error("0 holds out nobody and 1 everybody")
	}
}

func TestTwoProfilesOfOnePersonAreHeldOutTogether(t *testing.T) {
	c := ruleCampaign()
	c.Holdout = 0.5
	for i := range 50 {
		email := fmt.Sprintf("p%d@shop.example", i)
		one := c.Begin(&customers.Customer{ID: "1", Email: email}, "manual:1", nil, noon)
		two := c.Begin(&customers.Customer{ID: "2", Email: email, Phone: "+4930123456"}, "manual:2", nil, noon)
		if one.Holdout != two.Holdout {
			t.Fatalf("%s is on both sides", email)
		}
	}
}
