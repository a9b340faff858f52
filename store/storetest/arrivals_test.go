package storetest

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/store"
	"rapport/store/storetest/fresh"
)

func TestWhatAJourneyWaitsForIsLiveAndNew(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		line := func(customer, name, key string, received time.Time, live bool) customers.Event {
			return customers.Event{Customer: customer, Name: name, At: ago(time.Hour), ReceivedAt: received, Key: key, Live: live}
		}
		appended(
			t, s,
			line("c-1", "Order Completed", "early", ago(time.Millisecond), true),
			line("c-1", "Order Completed", "just then", noon, true),
			line("c-1", "Order Completed", "imported", noon, false),
			line("c-1", "Order Returned", "another name", noon, true),
			line("c-2", "Order Completed", "another customer", noon, true),
			line("c-1", "Order Completed", "late", noon.Add(time.Hour), true),
		)
		news, err := s.Pending(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		var judged []int64
		for _, e := range news {
			judged = append(judged, e.ID)
		}
		if err := s.Seen(t.Context(), judged); err != nil { // which makes them no less live
			t.Fatal(err)
		}
		found, err := s.Arrived(t.Context(), []campaigns.Awaited{
			{Entry: 7, Customer: "c-1", Event: "Order Completed", Since: noon},
			{Entry: 8, Customer: "c-1", Event: "Order Completed", Since: noon.Add(time.Minute)},
			{Entry: 9, Customer: "c-2", Event: "Order Returned", Since: noon},
			{Entry: 10, Customer: "c-1", Event: "Order Completed", Since: noon, After: judged[1]},
		})
		if err != nil {
			t.Fatal(err)
		}
		keys := map[int64][]string{}
		for entry, events := range found {
			for _, e := range events {
				keys[entry] = append(keys[entry], e.Key)
			}
		}
		same(t, "arrived", keys, map[int64][]string{7: {"just then", "late"}, 8: {"late"}, 10: {"late"}})
	})
}

// asleep makes customers with a journey each that nothing wakes but news.
func asleep(t *testing.T, s *store.Store, n int) []campaigns.Entry {
	t.Helper()
	all := entered(t, s, n)
	moves := make([]campaigns.Move, n)
	for i, e := range all {
		e.Position, e.WakeAt = "1", time.Time{}
		moves[i] = campaigns.Move{Entry: e}
	}
	apply(t, s, moves...)
	for i := range all {
		all[i] = travellers(t, s, all[i].ID)[0].Entry
	}
	return all
}

// Whatever an exit may ask about wakes the journeys of the customer it concerns,
// and of nobody else.
func TestWhatACustomerWantsWakesTheirJourneys(t *testing.T) {
	for name, change := range map[string]func(s *store.Store, t *testing.T, c *customers.Customer) error{
		"consent": func(s *store.Store, t *testing.T, c *customers.Customer) error {
			return s.Consent(t.Context(), noon, []customers.Consent{{Customer: c.ID, Topic: "marketing", Channel: channels.SMS, At: noon}})
		},
		"an imported consent": func(s *store.Store, t *testing.T, c *customers.Customer) error {
			_, err := s.PutCustomers(t.Context(), noon, []customers.Customer{{ID: c.ID, Consents: []customers.Consent{{Topic: "marketing", Channel: channels.SMS}}}})
			return err
		},
		"a suppressed address": func(s *store.Store, t *testing.T, c *customers.Customer) error {
			return s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.Email, Address: c.Email, Reason: "bounced", At: noon}})
		},
		"a suppressed number": func(s *store.Store, t *testing.T, c *customers.Customer) error {
			return s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.Call, Address: c.Phone, Reason: "opted_out", At: noon}})
		},
		"a browser": func(s *store.Store, t *testing.T, c *customers.Customer) error {
			return s.Subscribe(t.Context(), c.ID, channels.PushSubscription{Endpoint: "https://push.example/1"}, noon)
		},
		"an answer": func(s *store.Store, t *testing.T, c *customers.Customer) error {
			score := 2.0
			return s.Responses().Apply(t.Context(), noon, []campaigns.Response{{
				Event:  customers.Event{Customer: c.ID, Name: "email answered", At: noon, Key: "a"},
				Answer: &campaigns.Answer{Entry: 4711, Customer: c.ID, Ask: "csat", Scale: campaigns.CSAT5, Score: &score, At: noon},
			}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				all := asleep(t, s, 2)
				if err := change(s, t, loaded(t, s, all[0].Customer)); err != nil {
					t.Fatal(err)
				}
				after := travellers(t, s, all[0].ID, all[1].ID)
				if !awake(t, s, all[0].ID) || after[0].Entry.Revision == all[0].Revision {
					t.Error("the journey sleeps on, or a move judged before would pass")
				}
				same(t, "the other's", after[1].Entry, all[1])
			})
		})
	}
}

func TestTakingBackWakesToo(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-0000", Phone: "+49300000000"})
		browser := channels.PushSubscription{Endpoint: "https://push.example/1"}
		for _, err := range []error{
			s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.SMS, Address: "+49300000000", Reason: channels.ReasonOptedOut, At: noon}}),
			s.Subscribe(t.Context(), "c-0000", browser, noon),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		e := asleep(t, s, 1)[0]
		wakes := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			now := travellers(t, s, e.ID)[0].Entry
			if now.Revision == e.Revision {
				t.Errorf("%s wakes nobody", what)
			}
			e = now
		}
		wakes("a release", s.Release(t.Context(), channels.SMS, "+49300000000", noon.Add(time.Hour)))
		wakes("a browser that is gone", s.Unsubscribe(t.Context(), browser.Endpoint))
	})
}

// Whoever judges an event while an entry is taken to a step that waits for it waits for
// that move, which did not see the event, and then wakes the entry.
func TestAWakingWaitsForTheMoveUnderWay(t *testing.T) {
	dsn := fresh.Postgres(t) // SQLite has one writer
	s := Open(t, dsn)
	enter(t, s, always, journey("c-1", "event:1"))
	entry := running(t, s, "c-1")[0]
	move, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := move.ExecContext(t.Context(), "UPDATE entries SET position = '0', wake_at = 7, revision = revision + 1 WHERE id = $1", entry.ID); err != nil {
		t.Fatal(err)
	}
	together(t, 2, func(i int) error {
		if i == 0 {
			return s.Wake(t.Context(), noon, []int64{entry.ID})
		}
		awaited(t, move, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
		return move.Commit()
	})
	if woken := running(t, s, "c-1")[0]; !woken.WakeAt.Equal(noon) {
		t.Errorf("it wakes at %s", woken.WakeAt)
	}
}
