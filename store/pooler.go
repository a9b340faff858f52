package store

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sessionSettings hold for all that is done. Statements over thousands of rows,
// of which this package consists, are spared the second or two the server would
// spend on compiling each; and what a stopped or vanished process has locked is
// free again after a minute.
var sessionSettings = []string{"jit = off", "idle_in_transaction_session_timeout = '60s'"}

// pooled reports whether somebody stands between us and the server: who hands
// connections on gives each a number of his own.
//
// A pooler in transaction mode serves every transaction by another connection,
// so that nothing said on one may be relied upon in the next: no prepared
// statement, no setting, no lock of a session.
func pooled(ctx context.Context, config *pgx.ConnConfig) (between bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var pid uint32
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeExec).Scan(&pid)
	return pid != conn.PgConn().PID(), err
}

// greet says on a new connection what holds on it from then on.
func (s *Store) greet(ctx context.Context, conn *pgx.Conn) error {
	teach(conn.TypeMap())
	if s.pooled {
		return nil
	}
	_, err := conn.Exec(ctx, "SET "+strings.Join(sessionSettings, "; SET "))
	return err
}

// beginning is how a transaction begins. Behind a pooler it says what a connection
// without one knows already.
func (s *Store) beginning(reading bool) (options pgx.TxOptions) {
	begin := "begin"
	if reading {
		begin = "begin isolation level repeatable read read only"
	}
	if s.pooled {
		begin += "; SET LOCAL " + strings.Join(sessionSettings, "; SET LOCAL ")
	}
	return pgx.TxOptions{BeginQuery: begin}
}
