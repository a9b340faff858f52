package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// gathering lets writes that come at the same time share one transaction. Whoever
// comes while one is under way waits with the others for the next: the database
// commits as often as it can and not once for each.
type gathering[T any] struct {
	// most is how many are written together.
	most int
	// size is what one weighs, and heavy how much is written together at most, or one
	// that is heavier by itself; nil weighs nothing.
	size  func(T) int
	heavy int
	// apart reports whether those whose common write failed may pass one by one.
	apart func(error) bool

	mu      sync.Mutex
	waiting []*gathered[T]
	writing bool
}

// gathered is one write that waits for its transaction.
type gathered[T any] struct {
	what T
	done chan struct{}
	err  error // once done
}

// writeFor is how long a common write may take. A connection whose other end is
// gone without a word would keep everybody waiting for a quarter of an hour.
const writeFor = 20 * time.Second

// join returns when what was given is committed, by write, which is called for
// several at once. Where the failure may be the fault of one, each is tried by
// itself, so that one that cannot be written keeps out no other. Who stops waiting
// does not stop a write that has begun.
func (g *gathering[T]) join(ctx context.Context, what T, write func(context.Context, []*gathered[T]) error) error {
	one := &gathered[T]{what: what, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, one)
	first := !g.writing
	g.writing = true
	g.mu.Unlock()
	if first {
		go g.writeAll(context.WithoutCancel(ctx), write)
	}
	select {
	case <-one.done:
		return one.err
	case <-ctx.Done():
		g.leave(one)
		return ctx.Err()
	}
}

// leave takes out one that waits still.
func (g *gathering[T]) leave(one *gathered[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = slices.DeleteFunc(slices.Clone(g.waiting), func(other *gathered[T]) bool { return other == one })
}

// writeAll writes until nobody waits.
func (g *gathering[T]) writeAll(ctx context.Context, write func(context.Context, []*gathered[T]) error) {
	for {
		some := g.next()
		if len(some) == 0 {
			return
		}
		err := inTime(ctx, some, write)
		for _, one := range some {
			one.err = err
			if err != nil && len(some) > 1 && !errors.Is(err, context.DeadlineExceeded) && g.apart(err) {
				one.err = inTime(ctx, []*gathered[T]{one}, write)
			}
			close(one.done)
		}
	}
}

// inTime writes within writeFor.
func inTime[T any](ctx context.Context, some []*gathered[T], write func(context.Context, []*gathered[T]) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeFor)
	defer cancel()
	return write(ctx, some)
}

// next takes out those that are written next; none ends the writing.
func (g *gathering[T]) next() []*gathered[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, weight := 0, 0
	for ; n < min(len(g.waiting), g.most); n++ {
		if g.size != nil {
			weight += g.size(g.waiting[n].what)
		}
		if n > 0 && weight > g.heavy {
			break
		}
	}
	some := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	g.writing = n > 0
	return some
}
