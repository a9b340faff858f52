// Package fresh gives a test the DSN of a fresh, empty database of each kind.
// It does not open a store (storetest does), so that tests inside store can use
// it too.
package fresh

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Variable names the environment variable that holds the DSN of a PostgreSQL
// server for tests, as a URL. Its user must be allowed to create schemas.
const Variable = "RAPPORT_TEST_POSTGRES"

// Each runs a check with the DSN of a fresh database of every kind: a SQLite
// file, and a schema of its own on the PostgreSQL server the environment names,
// which is skipped by name where it names none.
func Each(t *testing.T, check func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { check(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { check(t, Postgres(t)) })
}

// SQLite is the DSN of a file in a temporary folder.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "rapport.db")
}

// Postgres is the DSN of a schema that is dropped with the test.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Skip("PostgreSQL: " + Variable + " is not set")
	}
	dsn, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", Variable)
	}
	schema := fmt.Sprintf("rapport_test_%016x", rand.Uint64())
	run(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { run(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	query := dsn.Query()
	query.Set("search_path", schema)
	dsn.RawQuery = query.Encode()
	return dsn.String()
}

func run(t testing.TB, dsn, statement string) {
	t.Helper()
	ctx := context.Background() // also at the test's end, when its own is over
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}
