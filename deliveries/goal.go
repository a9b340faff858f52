package deliveries

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
