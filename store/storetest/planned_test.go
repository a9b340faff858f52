package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

const lease = time.Minute

// always lets customers enter however often.
var always = campaigns.Again{Mode: "always"}

// journey is a running entry's beginning.
func journey(customer, cause string) campaigns.Entry {
	return campaigns.Entry{
		Campaign: "welcome", Version: 1, Customer: customer, Trigger: cause,
		State: campaigns.Running, EnteredAt: noon, ArrivedAt: noon, WakeAt: noon,
	}
}

// entered makes n customers c-0000 … and a journey for each, and returns the
// journeys in that order.
func entered(t testing.TB, s *store.Store, n int) []campaigns.Entry {
	t.Helper()
	people, entries := make([]customers.Customer, n), make([]campaigns.Entry, n)
	for i := range n {
		people[i] = customers.Customer{
			ID: fmt.Sprintf("c-%04d", i), Email: fmt.Sprintf("c%d@shop.example", i), Phone: fmt.Sprintf("+4930%07d", i),
		}
		entries[i] = journey(people[i].ID, fmt.Sprintf("manual:%d", rand.Int64()))
	}
	if _, err := s.PutCustomers(t.Context(), noon, people); err != nil {
		t.Fatal(err)
	}
	added, err := s.Enter(t.Context(), entries, always)
	if err != nil {
		t.Fatal(err)
	}
	for i, fresh := range added {
		if !fresh {
			t.Fatalf("entry %d was not added", i)
		}
	}
	awake, err := s.Awake(t.Context(), noon, lease, n)
	if err != nil || len(awake) != n {
		t.Fatalf("%d of %d entries are awake, %v", len(awake), n, err)
	}
	return entriesOf(t, s, awake)
}

func entriesOf(t testing.TB, s *store.Store, ids []int64) []campaigns.Entry {
	t.Helper()
	entries := make([]campaigns.Entry, len(ids))
	for i, traveller := range travellers(t, s, ids...) {
		entries[i] = traveller.Entry
	}
	return entries
}

