package deliveries

import (
	"encoding/json"
	"fmt"
	"strings"
)

// GoalFunnel compares those a campaign contacts with its holdout. Both sides
// count everybody who was let in, whether a message reached them or not: only
// then do they differ by chance and by the campaign alone. It is of versions that
// have one goal and one share of people held out: where shares differ, the sides
// would differ by when people came.
type GoalFunnel struct {
	Versions  []int        `json:"versions,omitempty"` // the newest first
	Contacted Side         `json:"contacted"`
	Holdout   Side         `json:"holdout"`
	Earlier   []GoalFunnel `json:"earlier,omitempty"` // other versions, the newest first
}

// Side is one side of the comparison. A person counts once, however often they
// entered: they are on the same side each time, so that nothing new is learned of chance.
type Side struct {
	Entered     int64 `json:"entered"`     // journeys
	People      int64 `json:"people"`      // whose journeys these are
	Within      int64 `json:"within"`      // of the people, those whose time since they first entered is not over
	Converted   int64 `json:"converted"`   // of the others, those with at least one goal event
	Conversions int64 `json:"conversions"` // of everybody
	Value       int64 `json:"value"`       // of all conversions, minor units
}

// Over is how many people had their time.
func (s Side) Over() int64 { return s.People - s.Within }

// Rate is the share of those whose time is over that converted; 0 of nobody.
func (s Side) Rate() float64 {
	if s.Over() <= 0 {
		return 0
	}
	return float64(s.Converted) / float64(s.Over())
}

// Interval is the 95 % interval of the rate.
func (s Side) Interval() Interval { return Wilson(s.Converted, s.Over()) }

// PerPerson is what all conversions were worth for each person who entered, in minor units.
func (s Side) PerPerson() float64 {
	if s.People == 0 {
		return 0
	}
	return float64(s.Value) / float64(s.People)
}

// Comparable reports whether there is a holdout to compare with, and people on both
// sides whose time is over.
func (g GoalFunnel) Comparable() bool { return g.Contacted.Over() > 0 && g.Holdout.Over() > 0 }

// Difference is how much more of the contacted converted than of the holdout,
// with its 95 % interval.
func (g GoalFunnel) Difference() (by float64, interval Interval) {
	c, h := g.Contacted, g.Holdout
	return c.Rate() - h.Rate(), Newcombe(c.Converted, c.Over(), h.Converted, h.Over())
}

// All is the comparison and the earlier ones, each by itself.
func (g GoalFunnel) All() []GoalFunnel {
	return append([]GoalFunnel{g}, g.Earlier...)
}

// Of names the versions: "version 4", "versions 2, 3".
func (g GoalFunnel) Of() string {
	names := make([]string, len(g.Versions))
	for i, version := range g.Versions {
		names[len(names)-1-i] = fmt.Sprint(version)
	}
	if len(names) == 1 {
		return "version " + names[0]
	}
	return "versions " + strings.Join(names, ", ")
}

// String is the comparison in a line: "12.0% of 400 people converted (95% interval
// 9.2% to 15.6%), of the holdout 5.0% of 20 people (0.9% to 23.6%); difference …".
func (g GoalFunnel) String() string {
	c, h := g.Contacted, g.Holdout
	text := c.words("converted", "95% interval ")
	if h.People == 0 {
		return text + ", no holdout to compare with"
	}
	text += ", of the holdout " + h.words("", "")
	if !g.Comparable() {
		return text
	}
	by, interval := g.Difference()
	return text + fmt.Sprintf("; difference %s (%s)", percent(by), interval)
}

// words tells a side: "12.0% of 400 people converted (95% interval 9.2% to 15.6%; 30
// more still within their time; 1200 journeys)".
func (s Side) words(did, interval string) string {
	if s.Over() == 0 {
		return fmt.Sprintf("nothing is known yet of %s, still within their time", people(s.People))
	}
	text, notes := fmt.Sprintf("%s of %s %s", percent(s.Rate()), people(s.Over()), did), []string{interval + s.Interval().String()}
	if s.Within > 0 {
		notes = append(notes, fmt.Sprintf("%d more still within their time", s.Within))
	}
	if s.Entered > s.People {
		notes = append(notes, fmt.Sprintf("%d journeys", s.Entered))
	}
	return strings.TrimSpace(text) + " (" + strings.Join(notes, "; ") + ")"
}

func people(n int64) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
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
		Versions   []int        `json:"versions,omitempty"`
		Contacted  side         `json:"contacted"`
		Holdout    side         `json:"holdout"`
		Difference *difference  `json:"difference,omitempty"`
		Earlier    []GoalFunnel `json:"earlier,omitempty"`
	}{
		Versions: g.Versions, Earlier: g.Earlier,
		Contacted: side{g.Contacted, g.Contacted.Rate(), g.Contacted.Interval()},
		Holdout:   side{g.Holdout, g.Holdout.Rate(), g.Holdout.Interval()},
	}
	if g.Comparable() {
		by, interval := g.Difference()
		whole.Difference = &difference{by, interval}
	}
	return json.Marshal(whole)
}
