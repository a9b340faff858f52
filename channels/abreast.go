package channels

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// firstAbreast are on their way to a provider at once before anything is known of
	// how fast it answers.
	firstAbreast = 16
	// mostAbreast bounds that: each has a connection to itself.
	mostAbreast = 256
	// answeredWithin is how fast answers have to come for those on their way to be
	// enough.
	answeredWithin = 5 * time.Millisecond
)

// ErrLate says of a message that its turn did not come: those before it took too long.
var ErrLate error = &NotSent{Untried: true, Err: errors.New("the provider took so long with others that its turn did not come")}

// Abreast does n things, several at once: few to begin with, and twice as many as long
// as answers take longer than a few milliseconds. So a provider that answers at once is
// spoken to over few connections, which are used again and again, and one that takes
// its time over as many as it needs, at most 256.
//
// What has not begun when late is closed never does: of all things those before begun
// are done. Nil never is.
func Abreast(late <-chan struct{}, n int, do func(i int)) (begun int) {
	var next, answered atomic.Int64
	var all sync.WaitGroup
	ended := make(chan struct{}) // nothing is left to begin
	end := sync.OnceFunc(func() { close(ended) })
	work := func() {
		for !closed(late) {
			i := int(next.Add(1)) - 1
			if i >= n {
				break
			}
			do(i)
			answered.Add(1)
		}
		end()
	}
	width := 0
	widen := func(to int) {
		for ; width < min(to, n, mostAbreast); width++ {
			all.Go(work)
		}
	}
	widen(firstAbreast)
	tick := time.NewTicker(answeredWithin)
	defer tick.Stop()
	for before := int64(0); width < min(n, mostAbreast); {
		select {
		case <-ended:
			all.Wait()
			return min(int(next.Load()), n)
		case <-tick.C:
		}
		if now := answered.Load(); now-before < int64(width) {
			widen(2 * width)
		}
		before = answered.Load()
	}
	all.Wait()
	return min(int(next.Load()), n)
}

// closed reports whether a channel is. Nil never is.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
