package sandbox

import (
	"sync/atomic"

	"rapport/channels"
)

// Tally counts what happened in a sandbox's life.
type Tally struct {
	Requests int64                      `json:"requests"` // sends asked for, whatever became of them
	Accepted map[channels.Channel]int64 `json:"accepted"`
	Visits   int64                      `json:"visits"`  // callbacks and visits that were answered
	Failures int64                      `json:"failed"`  // those that were not, or with an error
	Lost     int64                      `json:"lost"`    // callbacks nobody will repeat any more
	Planned  int                        `json:"planned"` // messages with something still to happen
	// LastFailure names the route and the status of the latest failure.
	LastFailure string `json:"last_failure,omitempty"`
}

type tally struct {
	requests, visits, failures, lost atomic.Int64
	email, sms, call, push, webhook  atomic.Int64
	last                             atomic.Pointer[string]
}

func (t *tally) accept(ch channels.Channel, n int) {
	switch ch {
	case channels.Email:
		t.email.Add(int64(n))
	case channels.SMS:
		t.sms.Add(int64(n))
	case channels.Call:
		t.call.Add(int64(n))
	case channels.Push:
		t.push.Add(int64(n))
	case channels.Webhook:
		t.webhook.Add(int64(n))
	}
}

func (t *tally) fail(what string) {
	t.failures.Add(1)
	t.last.Store(&what)
}

// Tally reads the counters.
func (s *Sandbox) Tally() Tally {
	t := &s.tally
	counts := Tally{
		Requests: t.requests.Load(), Visits: t.visits.Load(), Failures: t.failures.Load(), Lost: t.lost.Load(),
		Accepted: map[channels.Channel]int64{
			channels.Email: t.email.Load(), channels.SMS: t.sms.Load(),
			channels.Call: t.call.Load(), channels.Push: t.push.Load(), channels.Webhook: t.webhook.Load(),
		},
	}
	if last := t.last.Load(); last != nil {
		counts.LastFailure = *last
	}
	s.plan.mu.Lock()
	counts.Planned = len(s.plan.stories)
	s.plan.mu.Unlock()
	return counts
}
