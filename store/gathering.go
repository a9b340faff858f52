package store

import (
	"context"
	"sync"
)

// gathering lets writes that come at the same time share one transaction. Whoever
// comes while one is under way waits with the others for the next: the database
// commits as often as it can and not once for each.
type gathering[T any] struct {
	// most is how many are written together.
	most int
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

// join returns when what was given is committed, by write, which is called for
// several at once. Where the failure may be the fault of one, each is tried by
// itself, so that one that cannot be written keeps out no other. Who stops waiting
// does not stop the write.
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
		return ctx.Err()
	}
}

// writeAll writes until nobody waits.
func (g *gathering[T]) writeAll(ctx context.Context, write func(context.Context, []*gathered[T]) error) {
	for {
		some := g.next()
		if len(some) == 0 {
			return
		}
		err := write(ctx, some)
		for _, one := range some {
			one.err = err
			if err != nil && len(some) > 1 && g.apart(err) {
				one.err = write(ctx, []*gathered[T]{one})
			}
			close(one.done)
		}
	}
}

// next takes out those that are written next; none ends the writing.
func (g *gathering[T]) next() []*gathered[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), g.most)
	some := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	g.writing = n > 0
	return some
}
