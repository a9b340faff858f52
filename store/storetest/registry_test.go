package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/store"
)

func TestPutCustomersTwiceChangesNothing(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		bob := customers.Customer{ID: "c-bob", Email: "Bob@Shop.Example "}
		same(t, "first", put(t, s, ada(), bob), customers.Tally{Added: 2})
		same(t, "again", put(t, s, ada(), bob), customers.Tally{Unchanged: 2})
		same(t, "none", put(t, s), customers.Tally{})
		if got := loaded(t, s, "c-bob").Email; got != "bob@shop.example" {
			t.Errorf("the mailbox is kept as %q", got)
		}
	})
}

func TestPutCustomersFillsInWhatIsGiven(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, ada())
		tally := put(t, s,
			customers.Customer{ID: "c-ada", City: "Bonn", Traits: map[string]any{"shoe_size": 40.0, "favourite": nil, "renewed_on": noon}},
			customers.Customer{ID: "c-new"})
		same(t, "tally", tally, customers.Tally{Added: 1, Changed: 1})
		want := ada()
		want.City = "Bonn"
		want.Traits = map[string]any{"shoe_size": 40.0, "club": true, "renewed_on": float64(noon.UnixMilli())}
		same(t, "the customer", loaded(t, s, "c-ada"), &want)
	})
}

// What is removed is gone from the profile, and nothing else is: not the word that was
// given with an address, nor what blocks it.
func TestWhatIsRemovedIsGone(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		no := customers.Consent{Customer: "c-ann", Topic: "news", Channel: channels.Email, At: ago(time.Hour), Source: "one_click"}
		text := customers.Consent{Customer: "c-ann", Topic: "news", Channel: channels.SMS, At: ago(time.Hour), Source: "sms"}
		full := customers.Customer{
			ID: "c-ann", Email: "ann@shop.example", Phone: "+493012345678", FirstName: "Ann", LastName: "Lee", Locale: "de", Country: "DE", City: "Bonn",
			Zone: "Europe/Berlin", BornOn: noon, Kind: "reseller", Tags: []string{"vip"}, Traits: map[string]any{"plan": "gold", "zip": "1"},
		}
		shared := customers.Customer{ID: "c-bob", Email: full.Email, Phone: "+493099999999"}
		newer := customers.Customer{ID: "c-cat", Email: full.Email}
		put(t, s, full, shared, newer)
		block := customers.Suppression{Channel: channels.Email, Address: full.Email, Reason: channels.ReasonOptedOut, At: noon}
		yes := no
		yes.Customer, yes.In, yes.At = "c-cat", true, noon
		if err := errors.Join(s.Consent(t.Context(), noon, []customers.Consent{no, text, yes}), s.Suppress(t.Context(), []customers.Suppression{block})); err != nil {
			t.Fatal(err)
		}
		bare := customers.Customer{ID: "c-ann", Traits: map[string]any{"plan": nil}, Removed: customers.Removable()}
		fresh := bare
		fresh.ID = "c-new"
		same(t, "tally", put(t, s, bare, fresh), customers.Tally{Added: 1, Changed: 1})
		same(t, "again", put(t, s, bare, fresh), customers.Tally{Unchanged: 2})
		want := customers.Customer{ID: "c-ann", CreatedAt: noon, Kind: "consumer", Traits: map[string]any{"zip": "1"}, Consents: []customers.Consent{no, text}}
		got := loaded(t, s, "c-ann")
		if got.Email+got.Phone+got.FirstName+got.LastName+got.Locale+got.Country+got.City+got.Zone+got.PhoneZone != "" || !got.BornOn.IsZero() || len(got.Tags) > 0 || got.Kind != want.Kind {
			t.Errorf("left are %+v", got)
		}
		same(t, "traits", got.Traits, want.Traits)
		same(t, "words", got.Consents, want.Consents)
		for id, in := range map[string]bool{"c-bob": false, "c-cat": true} {
			c := loaded(t, s, id)
			if c.Consented("news", channels.Email, true) != in || !c.Consented("news", channels.SMS, true) {
				t.Errorf("of %s, who shares the mailbox, counts %+v", id, c.Consents)
			}
			same(t, "what blocks "+id, c.Suppressed[channels.Email], channels.ReasonOptedOut)
		}
		put(t, s, customers.Customer{ID: "c-ann", Email: full.Email})
		if c := loaded(t, s, "c-ann"); c.Consented("news", channels.Email, true) || c.Suppressed[channels.Email] == "" {
			t.Error("an address that comes back is without its no")
		}
		again := put(t, s, customers.Customer{ID: "c-ann", City: "Ulm"}, customers.Customer{ID: "c-ann", Removed: []string{"city"}},
			customers.Customer{ID: "c-bob", Removed: []string{"city"}}, customers.Customer{ID: "c-bob", City: "Ulm"})
		same(t, "named twice", again, customers.Tally{Changed: 1, Unchanged: 1})
		same(t, "the later counts", loaded(t, s, "c-ann").City+"/"+loaded(t, s, "c-bob").City, "/Ulm")
	})
}

