package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rapport/channels"
	"rapport/customers"
	"rapport/store"
)

// noon is the present of these tests.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// ada is a customer of whom everything is known that one may tell the store.
func ada() customers.Customer {
	return customers.Customer{
		ID: "c-ada", Email: "ada@shop.example", Phone: "+493012345678", FirstName: "Ada", LastName: "Łovelace \"<&>'",
		Locale: "de-DE", Country: "DE", City: "Köln", Zone: "Europe/Berlin", PhoneZone: "Europe/Berlin",
		BornOn: time.Date(1955, 12, 10, 0, 0, 0, 0, time.UTC), CreatedAt: ago(1000 * time.Hour), Kind: "reseller",
		Tags:   []string{"vip", "early"},
		Traits: map[string]any{"shoe_size": 39.5, "club": true, "favourite": "tea"},
		Orders: customers.OrderTotals{Count: 3, Total: 12_345, Returned: 1, FirstAt: ago(900 * time.Hour), LastAt: ago(90 * time.Hour)},
		RFM:    customers.RFM{Recency: 5, Frequency: 4, Monetary: 3}, Pyramid: "big", Points: 70, Tier: "gold",
		NPS: customers.Score{Last: 0, Sum: 9, Count: 2}, CSAT: customers.Score{Last: 4.5, Sum: 4.5, Count: 1},
		Contacted: customers.Contacted{LastAt: ago(time.Hour)},
		Engagement: customers.Engagement{
			EmailOpenedAt: ago(2 * time.Hour), EmailClickedAt: ago(3 * time.Hour),
			SMSRepliedAt: ago(4 * time.Hour), PushClickedAt: ago(5 * time.Hour),
		},
		Consents: []customers.Consent{
			{Customer: "c-ada", Topic: "marketing", Channel: channels.Email, In: true, At: ago(10 * time.Hour), Source: "form"},
			{Customer: "c-ada", Topic: "marketing", Channel: channels.SMS, In: false, At: ago(9 * time.Hour), Source: "sms"},
		},
	}
}

func put(t *testing.T, s *store.Store, people ...customers.Customer) customers.Tally {
	t.Helper()
	tally, err := s.PutCustomers(t.Context(), noon, people)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func loaded(t *testing.T, s *store.Store, id string) *customers.Customer {
	t.Helper()
	all, err := s.Load(t.Context(), []string{id}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if all[id] == nil {
		t.Fatalf("customer %s is not there", id)
	}
	return all[id]
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestWhatIsPutIsLoaded(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		want := ada()
		put(t, s, want, customers.Customer{ID: "c-bare"})
		same(t, "everything", loaded(t, s, "c-ada"), &want)
		same(t, "nothing", loaded(t, s, "c-bare"), &customers.Customer{ID: "c-bare", CreatedAt: noon, Kind: "consumer"})

		all, err := s.Load(t.Context(), []string{"c-nobody"}, noon)
		if err != nil || len(all) != 0 {
			t.Errorf("nobody was loaded as %v, %v", all, err)
		}
	})
}

func TestFindByEveryName(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		older := customers.Customer{ID: "c-older", Email: "shared@shop.example", CreatedAt: ago(48 * time.Hour)}
		newer := customers.Customer{ID: "c-newer", Email: "shared@shop.example", CreatedAt: ago(24 * time.Hour)}
		put(t, s, ada(), newer, older)
		if _, err := s.PutOrders(t.Context(), noon, []customers.Order{{ID: "A-17", Customer: "c-ada", At: noon}}); err != nil {
			t.Fatal(err)
		}
		for who, want := range map[string]string{
			"c-ada": "c-ada", "ada@shop.example": "c-ada", " Ada@Shop.Example ": "c-ada",
			"+493012345678": "c-ada", "+49 (30) 1234-5678": "c-ada", "A-17": "c-ada",
			"shared@shop.example": "c-older",
		} {
			found, err := s.Find(t.Context(), who)
			if err != nil {
				t.Errorf("find %q: %v", who, err)
				continue
			}
			if found.ID != want {
				t.Errorf("find %q gave %s, want %s", who, found.ID, want)
			}
			if want == "c-ada" && len(found.Consents) != 2 {
				t.Errorf("find %q gave no consents", who)
			}
		}
		for _, who := range []string{"c-nobody", "", "%", "nobody@shop.example"} {
			if _, err := s.Find(t.Context(), who); !errors.Is(err, customers.ErrUnknown) {
				t.Errorf("find %q: %v, want ErrUnknown", who, err)
			}
		}
	})
}

func TestStreamWalksTheChosenInOrder(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		var people []customers.Customer
		for i := range 1203 { // more than two pages
			people = append(people, customers.Customer{ID: fmt.Sprintf("c-%05d", i), Points: int64(1 + i%2)})
		}
		people[3].Consents = []customers.Consent{{Topic: "marketing", Channel: channels.Email, In: true, Source: "form"}}
		put(t, s, people...)
		var ids []string
		for c, err := range s.Stream(t.Context(), "c.points = $1 OR c.points = $2", []any{2, 3}) {
			if err != nil {
				t.Fatal(err)
			}
			if c.ID == "c-00003" && len(c.Consents) != 1 {
				t.Error("streamed without consents")
			}
			ids = append(ids, c.ID)
			if len(ids)%100 == 0 { // writing while streaming is allowed
				put(t, s, customers.Customer{ID: c.ID, City: "Köln"})
			}
			if len(ids) > 520 {
				break
			}
		}
		for i, id := range ids {
			if want := fmt.Sprintf("c-%05d", 2*i+1); id != want {
				t.Fatalf("place %d is %s, want %s", i, id, want)
			}
		}
		everybody := 0
		for _, err := range s.Stream(t.Context(), "", nil) {
			if err != nil {
				t.Fatal(err)
			}
			everybody++
		}
		if everybody != 1203 {
			t.Errorf("%d of 1203 were streamed", everybody)
		}
		for _, err := range s.Stream(t.Context(), "c.nothing = 1", nil) {
			if err == nil {
				t.Error("a condition that cannot be read gave customers")
			}
		}
	})
}

// A sender is known by the address they wrote from, not by what it reads like.
func TestASenderIsFoundByAddressAlone(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		older := customers.Customer{ID: "d-eve", Phone: ada().Phone, CreatedAt: ada().CreatedAt.Add(-time.Hour)}
		put(t, s, ada(), older, customers.Customer{ID: "12345"}, customers.Customer{ID: "ada@shop.example"})
		for _, c := range []struct {
			by   channels.Channel
			from string
			want []string
		}{
			{channels.Email, " Ada@shop.example", []string{"c-ada"}},
			{channels.SMS, "+49 30 12345678", []string{"d-eve", "c-ada"}},
			{channels.Call, "+493012345678", []string{"d-eve", "c-ada"}},
			{channels.SMS, "12345", nil},
			{channels.Email, "12345", nil},
			{channels.SMS, "ada@shop.example", nil},
			{channels.Email, "+493012345678", nil},
			{channels.Push, "ada@shop.example", nil},
			{channels.SMS, "", nil},
			{channels.Email, "", nil},
		} {
			found, err := s.WhoWrites(t.Context(), c.by, c.from)
			if err != nil || !slices.Equal(found, c.want) {
				t.Errorf("%s from %q: %v, %v", c.by, c.from, found, err)
			}
		}
	})
}
