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

// A name that an older program removes takes its words along, and the rows are found by
// their index.
func TestANameThatIsRemovedLeavesNoWords(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openMigrated(t, dsn)
		people := []customers.Customer{{ID: "c-1", FirstName: "Anna", LastName: "Berg"}, {ID: "c-2", FirstName: "Carl", LastName: "Dorn"}}
		if _, err := s.PutCustomers(t.Context(), time.Now(), people); err != nil {
			t.Fatal(err)
		}
		for _, change := range []string{"first_name = NULL WHERE id = 'c-1'", "last_name = NULL WHERE id = 'c-2'"} {
			if _, err := s.writer.ExecContext(t.Context(), "UPDATE customers SET "+change); err != nil {
				t.Fatal(err)
			}
		}
		if more, err := s.PrepareNames(t.Context(), 10); more || err != nil {
			t.Fatalf("more: %v, %v", more, err)
		}
		for name, want := range map[string]int{"anna": 0, "berg": 1, "carl": 1, "dorn": 0} {
			if found, err := s.Named(t.Context(), name, 10); err != nil || found.Matching != want {
				t.Errorf("%s finds %d, %v", name, found.Matching, err)
			}
		}
		if plan := s.explained(t, "SELECT c.id FROM customers c WHERE "+wordless+" AND c.id > $1 ORDER BY c.id LIMIT 10", ""); !strings.Contains(plan, "customers_unnamed") {
			t.Errorf("they are found by\n%s", plan)
		}
	})
}

// Until names of before have their words, a file that tells nothing new changes nobody.
func TestTheSameNameChangesNobody(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openMigrated(t, dsn)
		put := func(first string, want customers.Tally) {
			t.Helper()
			tally, err := s.PutCustomers(t.Context(), time.Now(), []customers.Customer{{ID: "c-1", FirstName: first, LastName: "Berg"}})
			if err != nil || tally != want {
				t.Errorf("%s: %+v, %v", first, tally, err)
			}
		}
		sql := func(change string) {
			t.Helper()
			if _, err := s.writer.ExecContext(t.Context(), "UPDATE customers SET "+change); err != nil {
				t.Fatal(err)
			}
		}
		put("Anna", customers.Tally{Added: 1})
		sql("first_name_words = NULL, last_name_words = NULL")
		put("Anna", customers.Tally{Unchanged: 1})
		put("Hanna", customers.Tally{Changed: 1})
		put("Hanna", customers.Tally{Unchanged: 1})
		sql("first_name = 'Anna'") // by an older program, and the words stay
		put("Hanna", customers.Tally{Changed: 1})
		sql("first_name = 'Anna'")
		put("Anna", customers.Tally{Changed: 1})
		if found, err := s.Named(t.Context(), "anna", 10); err != nil || found.Matching != 1 {
			t.Errorf("found are %+v, %v", found, err)
		}
	})
}

// The word that is looked for in SQLite's index is one that not everybody's begins with.
func TestTheWordThatIsLookedForTellsPeopleApart(t *testing.T) {
	for _, words := range [][]string{{"\U00010428", "li"}, {"li", "\U00010428"}, {"ли", "lia"}, {"a", "王"}} {
		_, args := (&tx{dialect: expression.SQLite}).namedQuery(words, true)
		want := map[string]string{"\U00010428": "li", "li": "li", "ли": "lia", "a": "王"}[words[0]]
		if args[0] != want {
			t.Errorf("of %q %q is looked for", words, args[0])
		}
	}
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
