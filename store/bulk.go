package store

import (
	"context"
	"slices"
	"strings"

	"rapport/campaigns/expression"
)

// chunk is how many rows travel in one statement where a relation is large.
const chunk = 2000

// stage moves a large rowset into a temporary table, which lives to the end of
// the transaction, and returns the rowset that stands for it: statements written
// with {rows} read the table. On PostgreSQL it is filled by COPY. A rowset that
// one statement can carry comes back as it is, because a table costs more.
func (t *tx) stage(ctx context.Context, r *rowset, table string) (*rowset, error) {
	if r.err != nil || r.len() <= chunk {
		return r, r.err
	}
	definitions := make([]string, len(r.cells))
	for i, c := range r.shape.columns {
		definitions[i] = c.name + " " + words[t.dialect]["{"+c.word+"}"]
	}
	for slices.Contains(t.staged, table) {
		table += "_again"
	}
	t.staged = append(t.staged, table)
	create := "CREATE TEMPORARY TABLE " + table + " (" + strings.Join(definitions, ", ") + ")"
	fill := t.fillByInsert
	if t.dialect == expression.Postgres {
		create += " ON COMMIT DROP"
		fill = t.fillByCopy
	}
	if _, err := t.exec(ctx, create); err != nil {
		return nil, err
	}
	return &rowset{shape: r.shape, cells: r.cells, table: table}, fill(ctx, r, table)
}

func (t *tx) fillByInsert(ctx context.Context, r *rowset, table string) error {
	for start := 0; start < r.len(); start += chunk {
		if _, err := t.execRows(ctx, r.part(start, min(start+chunk, r.len())), "INSERT INTO "+table+" SELECT * FROM {rows} AS v"); err != nil {
			return err
		}
	}
	return nil
}

// unstage drops what stage made, where the database does not by itself.
func (t *tx) unstage(ctx context.Context) error {
	if t.dialect == expression.Postgres {
		return nil
	}
	for _, table := range t.staged {
		if _, err := t.exec(ctx, "DROP TABLE temp."+table); err != nil {
			return err
		}
	}
	return nil
}
