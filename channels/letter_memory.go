package channels

import (
	"errors"
	"io"
	"sync/atomic"
)

const (
	// roomForLetters is how many bytes of large letters are in memory at once, by
	// whatever way they come: one always fits.
	roomForLetters = 32 << 20
	// smallLetter is what of each letter needs no room, in bytes: strangers who send
	// large ones, slowly, keep out no small one.
	smallLetter = 128 << 10
)

// ErrNoRoom is a letter that is to be sent again, for others are coming in.
var ErrNoRoom = errors.New("there is no room for a large letter beside those that are coming in")

// LetterMemory is what letters that come in share: each is in memory whole until it is
// stored.
type LetterMemory struct{ held atomic.Int64 }

// Letter reads a letter for as long as there is room for it, and fails with
// ErrNoRoom where there is none left. What it holds is given back by done, once the
// letter is stored.
func (m *LetterMemory) Letter(from io.Reader) (letter io.Reader, done func()) {
	l := &meteredLetter{Reader: from, memory: m}
	return l, func() { m.held.Add(-l.held) }
}

// meteredLetter is one letter on its way in.
type meteredLetter struct {
	io.Reader
	memory     *LetterMemory
	read, held int64
}

// Read implements io.Reader.
func (l *meteredLetter) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	l.read += int64(n)
	if more := l.read - smallLetter - l.held; more > 0 {
		if l.memory.held.Add(more) > roomForLetters {
			l.memory.held.Add(-more)
			return 0, ErrNoRoom
		}
		l.held += more
	}
	return n, err
}
