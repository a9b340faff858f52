package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rapport/campaigns/expression"
)

// errMeasured ends a measurement without a trace.
var errMeasured = errors.New("measured")

// Expense is what a database server has spent since it counts.
type Expense struct {
	Process                         int // one of the server's, on its machine
	Transactions, Inserted, Updated int64
	WAL, Size                       int64 // bytes written ahead, and of this database
}

// Spent tells what the server of a PostgreSQL store has spent so far; of another
// store it tells nothing.
func (s *Store) Spent(ctx context.Context) (e Expense, err error) {
	if s.dialect != expression.Postgres {
		return e, nil
	}
	err = s.read(ctx, func(tx *tx) error {
		return tx.statement(ctx, `
			SELECT pg_backend_pid(), xact_commit, tup_inserted, tup_updated, (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint, pg_database_size(datname)
			FROM pg_stat_database WHERE datname = current_database()`).
			row(ctx).Scan(&e.Process, &e.Transactions, &e.Inserted, &e.Updated, &e.WAL, &e.Size)
	})
	if err != nil {
		return e, fmt.Errorf("ask the database server what it has spent: %w", err)
	}
	return e, nil
}

// BareCustomers measures how long the database itself takes to write all
// customers once more, by one statement over rows it has already: the bound of any
// import. Nothing stays of it.
func (s *Store) BareCustomers(ctx context.Context, clock func() time.Time) (took time.Duration, err error) {
	return s.bare(ctx, clock, `
		INSERT INTO customers (id, shard, person, email, phone, first_name, last_name, first_name_words, last_name_words, country, zone, phone_zone, city, created_at, updated_at)
		SELECT id || ' bare', shard, person || ' bare', email || ' bare', phone || ' bare', first_name, last_name, first_name_words, last_name_words, country, zone, phone_zone, city,
			created_at, updated_at FROM customers ORDER BY id`)
}

// BareInsert measures how long the database itself takes to write the entries of
// a campaign's latest run once more, by one statement that judges nothing: the
// bound of any broadcast. Nothing stays of it.
func (s *Store) BareInsert(ctx context.Context, campaign string, clock func() time.Time) (took time.Duration, err error) {
	return s.bare(ctx, clock, `
		INSERT INTO entries (campaign, version, run, customer, cause, state, arrived_at, wake_at, entered_at)
		SELECT campaign || ' bare', version, run, customer, cause, 'running', arrived_at, wake_at, entered_at FROM entries
		WHERE run = (SELECT MAX(id) FROM runs WHERE campaign = $1)`, campaign)
}

// bare measures one statement and takes it back.
func (s *Store) bare(ctx context.Context, clock func() time.Time, statement string, args ...any) (took time.Duration, err error) {
	err = s.write(ctx, func(tx *tx) error {
		began := clock()
		_, err := tx.exec(ctx, statement, args...)
		took = clock().Sub(began)
		if err != nil {
			return err
		}
		return errMeasured
	})
	if !errors.Is(err, errMeasured) {
		return 0, fmt.Errorf("measure a bare statement: %w", err)
	}
	return took, nil
}
