package store

import (
	"database/sql"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/store/storetest/fresh"
)

// eachStore runs a check on a fresh, migrated store of every kind, for tests that
// look inside the package; others use storetest.
func eachStore(t *testing.T, check func(t *testing.T, s *Store)) {
	t.Helper()
	fresh.Each(t, func(t *testing.T, dsn string) { check(t, openMigrated(t, dsn)) })
}

func openMigrated(t testing.TB, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

type cell struct {
	id    int64
	text  string
	score float64
	at    time.Time
	doc   map[string]any
	raw   []byte
}

func scanCell(r record) (c cell, err error) {
	err = r.Scan(&c.id, orZero(&c.text), orZero(&c.score), asTime(&c.at), asJSON(&c.doc), &c.raw)
	return c, err
}

// What goes in as Go rows comes out of a statement as the same values, NULLs
// and odd characters among them, however an operator wants statements sent.
func TestRowsetCarriesEveryKindOfValue(t *testing.T) {
	eachStore(t, carriesEveryKind)
	for _, mode := range []string{"cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			carriesEveryKind(t, openMigrated(t, fresh.Postgres(t)+"&default_query_exec_mode="+mode))
		})
	}
}

func carriesEveryKind(t *testing.T, s *Store) {
	at := time.UnixMilli(1_700_000_000_123).UTC()
	odd := "a\"b\\c\x00d\u2028é\xff'$1,{}\t\n\x01"
	for _, staged := range []bool{false, true} {
		rows := newRows("id int, label text, score real, at int, doc json, raw bytes")
		rows.add(1, odd, 0.1, at, inJSON(map[string]any{"k": "v\x00<&>\\\"", "n": 1.5}), []byte{0, 255})
		rows.add(int64(1)<<60, nullable(""), nil, time.Time{}, inJSON(map[string]any(nil)), []byte(nil))
		var got []cell
		err := s.write(t.Context(), func(tx *tx) (err error) {
			const query = "SELECT id, label, score, at, doc, raw FROM {rows} AS v WHERE id >= $1 ORDER BY id"
			if !staged {
				got, err = listRows(t.Context(), tx, rows, scanCell, query, 1)
				return err
			}
			for i := range chunk {
				rows.add(-i, nil, nil, nil, nil, nil)
			}
			if rows, err = tx.stage(t.Context(), rows, "incoming"); err != nil {
				return err
			}
			if rows.table == "" {
				t.Error("a large rowset was not staged")
			}
			got, err = listRows(t.Context(), tx, rows, scanCell, query, 1)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 {
			t.Fatalf("%d rows came back", len(got))
		}
		first, second := got[0], got[1]
		if first.text != "a\"b\\cd\u2028é\uFFFD'$1,{}\t\n\x01" || first.score != 0.1 || !first.at.Equal(at) ||
			first.doc["k"] != "v<&>\\\"" || first.doc["n"] != 1.5 || string(first.raw) != "\x00\xff" {
			t.Errorf("staged %v: first row came back as %+v", staged, first)
		}
		if second.id != 1<<60 || second.text != "" || second.score != 0 || !second.at.IsZero() || second.doc != nil || len(second.raw) != 0 {
			t.Errorf("staged %v: second row came back as %+v", staged, second)
		}
	}
}

// A row is read into whatever a caller keeps, on every database alike: a whole
// number into a flag, a type made of a plain one, a NULL where one may come. A NULL
// where none may come is an error.
func TestARowFitsItsPlaces(t *testing.T) {
	type word string
	type count int
	type row struct {
		word  word
		count count
		set   bool
		part  float64
		whole float64
		text  []byte
		none  sql.NullString
		zero  count
	}
	scan := func(r record) (got row, err error) {
		err = r.Scan(&got.word, &got.count, &got.set, &got.part, &got.whole, &got.text, &got.none, orZero(&got.zero))
		return got, err
	}
	const query = `SELECT label, n, n - 41, 0.5 * n, n, label, CAST(NULL AS TEXT), missing FROM
		(SELECT CAST('sms' AS TEXT) AS label, CAST(42 AS INT) AS n, CAST(NULL AS INT) AS missing) AS one`
	check := func(t *testing.T, s *Store) {
		err := s.read(t.Context(), func(tx *tx) error {
			got, found, err := first(t.Context(), tx, scan, query)
			if want := (row{"sms", 42, true, 21, 42, []byte("sms"), sql.NullString{}, 0}); !found || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v came as %+v", want, got)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		for _, void := range []string{"CAST(NULL AS TEXT)", "CAST(NULL AS INT)"} {
			err := s.read(t.Context(), func(tx *tx) error {
				_, _, err := first(t.Context(), tx, column[word], "SELECT "+void)
				return err
			})
			if err == nil {
				t.Errorf("%s passed for a word", void)
			}
		}
	}
	eachStore(t, check)
	t.Run("as text", func(t *testing.T) {
		check(t, openMigrated(t, fresh.Postgres(t)+"&default_query_exec_mode=exec"))
	})
}

// A plan that went by how many rows are given would read whole tables for them.
func TestAPlanGoesByNoNumberOfRows(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	planned := func(rows int) (plan []string) {
		t.Helper()
		ids := make([]int64, rows)
		err := s.read(t.Context(), func(tx *tx) (err error) {
			plan, err = listRows(t.Context(), tx, numbers(ids), column[string],
				"EXPLAIN UPDATE entries SET lease_until = NULL FROM {rows} AS v WHERE entries.id = v.id AND revision = 0")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	if one, many := planned(1), planned(5000); !slices.Equal(one, many) {
		t.Errorf("one row:\n%s\n5000:\n%s", strings.Join(one, "\n"), strings.Join(many, "\n"))
	}
}
