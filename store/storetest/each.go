package storetest

import (
	"testing"

	"rapport/store"
	"rapport/store/storetest/fresh"
)

// Each runs a check on a fresh, migrated store of every kind.
func Each(t *testing.T, check func(t *testing.T, s *store.Store)) {
	t.Helper()
	fresh.Each(t, func(t *testing.T, dsn string) { check(t, Open(t, dsn)) })
}

// Open opens and migrates a store that is closed with the test.
func Open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// SQLite is the DSN of a fresh, empty file.
func SQLite(t testing.TB) string {
	t.Helper()
	return fresh.SQLite(t)
}

// Postgres is the DSN of a fresh, empty schema; the test is skipped where no
// server is named.
func Postgres(t testing.TB) string {
	t.Helper()
	return fresh.Postgres(t)
}
