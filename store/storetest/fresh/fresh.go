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

// Pooler names the environment variable that holds the URL of a pgbouncer in
// transaction mode before that server, which finds every database of it. Where
// Pooled is set too, the tests of PostgreSQL run through it.
const (
	Pooler = "RAPPORT_TEST_PGBOUNCER"
	Pooled = "RAPPORT_TEST_POOLED"
)

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
	if os.Getenv(Pooled) != "" {
		return ThroughPooler(t)
	}
	server := named(t, Variable)
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

// ThroughPooler is the DSN of a database that is dropped with the test, reached
// through pgbouncer: a schema would not do, because a pooler passes on no
// search_path.
func ThroughPooler(t testing.TB) string {
	t.Helper()
	server := named(t, Variable)
	dsn, err := url.Parse(named(t, Pooler))
	if err != nil {
		t.Fatalf("%s is not a URL", Pooler)
	}
	database := fmt.Sprintf("rapport_test_%016x", rand.Uint64())
	run(t, server, "CREATE DATABASE "+database)
	t.Cleanup(func() { run(t, server, "DROP DATABASE "+database+" WITH (FORCE)") })
	dsn.Path = "/" + database
	return dsn.String()
}

func named(t testing.TB, variable string) string {
	t.Helper()
	server := os.Getenv(variable)
	if server == "" {
		t.Skip("PostgreSQL: " + variable + " is not set")
	}
	return server
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
