package campaigns

import (
	"context"
	"slices"
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
	// MinSample is the winner's, where the version is at hand.
	MinSample int `json:"min_sample,omitempty"`
}

// PathResult is how the messages of one path did.
type PathResult struct {
	Path    string `json:"path"`    // its name
	Sent    int64  `json:"sent"`    // messages that a provider took
	Reached int64  `json:"reached"` // of these, how many did what the winner is chosen by
}

// Splits keeps splits with a winner.
type Splits interface {
	// Undecided lists splits that nobody decided yet, of campaigns that do not stand
	// still, the first opened first.
	Undecided(ctx context.Context) ([]SplitPoint, error)
	// Latest lists for every split the latest time that customers came to it, in
	// order of campaign and step.
	Latest(ctx context.Context) ([]SplitPoint, error)
	// Results counts the messages of steps, which stand by the name of their
	// path, among those whose customers came through a split in its run and its
	// version, or one from which journeys were moved to it, and that a provider
	// took by an instant. Every path has a result, in the order given.
	Results(ctx context.Context, at SplitPoint, paths []SplitPath, by deliveries.Status, taken time.Time) ([]PathResult, error)
	// Sample tells how far the messages of those steps are that Results counts.
	Sample(ctx context.Context, at SplitPoint, paths []SplitPath) (Sample, error)
	// Decide records a decision and wakes the entries that stand at the split. It
	// reports whether this was the decision; a second one changes nothing.
	Decide(ctx context.Context, now time.Time, decided SplitPoint) (bool, error)
}

// Sample is how far the messages are by which a split is decided.
type Sample struct {
	First, Last time.Time // when the first and the latest went to a provider; zero where none did
	// Coming says that others are to go yet, or in a broadcast that somebody has not
	// begun: their own clock is behind.
	Coming bool
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

// allClocks is how long it takes from the first clock on earth (UTC+14) to show a
// time until the last does (UTC-12).
const allClocks = 26 * time.Hour

// Latest is when a split is decided whatever is known by then; zero while nothing
// was sent of what is to come. It is counted from when the split opened or the first
// message went, whichever is later. A broadcast's people come together but for their
// clocks and hours: so long as those of some are to come, or had not their time yet,
// it is later by up to allClocks.
func (w *Winner) Latest(p SplitPoint, s Sample) time.Time {
	if s.First.IsZero() && s.Coming {
		return time.Time{}
	}
	begun := p.OpenedAt
	if s.First.After(begun) {
		begun = s.First
	}
	latest := begun.Add(longestSample * w.After)
	if p.Run == 0 {
		return latest
	}
	last, bound := s.Last.Add(w.After), latest.Add(allClocks)
	switch {
	case s.Coming || last.After(bound):
		return bound
	case last.After(latest):
		return last
	}
	return latest
}

// Decides reports whether a split is decided now: not before After, and then as soon
// as enough messages of each path have had so long to do what counts, or at the latest. ripe are
// the results of those taken by now less After. Where the first customers come alone,
// such as by their own clocks, the clock of the first must not decide for all.
func (w *Winner) Decides(p SplitPoint, ripe []PathResult, s Sample, now time.Time) bool {
	enough := !slices.ContainsFunc(ripe, func(path PathResult) bool { return path.Sent < int64(w.MinSample) })
	latest := w.Latest(p, s)
	return !now.Before(p.OpenedAt.Add(w.After)) && (enough || !latest.IsZero() && !now.Before(latest))
}

// Winning is the path whose messages did best, by share of those that were sent, among
// those that have their sample of at least so many; among all where none has. The first
// of several, and the first of all where nobody did what counts. "" without paths.
func Winning(paths []PathResult, least int) string {
	if len(paths) == 0 {
		return ""
	}
	known := sampled(paths, least)
	best := known[0]
	for _, p := range known[1:] {
		if p.better(best) {
			best = p
		}
	}
	if best.Reached == 0 {
		best = paths[0]
	}
	return best.Path
}

// sampled are the paths that have their sample of at least so many; all where none has.
func sampled(paths []PathResult, least int) []PathResult {
	known := slices.DeleteFunc(slices.Clone(paths), func(p PathResult) bool { return p.Sent < int64(least) })
	if len(known) == 0 {
		return paths
	}
	return known
}

// better compares shares without dividing: a/b > c/d.
func (r PathResult) better(than PathResult) bool {
	return r.Sent > 0 && (than.Sent == 0 && r.Reached > 0 || r.Reached*than.Sent > than.Reached*r.Sent)
}

// Interval is the 95 % interval of the share.
func (r PathResult) Interval() deliveries.Interval { return deliveries.Wilson(r.Reached, r.Sent) }

// Warrant says by what right the winner goes on: it won where its interval lies above
// those of all others.
func (p SplitPoint) Warrant() string { return warrant(p.Winner, p.Paths, p.MinSample) }

func warrant(winner string, paths []PathResult, least int) string {
	at := slices.IndexFunc(paths, func(r PathResult) bool { return r.Path == winner })
	if at < 0 {
		return "won"
	}
	won, words, known := paths[at], "won", sampled(paths, least)
	if won.Reached == 0 {
		return "was chosen as the first: there is no data that tells the paths apart"
	}
	for i, other := range paths {
		switch {
		case i == at:
		case i > at && slices.Contains(known, other) && !won.better(other) && !other.better(won):
			return "was chosen as the first: the best paths did equally well"
		case won.Interval().Low <= other.Interval().High:
			words = "was chosen; the difference may be chance"
		}
	}
	return words
}