// A country that is presumed fills a gap, and overwrites nothing.
func TestAPresumedCountryFillsAGap(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-at", Country: "AT"}, customers.Customer{ID: "c-none"})
		presumed := []customers.Customer{
			{ID: "c-at", FirstName: "A", Presumed: "DE"}, {ID: "c-none", Presumed: "DE"}, {ID: "c-new", Presumed: "DE"}, {ID: "c-fr", Country: "FR", Presumed: "DE"}, {ID: "c-else"},
		}
		same(t, "tally", put(t, s, presumed...), customers.Tally{Added: 3, Changed: 2})
		same(t, "again", put(t, s, presumed...), customers.Tally{Unchanged: 5})
		for id, country := range map[string]string{"c-at": "AT", "c-none": "DE", "c-new": "DE", "c-fr": "FR", "c-else": ""} {
			same(t, id, loaded(t, s, id).Country, country)
		}
		put(t, s, customers.Customer{ID: "c-at", Presumed: "CH", Removed: []string{"country"}})
		same(t, "removed and presumed", loaded(t, s, "c-at").Country, "CH")
	})
}

func TestACustomerNamedTwiceIsOne(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		tally := put(t, s,
			customers.Customer{ID: "c-1", FirstName: "A", City: "Bonn", Traits: map[string]any{"a": 1.0, "b": 1.0}},
			customers.Customer{ID: "c-1", FirstName: "B", Traits: map[string]any{"b": 2.0}})
		same(t, "tally", tally, customers.Tally{Added: 1})
		c := loaded(t, s, "c-1")
		if c.FirstName != "B" || c.City != "Bonn" {
			t.Errorf("the later word is not laid over the earlier: %+v", c)
		}
		same(t, "traits", c.Traits, map[string]any{"a": 1.0, "b": 2.0})
	})
}

func TestThePhoneZoneGoesWithTheNumber(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+493012345678"})
		if got := loaded(t, s, "c-1").PhoneZone; got != "Europe/Berlin" {
			t.Errorf("zone of a Berlin number: %q", got)
		}
		put(t, s, customers.Customer{ID: "c-1", City: "Berlin"})
		if got := loaded(t, s, "c-1").PhoneZone; got != "Europe/Berlin" {
			t.Errorf("zone after another field changed: %q", got)
		}
		put(t, s, customers.Customer{ID: "c-1", Phone: "+79161234567"})
		if got := loaded(t, s, "c-1").PhoneZone; got != "" {
			t.Errorf("zone of a number that may be anywhere: %q", got)
		}
		put(t, s, customers.Customer{ID: "c-1", PhoneZone: "Asia/Vladivostok"})
		if got := loaded(t, s, "c-1").PhoneZone; got != "Asia/Vladivostok" {
			t.Errorf("zone that somebody knew better: %q", got)
		}
		named := func(people ...customers.Customer) string {
			for i := range people {
				people[i].ID = "c-1"
			}
			put(t, s, people...)
			return loaded(t, s, "c-1").PhoneZone
		}
		berlin, anywhere := customers.Customer{Phone: "+493012345678"}, customers.Customer{Phone: "+79161234567"}
		if got := named(berlin, customers.Customer{Removed: []string{"phone"}}); got != "" {
			t.Errorf("zone of a number that the same file takes off: %q", got)
		}
		if got := named(berlin, anywhere); got != "" {
			t.Errorf("zone of the number before in the same file: %q", got)
		}
		if got := named(anywhere, berlin, customers.Customer{City: "Bonn"}); got != "Europe/Berlin" {
			t.Errorf("zone of the number that counts: %q", got)
		}
	})
}

