package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport/store/storetest/fresh"
)

func TestTheSchemaIsComparedWithTheProgram(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s, err := Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		known, err := knownMigrations()
		if err != nil || len(known) == 0 {
			t.Fatal(known, err)
		}
		expect := func(when string, pending, foreign []int64) {
			t.Helper()
			schema, err := s.Schema(t.Context())
			if err != nil || !slices.Equal(schema.Pending, pending) || !slices.Equal(schema.Foreign, foreign) {
				t.Errorf("%s: got %v, %v", when, schema, err)
			}
		}
		expect("an empty database", known, nil)
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect("once it is migrated", nil, nil)
		change := func(statement string, args ...any) {
			t.Helper()
			if _, err := s.writer.ExecContext(t.Context(), statement, args...); err != nil {
				t.Fatal(err)
			}
		}
		change("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)", applied(s))
		expect("when a newer program was there", nil, []int64{99999})
		change("DELETE FROM goose_db_version WHERE version_id = $1", known[1])
		expect("when one is missing in between", known[1:2], []int64{99999})
	})
}

func TestManyMigrateAtOnce(t *testing.T) {
	dsn := fresh.Postgres(t)
	var at sync.WaitGroup
	for range 4 {
		s, err := Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		at.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	at.Wait()
}

func TestTheDatabasesClockIsRead(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		before := time.Now().Add(-time.Millisecond) // it is read to the millisecond
		at, err := s.Clock(t.Context())
		if err != nil || at.Before(before) || at.After(time.Now()) {
			t.Errorf("got %s, %v; asked at %s", at, err, before)
		}
	})
}

// A database whose disk is full is not fit until a write succeeds again.
func TestADatabaseWithoutRoomIsNotWritable(t *testing.T) {
	s := openMigrated(t, fresh.SQLite(t))
	full := func() {
		t.Helper()
		if err := s.Aside().Writable(t.Context()); !errors.Is(err, ErrNoRoom) {
			t.Errorf("a full disk: %v", err)
		}
	}
	most := func(pages int) {
		t.Helper()
		if _, err := s.writer.ExecContext(t.Context(), "PRAGMA max_page_count = "+strconv.Itoa(pages)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Writable(t.Context()); err != nil {
		t.Fatal(err)
	}
	most(1) // SQLite takes it for as many as there are
	for n, size := 0, 4000; size > 0; size /= 2 {
		for ; s.SetFact(t.Context(), "f"+strconv.Itoa(n), strings.Repeat("x", size)) == nil; n++ {
			continue
		}
	}
	full()
	full() // it was tried
	if err := s.read(t.Context(), func(*tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	full()
	most(1 << 30)
	_ = s.Writable(t.Context()) // the last try counts for a look
	if err := s.Writable(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// The looks at a PostgreSQL have a connection of their own, and learn of the others'.
func TestAServerWithoutRoomIsNotWritable(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	err := s.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$")
		return err
	})
	if err == nil {
		t.Fatal("the test shows nothing")
	}
	if err := s.Aside().Writable(t.Context()); !errors.Is(err, ErrNoRoom) {
		t.Errorf("a full disk: %v", err)
	}
	if err := s.Aside().Writable(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// Whether there is room again is asked of a server that takes writes alone, and one that
// does not say so in time has none.
func TestADoubtAboutRoomHidesNothing(t *testing.T) {
	dsn := fresh.Postgres(t)
	s := openMigrated(t, dsn)
	if s.pooled {
		t.Skip("a pooler passes on no default_transaction_read_only")
	}
	standby, err := Open(t.Context(), dsn+"&default_transaction_read_only=on")
	if err != nil {
		t.Fatal(err)
	}
	defer standby.Close()
	standby.room.doubt.Store(true)
	if err := standby.Writable(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a standby: %v", err)
	}
	s.room.doubt.Store(true)
	err = s.write(t.Context(), func(tx *tx) error {
		if _, err := tx.exec(t.Context(), "LOCK TABLE facts"); err != nil {
			return err
		}
		hurried, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := s.Aside().Writable(hurried); !errors.Is(err, ErrNoRoom) {
			t.Errorf("a try that ends in nothing: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Aside().Writable(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
