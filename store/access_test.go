package store

import (
	"slices"
	"strings"
	"testing"

	"rapport/campaigns/expression"
	"rapport/store/storetest/fresh"
)

// Whoever adds a table or a column says what people are told of it.
func TestEveryColumnIsToldOrNamedWithTheReason(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openMigrated(t, dsn)
		said := map[string][]string{}
		for _, h := range heldTables {
			for _, c := range h.columns() {
				if own, is := strings.CutPrefix(c.expression, "t."); is {
					said[h.table] = append(said[h.table], own)
				}
			}
			for _, columns := range h.untold {
				for column := range strings.SplitSeq(columns, ",") {
					said[h.table] = append(said[h.table], strings.TrimSpace(column))
				}
			}
			slices.Sort(said[h.table])
		}
		there := schemaOf(t, s)
		for table, columns := range there {
			if why := heldNowhere[table]; (why == "") == (said[table] == nil) {
				t.Errorf("the table %s stands in heldTables or in heldNowhere, with why it says nothing of a person", table)
			}
			if why := heldNowhere[table]; why == "" && !slices.Equal(said[table], columns) {
				t.Errorf("of %s stands in heldTables:\n%v\nand its columns are\n%v", table, said[table], columns)
			}
		}
		for _, h := range heldTables {
			if there[h.table] == nil {
				t.Errorf("there is no table %s", h.table)
			}
		}
	})
}

// schemaOf are the columns of all tables, in order; those of parts of a table are its own.
func schemaOf(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	query := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`
	if s.Dialect() == expression.Postgres {
		query = `SELECT r.relname::text, a.attname::text FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid
			WHERE r.relnamespace = current_schema()::regnamespace AND r.relkind IN ('r', 'p') AND NOT r.relispartition AND a.attnum > 0 AND NOT a.attisdropped`
	}
	there := map[string][]string{}
	err := s.read(t.Context(), func(tx *tx) error {
		return eachRow(t.Context(), tx, func(r record) error {
			var table, column string
			err := r.Scan(&table, &column)
			there[table] = append(there[table], column)
			return err
		}, query)
	})
	if err != nil {
		t.Fatal(err)
	}
	for table := range there {
		slices.Sort(there[table])
	}
	return there
}
