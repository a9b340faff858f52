package workers

import (
	"cmp"
	"sync"
	"time"

	"rapport/deliveries"
)

const (
	// firstWindow is how many messages are in flight at once before anything is
	// known about how fast their provider answers.
	firstWindow = 100
	// A window that was answered faster than brisk makes the next one twice as
	// large, one that took longer than tardy half as large: what is in flight is
	// answered within seconds, long before a call's time is up, and what one
	// transaction costs is shared by as many messages as that allows.
	brisk = 500 * time.Millisecond
	tardy = 2 * time.Second
)

// pace is how many messages are in flight at once, by provider.
type pace struct {
	mu    sync.Mutex
	sizes map[deliveries.Outlet]int
}

// window is how many messages of a provider may be in flight, at most the bound.
func (p *pace) window(out deliveries.Outlet, bound int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size(out, bound)
}

func (p *pace) size(out deliveries.Outlet, bound int) int {
	return min(cmp.Or(p.sizes[out], firstWindow), bound)
}

// took notes how long a provider took to answer a window.
func (p *pace) took(out deliveries.Outlet, messages int, took time.Duration, bound int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := p.size(out, bound)
	switch {
	case took > tardy:
		size = max(size/2, min(firstWindow, bound))
	case took < brisk && messages >= size: // a smaller one says nothing
		size = min(size*2, bound)
	}
	if p.sizes == nil {
		p.sizes = map[deliveries.Outlet]int{}
	}
	p.sizes[out] = size
}
