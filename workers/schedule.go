package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

// Facts keeps small truths of the installation.
type Facts interface {
	// Fact reads one; "" when it was never set.
	Fact(ctx context.Context, name string) (string, error)
	// SetFact writes one.
	SetFact(ctx context.Context, name, value string) error
	// Lease gives holder the named lease until a time, if nobody else holds it
	// at now; holding it already prolongs it.
	Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error)
}

// Schedule records the occurrences of broadcasts. An occurrence is a row unique
// on campaign and instant: two schedulers, a restart or a missed hour can
// neither double nor lose one.
type Schedule struct {
	Catalog   *campaigns.Catalog
	Runs      campaigns.Runs
	Facts     Facts
	Telemetry Telemetry
	Now       func() time.Time
	Log       *slog.Logger
}

// Round records every occurrence up to now that was not recorded yet. A campaign whose
// schedule cannot be followed keeps no other from being recorded.
func (s *Schedule) Round(ctx context.Context) error {
	now := s.Now()
	edition, err := s.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	var runs []campaigns.Run
	var troubles []error
	for _, id := range slices.Sorted(maps.Keys(edition.Campaigns)) { // so that the same troubles read the same
		campaign := edition.Campaigns[id]
		if !campaign.Trigger.Broadcast() {
			continue
		}
		if campaign.State != campaigns.Live {
			troubles = append(troubles, s.forget(ctx, campaign))
			continue
		}
		due, err := s.due(ctx, edition, campaign, now)
		troubles = append(troubles, err)
		runs = append(runs, due...)
	}
	troubles = append(troubles, s.record(ctx, runs, now))
	return errors.Join(troubles...)
}

func (s *Schedule) record(ctx context.Context, runs []campaigns.Run, now time.Time) error {
	if len(runs) == 0 {
		return nil
	}
	parts, err := s.Runs.Parts(ctx)
	if err != nil {
		return err
	}
	fresh, err := s.Runs.Occur(ctx, runs, parts)
	if err != nil {
		return fmt.Errorf("record %d occurrences: %w", len(runs), err)
	}
	for _, run := range fresh {
		log := s.Log.With("campaign", run.Campaign, "run", run.ID, "at", run.At)
		if !run.Since.IsZero() {
			log = log.With("only for clocks that show it from", run.Since)
		}
		log.Info("broadcast " + string(run.State))
		s.show(ctx, run, now)
	}
	return nil
}

// show begins the trace of an occurrence, which its entries lead back to.
func (s *Schedule) show(ctx context.Context, run campaigns.Run, now time.Time) {
	s.Telemetry.Metrics.Occurred(string(run.State), run.State == campaigns.RunMissed, now.Sub(run.At))
	ctx, span := s.Telemetry.Traces.Start(ctx, "occurrence")
	span.Campaign(run.Campaign)
	s.Telemetry.mark(ctx, deliveries.RunTrail.Of(run.ID), now)
	span.End(nil)
}

// due lists a live campaign's occurrences that are not recorded yet: those since
// its latest, or since the moment it was applied live, was given another time, or
// went on after a pause. What came before that is not caught up with.
func (s *Schedule) due(ctx context.Context, edition *campaigns.Edition, c *campaigns.Campaign, now time.Time) ([]campaigns.Run, error) {
	last, err := s.Runs.Last(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("find the last run of %s: %w", c.ID, err)
	}
	seen, err := s.seenLive(ctx, c, now)
	if err != nil {
		return nil, err
	}
	return edition.Due(c, last, seen, now), nil
}

// seenLive is since when the campaign is live with the schedule it has: since it was
// applied or, where nobody noted that, since the schedule first looks.
func (s *Schedule) seenLive(ctx context.Context, c *campaigns.Campaign, now time.Time) (time.Time, error) {
	name := campaigns.ScheduledSince(c.ID)
	text, err := s.Facts.Fact(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	if text == "" {
		text = campaigns.CountsFrom(now)
		if err := s.Facts.SetFact(ctx, name, text); err != nil {
			return time.Time{}, err
		}
	}
	seen, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return seen, fmt.Errorf("read since when %s is scheduled: %w", c.ID, err)
	}
	return seen, nil
}

// forget lets a campaign that stands still begin anew when it goes on.
func (s *Schedule) forget(ctx context.Context, c *campaigns.Campaign) error {
	name := campaigns.ScheduledSince(c.ID)
	if text, err := s.Facts.Fact(ctx, name); err != nil || text == "" {
		return err
	}
	return s.Facts.SetFact(ctx, name, "")
}
