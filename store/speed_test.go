package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/store/storetest/fresh"
)

// crowd is n customers as an import brings them.
func crowd(n int) []customers.Customer {
	at := time.UnixMilli(1_700_000_000_000)
	people := make([]customers.Customer, n)
	for i := range people {
		people[i] = customers.Customer{
			ID: fmt.Sprintf("c-%07d", i), Email: fmt.Sprintf("customer.%d@shop.example", i), Phone: fmt.Sprintf("+4930%08d", i),
			FirstName: "Ada", LastName: "Lovelace", Locale: "de", Country: "DE", City: "Berlin", BornOn: at, CreatedAt: at,
			Tags: []string{"import"}, Traits: map[string]any{"shoe_size": 39.5, "club": true, "favourite": "tea"},
			Consents: []customers.Consent{{Topic: "marketing", Channel: channels.Email, In: true, At: at, Source: "import"}},
		}
	}
	return people
}

// purchases is n orders of two lines, ten to a customer.
func purchases(n int) []customers.Order {
	at := time.UnixMilli(1_700_000_000_000)
	orders := make([]customers.Order, n)
	for i := range orders {
		orders[i] = customers.Order{
			ID: fmt.Sprintf("o-%07d", i), Customer: fmt.Sprintf("c-%07d", i/10), At: at.Add(time.Duration(i) * time.Minute), Currency: "EUR",
			Lines: []customers.OrderLine{{Number: 1, Product: "p-1", Quantity: 1, Amount: 1000}, {Number: 2, Product: "p-2", Quantity: 2, Amount: 500}},
		}
	}
	return orders
}

// benchmarkEach measures on a fresh store of every kind: rows written and then
// written again, as rows a second.
func benchmarkEach(b *testing.B, rows int, write func(b *testing.B, s *Store)) {
	for name, dsn := range map[string]func(testing.TB) string{"SQLite": fresh.SQLite, "PostgreSQL": fresh.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := openMigrated(b, dsn(b))
			for _, what := range []string{"new", "again"} {
				start := b.Elapsed()
				write(b, s)
				b.ReportMetric(float64(rows)/(b.Elapsed()-start).Seconds(), what+"_rows/s")
			}
		})
	}
}

// in cuts rows into calls of 5000, as an import makes them.
func in[T any](b *testing.B, rows []T, put func([]T) error) {
	for len(rows) > 0 {
		n := min(5000, len(rows))
		if err := put(rows[:n]); err != nil {
			b.Fatal(err)
		}
		rows = rows[n:]
	}
}

func BenchmarkPutCustomers(b *testing.B) {
	people := crowd(50_000)
	benchmarkEach(b, len(people), func(b *testing.B, s *Store) {
		in(b, people, func(part []customers.Customer) error {
			_, err := s.PutCustomers(b.Context(), time.UnixMilli(1), part)
			return err
		})
	})
}

func BenchmarkPutOrders(b *testing.B) {
	orders := purchases(50_000)
	benchmarkEach(b, len(orders), func(b *testing.B, s *Store) {
		in(b, orders, func(part []customers.Order) error {
			_, err := s.PutOrders(b.Context(), time.UnixMilli(1), part)
			return err
		})
	})
}

func BenchmarkAppend(b *testing.B) {
	events := make([]customers.Event, 50_000)
	for i := range events {
		events[i] = customers.Event{
			Customer: fmt.Sprintf("c-%d", i/10), Name: "email opened", At: time.UnixMilli(int64(i)), ReceivedAt: time.UnixMilli(int64(i)),
			Key: fmt.Sprintf("key-%d", i), ProviderKey: fmt.Sprintf("provider-%d", i), Properties: map[string]any{"a": "b"},
		}
	}
	benchmarkEach(b, len(events), func(b *testing.B, s *Store) {
		in(b, events, func(part []customers.Event) error {
			_, err := s.Append(b.Context(), part)
			return err
		})
	})
}

