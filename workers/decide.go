package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
}

// Round decides every split whose time has come and whose messages tell enough.
func (d *Decider) Round(ctx context.Context) error {
	open, err := d.Splits.Undecided(ctx)
	if err != nil {
		return fmt.Errorf("find splits to decide: %w", err)
	}
	shelf := newShelf(d.Catalog, d.Log)
	var failed error // one split that cannot be decided keeps no other from it
	for _, split := range open {
		campaign, err := shelf.campaign(ctx, split.Campaign, split.Version)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		step := campaign.StepAt(split.Step)
		if step == nil || step.Winner == nil || d.Now().Before(split.OpenedAt.Add(step.Winner.After)) {
			continue
		}
		failed = errors.Join(failed, d.decide(ctx, split, step))
	}
	return failed
}

func (d *Decider) decide(ctx context.Context, split campaigns.SplitPoint, step *campaigns.Step) error {
	now := d.Now()
	results := func(taken time.Time) ([]campaigns.PathResult, error) {
		return d.Splits.Results(ctx, split, step.SplitPaths(), step.Winner.By, taken)
	}
	ripe, err := results(now.Add(-step.Winner.After))
	if err != nil || !step.Winner.Decides(split.OpenedAt, ripe, now) {
		return err
	}
	if split.Paths, err = results(now); err != nil {
		return err
	}
	split.Winner = campaigns.Winning(split.Paths)
	first, err := d.Splits.Decide(ctx, now, split)
	if err != nil || !first {
		return err
	}
	d.Log.Info("split decided", "campaign", split.Campaign, "version", split.Version, "run", split.Run,
		"split", step.ID, "winner", split.Winner, "numbers", split.Paths)
	return nil
}