func TestANewConsentCountsAsAChange(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		word := func(in bool, at time.Time) customers.Customer {
			return customers.Customer{ID: "c-1", Consents: []customers.Consent{{Topic: "marketing", Channel: channels.SMS, In: in, At: at, Source: "import"}}}
		}
		same(t, "new", put(t, s, word(true, ago(time.Hour))), customers.Tally{Added: 1})
		same(t, "older word", put(t, s, word(false, ago(2*time.Hour))), customers.Tally{Unchanged: 1, OlderWords: 1})
		same(t, "the same word again", put(t, s, word(true, ago(time.Hour))), customers.Tally{Unchanged: 1})
		same(t, "newer word", put(t, s, word(false, noon)), customers.Tally{Changed: 1})
	})
}

func TestABatchWithOneBadCustomerLeavesNothing(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for _, bad := range []customers.Customer{{Email: "x@shop.example"}, {ID: "c-2", Traits: map[string]any{"f": func() {}}}} {
			if _, err := s.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-1"}, bad}); err == nil {
				t.Error("taken in")
			}
		}
		if all, err := s.Load(t.Context(), []string{"c-1"}, noon); err != nil || len(all) != 0 {
			t.Errorf("half of it was written: %v, %v", all, err)
		}
	})
}

func order(id, customer string, at time.Time, lines ...customers.OrderLine) customers.Order {
	return customers.Order{ID: id, Customer: customer, At: at, Currency: "EUR", Lines: lines, Unpriced: true}
}

func line(number int, quantity, amount int64) customers.OrderLine {
	return customers.OrderLine{Number: number, Product: "p", Quantity: quantity, Amount: amount}
}

func putOrders(t *testing.T, s *store.Store, orders ...customers.Order) customers.Tally {
	t.Helper()
	tally, err := s.PutOrders(t.Context(), noon, orders)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func TestOrdersAddUpOnTheCustomer(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, ada())
		returned := order("o-3", "c-1", ago(3*time.Hour), line(1, 1, 999))
		returned.Status = "returned"
		cancelled := customers.Order{ID: "o-4", Customer: "c-1", At: ago(time.Hour), Total: 77, Status: "cancelled"}
		whole := customers.Order{ID: "o-2", Customer: "c-1", At: ago(4 * time.Hour), Total: 500, Currency: "JPY"}
		first := order("o-1", "c-1", ago(5*time.Hour), line(1, 2, 1000), line(2, 1, 250))
		first.Total = 3 // the lines know better
		all := []customers.Order{first, whole, returned, cancelled}
		same(t, "tally", putOrders(t, s, all...), customers.Tally{Added: 4})
		same(t, "again", putOrders(t, s, all...), customers.Tally{Unchanged: 4})

		c := loaded(t, s, "c-1") // nobody knew them
		same(t, "sums", c.Orders, customers.OrderTotals{Count: 2, Total: 1750, Returned: 1, FirstAt: ago(5 * time.Hour), LastAt: ago(4 * time.Hour)})
		same(t, "others", loaded(t, s, "c-ada").Orders, ada().Orders)

		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil {
			t.Fatal(err)
		}
		var told []map[string]any
		for _, e := range events {
			if e.Name != "Order Completed" || e.Live {
				t.Errorf("event %+v", e)
			}
			told = append(told, e.Properties)
		}
		same(t, "timeline", told, []map[string]any{
			{"order_id": "o-1", "total": 12.5, "currency": "EUR", "items": 3.0},
			{"order_id": "o-2", "total": 500.0, "currency": "JPY", "items": 0.0},
			{"order_id": "o-3", "total": 9.99, "currency": "EUR", "items": 1.0},
		})
	})
}

