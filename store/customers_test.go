package store

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"rapport/customers"
)

// The person of a profile is the same whether Go or SQL works it out, and
// follows what becomes known later.
func TestThePersonOfAProfile(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		for _, given := range []customers.Customer{
			{ID: "c-1"},
			{ID: "c-1", Phone: "+493012345678"},
			{ID: "c-1", City: "Bonn"},
			{ID: "c-1", Email: "A@Shop.Example"},
			{ID: "c-1", Phone: "+493099999999"},
			{ID: "c-2", Email: "b@shop.example", Phone: "+493012345678"},
		} {
			if _, err := s.PutCustomers(t.Context(), time.UnixMilli(1), []customers.Customer{given}); err != nil {
				t.Fatal(err)
			}
			all, err := s.Load(t.Context(), []string{given.ID}, time.UnixMilli(1))
			if err != nil {
				t.Fatal(err)
			}
			var person string
			var shard int
			err = s.readers.QueryRowContext(t.Context(), "SELECT person, shard FROM customers WHERE id = $1", given.ID).Scan(&person, &shard)
			if err != nil {
				t.Fatal(err)
			}
			if want := customers.Person(*all[given.ID]); person != want || shard != customers.Shard(given.ID) {
				t.Errorf("after %+v: person %q in shard %d, want %q in %d", given, person, shard, want, customers.Shard(given.ID))
			}
		}
	})
}

// Imports that overlap neither stop each other nor count a customer twice.
func TestImportsAtTheSameTime(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		people, orders := crowd(2500), purchases(2500)
		tallies := make([]customers.Tally, 4)
		var imports errgroup.Group
		for i := range tallies {
			imports.Go(func() (err error) {
				if _, err = s.PutOrders(t.Context(), time.UnixMilli(1), orders[i*100:]); err != nil {
					return err
				}
				tallies[i], err = s.PutCustomers(t.Context(), time.UnixMilli(1), people[i*100:])
				return err
			})
		}
		if err := imports.Wait(); err != nil {
			t.Fatal(err)
		}
		added, seen := 0, 0
		for _, tally := range tallies {
			added += tally.Added
			seen += tally.Added + tally.Changed + tally.Unchanged
		}
		// 250 of them were met by their orders.
		if n := count(t, s, "customers"); n != 2500 || added != 2250 || seen != 4*2500-600 {
			t.Errorf("%d customers, %d added, %d counted", n, added, seen)
		}
		if n := count(t, s, "orders"); n != 2500 {
			t.Errorf("%d orders", n)
		}
		var sum int
		err := s.readers.QueryRowContext(t.Context(), "SELECT sum(orders_count) FROM customers").Scan(&sum)
		if err != nil || sum != 2500 {
			t.Errorf("%d orders stand on customers, %v", sum, err)
		}
	})
}

// Orders and cases of one customer that come at the same time are all counted.
func TestWhatComesAtTheSameTimeAddsUp(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		const clients, people = 4, 50
		var imports errgroup.Group
		for client := range clients {
			imports.Go(func() error {
				for i := range people {
					who := fmt.Sprintf("c-%d", i)
					order := customers.Order{ID: fmt.Sprintf("o-%d-%d", client, i), Customer: who, At: time.UnixMilli(1), Total: 1}
					if _, err := s.PutOrders(t.Context(), time.UnixMilli(1), []customers.Order{order}); err != nil {
						return err
					}
					opened := customers.Case{Customer: who, Queue: "q", Priority: customers.Low, Title: "t", Why: "step", OpenedAt: time.UnixMilli(int64(client))}
					if err := s.Casebook().Open(t.Context(), []customers.Case{opened}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := imports.Wait(); err != nil {
			t.Fatal(err)
		}
		for c, err := range s.Stream(t.Context(), "", nil) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Orders.Count != clients || c.Orders.Total != clients || c.Cases.Open != clients {
				t.Errorf("customer %s has %+v and %+v, want %d of each", c.ID, c.Orders, c.Cases, clients)
			}
		}
	})
}
