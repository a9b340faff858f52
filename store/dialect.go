package store

import (
	"context"

	"rapport/campaigns/expression"
)

// among is the condition that a column holds one of a relation's ids, as in
//
//	listRows(ctx, tx, numbers(ids), scan, "SELECT … FROM entries e WHERE "+tx.among("e.id"))
//
// in the form that makes the database look each of them up in the column's
// index, whatever it believes about the table. A join leaves that to statistics,
// which are out of date in the middle of a broadcast.
func (t *tx) among(column string) string {
	return t.within(column, "SELECT v.id FROM {rows} AS v")
}

// within is the SQL of a column being one of those that a query gives, few of many:
// each is looked up in the column's index, however large the table is.
func (t *tx) within(column, query string) string {
	if t.dialect == expression.Postgres {
		return column + " = ANY (ARRAY(" + query + "))"
	}
	return column + " IN (" + query + ")"
}

// place is the column by which a statement finds again, without an index, the rows it
// has locked: where they lie on PostgreSQL, their number on SQLite.
func (t *tx) place() string {
	if t.dialect == expression.Postgres {
		return "ctid"
	}
	return "id"
}

// asRead is a column in a form that no partial index serves. Where rows are named
// by their numbers anyway, a database that takes a table for small reads a partial
// index instead, from end to end, and what passed through it long ago with it.
func asRead(column string) string { return "COALESCE(" + column + ", '')" }

// forUpdate is the end of a SELECT whose rows of one table nobody else may
// change until the transaction ends. On SQLite there is one writer, who holds
// everything anyway.
func (t *tx) forUpdate(table string) string {
	if t.dialect == expression.Postgres {
		return " FOR UPDATE OF " + table
	}
	return ""
}

// forShare is the end of a SELECT whose rows of one table nobody may change until
// the transaction ends, though others may look at them in the same way.
func (t *tx) forShare(table string) string {
	if t.dialect == expression.Postgres {
		return " FOR SHARE OF " + table
	}
	return ""
}

// forKeyShare is the end of a SELECT whose rows of one table nobody may delete until
// the transaction ends. They may be changed.
func (t *tx) forKeyShare(table string) string {
	if t.dialect == expression.Postgres {
		return " FOR KEY SHARE OF " + table
	}
	return ""
}

// forNoKeyUpdate is the end of a SELECT whose rows of one table nobody may change or
// delete until the transaction ends. Who holds them by forKeyShare is not waited for.
func (t *tx) forNoKeyUpdate(table string) string {
	if t.dialect == expression.Postgres {
		return " FOR NO KEY UPDATE OF " + table
	}
	return ""
}

// forUpdateOfFree is forUpdate that leaves out what somebody else holds.
func (t *tx) forUpdateOfFree(table string) string {
	if t.dialect == expression.Postgres {
		return " FOR UPDATE OF " + table + " SKIP LOCKED"
	}
	return ""
}

// Things one transaction does at a time (see alone).
const (
	spending = 0x72617070_01 // taking from budgets
	applying = 0x72617070_02 // applying a workspace
	erasing  = 0x72617070_03 // erasing somebody, while nobody writes about whom a condition selects
)

// alone waits until no other transaction does the same thing, and keeps others
// from it until this one ends.
func (t *tx) alone(ctx context.Context, doing int64) error {
	if t.dialect != expression.Postgres {
		return nil
	}
	_, err := t.exec(ctx, "SELECT pg_advisory_xact_lock($1)", doing)
	return err
}

// unlessAlone waits until nobody does a thing alone, and keeps others from it until
// this transaction ends. Any number may at once.
func (t *tx) unlessAlone(ctx context.Context, doing int64) error {
	if t.dialect != expression.Postgres {
		return nil
	}
	_, err := t.exec(ctx, "SELECT pg_advisory_xact_lock_shared($1)", doing)
	return err
}
