package store

import (
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
// and odd characters among them.
func TestRowsetCarriesEveryKindOfValue(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123).UTC()
	odd := "a\"b\\c\x00d\u2028é\xff'$1"
	eachStore(t, func(t *testing.T, s *Store) {
		for _, staged := range []bool{false, true} {
			rows := newRows("id int, label text, score real, at int, doc json, raw bytes")
			rows.add(1, odd, 0.1, at, map[string]any{"k": "v\x00<&>", "n": 1.5}, []byte{0, 255})
			rows.add(int64(1)<<60, nullable(""), nil, time.Time{}, map[string]any(nil), []byte(nil))
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
			if first.text != "a\"b\\cd\u2028é\uFFFD'$1" || first.score != 0.1 || !first.at.Equal(at) ||
				first.doc["k"] != "v<&>" || first.doc["n"] != 1.5 || string(first.raw) != "\x00\xff" {
				t.Errorf("staged %v: first row came back as %+v", staged, first)
			}
			if second.id != 1<<60 || second.text != "" || second.score != 0 || !second.at.IsZero() || second.doc != nil || len(second.raw) != 0 {
				t.Errorf("staged %v: second row came back as %+v", staged, second)
			}
		}
	})
}
