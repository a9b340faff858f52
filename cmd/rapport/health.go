package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// looksEvery is how often a process looks whether it can do its work, and
	// lookFor bounds one look: probes are answered from the last one, at once.
	looksEvery = 5 * time.Second
	lookFor    = 3 * time.Second
)

// finding is what one check found.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Problem is what is wrong, Mend what would put it right. A finding that is
	// fine may have a Note.
	Problem string `json:"problem,omitempty"`
	Mend    string `json:"mend,omitempty"`
	Note    string `json:"note,omitempty"`
	// Told only: the process does its work all the same.
	Told bool `json:"told_only,omitempty"`
}

func (f finding) holdsUp() bool { return !f.OK && !f.Told }

// check asks one thing that a role's work needs.
type check struct {
	name string
	ask  func(ctx context.Context) finding
	told bool // whatever it finds does not hold the role up
}

// loop is one that turns as long as its process lives.
type loop struct {
	name     string
	patience time.Duration
	turned   atomic.Int64 // when, in nanoseconds
}

// health is how one process does: whether it lives, and whether it can do its
// work.
type health struct {
	Now func() time.Time
	Log *slog.Logger

	mu       sync.Mutex
	findings []finding
	loops    []*loop
	draining bool
	troubled time.Time // when something was last found wrong
	told     string    // what was logged last
}

// newHealth is that of a process that has only just begun.
func newHealth(clock func() time.Time, log *slog.Logger) *health {
	h := &health{Now: clock, Log: log, troubled: clock()}
	h.findings = notBegun("it has only just started", "wait a moment")
	h.told = problemsOf(h.findings) // which is no news to anybody
	return h
}

// waits says that the process cannot begin yet, and why.
func (h *health) waits(problem, mend string) {
	h.found(notBegun(problem, mend))
}

func notBegun(problem, mend string) []finding {
	return []finding{{Name: "start", Problem: problem, Mend: mend}}
}

// Look runs the checks, each within its time.
func (h *health) Look(ctx context.Context, checks []check) {
	findings := make([]finding, len(checks))
	var asking sync.WaitGroup
	for i, c := range checks {
		asking.Go(func() {
			bounded, cancel := context.WithTimeout(ctx, lookFor)
			defer cancel()
			findings[i] = c.ask(bounded)
			findings[i].Name, findings[i].Told = c.name, findings[i].Told || c.told
		})
	}
	asking.Wait()
	if ctx.Err() == nil { // else the process ends, which makes every answer wrong
		h.found(findings)
	}
}

// Watch looks at once and then every few seconds until ctx ends.
func (h *health) Watch(ctx context.Context, checks []check) {
	tick := time.NewTicker(looksEvery)
	defer tick.Stop()
	for {
		h.Look(ctx, checks)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// found takes over findings and logs what is new about them.
func (h *health) found(findings []finding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.findings = findings
	now := problemsOf(findings)
	if now != "" {
		h.troubled = h.Now()
	}
	switch {
	case now == h.told:
		return
	case now == "":
		h.Log.Info("ready")
	case h.told == "" || len(findings) > 1 || findings[0].Name != "start":
		h.Log.Warn("something this process needs is wrong", "problem", now, "mend", mendsOf(findings))
	default:
		h.Log.Warn("waiting to start", "problem", now, "mend", mendsOf(findings))
	}
	h.told = now
}

// problemsOf are those of all findings, in one line; "" where there are none.
func problemsOf(findings []finding) string {
	var problems []string
	for _, f := range findings {
		if !f.OK {
			problems = append(problems, f.Name+": "+f.Problem)
		}
	}
	return strings.Join(problems, "; ")
}

// mendsOf are what would put the problems right, in their order.
func mendsOf(findings []finding) string {
	var mends []string
	for _, f := range findings {
		if !f.OK && !slices.Contains(mends, f.Mend) {
			mends = append(mends, f.Mend)
		}
	}
	return strings.Join(mends, "; ")
}

// Ready reports whether the process can do its work, with what was found.
func (h *health) Ready() (bool, []finding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	findings := append([]finding(nil), h.findings...)
	if h.draining {
		findings = append(findings, finding{Name: "draining", Problem: "it was told to stop", Mend: "another takes over"})
	}
	for _, f := range findings {
		if f.holdsUp() {
			return false, findings
		}
	}
	return true, findings
}

// Drain says from now on that the process is about to leave.
func (h *health) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// Expect makes the process's life depend on a loop, which calls turned on each
// turn and is taken for dead when it has not for as long as patience.
func (h *health) Expect(name string, patience time.Duration) (turned func()) {
	l := &loop{name: name, patience: patience}
	l.turned.Store(h.Now().UnixNano())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.loops = append(h.loops, l)
	return func() { l.turned.Store(h.Now().UnixNano()) }
}

// Dead names a loop that has stopped turning; "" while the process lives. A loop
// that hangs while a server is away is not dead: a new process would hang too.
func (h *health) Dead() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.Now()
	for _, l := range h.loops {
		if now.Sub(time.Unix(0, l.turned.Load())) > l.patience && now.Sub(h.troubled) > l.patience {
			return l.name
		}
	}
	return ""
}
