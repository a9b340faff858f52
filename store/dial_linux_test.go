package store

import (
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// A server that vanishes with a statement on its way is given up soon, and when the DSN
// says.
func TestAConnectionIsGivenUpWhenNothingIsAcknowledged(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for dsn, want := range map[string]int{
		"postgres://x@db/x":                        30_000,
		"postgres://x@db/x?tcp_user_timeout=4500":  4_500,
		"host=db user=x tcp_user_timeout=0":        0,
		"postgres://x@db/x?tcp_user_timeout=250ms": 250,
		"postgres://x@db/x?tcp_user_timeout=45s":   45_000,
		"postgres://x@db/x?tcp_user_timeout=1.5s":  1_500,
		"host=db user=x tcp_user_timeout='2 min'":  120_000,
		"postgres://x@db/x?tcp_user_timeout=never": -1,
		"postgres://x@db/x?tcp_user_timeout=5sec":  -1,
		"postgres://x@db/x?tcp_user_timeout=-1s":   -1,
		"postgres://x@db/x?tcp_user_timeout=99d":   -1, // more than the system counts
	} {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		dialer, err := dialerOf(config)
		if want < 0 {
			if err == nil || !strings.Contains(err.Error(), `: it must be a number of milliseconds`) {
				t.Errorf("%s: %v", dsn, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, left := config.RuntimeParams["tcp_user_timeout"]; left {
			t.Errorf("%s: the server is sent what it does not know", dsn)
		}
		conn, err := dialer.DialContext(t.Context(), "tcp", server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var got int
		var failed error
		err = raw.Control(func(fd uintptr) { got, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) })
		if err != nil || failed != nil || got != want {
			t.Errorf("%s: %d ms (%v, %v), want %d", dsn, got, err, failed, want)
		}
		conn.Close()
	}
}
