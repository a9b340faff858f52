package storetest

import (
	"fmt"
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/store"
)

func event(customer, key string, at time.Time) customers.Event {
	return customers.Event{Customer: customer, Name: "email opened", At: at, ReceivedAt: at.Add(time.Minute), Key: key}
}

func appended(t *testing.T, s *store.Store, events ...customers.Event) []bool {
	t.Helper()
	for _, e := range events {
		befriend(t, s, e.Customer)
	}
	fresh, err := s.Append(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// befriend makes a profile for whoever has none.
func befriend(t *testing.T, s *store.Store, id string) {
	t.Helper()
	known, err := s.Load(t.Context(), []string{id}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if known[id] == nil {
		put(t, s, customers.Customer{ID: id})
	}
}

func TestAnEventIsRecordedOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		known := event("c-1", "k1", noon)
		known.ProviderKey = "p1"
		same(t, "first", appended(t, s, known), []bool{true})
		otherKey, twinKey := event("c-1", "k2", noon), event("c-1", "k5", noon)
		otherKey.ProviderKey = "p1"
		twinKey.ProviderKey = "p4"
		twin := event("c-1", "k4", noon)
		twin.ProviderKey = "p4"
		same(t, "repeated", appended(t, s, event("c-1", "k1", noon), otherKey, event("c-1", "k3", noon), event("c-1", "k3", noon), twin, twinKey),
			[]bool{false, false, true, false, true, false})
		same(t, "none", appended(t, s), nil)

		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil || len(events) != 3 {
			t.Errorf("timeline %v, %v", events, err)
		}
		if _, err := s.Append(t.Context(), []customers.Event{event("c-1", "k9", noon), event("c-1", "", noon)}); err == nil {
			t.Error("an event without a key was taken in")
		}
	})
}

func TestManyEventsInOneCall(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		var events []customers.Event
		for i := range 4100 {
			events = append(events, event("c-1", fmt.Sprint(i%4099), noon))
		}
		fresh := appended(t, s, events...)
		for i, is := range fresh {
			if is != (i < 4099) {
				t.Fatalf("event %d: fresh %v", i, is)
			}
		}
	})
}

func TestATimelineIsInOrderOfWhatHappened(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		full := customers.Event{
			Customer: "c-1", Name: "Order Completed", At: ago(time.Minute), ReceivedAt: noon,
			Properties: map[string]any{"total": 12.5, "odd": "<&>\u2028 ق", "list": []any{"a"}, "in": map[string]any{"b": true}},
			Key:        "k-full", ProviderKey: "p-full", Campaign: "welcome", Entry: 4, Delivery: 5, Live: true,
		}
		appended(t, s, event("c-1", "late", noon), event("c-1", "early", ago(time.Hour)), full, event("c-2", "other", noon),
			event("c-1", "same moment", noon))
		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, e := range events {
			keys = append(keys, e.Key)
			if e.Key == "k-full" {
				full.ID = e.ID
				same(t, "an event", e, full)
			}
		}
		same(t, "order", keys, []string{"early", "k-full", "late", "same moment"})
		newest, err := s.Of(t.Context(), "c-1", 2)
		if err != nil || len(newest) != 2 || newest[0].Key != "late" {
			t.Errorf("the two newest are %v, %v", newest, err)
		}
	})
}

func TestOnlyLiveEventsAreNews(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		first, second := event("c-1", "first", noon), event("c-1", "second", ago(time.Hour))
		first.Live, second.Live = true, true
		appended(t, s, event("c-1", "history", noon), first, second)
		appended(t, s, first)
		unseen := func(limit int) (keys []string, ids []int64) {
			events, err := s.Pending(t.Context(), limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				keys, ids = append(keys, e.Key), append(ids, e.ID)
			}
			return keys, ids
		}
		keys, ids := unseen(10)
		same(t, "news", keys, []string{"first", "second"})
		if err := s.Seen(t.Context(), ids[:1]); err != nil {
			t.Fatal(err)
		}
		keys, _ = unseen(1)
		same(t, "what is left", keys, []string{"second"})
	})
}

func TestEventsAreCountedWithinTheirSpan(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		appended(t, s, event("c-1", "1", ago(50*time.Hour)), event("c-1", "2", ago(24*time.Hour)), event("c-1", "3", noon),
			event("c-1", "4", noon.Add(time.Hour)), event("c-2", "5", noon),
			customers.Event{Customer: "c-1", Name: "another", At: noon, Key: "6"})
		ever := expression.Count{Event: "email opened"}
		day := expression.Count{Event: "email opened", Within: 24 * time.Hour}
		span := expression.Count{Event: "email opened", From: ago(50 * time.Hour), Until: noon}
		got, err := s.Counts(t.Context(), []string{"c-1", "c-2", "c-3"}, []expression.Count{ever, day, span}, noon)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "counts", got, map[string]map[string]int64{
			"c-1": {ever.Key(): 4, day.Key(): 3, span.Key(): 2},
			"c-2": {ever.Key(): 1, day.Key(): 1, span.Key(): 0},
			"c-3": {ever.Key(): 0, day.Key(): 0, span.Key(): 0},
		})
		if got, err := s.Counts(t.Context(), []string{"c-1"}, nil, noon); err != nil || len(got["c-1"]) != 0 {
			t.Errorf("no counts gave %v, %v", got, err)
		}
	})
}

// What a customer does on the shop's pages drowns out nothing that was said, nor do
// messages that nobody answers.
func TestAConversationIsFoundAmongAllElse(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
		event := func(n int, name string, delivery int64) customers.Event {
			return customers.Event{Customer: "c-1", Name: name, At: at(n), ReceivedAt: at(n), Key: fmt.Sprint(n), Delivery: delivery}
		}
		events := []customers.Event{
			event(0, "case opened", 0), event(1, "sms sent", 1), event(2, "sms replied", 1), event(3, "case replied", 2), event(4, "sms failed", 2),
			event(5, "call answered", 3),
		}
		for n := range 40 {
			events = append(events, event(10+n, "Product Viewed", 0))
		}
		for n := range 4 {
			events = append(events, event(100+n, "email sent", int64(10+n)))
		}
		other := event(200, "sms replied", 0)
		other.Customer = "c-2"
		appended(t, s, append(events, other)...)
		for limit, want := range map[int][]string{
			4: {"case opened", "sms replied", "case replied", "call answered", "email sent", "email sent", "email sent", "email sent"},
			1: {"call answered", "email sent"},
		} {
			found, err := s.Conversation(t.Context(), "c-1", limit)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range found {
				names = append(names, e.Name)
			}
			same(t, fmt.Sprintf("%d of each", limit), names, want)
		}
	})
}
