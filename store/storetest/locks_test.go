package storetest

import (
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
	QueryRow(query string, args ...any) *sql.Row
}

// awaited waits until a condition about locks holds.
func awaited(t *testing.T, on queryer, condition string) {
	t.Helper()
	for holds := false; !holds; {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		if err := on.QueryRow("SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE NOT l.granted AND " + condition + ")").Scan(&holds); err != nil {
			t.Fatal(err)
		}
	}
}
