package webhooks

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// tempo is how often somebody may come: so many times at once, and then once in
// every so long.
type tempo struct {
	atOnce int
	every  time.Duration
}

var (
	// visits bounds how often one link, or one visitor's browser, may be used: more
	// than a person with a slow hand and every scanner on the way need.
	visits = tempo{40, 3 * time.Second}
	// newcomers bounds how many anonymous visitors become profiles, whoever they
	// are: one and a half million a day.
	newcomers = tempo{200, 50 * time.Millisecond}
)

// paceWatched bounds the memory. When it is full all begin anew, which takes
// more genuine ones than anybody who hammers one has.
const paceWatched = 20_000

// pace slows down whoever comes too often, by what they come with. Each process
// keeps its own. The zero pace is ready.
type pace[K comparable] struct {
	mu   sync.Mutex
	seen map[K]*rate.Limiter
}

func (p *pace[K]) allows(who K, often tempo, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiter := p.seen[who]
	if limiter == nil {
		if p.seen == nil || len(p.seen) >= paceWatched {
			p.seen = map[K]*rate.Limiter{}
		}
		limiter = rate.NewLimiter(rate.Every(often.every), often.atOnce)
		p.seen[who] = limiter
	}
	return limiter.AllowN(now, 1)
}
