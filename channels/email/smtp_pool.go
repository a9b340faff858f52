package email

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"rapport/channels"
)

const (
	// idleLine is how long a connection is kept without use. Relays end theirs
	// after a minute at the earliest; one that ends sooner costs a new connection,
	// never a message.
	idleLine = 30 * time.Second
	// longestLine is how many messages one connection carries. Relays that spread
	// their load want theirs given back now and then, and some allow no more.
	longestLine = 1000
)

// pool keeps connections to a relay open, so that a message need not pay for
// one of its own.
type pool struct {
	connect func(context.Context) (*line, error)
	places  chan struct{} // one for each connection in use
	keepFor time.Duration // without use

	mu   sync.Mutex
	idle []*line // the last one used at the end
}

func newPool(size int, connect func(context.Context) (*line, error)) *pool {
	return &pool{connect: connect, places: make(chan struct{}, size), keepFor: idleLine}
}

// enter waits until one more connection may be in use, but not once it is late.
// Whoever enters leaves.
func (p *pool) enter(ctx context.Context, late <-chan struct{}) error {
	if ctx.Err() == nil {
		select {
		case p.places <- struct{}{}:
			return nil
		case <-late:
			return channels.ErrLate
		case <-ctx.Done():
		}
	}
	return &channels.NotSent{Err: fmt.Errorf("wait for a connection to the relay: %w", ctx.Err())}
}

func (p *pool) leave() { <-p.places }

// put keeps a connection for the next message, or ends it. there says that nobody
// has ended it meanwhile.
func (p *pool) put(l *line, there bool) {
	switch {
	case l.broken || !there:
		_ = l.conn.Close()
	case l.carried >= longestLine:
		l.goodbye()
	default:
		p.keep(l)
	}
}

// kept takes an idle connection; nil where there is none.
func (p *pool) kept() *line {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.idle); n > 0; n = len(p.idle) {
		l := p.idle[n-1]
		p.idle = p.idle[:n-1]
		if l.expiry.Stop() {
			return l
		}
	}
	return nil
}

func (p *pool) keep(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, l)
	l.expiry = time.AfterFunc(p.keepFor, func() {
		p.forget(l)
		l.goodbye()
	})
}

func (p *pool) forget(gone *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(l *line) bool { return l == gone })
}