func BenchmarkLoad(b *testing.B) {
	people := crowd(20_000)
	ids := make([]string, len(people))
	for i, c := range people {
		ids[i] = c.ID
	}
	for name, dsn := range map[string]func(testing.TB) string{"SQLite": fresh.SQLite, "PostgreSQL": fresh.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := openMigrated(b, dsn(b))
			in(b, people, func(part []customers.Customer) error {
				_, err := s.PutCustomers(b.Context(), time.UnixMilli(1), part)
				return err
			})
			for i := 0; b.Loop(); i++ {
				from := i * 500 % len(ids)
				if all, err := s.Load(b.Context(), ids[from:from+500], time.UnixMilli(1)); err != nil || len(all) != 500 {
					b.Fatal(len(all), err)
				}
			}
			b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// Queries that run all the time must not read a whole table.
func TestHotQueriesUseTheirIndexes(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		if _, err := s.PutCustomers(t.Context(), time.UnixMilli(1), crowd(3000)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutOrders(t.Context(), time.UnixMilli(1), purchases(3000)); err != nil {
			t.Fatal(err)
		}
		if err := s.PrepareTimeline(t.Context(), time.Now().AddDate(0, 18, 0)); err != nil { // two years of months
			t.Fatal(err)
		}
		if _, err := s.writer.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		for query, args := range map[string][]any{
			"SELECT id FROM customers WHERE email = $1":                                                                    {"a"},
			"SELECT id FROM customers WHERE phone = $1":                                                                    {"a"},
			"SELECT id FROM customers c WHERE c.shard >= $1 AND c.shard < $2":                                              {1, 2},
			"SELECT id FROM customers c WHERE (points = 0) AND c.id > $1 ORDER BY c.id LIMIT 500":                          {"a"},
			"SELECT count(*) FROM events e WHERE e.customer = $1 AND e.name = $2 AND e.at >= $3":                           {"a", "b", 1},
			"SELECT id FROM events e WHERE e.pending = 1 ORDER BY e.id LIMIT $1":                                           {10},
			"SELECT id FROM events e WHERE e.customer = $1 AND e.name IN ('a', 'b') AND e.at = $2 AND e.provider_key = $3": {"a", 1, "c"},
			"SELECT e.id FROM events e WHERE e.customer = $1 AND e.name = $2 AND e.at = $3 AND e.key = $4":                 {"a", "b", 1, "c"},
			"SELECT e.id FROM events e WHERE e.customer = $1 ORDER BY e.at DESC, e.id DESC LIMIT 300":                      {"a"},
			"SELECT e.id FROM events e WHERE e.customer = $1 AND e.name = $2 AND e.received_at >= $3 AND e.live = 1":       {"a", "b", 1},
			"SELECT id FROM orders o WHERE o.customer = $1":                                                                {"a"},
			"SELECT p.endpoint FROM push_subscriptions p WHERE p.customer = $1":                                            {"a"},
			"SELECT k.customer FROM consents k WHERE k.customer = $1":                                                      {"a"},
			"SELECT count(*) FROM deliveries d WHERE d.customer = $1 AND d.taken_at > $2":                                  {"a", 1},
			"SELECT id FROM cases k WHERE k.closed_at IS NULL AND k.entry > 0 AND k.entry = $1":                            {1},
			"SELECT number FROM order_lines l WHERE l.order_id = $1":                                                       {"a"},
			"SELECT s.reason FROM suppressions s WHERE s.channel = $1 AND s.address = $2":                                  {"a", "b"},
			"SELECT r.at FROM recordings r WHERE r.state = 'waiting' ORDER BY r.at LIMIT $1":                               {10},
			"SELECT q.id FROM recordings q WHERE q.state = 'lost' AND q.at < $1 ORDER BY q.at, q.id LIMIT $2":              {1, 10},
		} {
			if plan := s.plan(t, query, args...); plan != "" {
				t.Errorf("%s\nreads everything:\n%s", query, plan)
			}
		}
		if plan := s.plan(t, (&tx{dialect: s.dialect}).leaseWaiting(), 1, 10, 2, 3); plan != "" {
			t.Errorf("leasing callbacks reads everything:\n%s", plan)
		}
		ofCases, args, err := numbers([]int64{1}).bind(s.dialect, (&tx{dialect: s.dialect}).recordingsOfCases(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if plan := s.plan(t, ofCases, args...); plan != "" {
			t.Errorf("finding the recordings of cases reads everything:\n%s", plan)
		}
		if s.dialect == expression.Postgres {
			const known = "SELECT at FROM event_keys k WHERE k.number = $1 AND k.digest = $2"
			if plan := s.plan(t, known, 1, 2); plan != "" {
				t.Errorf("%s\nreads everything:\n%s", known, plan)
			}
		}
	})
}

// plan is the plan of a query if it reads a whole table, else "".
func (s *Store) plan(t *testing.T, query string, args ...any) string {
	t.Helper()
	plan := s.explained(t, query, args...)
	whole := strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN") && !strings.Contains(plan, "INDEX")
	if !whole {
		return ""
	}
	return plan
}

func (s *Store) explained(t *testing.T, query string, args ...any) string {
	t.Helper()
	var lines []string
	err := s.read(t.Context(), func(tx *tx) (err error) {
		if s.dialect == "sqlite" {
			lines, err = list(t.Context(), tx, func(r record) (line string, err error) {
				var id, parent, unused int
				err = r.Scan(&id, &parent, &unused, &line)
				return line, err
			}, "EXPLAIN QUERY PLAN "+query, args...)
			return err
		}
		// Small tables are read whole for good reason; here the question is
		// whether an index could serve.
		if _, err := tx.exec(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
			return err
		}
		lines, err = list(t.Context(), tx, column[string], "EXPLAIN "+query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(lines, "\n")
}