func TestLinesOfAnOrderMayComeInParts(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1"})
		putOrders(t, s, order("o-1", "c-1", noon, line(1, 1, 100)))
		same(t, "a line more", putOrders(t, s, order("o-1", "c-1", noon, line(2, 1, 50))), customers.Tally{Changed: 1})
		same(t, "a line mended", putOrders(t, s, order("o-1", "c-1", noon, line(2, 2, 60))), customers.Tally{Changed: 1})
		same(t, "in one call", putOrders(t, s, order("o-1", "c-1", noon, line(2, 2, 60)), order("o-1", "c-1", noon, line(3, 1, 40))), customers.Tally{Changed: 1})
		same(t, "sums", loaded(t, s, "c-1").Orders, customers.OrderTotals{Count: 1, Total: 200, FirstAt: noon, LastAt: noon})
		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil || len(events) != 1 {
			t.Fatalf("timeline %v, %v", events, err)
		}
		same(t, "event", events[0].Properties, map[string]any{"order_id": "o-1", "total": 2.0, "currency": "EUR", "items": 4.0})
	})
}

func TestAnOrderMayChangeHandsAndStatus(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		putOrders(t, s, order("o-1", "c-1", noon, line(1, 1, 100)), order("o-2", "c-1", noon, line(1, 1, 30)))
		putOrders(t, s, order("o-1", "c-2", noon))
		same(t, "who lost it", loaded(t, s, "c-1").Orders, customers.OrderTotals{Count: 1, Total: 30, FirstAt: noon, LastAt: noon})
		same(t, "who has it", loaded(t, s, "c-2").Orders, customers.OrderTotals{Count: 1, Total: 100, FirstAt: noon, LastAt: noon})
		back := order("o-1", "c-2", noon)
		back.Status = "returned"
		putOrders(t, s, back)
		same(t, "returned", loaded(t, s, "c-2").Orders, customers.OrderTotals{Returned: 1})
	})
}

func TestAnOrderThatCameAliveIsOnTheTimelineOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		live := customers.Event{Customer: "c-1", Name: "Order Completed", At: noon, Key: "message-1", ProviderKey: "order:o-1", Live: true, Properties: map[string]any{"own": "words"}}
		appended(t, s, live)
		putOrders(t, s, order("o-1", "c-1", noon, line(1, 1, 100)))
		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil || len(events) != 1 || events[0].Properties["own"] != "words" {
			t.Errorf("timeline %v, %v", events, err)
		}
	})
}

// completed are the lines of somebody's timeline that conditions count.
func completed(t *testing.T, s *store.Store, customer string) (keys []string) {
	t.Helper()
	events, err := s.Of(t.Context(), customer, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Name == "Order Completed" {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// What did("Order Completed") counts does not hang on what was told first.
func TestACancelledOrderIsNotCompletedHoweverItCame(t *testing.T) {
	said := order("o-1", "c-1", noon, line(1, 1, 100))
	event := customers.Event{Customer: "c-1", Name: "Order Completed", At: noon, Key: "message-1", ProviderKey: "order:o-1", Live: true}
	live := func(t *testing.T, s *store.Store) {
		o := said
		o.Announced = true
		if _, err := s.Take(t.Context(), noon, []customers.Message{{Key: "m-1", Person: customers.Customer{ID: "c-1"}, Order: &o, Event: &event}}); err != nil {
			t.Fatal(err)
		}
	}
	imported := func(status string) func(*testing.T, *store.Store) {
		return func(t *testing.T, s *store.Store) {
			o := said
			o.Status = status
			putOrders(t, s, o)
		}
	}
	for what, c := range map[string]struct {
		told []func(*testing.T, *store.Store)
		want []string
	}{
		"cancelled":                        {[]func(*testing.T, *store.Store){imported("cancelled")}, nil},
		"completed, cancelled":             {[]func(*testing.T, *store.Store){imported("completed"), imported("cancelled")}, nil},
		"live, cancelled":                  {[]func(*testing.T, *store.Store){live, imported("cancelled")}, nil},
		"cancelled, live":                  {[]func(*testing.T, *store.Store){imported("cancelled"), live}, nil},
		"completed, live, cancelled":       {[]func(*testing.T, *store.Store){imported("completed"), live, imported("cancelled")}, nil},
		"completed, cancelled, completed":  {[]func(*testing.T, *store.Store){imported("completed"), imported("cancelled"), imported("completed")}, []string{"order:o-1"}},
		"live, cancelled, completed":       {[]func(*testing.T, *store.Store){live, imported("cancelled"), imported("completed")}, []string{"message-1"}},
		"cancelled, completed":             {[]func(*testing.T, *store.Store){imported("cancelled"), imported("completed")}, []string{"order:o-1"}},
		"completed, returned":              {[]func(*testing.T, *store.Store){imported("completed"), imported("returned")}, []string{"order:o-1"}},
		"cancelled, live again, completed": {[]func(*testing.T, *store.Store){imported("cancelled"), live, live, imported("completed")}, []string{"message-1"}},
	} {
		t.Run(what, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				put(t, s, customers.Customer{ID: "c-1"})
				for _, tell := range c.told {
					tell(t, s)
				}
				same(t, "counted", completed(t, s, "c-1"), c.want)
			})
		})
	}
}

