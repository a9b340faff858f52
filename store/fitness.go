package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"rapport/campaigns/expression"
)

// Unfit is a database that no waiting makes fit for this program.
type Unfit struct{ Reason string }

// Error implements error.
func (u *Unfit) Error() string { return u.Reason }

// Schema compares the database's schema with this program's.
type Schema struct {
	// Pending are the migrations that the database lacks, and Foreign those that
	// a newer program has made there.
	Pending, Foreign []int64
}

// Schema tells whether the database's schema is this program's. It changes
// nothing: a database without any schema lacks all of it.
func (s *Store) Schema(ctx context.Context) (Schema, error) {
	known, err := knownMigrations()
	if err != nil {
		return Schema{}, err
	}
	var made []int64
	err = s.read(ctx, func(tx *tx) error {
		there, _, err := first(ctx, tx, column[bool], tableExists(s.dialect), "goose_db_version")
		if err != nil || !there {
			return err
		}
		made, err = list(ctx, tx, column[int64], "SELECT version_id FROM goose_db_version WHERE is_applied AND version_id > 0 ORDER BY version_id")
		return err
	})
	if err != nil {
		return Schema{}, fmt.Errorf("read the schema's version: %w", err)
	}
	without := func(all, some []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(all), func(n int64) bool { return slices.Contains(some, n) })
	}
	return Schema{Pending: without(known, made), Foreign: without(made, known)}, nil
}

func tableExists(d expression.Dialect) string {
	if d == expression.Postgres {
		return "SELECT to_regclass($1) IS NOT NULL"
	}
	return "SELECT count(*) > 0 FROM sqlite_schema WHERE name = $1"
}

// knownMigrations are the numbers of this program's, in order.
func knownMigrations() ([]int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	known := make([]int64, len(names))
	for i, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if known[i], err = strconv.ParseInt(number, 10, 64); err != nil {
			return nil, fmt.Errorf("the migration %s has no number", name)
		}
	}
	return known, nil
}

// ErrReadOnly says that the database takes no writes: it is a standby, or was told so.
var ErrReadOnly = errors.New("the database is read-only")

// ErrNoRoom says that a write lately failed because a disk is full.
var ErrNoRoom = errors.New("the database takes no writes: its disk is full")

// room is what the looks at a database know of the room it has. Both stores of one
// database share it.
type room struct {
	lacked atomic.Bool // a write has failed for want of it since the last look
	doubt  atomic.Bool // whether it is back is to be tried
}

// noRoom reports whether a write failed because a disk is full.
func noRoom(err error) bool {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	return errors.As(err, &lite) && fullSQLite(lite.Code()) || errors.As(err, &pg) && pg.Code == diskFull
}

// Writable is ErrReadOnly where the database server takes no writes, and ErrNoRoom where
// a write has failed for want of room since it was last asked, and until a small one
// succeeds, in the time there is, that is tried from then on. A SQLite file that cannot be
// written is not opened.
func (s *Store) Writable(ctx context.Context) error {
	if s.room.lacked.Swap(false) {
		s.room.doubt.Store(true)
		return ErrNoRoom
	}
	if err := s.takesWrites(ctx); err != nil {
		return err
	}
	if !s.room.doubt.Load() {
		return nil
	}
	err := s.SetFact(ctx, "room", "there is some")
	switch {
	case noRoom(err), err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ErrNoRoom
	case err != nil:
		return err
	}
	s.room.doubt.Store(false)
	return nil
}

// takesWrites is ErrReadOnly where the database server takes no writes.
func (s *Store) takesWrites(ctx context.Context) error {
	if s.dialect == expression.SQLite {
		return nil
	}
	var not bool
	err := s.writer.QueryRowContext(ctx, "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool").Scan(&not)
	switch {
	case err != nil:
		return fmt.Errorf("ask the database whether it can be written: %w", explain(err))
	case not:
		return ErrReadOnly
	}
	return nil
}

// Clock is what the database server's clock shows; SQLite's is this machine's.
func (s *Store) Clock(ctx context.Context) (at time.Time, err error) {
	var millis int64
	if err := explain(s.readers.QueryRowContext(ctx, "SELECT "+words[s.dialect]["{now}"]).Scan(&millis)); err != nil {
		return time.Time{}, fmt.Errorf("ask the database for the time: %w", err)
	}
	return time.UnixMilli(millis).UTC(), nil
}
