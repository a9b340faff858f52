package intake

import (
	"sync"
	"time"
)

// zones remembers which names are time zones: a file holds few, each many times,
// and finding one out reads a file.
type zones struct {
	mu    sync.Mutex
	known map[string]bool
}

// mostZones bounds what is remembered: a column may hold anything.
const mostZones = 2000

func (z *zones) is(name string) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	is, known := z.known[name]
	if known {
		return is
	}
	_, err := time.LoadLocation(name)
	is = err == nil && name != "Local"
	if z.known == nil {
		z.known = map[string]bool{}
	}
	if len(z.known) < mostZones {
		z.known[name] = is
	}
	return is
}