// A guest who turns out to have an account leaves nothing of their order behind.
func TestALiveOrderGoesToTheOtherAccountWithItsEvent(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		o := order("o-1", "guest", noon, line(1, 1, 100))
		o.Announced = true
		event := customers.Event{Customer: "guest", Name: "Order Completed", At: ago(time.Minute), Key: "message-1", ProviderKey: "order:o-1", Live: true, Properties: map[string]any{"street": "1 High Street"}}
		if _, err := s.Take(t.Context(), noon, []customers.Message{{Key: "m-1", Person: customers.Customer{ID: "guest"}, Order: &o, Event: &event}}); err != nil {
			t.Fatal(err)
		}
		putOrders(t, s, order("o-1", "c-1", noon, line(1, 1, 100)))
		if events, err := s.Of(t.Context(), "guest", 10); err != nil || len(events) != 0 {
			t.Errorf("the guest has %v, %v", events, err)
		}
		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil || len(events) != 1 || !events[0].At.Equal(event.At) || events[0].Properties["street"] != "1 High Street" {
			t.Errorf("the account has %v, %v", events, err)
		}
	})
}

func TestOrdersNeedACustomerAndATime(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for _, bad := range []customers.Order{{Customer: "c-1", At: noon}, {ID: "o-1", At: noon}, {ID: "o-1", Customer: "c-1"}} {
			if _, err := s.PutOrders(t.Context(), noon, []customers.Order{order("o-9", "c-9", noon), bad}); err == nil {
				t.Errorf("order %+v was taken in", bad)
			}
		}
		if all, err := s.Load(t.Context(), []string{"c-9"}, noon); err != nil || len(all) != 0 {
			t.Errorf("half of it was written: %v, %v", all, err)
		}
	})
}

func TestPutProducts(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for _, step := range []struct {
			what     string
			products []customers.Product
			want     customers.Tally
		}{
			{"new", []customers.Product{{ID: "1", Name: "Tea", Price: 300}, {ID: "2", Name: "Cup"}}, customers.Tally{Added: 2}},
			{"again", []customers.Product{{ID: "1", Name: "Tea", Price: 300}, {ID: "2", Name: "Cup"}}, customers.Tally{Unchanged: 2}},
			{"dearer", []customers.Product{{ID: "1", Name: "Tea", Price: 1}, {ID: "1", Name: "Tea", Price: 400}, {ID: "3", Name: "Pot"}}, customers.Tally{Added: 1, Changed: 1}},
		} {
			got, err := s.PutProducts(t.Context(), step.products)
			if err != nil {
				t.Fatal(err)
			}
			same(t, step.what, got, step.want)
		}
		if _, err := s.PutProducts(t.Context(), []customers.Product{{Name: "no id"}}); err == nil {
			t.Error("a product without an id was taken in")
		}
	})
}

