package sink

import (
	"sync"
	"sync/atomic"
)

// Kind is one kind of what a sink takes.
type Kind string

// The kinds there are.
const (
	Mail     Kind = "mail"     // over SMTP
	Letter   Kind = "letter"   // through an e-mail provider's API
	Text     Kind = "text"     // through a text provider's API
	Push     Kind = "push"     // to a push service
	Callback Kind = "callback" // any other request: only read and answered
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Mail, Letter, Text, Push, Callback} }

// Count is what a sink has taken of one kind.
type Count struct {
	Requests int64 `json:"requests"`
	Messages int64 `json:"messages"` // a request may hold many
	Bytes    int64 `json:"bytes"`    // of content
}

// Samples is how many of the latest contents of a kind are kept.
const Samples = 64

// tally counts one kind.
type tally struct {
	requests, messages, bytes atomic.Int64

	mu     sync.Mutex
	latest [][]byte // a ring of the latest contents
}

// took counts one content and keeps every hundredth as a sample.
func (t *tally) took(messages int, content []byte) {
	n := t.requests.Add(1)
	t.messages.Add(int64(messages))
	t.bytes.Add(int64(len(content)))
	if n > Samples && n%100 != 0 {
		return
	}
	sample := append([]byte(nil), content...)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.latest) < Samples {
		t.latest = append(t.latest, sample)
		return
	}
	t.latest[int(n/100)%Samples] = sample
}

func (t *tally) count() Count {
	return Count{Requests: t.requests.Load(), Messages: t.messages.Load(), Bytes: t.bytes.Load()}
}

func (t *tally) samples() [][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([][]byte(nil), t.latest...)
}

// Sink counts what its servers take.
type Sink struct {
	tallies map[Kind]*tally
}

// New gives a sink that has taken nothing.
func New() *Sink {
	s := &Sink{tallies: map[Kind]*tally{}}
	for _, kind := range Kinds() {
		s.tallies[kind] = &tally{}
	}
	return s
}

// Counts is what was taken so far.
func (s *Sink) Counts() map[Kind]Count {
	counts := map[Kind]Count{}
	for kind, t := range s.tallies {
		counts[kind] = t.count()
	}
	return counts
}
