package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"rapport/campaigns/expression"
)

// oldestPostgres is the first server version that is supported.
const oldestPostgres = 140000

// pool is how many connections a process holds at most, unless the DSN says
// otherwise by pool_max_conns.
const pool = 16

// connectWait bounds one try to connect, so that the next host is asked soon.
const connectWait = 5 * time.Second

// openPostgres opens one pool for reading and writing. The DSN may carry any
// setting of libpq and of pgx, and name several hosts.
func openPostgres(ctx context.Context, dsn string) (*Store, error) {
	config, err := readDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("open store: the PostgreSQL DSN cannot be read: %w", withoutDSN(err))
	}
	size, err := poolSize(config)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "rapport"
	}
	dialer, err := dialerOf(config)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	config.DialFunc = dialer.DialContext
	at := fmt.Sprintf("open store on %s:%d", config.Host, config.Port)
	s := &Store{dialect: expression.Postgres, arrivals: newArrivals(), room: &room{}}
	if s.pooled, err = pooled(ctx, config); err != nil {
		return nil, fmt.Errorf("%s: %w", at, explain(err))
	}
	if s.pooled && !strings.Contains(dsn, "default_query_exec_mode") {
		// Parsed each time; what the parameters are is asked once for each connection
		// of ours and remembered, which needs nothing of the server's.
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	work, looks := s.connectors(config)
	db := sized(work, size)
	if err := checkPostgres(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", at, err), db.Close())
	}
	s.writer, s.readers = db, db
	one := sized(looks, 1) // it connects when somebody looks
	s.aside = &Store{dialect: s.dialect, pooled: s.pooled, arrivals: newArrivals(), room: s.room, writer: one, readers: one}
	return s, nil
}

// sized is a pool that keeps as many connections as it may have.
func sized(connector driver.Connector, size int) *sql.DB {
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

// readDSN reads a DSN, in which a try to connect is bounded.
func readDSN(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err == nil && !strings.Contains(dsn, "connect_timeout") {
		config.ConnectTimeout = connectWait
	}
	return config, err
}

// withoutDSN is why a DSN cannot be read, without a word of the DSN but a file it
// names: it holds a password, and of one that is malformed nobody knows where.
func withoutDSN(err error) error {
	form := errors.New("it has the form postgres://user:password@host:5432/database")
	if !strings.Contains(err.Error(), "failed to configure TLS") {
		return form
	}
	cause := errors.Unwrap(err) // of reading certificates
	var file *fs.PathError
	if cause == nil || errors.As(cause, &file) && strings.ContainsAny(file.Path, ";&=?") { // two settings run together
		return form
	}
	return fmt.Errorf("its certificates (sslmode, sslrootcert, sslcert, sslkey): %w", cause)
}

// poolSize takes the size of the pool out of what is sent to the server.
func poolSize(config *pgx.ConnConfig) (int, error) {
	given, set := config.RuntimeParams["pool_max_conns"]
	if !set {
		return pool, nil
	}
	delete(config.RuntimeParams, "pool_max_conns")
	size, err := strconv.Atoi(given)
	if err != nil || size < 2 {
		return 0, fmt.Errorf("pool_max_conns in the PostgreSQL DSN is %q: it must be a number of connections, at least 2", given)
	}
	return size, nil
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

// lost reports whether the database went away: it is being restarted, another
// host takes its place, or a connection broke.
func lost(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
			return true
		}
		return strings.HasPrefix(pg.Code, "08") // connection exceptions, and whatever pgbouncer has to say
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || unsent(err)
}

// unsent reports whether a statement never left for the server.
func unsent(err error) bool { return pgconn.SafeToRetry(err) }

// diskFull is the SQLSTATE of a server that has no room for what is written.
const diskFull = "53100"

// explainPostgres puts into words what an operator can mend.
func explainPostgres(err *pgconn.PgError) string {
	switch err.Code {
	case "57P01", "57P02", "57P03":
		return "the database server is being restarted"
	case diskFull:
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

// onPostgres runs a transaction on a connection that database/sql lends. From there
// on the driver is spoken to itself: database/sql would box every value that is
// written or read.
func (s *Store) onPostgres(ctx context.Context, t *tx, driver any, reading bool, do func(tx *tx) error) (err error) {
	conn, ok := driver.(*stdlib.Conn)
	if !ok {
		return fmt.Errorf("a PostgreSQL connection came as %T", driver)
	}
	t.pg, err = conn.Conn().BeginTx(ctx, s.beginning(reading))
	if err != nil {
		return err
	}
	// Nothing after a commit; else the first error, or the panic, is what tells. A
	// transaction whose time is up takes its connection with it.
	defer func() { _ = t.pg.Rollback(ctx) }()
	return t.through(ctx, do, t.pg.Commit)
}
