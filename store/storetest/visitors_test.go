package storetest

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/store"
)

func TestABrowserOfAVisitorBecomesTheCustomers(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		const ann, visitor, other = "c-ann", "anonymous:v1", "anonymous:v2"
		if _, err := s.PutCustomers(t.Context(), noon, []customers.Customer{{ID: ann}, {ID: visitor}, {ID: other}}); err != nil {
			t.Fatal(err)
		}
		browser := channels.PushSubscription{Endpoint: "https://push.example/1", P256dh: "p", Auth: "a"}
		bind := func(who string, want bool) {
			t.Helper()
			if bound, err := s.SubscribeVisitor(t.Context(), who, browser, noon); err != nil || bound != want {
				t.Errorf("bound to %s: %v, %v", who, bound, err)
			}
		}
		of := func(who string) []channels.PushSubscription { t.Helper(); return loaded(t, s, who).Browsers }
		bind(visitor, true)
		bind(other, true)
		bind(visitor, true)
		words := []customers.Consent{
			{Customer: visitor, Topic: "marketing", Channel: channels.Push, In: true, At: noon, Source: "page"},
			{Customer: visitor, Topic: "service", Channel: channels.Push, In: true, At: noon, Source: "page"},
			{Customer: ann, Topic: "service", Channel: channels.Push, In: false, At: noon.Add(-time.Hour), Source: "one_click"},
		}
		if err := s.Consent(t.Context(), noon, words); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			said := []customers.Message{{Person: customers.Customer{ID: ann}, Visitor: visitor}, {Person: customers.Customer{ID: "c-nobody"}, Visitor: "anonymous:nobody"}}
			if _, err := s.Take(t.Context(), noon, said); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "the customer's browsers", of(ann), []channels.PushSubscription{browser})
		same(t, "the visitor's browsers", of(visitor), []channels.PushSubscription(nil))
		if c := loaded(t, s, ann); !c.Consented("marketing", channels.Push, false) || c.Consented("service", channels.Push, true) {
			t.Errorf("consents are %+v", c.Consents)
		}
		bind(other, false) // what is a customer's stays theirs
		same(t, "the customer's browsers", of(ann), []channels.PushSubscription{browser})

		renewed := channels.PushSubscription{Endpoint: "https://push.example/2", P256dh: "p2", Auth: "a2"}
		for _, want := range []bool{true, false} {
			if known, err := s.Renew(t.Context(), browser.Endpoint, renewed, noon); err != nil || known != want {
				t.Errorf("renewed: %v, %v", known, err)
			}
		}
		same(t, "the customer's browsers", of(ann), []channels.PushSubscription{renewed})
	})
}
