package store

import (
	"fmt"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

func TestMoreCustomersAreEnteredInMoreParts(t *testing.T) {
	for people, want := range map[int64]int{
		0: campaigns.ShardsPerRun, 1_600_000: 16, 1_600_001: 32, 10_000_000: 128, 100_000_000: customers.Shards, 1_000_000_000: customers.Shards,
	} {
		if parts := shardsFor(people); parts != want {
			t.Errorf("%d customers in %d parts, want %d", people, parts, want)
		}
	}
}

// A restored database has customers and no statistics: they are counted then.
func TestCustomersAreCountedWhereTheServerKnowsNothing(t *testing.T) {
	usual := peopleAPart
	t.Cleanup(func() { peopleAPart = usual })
	peopleAPart = 1
	eachStore(t, func(t *testing.T, s *Store) {
		var people []customers.Customer
		for n := range campaigns.ShardsPerRun + 1 {
			people = append(people, customers.Customer{ID: fmt.Sprint("c-", n)})
		}
		if _, err := s.PutCustomers(t.Context(), time.UnixMilli(1), people); err != nil {
			t.Fatal(err)
		}
		if parts, err := s.Runs().Parts(t.Context()); err != nil || parts != 2*campaigns.ShardsPerRun {
			t.Errorf("%d customers in %d parts, %v", len(people), parts, err)
		}
	})
}
