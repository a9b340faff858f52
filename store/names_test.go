package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/store/storetest/fresh"
)

// beforeNames is the last schema in which names are not searched.
const beforeNames = 38

// Who was known before is found once their names are taken in, batch by batch and beside
// those of an older program.
func TestNamesOfBeforeAreTakenIn(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openAt(t, dsn, beforeNames)
		older := func(id, first string) {
			t.Helper()
			_, err := s.writer.ExecContext(t.Context(), `
				INSERT INTO customers (id, shard, person, first_name, created_at, updated_at) VALUES ($1, 0, $1, $2, 0, 0)`, id, nullable(first))
			if err != nil {
				t.Fatal(err)
			}
		}
		find := func(name string) customers.Namesakes {
			t.Helper()
			found, err := s.Named(t.Context(), name, 10)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		prepare := func(limit int, want ...bool) {
			t.Helper()
			for _, want := range want {
				if more, err := s.PrepareNames(t.Context(), limit); more != want || err != nil {
					t.Errorf("more: %v, %v", more, err)
				}
			}
		}
		for n := range 5 {
			older(fmt.Sprint("c-", n), "Jürgen")
		}
		older("nameless", "")
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found := find("jurgen"); found.Matching != 0 || !found.Unready {
			t.Errorf("found are %+v", found)
		}
		prepare(2, true)
		if found := find("jurgen"); found.Matching != 2 || !found.Unready {
			t.Errorf("found are %+v", found)
		}
		older("a-1", "Jürgen") // by a process that is not replaced yet
		prepare(2, true, false)
		if found := find("jurgen"); found.Matching != 5 || found.Unready {
			t.Errorf("found are %+v", found)
		}
		prepare(2, false, false)
		if found := find("jurgen"); found.Matching != 6 || found.Unready {
			t.Errorf("found are %+v", found)
		}
	})
}

// A search by name reads an index, whatever the planner thinks of how many there are.
func TestASearchByNameReadsNoTable(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openMigrated(t, dsn)
		var people []customers.Customer
		for n := range 3000 {
			people = append(people, customers.Customer{ID: fmt.Sprint("c-", n), FirstName: "Anna", LastName: "Berg"})
		}
		if _, err := s.PutCustomers(t.Context(), time.Now(), people); err != nil {
			t.Fatal(err)
		}
		if s.dialect == expression.Postgres {
			if _, err := s.writer.ExecContext(t.Context(), "ANALYZE customers"); err != nil {
				t.Fatal(err)
			}
		}
		for _, words := range [][]string{{"anna"}, {"an", "b"}, {"zorn", "berg"}} {
			var lines []string
			err := s.read(t.Context(), func(tx *tx) (err error) {
				query, args := tx.namedQuery(words, false)
				if tx.dialect == expression.Postgres {
					if err := tx.byIndexOfNames(t.Context()); err != nil {
						return err
					}
					lines, err = list(t.Context(), tx, column[string], "EXPLAIN "+query, args...)
					return err
				}
				lines, err = list(t.Context(), tx, func(r record) (line string, err error) {
					var id, parent, unused int
					return line, r.Scan(&id, &parent, &unused, &line)
				}, "EXPLAIN QUERY PLAN "+query, args...)
				return err
			})
			plan := strings.Join(lines, "\n")
			reads := slices.ContainsFunc(lines, func(line string) bool {
				return strings.Contains(line, "Bitmap Index Scan on customers_names") || strings.Contains(line, "SEARCH n USING PRIMARY KEY (word>")
			})
			if err != nil || !reads || strings.Contains(plan, "SCAN") || strings.Contains(plan, "Seq Scan") {
				t.Errorf("%v: %v\n%s", words, err, plan)
			}
		}
	})
}
