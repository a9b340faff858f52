package sandbox

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// act is one thing that will happen because of a message: an event of
// SendGrid's webhook, or a deed.
type act struct {
	at    time.Time
	event *mailEvent
	do    deed
	// report marks a provider's callback, which may come twice or out of turn;
	// what customers do themselves does not.
	report bool
}

// deed is a callback or a visit. It returns what follows from it.
type deed func(ctx context.Context) []act

// story is everything that is still to happen because of one message, in order.
type story struct {
	key  chance
	acts []act
}

func (st *story) next() time.Time { return st.acts[0].at }

// add puts further acts in their places, after those of the same instant.
func (st *story) add(acts ...act) {
	st.acts = append(st.acts, acts...)
	slices.SortStableFunc(st.acts, func(a, b act) int { return a.at.Compare(b.at) })
}

// take removes the leading acts of one sort that are due: a run of events,
// which share a request, or a run of deeds.
func (st *story) take(until time.Time) []act {
	n := 0
	for n < len(st.acts) && !st.acts[n].at.After(until) && (st.acts[n].event == nil) == (st.acts[0].event == nil) {
		n++
	}
	taken := st.acts[:n:n]
	st.acts = st.acts[n:]
	return taken
}

// plan keeps the stories by the instant of their next act.
type plan struct {
	mu      sync.Mutex
	stories stories
	changed chan struct{} // holds a token after something earlier was planned
}

// add plans a story, unless it is over.
func (p *plan) add(told ...*story) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, st := range told {
		if len(st.acts) == 0 {
			continue
		}
		heap.Push(&p.stories, st)
		if p.stories[0] == st {
			select {
			case p.changed <- struct{}{}:
			default:
			}
		}
	}
}

// next is the instant of the earliest act.
func (p *plan) next() (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.stories) == 0 {
		return time.Time{}, false
	}
	return p.stories[0].next(), true
}

// due removes the stories whose next act is not after an instant, in order.
func (p *plan) due(until time.Time) []*story {
	p.mu.Lock()
	defer p.mu.Unlock()
	var due []*story
	for len(p.stories) > 0 && !p.stories[0].next().After(until) {
		due = append(due, heap.Pop(&p.stories).(*story))
	}
	return due
}

// stories is a heap by time, then by key, so that the order does not depend on
// which message arrived first.
type stories []*story

func (h stories) Len() int      { return len(h) }
func (h stories) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h stories) Less(i, j int) bool {
	if c := h[i].next().Compare(h[j].next()); c != 0 {
		return c < 0
	}
	return h[i].key < h[j].key
}

// Push is for container/heap.
func (h *stories) Push(x any) { *h = append(*h, x.(*story)) }

// Pop is for container/heap.
func (h *stories) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
