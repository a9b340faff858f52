package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"rapport/campaigns/expression"
)

// tx is one transaction, with the dialect its SQL is written in.
type tx struct {
	*sql.Tx
	conn    *sql.Conn
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
	return s.insist(ctx, func() error { return s.within(ctx, s.writer, nil, do) })
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
	options := &sql.TxOptions{ReadOnly: true}
	if s.dialect == expression.Postgres {
		options.Isolation = sql.LevelRepeatableRead // SQLite always reads a snapshot
	}
	return s.insist(ctx, func() error { return s.within(ctx, s.readers, options, do) })
}

func (s *Store) within(ctx context.Context, db *sql.DB, options *sql.TxOptions, do func(tx *tx) error) (err error) {
	kept := s.preparedFor(db)
	var missed []string
	defer func() { kept.keep(ctx, missed) }() // when the connection is free again
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	inner, err := conn.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	// Nothing after a commit; else the first error, or the panic, is what tells.
	defer func() { _ = inner.Rollback() }()
	t := &tx{Tx: inner, conn: conn, dialect: s.dialect, conditionTimeout: s.ConditionTimeout, erasureKeys: s.ErasureKeys, prepared: kept}
	defer func() { missed = t.missed }()
	if s.pooled {
		if err := t.settle(ctx); err != nil {
			return err
		}
	}
	if err := do(t); err != nil {
		return err
	}
	if err := t.unstage(ctx); err != nil {
		return err
	}
	err = inner.Commit()
	if err != nil && !unsent(err) {
		return unanswered{err}
	}
	return err
}

// pause waits before the next try: 10 ms, doubling, give or take a half, so
// that two transactions that met do not meet again.
func pause(ctx context.Context, try int) error {
	length := 10 * time.Millisecond << (try - 1)
	return wait(ctx, length/2+rand.N(length))
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
	result, err := t.statement(ctx, query).exec(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
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

// record is one row of a result.
type record interface{ Scan(dest ...any) error }

// list reads all rows of a query. Nothing else may run on the transaction
// while scan does.
func list[T any](ctx context.Context, t *tx, scan func(record) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := t.statement(ctx, query).query(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// listRows is list over a query in which {rows} stands for a relation of Go
// values.
func listRows[T any](ctx context.Context, t *tx, rows *rowset, scan func(record) (T, error), query string, args ...any) ([]T, error) {
	query, args, err := rows.bind(t.dialect, query, args)
	if err != nil {
		return nil, err
	}
	return list(ctx, t, scan, query, args...)
}

// first reads the first row of a query, if it has one.
func first[T any](ctx context.Context, t *tx, scan func(record) (T, error), query string, args ...any) (one T, found bool, err error) {
	one, err = scan(t.statement(ctx, query).row(ctx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		var none T
		return none, false, nil
	}
	return one, err == nil, err
}

// column scans results of one column.
func column[T any](r record) (one T, err error) {
	err = r.Scan(&one)
	return one, err
}
