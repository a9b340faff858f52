package deliveries

import (
	"encoding/json"
	"fmt"
)

// GoalFunnel compares those a campaign contacts with its holdout. Both sides
// count everybody who was let in, whether a message reached them or not: only
// then do they differ by chance and by the campaign alone.
type GoalFunnel struct {
	Contacted Side `json:"contacted"`
	Holdout   Side `json:"holdout"`
}

// Side is one side of the comparison.
type Side struct {
	Entered     int64 `json:"entered"`
	Converted   int64 `json:"converted"` // entries with at least one goal event
	Conversions int64 `json:"conversions"`
	Value       int64 `json:"value"` // of all conversions, minor units
}

// Rate is the share that converted; 0 of nobody.
func (s Side) Rate() float64 {
	if s.Entered == 0 {
		return 0
	}
	return float64(s.Converted) / float64(s.Entered)
}

// Interval is the 95 % interval of the rate.
func (s Side) Interval() Interval { return Wilson(s.Converted, s.Entered) }

// Comparable reports whether there is a holdout to compare with.
func (g GoalFunnel) Comparable() bool { return g.Contacted.Entered > 0 && g.Holdout.Entered > 0 }

// Difference is how much more of the contacted converted than of the holdout,
// with its 95 % interval.
func (g GoalFunnel) Difference() (by float64, interval Interval) {
	c, h := g.Contacted, g.Holdout
	return c.Rate() - h.Rate(), Newcombe(c.Converted, c.Entered, h.Converted, h.Entered)
}

// String is the comparison in a line: "12.0% of 400 converted (95% interval 9.2% to
// 15.6%), of the holdout 5.0% of 20 (0.9% to 23.6%); difference …".
func (g GoalFunnel) String() string {
	c, h := g.Contacted, g.Holdout
	text := fmt.Sprintf("%s of %d converted (95%% interval %s)", percent(c.Rate()), c.Entered, c.Interval())
	if h.Entered == 0 {
		return text + ", no holdout to compare with"
	}
	text += fmt.Sprintf(", of the holdout %s of %d (%s)", percent(h.Rate()), h.Entered, h.Interval())
	if !g.Comparable() {
		return text
	}
	by, interval := g.Difference()
	return text + fmt.Sprintf("; difference %s (%s)", percent(by), interval)
}

// MarshalJSON adds to each side its rate, and to the whole the difference, each
// with its 95 % interval.
func (g GoalFunnel) MarshalJSON() ([]byte, error) {
	type side struct {
		Side
		Rate     float64  `json:"rate"`
		Interval Interval `json:"interval"`
	}
	type difference struct {
		By       float64  `json:"by"`
		Interval Interval `json:"interval"`
	}
	whole := struct {
		Contacted  side        `json:"contacted"`
		Holdout    side        `json:"holdout"`
		Difference *difference `json:"difference,omitempty"`
	}{
		Contacted: side{g.Contacted, g.Contacted.Rate(), g.Contacted.Interval()},
		Holdout:   side{g.Holdout, g.Holdout.Rate(), g.Holdout.Interval()},
	}
	if g.Comparable() {
		by, interval := g.Difference()
		whole.Difference = &difference{by, interval}
	}
	return json.Marshal(whole)
}
