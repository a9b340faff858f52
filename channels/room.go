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

// Room is what letters that come in share: each is in memory whole until it is
// stored.
type Room struct{ held atomic.Int64 }

// Letter reads a letter for as long as there is room for it, and fails with
// ErrNoRoom where there is none left. What it holds is given back by done, once the
// letter is stored.
func (r *Room) Letter(from io.Reader) (letter io.Reader, done func()) {
	g := &guest{Reader: from, room: r}
	return g, func() { r.held.Add(-g.held) }
}

// guest is one letter on its way in.
type guest struct {
	io.Reader
	room       *Room
	read, held int64
}

// Read implements io.Reader.
func (g *guest) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	g.read += int64(n)
	if more := g.read - smallLetter - g.held; more > 0 {
		if g.room.held.Add(more) > roomForLetters {
			g.room.held.Add(-more)
			return 0, ErrNoRoom
		}
		g.held += more
	}
	return n, err
}
