package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rapport/campaigns/expression"
)

// tx is one transaction, with the dialect its SQL is written in.
type tx struct {
	lite    *sql.Tx // on SQLite
	pg      pgx.Tx  // on PostgreSQL
	dialect expression.Dialect
	staged  []string // temporary tables, see stage

	conditionTimeout time.Duration // see judged
	erasureKeys      [][]byte      // see suppressErased

	prepared *prepared
	missed   []string // queries that were not prepared
}

// tries is how often a transaction is begun anew after the database chose it
// as the victim of a conflict.
const tries = 6

// lostTries is how often one is begun anew after the database went away.
const lostTries = 18

// unanswered is an error of a commit.
type unanswered struct{ error }

// Unwrap lets what went wrong be asked for.
func (u unanswered) Unwrap() error { return u.error }

// write runs one transaction that changes something. It is durable when write
// returns nil and has left no trace when write returns an error. do may run
// several times, so it must set, not add to, what it hands out.
func (s *Store) write(ctx context.Context, do func(tx *tx) error) error {
	err := s.insist(ctx, func() error { return s.within(ctx, s.writer, false, do) })
	if noRoom(err) {
		s.room.lacked.Store(true)
	}
	return err
}

// insist tries a transaction again that has left no trace: at once after a
// conflict, and for some ten seconds where the database went away, as it does
// when it is restarted. One whose commit got no answer may have left a trace.
func (s *Store) insist(ctx context.Context, try func() error) error {
	for tried, lostTimes := 1, 0; ; {
		err := try()
		switch {
		case err == nil:
			return nil
		case conflict(err) && tried < tries:
			err = pause(ctx, tried)
			tried++
		case lost(err) && !errors.As(err, &unanswered{}) && ctx.Err() == nil && lostTimes < lostTries:
			err = pause(ctx, min(3+lostTimes, 7)) // up to 640 ms, give or take
			lostTimes++
		default:
			return explain(err)
		}
		if err != nil {
			return err
		}
	}
}

// read runs queries that all see the same state of the database.
func (s *Store) read(ctx context.Context, do func(tx *tx) error) error {
	return s.insist(ctx, func() error { return s.within(ctx, s.readers, true, do) })
}

// within runs a transaction on a connection of a pool.
func (s *Store) within(ctx context.Context, db *sql.DB, reading bool, do func(tx *tx) error) (err error) {
	kept := s.preparedFor(db)
	t := &tx{dialect: s.dialect, conditionTimeout: s.ConditionTimeout, erasureKeys: s.ErasureKeys, prepared: kept}
	defer func() { kept.keep(ctx, t.missed) }() // when the connection is free again
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if s.dialect == expression.Postgres {
		return conn.Raw(func(driver any) error { return s.onPostgres(ctx, t, driver, reading, do) })
	}
	t.lite, err = conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: reading}) // one that reads has a snapshot
	if err != nil {
		return err
	}
	// Nothing after a commit; else the first error, or the panic, is what tells.
	defer func() { _ = t.lite.Rollback() }()
	return t.through(ctx, do, func(context.Context) error { return t.lite.Commit() })
}

// through does what a transaction is for and commits it.
func (t *tx) through(ctx context.Context, do func(tx *tx) error, commit func(context.Context) error) error {
	if err := do(t); err != nil {
		return err
	}
	if err := t.unstage(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := commit(ctx)
	if err != nil && !unsent(err) {
		return unanswered{err}
	}
	return err
}

// pause waits before the next try: 10 ms, doubling, give or take a half, so
// that two transactions that met do not meet again.
func pause(ctx context.Context, try int) error {
	length := 10 * time.Millisecond << (try - 1)
	return wait(ctx, length/2+rand.N(length)) //nolint:gosec // only to be apart
}

func wait(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// exec runs a statement and returns how many rows it touched.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	return t.statement(ctx, query).exec(ctx, args...)
}

// execRows runs a statement in which {rows} stands for a relation of Go values.
// Its own arguments are $1 and so on.
func (t *tx) execRows(ctx context.Context, rows *rowset, query string, args ...any) (int64, error) {
	query, args, err := rows.bind(t.dialect, query, args)
	if err != nil {
		return 0, err
	}
	return t.exec(ctx, query, args...)
}

// list reads all rows of a query. Nothing else may run on the transaction
// while scan does.
func list[T any](ctx context.Context, t *tx, scan func(record) (T, error), query string, args ...any) ([]T, error) {
	return listInto(ctx, t, 0, returned(scan), query, args...)
}

// listRows is list over a query in which {rows} stands for a relation of Go
// values.
func listRows[T any](ctx context.Context, t *tx, rows *rowset, scan func(record) (T, error), query string, args ...any) ([]T, error) {
	return listRowsInto(ctx, t, rows, returned(scan), query, args...)
}

// listRowsInto is listRows of large things, see listInto.
func listRowsInto[T any](ctx context.Context, t *tx, rows *rowset, scan func(record, *T) error, query string, args ...any) ([]T, error) {
	query, args, err := rows.bind(t.dialect, query, args)
	if err != nil {
		return nil, err
	}
	return listInto(ctx, t, rows.len(), scan, query, args...)
}

// returned is a scan that returns what it read, as one that puts it in place.
func returned[T any](scan func(record) (T, error)) func(record, *T) error {
	return func(r record, into *T) (err error) {
		*into, err = scan(r)
		return err
	}
}

// few is how many results are expected before a query has given more.
const few = 16

// listInto is list of things that are too large to be handed around: they are read
// where they will lie. Once there are more than a few, room is made for as many as
// are likely.
func listInto[T any](ctx context.Context, t *tx, likely int, scan func(record, *T) error, query string, args ...any) (all []T, err error) {
	rows, err := t.statement(ctx, query).query(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = rows.end(err) }()
	for rows.next() {
		if len(all) == few {
			all = slices.Grow(all, max(likely-few, 1))
		}
		var zero T
		all = append(all, zero)
		if err := scan(rows.record, &all[len(all)-1]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// first reads the first row of a query, if it has one.
func first[T any](ctx context.Context, t *tx, scan func(record) (T, error), query string, args ...any) (one T, found bool, err error) {
	rows, err := t.statement(ctx, query).query(ctx, args...)
	if err != nil {
		return one, false, err
	}
	defer func() { err = rows.end(err) }()
	if !rows.next() {
		return one, false, nil
	}
	one, err = scan(rows.record)
	return one, err == nil, err
}

// column scans results of one column.
func column[T any](r record) (one T, err error) {
	err = r.Scan(&one)
	return one, err
}

// eachRow hands every row of a query to a function.
func eachRow(ctx context.Context, tx *tx, take func(record) error, query string, args ...any) error {
	_, err := list(ctx, tx, func(r record) (none struct{}, err error) { return none, take(r) }, query, args...)
	return err
}
