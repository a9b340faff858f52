package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"rapport/channels"
)

// FaultKind is a way of going wrong.
type FaultKind string

// Kinds of faults. The first group leaves the message with its sender; the
// second takes it, writes it down, and then spoils the answer.
const (
	Limit FaultKind = "limit" // 429 with Retry-After
	Fail  FaultKind = "fail"  // 5xx
	Down  FaultKind = "down"  // the connection breaks, as behind a balancer with nobody there

	Slow            FaultKind = "slow"             // the answer comes late
	AcceptedSilence FaultKind = "accepted_silence" // no answer comes
	AcceptedFail    FaultKind = "accepted_fail"    // 5xx all the same
	AcceptedBreak   FaultKind = "accepted_break"   // the connection is reset before the answer
	HalfAnswer      FaultKind = "half_answer"      // the answer ends in the middle
	Garbage         FaultKind = "garbage"          // 2xx with a body nobody can read
)

// Fault is one thing that goes wrong some of the time. Which requests it meets
// is seeded: the n-th attempt at a message meets the same faults in every run.
type Fault struct {
	Kind    FaultKind        `json:"kind" yaml:"kind"`
	Channel channels.Channel `json:"channel,omitempty" yaml:"channel"` // empty: every channel
	Rate    float64          `json:"rate" yaml:"rate"`                 // 0 to 1
	// Status is the 5xx to answer with; 0 means 503.
	Status int `json:"status,omitempty" yaml:"status"`
	// Delay is how late a slow answer comes.
	Delay Delay `json:"delay,omitzero" yaml:"delay"`
	// RetryAfter is what a 429 asks for, in seconds.
	RetryAfter int `json:"retry_after,omitempty" yaml:"retry_after"`
}

// Disorder is what goes wrong with callbacks.
type Disorder struct {
	// Duplicate is the share of callbacks that come twice; every other time an
	// e-mail's event returns under another id, as SendGrid's do.
	Duplicate float64 `json:"duplicate" yaml:"duplicate"`
	// Shuffle is the share of messages whose callbacks come out of order.
	Shuffle float64 `json:"shuffle" yaml:"shuffle"`
}

// takes reports whether the message is accepted in spite of the fault.
func (k FaultKind) takes() bool { return k != Limit && k != Fail && k != Down }

func (f Fault) check() error {
	switch f.Kind {
	case Limit, Fail, Down, Slow, AcceptedSilence, AcceptedFail, AcceptedBreak, HalfAnswer, Garbage:
	default:
		return fmt.Errorf("fault %q: there is no such kind", f.Kind)
	}
	switch {
	case f.Channel != "" && !f.Channel.Valid():
		return fmt.Errorf("fault %q: there is no channel %q", f.Kind, f.Channel)
	case f.Rate < 0 || f.Rate > 1:
		return fmt.Errorf("fault %q: the rate must lie between 0 and 1", f.Kind)
	case f.Status != 0 && (f.Status < 500 || f.Status > 599):
		return fmt.Errorf("fault %q: the status must lie between 500 and 599", f.Kind)
	}
	return nil
}

// faults are those in force. They change at run time.
type faults struct {
	now atomic.Pointer[trouble]
}

type trouble struct {
	faults   []Fault
	disorder Disorder
}

func (f *faults) set(list []Fault, disorder Disorder) {
	f.now.Store(&trouble{faults: slices.Clone(list), disorder: disorder})
}

// SetFaults replaces the faults in force.
func (s *Sandbox) SetFaults(list ...Fault) {
	s.faults.set(list, s.faults.now.Load().disorder)
}

// setDisorder replaces what goes wrong with callbacks planned from now on.
func (s *Sandbox) setDisorder(d Disorder) {
	s.faults.set(s.faults.now.Load().faults, d)
}

// pick is the first fault that meets this request, or none.
func (f *faults) pick(ch channels.Channel, c chance) Fault {
	for i, fault := range f.now.Load().faults {
		if (fault.Channel == "" || fault.Channel == ch) && c.of("fault").nth(i).happens(string(fault.Kind), fault.Rate) {
			return fault
		}
	}
	return Fault{}
}

// voice is how a provider words its troubles.
type voice struct {
	limited func() answer
	broken  func(status int) answer
}

// refuse answers a request whose message is not taken.
func (f Fault) refuse(w http.ResponseWriter, v voice) {
	switch f.Kind {
	case Limit:
		v.limited().with("Retry-After", strconv.Itoa(f.RetryAfter)).write(w)
	case Fail:
		v.broken(f.status()).write(w)
	default:
		reset(w)
	}
}

// spoil answers a request whose message was taken.
func (f Fault) spoil(w http.ResponseWriter, r *http.Request, c chance, v voice, good answer) {
	switch f.Kind {
	case Slow:
		late := time.NewTimer(c.wait("slow", f.Delay))
		defer late.Stop()
		select {
		case <-late.C:
			good.write(w)
		case <-r.Context().Done():
		}
	case AcceptedSilence:
		<-r.Context().Done()
	case AcceptedFail:
		v.broken(f.status()).write(w)
	case AcceptedBreak:
		reset(w)
	case HalfAnswer:
		good.halve(w)
	case Garbage:
		answer{status: good.status, header: http.Header{"Content-Type": {jsonType}}, body: []byte("<html>\x00{\"sid\": 1")}.write(w)
	default:
		good.write(w)
	}
}

// troubled answers a read that meets a fault, and reports whether it did. A
// fault that spoils answers leaves reads alone.
func (s *Sandbox) troubled(w http.ResponseWriter, r *http.Request, ch channels.Channel, v voice) bool {
	c := s.ordinals.next(s.chance("read", string(ch), r.URL.Path, r.URL.RawQuery))
	fault := s.faults.pick(ch, c)
	if fault.Kind == "" || fault.Kind.takes() {
		return false
	}
	fault.refuse(w, v)
	return true
}

func (f Fault) status() int {
	if f.Status == 0 {
		return http.StatusServiceUnavailable
	}
	return f.Status
}

// disturb repeats and shuffles a message's reports.
func (s *Sandbox) disturb(c chance, acts []act) []act {
	disorder := s.faults.now.Load().disorder
	if disorder == (Disorder{}) {
		return acts
	}
	var reports []int
	for i := range acts {
		if acts[i].report {
			reports = append(reports, i)
		}
	}
	if c.happens("shuffle", disorder.Shuffle) {
		for i := len(reports) - 1; i > 0; i-- {
			a, b := &acts[reports[i]], &acts[reports[c.nth(i).pick("shuffle", i+1)]]
			a.event, b.event, a.do, b.do = b.event, a.event, b.do, a.do
		}
	}
	for _, i := range reports {
		if again := c.of("again").nth(i); again.happens("duplicate", disorder.Duplicate) {
			twin := acts[i]
			twin.at = twin.at.Add(again.wait("later", Between(time.Second, time.Minute)))
			if twin.event != nil {
				copied := *twin.event
				copied.again = again.happens("other id", 0.5)
				twin.event = &copied
			}
			acts = append(acts, twin)
		}
	}
	return acts
}
