package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"rapport/campaigns/expression"
)

// oldestPostgres is the first server version that is supported.
const oldestPostgres = 140000

// pool is how many connections a process holds at most.
const pool = 16

// openPostgres opens one pool for reading and writing. The DSN may carry any
// setting of libpq and of pgx, such as default_query_exec_mode=exec for a
// server behind a transaction pooler.
func openPostgres(ctx context.Context, dsn string) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, &Unfit{"open store: the PostgreSQL DSN cannot be read; it has the form postgres://user:password@host:5432/database"}
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "rapport"
	}
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(withoutJIT))
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	if err := checkPostgres(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("open store on %s:%d: %w", config.Host, config.Port, err), db.Close())
	}
	return &Store{dialect: expression.Postgres, writer: db, readers: db}, nil
}

// withoutJIT spares statements over thousands of rows, of which this package
// consists, the second or two the server would spend on compiling each. It is no
// start parameter, because poolers refuse those they do not know.
func withoutJIT(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET jit = off")
	return err
}

func checkPostgres(ctx context.Context, db *sql.DB) error {
	var version int
	if err := db.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return explain(err)
	}
	if version < oldestPostgres {
		return &Unfit{fmt.Sprintf("PostgreSQL %d is too old: 14 or newer is needed", version/10000)}
	}
	return nil
}

// conflict reports whether the database gave up a transaction that may pass
// when it is tried again: serialization_failure, deadlock_detected.
func conflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// explainPostgres puts into words what an operator can mend.
func explainPostgres(err *pgconn.PgError) string {
	switch err.Code {
	case "53100":
		return "the database server's disk is full, nothing of this was written"
	case "53300":
		return "the database server takes no more connections"
	case "25006":
		return "the database is read-only: name the primary, not a standby"
	case "42501":
		return "the database user may not do this: let it own the schema"
	case "42P01", "42703":
		return "the schema is missing or old: run rapport migrate"
	case "28P01", "28000":
		return "the database server refuses the user or the password"
	case "3D000":
		return "the database does not exist: create it first"
	}
	return ""
}

// copyRows fills a table by COPY, the fastest way in.
func copyRows(ctx context.Context, conn *sql.Conn, table string, r *rowset) error {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.name
	}
	return conn.Raw(func(driver any) error {
		pg, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("copy into %s: not a PostgreSQL connection", table)
		}
		_, err := pg.Conn().CopyFrom(ctx, pgx.Identifier{table}, names, pgx.CopyFromRows(r.rows))
		return err
	})
}
