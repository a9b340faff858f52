package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
)

const (
	// sweepEvery is how often everybody's exits are judged.
	sweepEvery = time.Minute
	// A round of a sweep makes at most looksPerRound looks at sweepPage entries
	// each, and none after roundTime, so that it holds up nothing else; the next round
	// goes on.
	looksPerRound = 5
	sweepPage     = 2000
)

// roundTime is after how long a round of looks leaves the rest to the next: nothing
// is handed over meanwhile.
const roundTime = 500 * time.Millisecond

// Sweeper ends journeys whose customers satisfy an exit by what they have become,
// although nothing told of it: time passed, a file was imported. It ends all those
// of a campaign that was archived or removed.
type Sweeper struct {
	Catalog *campaigns.Catalog
	Exodus  campaigns.Exodus
	Dialect expression.Dialect
	Now     func() time.Time
	Log     *slog.Logger

	began time.Time
	left  []sweeping // what this sweep has still to look at
}

// sweeping is one exit of one version, and up to which entry it was judged.
type sweeping struct {
	of    campaigns.Underway
	sweep campaigns.Sweep
	after int64
}

// Round goes on with the sweep under way, or begins one when it is time.
func (s *Sweeper) Round(ctx context.Context) error {
	now := s.Now()
	if len(s.left) == 0 && now.Sub(s.began) >= sweepEvery {
		if err := s.begin(ctx, now); err != nil {
			return err
		}
	}
	for look := range looksPerRound {
		if len(s.left) == 0 || look > 0 && s.Now().Sub(now) >= roundTime {
			return nil
		}
		if err := s.look(ctx, &s.left[0]); err != nil {
			return err
		}
	}
	return nil
}

// begin lists what there is to judge.
func (s *Sweeper) begin(ctx context.Context, now time.Time) error {
	underway, err := s.Exodus.Underway(ctx)
	if err != nil {
		return fmt.Errorf("begin to judge exits: %w", err)
	}
	shelf := newShelf(s.Catalog, s.Log)
	for _, of := range underway {
		campaign, err := shelf.campaign(ctx, of.Campaign, of.Version)
		if err != nil {
			return err
		}
		if campaign == nil {
			continue
		}
		for _, sweep := range campaign.Sweeps(s.Dialect, now) {
			s.left = append(s.left, sweeping{of: of, sweep: sweep})
		}
	}
	s.began = now
	return nil
}

// look judges the next entries of one exit.
func (s *Sweeper) look(ctx context.Context, at *sweeping) error {
	left, last, err := s.Exodus.LeaveWhere(ctx, s.Now(), at.of, at.sweep, at.after, sweepPage)
	if err != nil {
		s.left = s.left[1:] // the others are judged all the same, this one by the next sweep
		return fmt.Errorf("judge exits of %s: %w", at.of.Campaign, err)
	}
	if left > 0 {
		s.Log.Info("journeys ended", "campaign", at.of.Campaign, "version", at.of.Version, "why", at.sweep.Why, "journeys", left)
	}
	if at.after = last; last == 0 {
		s.left = s.left[1:]
	}
	return nil
}