// A hundred customers, each a little better than the one before, and some of whom a file
// does not say when they last bought.
func TestCustomersAreRankedByWhatTheyBought(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		var people []customers.Customer
		for i := 1; i <= 100; i++ {
			people = append(people, customers.Customer{ID: fmt.Sprintf("c-%03d", i), Orders: customers.OrderTotals{
				Count: 2, Total: int64(100 * i), FirstAt: ago(9000 * time.Hour), LastAt: ago(time.Duration(100-i) * time.Hour),
			}})
		}
		people = append(people,
			customers.Customer{ID: "c-never"},
			customers.Customer{ID: "c-undated", Orders: customers.OrderTotals{Count: 9, Total: 1_000_000}},
			customers.Customer{ID: "c-long-ago", Orders: customers.OrderTotals{Count: 9, Total: 1_000_000, FirstAt: ago(9001 * time.Hour), LastAt: ago(9000 * time.Hour)}})
		put(t, s, people...)
		for range 2 { // again gives the same
			if err := s.Rank(t.Context(), noon); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []struct {
			id      string
			rfm     customers.RFM
			pyramid string
		}{
			{"c-100", customers.RFM{Recency: 5, Frequency: 1, Monetary: 5}, "top"},
			{"c-099", customers.RFM{Recency: 5, Frequency: 1, Monetary: 5}, "big"},
			{"c-096", customers.RFM{Recency: 5, Frequency: 1, Monetary: 5}, "big"},
			{"c-095", customers.RFM{Recency: 5, Frequency: 1, Monetary: 5}, "medium"},
			{"c-081", customers.RFM{Recency: 5, Frequency: 1, Monetary: 4}, "medium"},
			{"c-080", customers.RFM{Recency: 4, Frequency: 1, Monetary: 4}, "small"},
			{"c-001", customers.RFM{Recency: 1, Frequency: 1, Monetary: 1}, "small"},
			{"c-long-ago", customers.RFM{Recency: 1, Frequency: 5, Monetary: 5}, "inactive"},
			{"c-undated", customers.RFM{Recency: 1, Frequency: 5, Monetary: 5}, "inactive"},
			{"c-never", customers.RFM{}, "inactive"},
		} {
			c := loaded(t, s, want.id)
			if c.RFM != want.rfm || c.Pyramid != want.pyramid {
				t.Errorf("%s is %+v %s, want %+v %s", want.id, c.RFM, c.Pyramid, want.rfm, want.pyramid)
			}
		}
	})
}

// So many travel by a temporary table.
func TestManyCustomersInOneCall(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := make([]customers.Customer, 2500)
		for i := range people {
			people[i] = customers.Customer{ID: fmt.Sprintf("c-%d", i), City: "Berlin"}
		}
		for i, want := range []customers.Tally{{Added: len(people)}, {Unchanged: len(people)}} {
			got, err := s.PutCustomers(t.Context(), noon, people)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprint("tally ", i), got, want)
		}
	})
}

// The second of two imports of a new order knows it only when it writes.
func TestTwoWhoTellOfANewOrderLeaveItsLineAsItIs(t *testing.T) {
	dsn := Postgres(t)
	s := Open(t, dsn)
	put(t, s, customers.Customer{ID: "c-1"})
	hold, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.ExecContext(t.Context(), "SELECT id FROM customers WHERE id = 'c-1' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	const first = "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))"
	underWay := make(chan struct{})
	together(t, 3, func(i int) error {
		switch i {
		case 0:
			_, err := s.PutOrders(t.Context(), noon, []customers.Order{order("o-1", "c-1", noon, line(1, 1, 100))})
			return err
		case 1:
			<-underWay
			_, err := s.PutOrders(t.Context(), noon, []customers.Order{order("o-1", "c-2", noon, line(1, 3, 900)), order("o-2", "c-2", noon, line(1, 1, 1))})
			return err
		}
		awaited(t, hold, first)
		close(underWay)
		awaited(t, hold, "pg_blocking_pids(l.pid) && ARRAY(SELECT w.pid FROM pg_locks w WHERE NOT w.granted AND pg_backend_pid() = ANY (pg_blocking_pids(w.pid)))")
		return hold.Commit()
	})
	same(t, "who lost it", loaded(t, s, "c-1").Orders.Count, int64(0))
	same(t, "who has it", loaded(t, s, "c-2").Orders.Total, int64(901))
	events, err := s.Of(t.Context(), "c-2", 10)
	if err != nil || len(events) != 2 {
		t.Fatalf("the timeline is %v, %v", events, err)
	}
	var totals []any
	for _, e := range events {
		totals = append(totals, e.Properties["total"])
	}
	slices.SortFunc(totals, func(a, b any) int { return cmp.Compare(b.(float64), a.(float64)) })
	same(t, "the lines", totals, []any{9.0, 0.01})
}
