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

// Abreast sends n messages, several at once: few to begin with, and twice as many as long
// as answers take longer than a few milliseconds. So a provider that answers at once is
// spoken to over few connections, which are used again and again, and one that takes
// its time over as many as it needs, at most 256.
//
// One that panics is in doubt, and ends neither the others nor the process.
//
// What has not begun when late is closed never does: its error is ErrLate.
func Abreast(late <-chan struct{}, n int, send func(i int) (Receipt, error)) []Result {
	results := make([]Result, n)
	var next, answered atomic.Int64
	var all sync.WaitGroup
	ended := make(chan struct{}) // nothing is left to begin
	end := sync.OnceFunc(func() { close(ended) })
	work := func() {
		for !IsLate(late) {
			i := int(next.Add(1)) - 1
			if i >= n {
				break
			}
			results[i].Err = Recovered(func() (err error) {
				results[i].Receipt, err = send(i)
				return err
			})
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
	before := int64(0)
	for going := true; going && width < min(n, mostAbreast); {
		select {
		case <-ended:
			going = false
		case <-tick.C:
			now := answered.Load()
			if now-before < int64(width) {
				widen(2 * width)
			}
			before = now
		}
	}
	all.Wait()
	for i := int(next.Load()); i < n; i++ {
		results[i].Err = ErrLate
	}
	return results
}

// IsLate reports whether no message may begin any more, as it may not once late is
// closed. Nil never is.
func IsLate(late <-chan struct{}) bool {
	select {
	case <-late:
		return true
	default:
		return false
	}
}