func travellers(t testing.TB, s *store.Store, ids ...int64) []campaigns.Traveller {
	t.Helper()
	all, err := s.Travellers(t.Context(), ids, noon)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// message is a delivery as a step plans it.
func message(ch channels.Channel) deliveries.Delivery {
	return deliveries.Delivery{
		Step: "0", Channel: ch, Topic: "service", Template: "hello", Priority: 50,
		DueAt: noon, ExpiresAt: noon.Add(72 * time.Hour), Ambiguous: deliveries.Hold, PlannedAt: noon,
	}
}

// plan makes n customers with a journey and one planned e-mail each, changed by
// shape where it is given.
func plan(t testing.TB, s *store.Store, n int, shape func(i int, d *deliveries.Delivery)) []deliveries.Delivery {
	t.Helper()
	moves := make([]campaigns.Move, n)
	for i, e := range entered(t, s, n) {
		d := message(channels.Email)
		if shape != nil {
			shape(i, &d)
		}
		e.Position, e.WakeAt = "0", time.Time{}
		moves[i] = campaigns.Move{Entry: e, Plan: []deliveries.Delivery{d}}
	}
	apply(t, s, moves...)
	var planned []deliveries.Delivery
	for _, m := range moves {
		planned = append(planned, deliveriesOf(t, s, m.Entry.ID)...)
	}
	if len(planned) != n {
		t.Fatalf("%d of %d deliveries were planned", len(planned), n)
	}
	return planned
}

func apply(t testing.TB, s *store.Store, moves ...campaigns.Move) {
	t.Helper()
	if err := s.Apply(t.Context(), noon, moves); err != nil {
		t.Fatal(err)
	}
}

// journeyOf is a move of an entry that changes nothing yet.
func journeyOf(t testing.TB, s *store.Store, entry int64) campaigns.Move {
	t.Helper()
	return campaigns.Move{Entry: travellers(t, s, entry)[0].Entry}
}

func deliveriesOf(t testing.TB, s *store.Store, entry int64) []deliveries.Delivery {
	t.Helper()
	all, err := s.Summary().Of(t.Context(), entry)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// stored reads a delivery as it stands now.
func stored(t testing.TB, s *store.Store, id int64) deliveries.Delivery {
	t.Helper()
	all, err := s.Lookup(t.Context(), []deliveries.Ref{{ID: id}})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// claim leases and claims everything that is due at noon.
func claim(t testing.TB, s *store.Store) (deliveries.Fence, []deliveries.Delivery) {
	t.Helper()
	return claimAt(t, s, noon)
}

func claimAt(t testing.TB, s *store.Store, now time.Time) (deliveries.Fence, []deliveries.Delivery) {
	t.Helper()
	fence, claimed, err := s.Claim(t.Context(), due(t, s, now), now, lease)
	if err != nil {
		t.Fatal(err)
	}
	return fence, claimed
}

func due(t testing.TB, s *store.Store, now time.Time) []int64 {
	t.Helper()
	batches, err := s.Due(t.Context(), now, lease, deliveries.QuotaFor(10_000), 500)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, b := range batches {
		ids = append(ids, b.IDs...)
	}
	return ids
}

// judge is a rule on one delivery.
type judge = func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict

// pass lets everything go at a price.
func pass(cost int64) judge {
	return func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
		return deliveries.Verdict{Go: true, Cost: cost}
	}
}

func begin(t testing.TB, s *store.Store, fence deliveries.Fence, claimed []deliveries.Delivery, j judge) []deliveries.Verdict {
	t.Helper()
	return beginAt(t, s, fence, noon, claimed, j)
}

func beginAt(t testing.TB, s *store.Store, fence deliveries.Fence, now time.Time, claimed []deliveries.Delivery, j judge) []deliveries.Verdict {
	t.Helper()
	candidates := make([]deliveries.Candidate, len(claimed))
	for i, d := range claimed {
		candidates[i] = deliveries.Candidate{Delivery: d, Provider: "sendgrid"}
	}
	verdicts, err := s.Begin(t.Context(), fence, now, now.Add(-7*24*time.Hour), candidates, j)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts
}

func settle(t testing.TB, s *store.Store, fence deliveries.Fence, outcomes ...deliveries.Outcome) int {
	t.Helper()
	written, err := s.Settle(t.Context(), fence, noon, outcomes)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// sent makes n customers to whom an e-mail has gone out.
func sent(t testing.TB, s *store.Store, n int, shape func(i int, d *deliveries.Delivery)) []deliveries.Delivery {
	t.Helper()
	planned := plan(t, s, n, shape)
	fence, claimed := claim(t, s)
	begin(t, s, fence, claimed, pass(0))
	outcomes := make([]deliveries.Outcome, len(claimed))
	for i, d := range claimed {
		outcomes[i] = deliveries.Outcome{ID: d.ID, Status: deliveries.Sent, ProviderID: fmt.Sprintf("m%d", d.ID)}
	}
	settle(t, s, fence, outcomes...)
	for i := range planned {
		planned[i] = stored(t, s, planned[i].ID)
	}
	return planned
}

// names lists what stands on a customer's timeline, oldest first.
func names(t testing.TB, s *store.Store, customer string) []string {
	t.Helper()
	events, err := s.Of(t.Context(), customer, 100)
	if err != nil {
		t.Fatal(err)
	}
	said := make([]string, len(events))
	for i, e := range events {
		said[i] = e.Name
	}
	return said
}

// awake reports whether an entry waits to be looked at.
func awake(t testing.TB, s *store.Store, entry int64) bool {
	t.Helper()
	e := travellers(t, s, entry)[0].Entry
	return e.State == campaigns.Running && !e.WakeAt.IsZero() && !e.WakeAt.After(noon)
}
