package store

import (
	"context"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// aliveEvery is how often a silent connection is asked whether anybody is there.
	aliveEvery = 15 * time.Second
	// unheard is how long what was sent may stay unacknowledged before the connection is
	// given up, and how long a silent host may leave such questions unanswered, unless
	// the DSN says otherwise by libpq's tcp_user_timeout (see patienceOf). Without it a
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
		var err error
		if patience, err = patienceOf(given); err != nil {
			return nil, fmt.Errorf("tcp_user_timeout in the PostgreSQL DSN is %q: it must be a number of milliseconds, or one with ms, s or min, or 0 for what the system does", given)
		}
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

// patienceOf reads libpq's milliseconds, and the units of the server's own setting of that
// name (PostgreSQL, "Parameter Names and Values"), which DSNs carried to it: us, ms, s,
// min, h and d, after a space too.
func patienceOf(given string) (time.Duration, error) {
	digits := strings.TrimRight(given, "abcdefghijklmnopqrstuvwxyz ")
	unit, known := map[string]time.Duration{
		"": time.Millisecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "min": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
	}[strings.TrimSpace(given[len(digits):])]
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, err
	}
	milliseconds := math.Round(n * float64(unit) / float64(time.Millisecond)) // as the server rounds
	if !known || !(milliseconds >= 0 && milliseconds <= math.MaxInt32) {
		return 0, strconv.ErrRange
	}
	return time.Duration(milliseconds) * time.Millisecond, nil
}
