package storetest

import (
	"context"
	"database/sql"
	"testing"
)

// beside is a connection to a PostgreSQL beside those of the store.
func beside(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // nothing is lost with it
	return db
}

// queryer is a connection, or a transaction on one.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// awaited waits until somebody waits for a lock, aliased l, of which a condition holds.
func awaited(t *testing.T, on queryer, condition string) {
	t.Helper()
	for !holds(t, on, condition) {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func holds(t *testing.T, on queryer, condition string) (holds bool) {
	t.Helper()
	if err := on.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE NOT l.granted AND "+condition+")").Scan(&holds); err != nil {
		t.Fatal(err)
	}
	return holds
}
