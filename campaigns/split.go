package campaigns

import (
	"context"
	"time"

	"rapport/deliveries"
)

// SplitPoint is a split with a winner in one version and run of a campaign, from
// the moment the first customer came to it.
type SplitPoint struct {
	Campaign  string       `json:"campaign"`
	Version   int          `json:"version"`
	Run       int64        `json:"run,omitempty"`
	Step      string       `json:"step"` // the split's path
	OpenedAt  time.Time    `json:"opened_at"`
	DecidedAt time.Time    `json:"decided_at,omitzero"`
	Winner    string       `json:"winner,omitempty"` // the winning path's name
	Paths     []PathResult `json:"paths,omitempty"`  // what the decision rests on
}

// PathResult is how the messages of one path did.
type PathResult struct {
	Path    string `json:"path"`    // its name
	Sent    int64  `json:"sent"`    // messages that a provider took
	Reached int64  `json:"reached"` // of these, how many did what the winner is chosen by
}

// Splits keeps splits with a winner.
type Splits interface {
	// Undecided lists splits that nobody decided yet, the first opened first.
	Undecided(ctx context.Context) ([]SplitPoint, error)
	// Latest lists for every split the latest time that customers came to it, in
	// order of campaign and step.
	Latest(ctx context.Context) ([]SplitPoint, error)
	// Results counts the messages of steps, which stand by the name of their
	// path, among those whose customers came through a split in its run and its
	// version, or one from which journeys were moved to it, and that a provider
	// took by an instant. Every path has a result, in the order given.
	Results(ctx context.Context, at SplitPoint, paths []SplitPath, by deliveries.Status, taken time.Time) ([]PathResult, error)
	// Decide records a decision and wakes the entries that stand at the split. It
	// reports whether this was the decision; a second one changes nothing.
	Decide(ctx context.Context, now time.Time, decided SplitPoint) (bool, error)
}

// SplitPath is one path of a split with the paths of all its steps.
type SplitPath struct {
	Name  string
	Steps []string
}

// SplitPaths lists the paths of a split step, each with the steps in it, those
// of branches within among them.
func (s *Step) SplitPaths() []SplitPath {
	paths := make([]SplitPath, len(s.Branch))
	for i, branch := range s.Branch {
		paths[i].Name = branch.Name
		everyStep(branch.Steps, func(step *Step) { paths[i].Steps = append(paths[i].Steps, step.Path) })
	}
	return paths
}

// longestSample is how many times its After a split waits for its sample.
const longestSample = 3

// Latest is when a split that opened at an instant is decided whatever is known.
func (w *Winner) Latest(opened time.Time) time.Time { return opened.Add(longestSample * w.After) }

// Decides reports whether a split that opened at an instant is decided now: not
// before After, and then as soon as enough messages have had so long to do what
// counts. ripe are the results of those taken by now less After. Where the first
// customers come alone, such as by their own clocks, the clock of the first must
// not decide for all.
func (w *Winner) Decides(opened time.Time, ripe []PathResult, now time.Time) bool {
	var sent int64
	for _, path := range ripe {
		sent += path.Sent
	}
	return !now.Before(w.Latest(opened)) || !now.Before(opened.Add(w.After)) && sent >= int64(w.MinSample)
}

// Winning is the path whose messages did best, by share of those that were sent:
// the first of several, and the first of all where nothing was sent. "" without
// paths.
func Winning(paths []PathResult) string {
	if len(paths) == 0 {
		return ""
	}
	best := paths[0]
	for _, p := range paths[1:] {
		// The greater share, compared without dividing: a/b > c/d.
		if p.Sent > 0 && (best.Sent == 0 && p.Reached > 0 || p.Reached*best.Sent > best.Reached*p.Sent) {
			best = p
		}
	}
	return best.Path
}
