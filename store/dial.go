package store

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// aliveEvery is how often a silent connection is asked whether anybody is there.
	aliveEvery = 15 * time.Second
	// unheard is how long what was sent may stay unacknowledged before the connection is
	// given up, and how long a silent host may leave such questions unanswered, unless
	// the DSN says otherwise by libpq's tcp_user_timeout, in milliseconds. Without it a
	// host that vanished in the middle of a statement is believed in for a quarter of an
	// hour, which is how long the system sends again.
	unheard = 30 * time.Second
)

// dialerOf is how a server is connected to. It takes what is the dialer's out of what
// is sent to the server.
func dialerOf(config *pgx.ConnConfig) (*net.Dialer, error) {
	patience := unheard
	if given, set := config.RuntimeParams["tcp_user_timeout"]; set {
		delete(config.RuntimeParams, "tcp_user_timeout")
		milliseconds, err := strconv.ParseUint(given, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("tcp_user_timeout in the PostgreSQL DSN is %q: it must be a number of milliseconds, or 0 for what the system does", given)
		}
		patience = time.Duration(milliseconds) * time.Millisecond
	}
	return &net.Dialer{
		KeepAlive: aliveEvery,
		ControlContext: func(_ context.Context, network, _ string, socket syscall.RawConn) error {
			if network != "tcp4" && network != "tcp6" {
				return nil // a socket of this machine's
			}
			return giveUpAfter(socket, patience)
		},
	}, nil
}
