package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rapport/campaigns"
)

// Decider decides splits whose time is over, by how the messages of their paths
// did. A decision is made once, however many decide.
type Decider struct {
	Catalog *campaigns.Catalog
	Splits  campaigns.Splits
	Now     func() time.Time
	Log     *slog.Logger

	rest map[splitAt]time.Time // until when splits that were looked at in vain are left alone
}

// splitAt is where a split stands.
type splitAt struct {
	campaign string
	version  int
	run      int64
	step     string
}

// restAfter is how many times as long as a look took the split is then left alone: its
// messages are counted anew each time.
const restAfter = 20

// Round decides every split whose time has come and whose messages tell enough. Where
// that takes long it leaves the rest to the next round, which begins with those that
// were looked at the longest ago.
func (d *Decider) Round(ctx context.Context) error {
	began := d.Now()
	open, err := d.Splits.Undecided(ctx)
	if err != nil {
		return fmt.Errorf("find splits to decide: %w", err)
	}
	rest := map[splitAt]time.Time{} // of those that are still open
	for _, split := range open {
		rest[atSplit(split)] = d.rest[atSplit(split)]
	}
	d.rest = rest
	slices.SortStableFunc(open, func(a, b campaigns.SplitPoint) int { return rest[atSplit(a)].Compare(rest[atSplit(b)]) })
	shelf := newShelf(d.Catalog, d.Log)
	var failed error // one split that cannot be decided keeps no other from it
	for _, split := range open {
		campaign, err := shelf.campaign(ctx, split.Campaign, split.Version)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		step, now := campaign.StepAt(split.Step), d.Now()
		if step == nil || step.Winner == nil || now.Before(split.OpenedAt.Add(step.Winner.After)) || now.Before(rest[atSplit(split)]) {
			continue
		}
		if now.Sub(began) >= roundTime {
			break
		}
		failed = errors.Join(failed, d.decide(ctx, split, step))
		ended := d.Now()
		rest[atSplit(split)] = ended.Add(restAfter * ended.Sub(now))
	}
	return failed
}

func atSplit(s campaigns.SplitPoint) splitAt { return splitAt{s.Campaign, s.Version, s.Run, s.Step} }

func (d *Decider) decide(ctx context.Context, split campaigns.SplitPoint, step *campaigns.Step) error {
	now := d.Now()
	results := func(taken time.Time) ([]campaigns.PathResult, error) {
		return d.Splits.Results(ctx, split, step.SplitPaths(), step.Winner.By, taken)
	}
	ripe, err := results(now.Add(-step.Winner.After))
	if err != nil {
		return err
	}
	sample, err := d.Splits.Sample(ctx, split, step.SplitPaths())
	if err != nil || !step.Winner.Decides(split, ripe, sample, now) {
		return err
	}
	if split.Paths, err = results(now); err != nil {
		return err
	}
	split.MinSample = step.Winner.MinSample
	split.Winner = campaigns.Winning(split.Paths, split.MinSample)
	first, err := d.Splits.Decide(ctx, now, split)
	if err != nil || !first {
		return err
	}
	d.Log.Info("split decided", "campaign", split.Campaign, "version", split.Version, "run", split.Run,
		"split", step.ID, "winner", split.Winner, "warrant", split.Warrant(), "numbers", split.Paths)
	return nil
}
