package main

import (
	"fmt"
	"io"
	"time"
)

// figure is one line of the benchmark: how much work was done in what time, beside
// what the same work costs bare.
type figure struct {
	Store   string  `json:"store"`
	Work    string  `json:"work"`
	N       int     `json:"n"`
	Seconds float64 `json:"seconds"`
	// Rate is a second's work. Memory is in MiB and has no rate.
	Rate   float64 `json:"per_second,omitempty"`
	Memory float64 `json:"mib,omitempty"`
	// Million is what a million of it cost, of what the work names.
	Million float64 `json:"of_a_million,omitempty"`
	// Bare is what the rate is held against, and its own rate.
	Bare     string  `json:"bare,omitempty"`
	BareRate float64 `json:"bare_per_second,omitempty"`
	Target   *target `json:"target,omitempty"`
}

// target is what a figure is to reach. One of its fields is set.
type target struct {
	Share  float64 `json:"share,omitempty"`      // of the bare rate, at least
	Rate   float64 `json:"per_second,omitempty"` // at least
	Memory float64 `json:"mib,omitempty"`        // at most
}

// measured is a figure of n things that took so long.
func measured(work string, n int, took time.Duration) figure {
	return figure{Work: work, N: n, Seconds: took.Seconds(), Rate: float64(n) / max(took.Seconds(), 1e-9)}
}

// against holds a figure against the bare rate of the same work.
func (f figure) against(bare string, rate float64) figure {
	f.Bare, f.BareRate = bare, rate
	return f
}

func (f figure) share(least float64) figure { f.Target = &target{Share: least}; return f }

func (f figure) rate(least float64) figure { f.Target = &target{Rate: least}; return f }

// ratio is the figure's rate as a share of the bare one.
func (f figure) ratio() float64 {
	if f.BareRate == 0 {
		return 0
	}
	return f.Rate / f.BareRate
}

// met reports whether the figure reaches its target.
func (f figure) met() bool {
	switch t := f.Target; {
	case t == nil:
		return true
	case t.Share > 0:
		return f.ratio() >= t.Share
	case t.Rate > 0:
		return f.Rate >= t.Rate
	default:
		return f.Memory <= t.Memory
	}
}

func (t *target) String() string {
	switch {
	case t.Share >= 2:
		return fmt.Sprintf("≥ %.0f ×", t.Share)
	case t.Share > 0:
		return fmt.Sprintf("≥ %.2f", t.Share)
	case t.Rate > 0:
		return fmt.Sprintf("≥ %.0f/s", t.Rate)
	default:
		return fmt.Sprintf("≤ %.0f MiB", t.Memory)
	}
}

// printBench prints one line a figure.
func printBench(w io.Writer, figures []figure) {
	t := newTable(w, "store", "work", "n", "seconds", "per second", "against", "per second", "ratio", "target", "met")
	for _, f := range figures {
		cells := []any{f.Store, f.Work, f.N, fmt.Sprintf("%.2f", f.Seconds), fmt.Sprintf("%.0f", f.Rate), f.Bare, "", "", "", ""}
		switch {
		case f.Million > 0:
			cells[3], cells[4] = "", fmt.Sprintf("%.0f a million", f.Million)
		case f.Memory > 0:
			cells[4] = fmt.Sprintf("%.1f MiB", f.Memory)
		}
		if f.BareRate > 0 {
			cells[6], cells[7] = fmt.Sprintf("%.0f", f.BareRate), fmt.Sprintf("%.2f", f.ratio())
		}
		if f.Target != nil {
			cells[8], cells[9] = f.Target.String(), "yes"
			if !f.met() {
				cells[9] = "NO"
			}
		}
		t.AppendRow(cells)
	}
	t.Render()
}
