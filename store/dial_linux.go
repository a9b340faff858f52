package store

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// giveUpAfter ends a connection when what was sent on it stays unacknowledged for a
// time (RFC 5482); 0 leaves that to the system.
func giveUpAfter(socket syscall.RawConn, patience time.Duration) (failed error) {
	err := socket.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(patience.Milliseconds()))
	})
	return errors.Join(err, failed)
}
