package webhooks

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rapport/deliveries"
)

const (
	// visitsAtOnce and visitEvery bound how often one link may be used: more
	// than a person with a slow hand and every scanner on the way need.
	visitsAtOnce = 40
	visitEvery   = 3 * time.Second
	// linksWatched bounds the memory. When it is full all begin anew, which
	// takes more genuine links than anybody who hammers one has.
	linksWatched = 20_000
)

// pace slows down whoever hammers one link. Each process keeps its own. The zero
// pace is ready.
type pace struct {
	mu    sync.Mutex
	links map[deliveries.Token]*rate.Limiter
}

func (p *pace) allows(link deliveries.Token, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiter := p.links[link]
	if limiter == nil {
		if p.links == nil || len(p.links) >= linksWatched {
			p.links = map[deliveries.Token]*rate.Limiter{}
		}
		limiter = rate.NewLimiter(rate.Every(visitEvery), visitsAtOnce)
		p.links[link] = limiter
	}
	return limiter.AllowN(now, 1)
}
