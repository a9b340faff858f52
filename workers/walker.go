package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
)

// Walker walks journeys: it loads entries that are to be looked at, asks the
// campaign what comes next, and writes the answer.
type Walker struct {
	Catalog *campaigns.Catalog
	Entries campaigns.Entries
	News    campaigns.News
	// Arrivals are the events that journeys stand still for.
	Arrivals campaigns.Arrivals
	// Rollouts tells how much of the people campaigns with stages have let in.
	Rollouts campaigns.Rollouts
	// Rows is shared with whatever else has rows in memory; nil has no bound.
	Rows      *RowBudget
	Telemetry Telemetry
	Now       func() time.Time
	Log       *slog.Logger
}

// unreadableFor is how long entries whose campaign cannot be read leave their turn to
// others.
const unreadableFor = 5 * time.Minute

// party is the travellers of one version of a campaign.
type party struct {
	campaign   *campaigns.Campaign
	travellers []campaigns.Traveller
}

// Walk moves entries on as far as they go. An entry whose campaign cannot be
// read stays where it is for some minutes and is reported. One that cannot be moved waits for its
// lease to end, and keeps no other waiting.
func (w *Walker) Walk(ctx context.Context, ids []int64) error {
	release, err := w.Rows.take(ctx, len(ids))
	if err != nil {
		return fmt.Errorf("wait to read %d entries: %w", len(ids), err)
	}
	defer release()
	return isolateFailures(ctx, ids, w.walk)
}

// walk is Walk within a budget that was taken already.
func (w *Walker) walk(ctx context.Context, ids []int64) (err error) {
	now := w.Now()
	ctx, span := w.Telemetry.ofEntries(ctx, "travel", ids)
	defer func() { span.End(err) }()
	edition, err := w.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	travellers, err := travellersOf(ctx, w.Catalog, w.Entries, edition, ids, now)
	if err != nil {
		return fmt.Errorf("load %d entries: %w", len(ids), err)
	}
	parties, err := w.gather(ctx, edition, travellers, now)
	if err != nil {
		return err
	}
	moves := make([]campaigns.Move, 0, len(travellers))
	for _, p := range parties {
		for _, traveller := range p.travellers {
			move := edition.Advance(p.campaign, traveller, now)
			if move.Entry.Position != traveller.Entry.Position {
				move.Awaiting = p.campaign.Awaiting(move.Entry)
			}
			moves = append(moves, move)
		}
	}
	if err := w.Entries.Apply(ctx, now, moves); err != nil {
		return fmt.Errorf("write %d moves: %w", len(moves), err)
	}
	w.Telemetry.Metrics.Walked(len(travellers), latest(travellers, now))
	return nil
}

// travellersOf loads entries. The messages of the last seven days are counted where
// the workspace in force asks for them, or one in which a journey began.
func travellersOf(ctx context.Context, catalog *campaigns.Catalog, entries campaigns.Entries, edition *campaigns.Edition, ids []int64, now time.Time) ([]campaigns.Traveller, error) {
	if edition.CountsMessages {
		return entries.Travellers(ctx, ids, now)
	}
	travellers, err := entries.Travellers(ctx, ids, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, group := range byVersion(travellers) {
		began, err := catalog.Edition(ctx, group[0].Entry.Campaign, group[0].Entry.Version)
		switch {
		case errors.Is(err, campaigns.ErrStale): // whoever asks for the campaign says so
		case err != nil:
			return nil, err
		case began.CountsMessages:
			return entries.Travellers(ctx, ids, now)
		}
	}
	return travellers, nil
}

// latest is for how long the traveller that waited longest has been due.
func latest(travellers []campaigns.Traveller, now time.Time) (late time.Duration) {
	for _, traveller := range travellers {
		if due := traveller.Entry.WakeAt; !due.IsZero() {
			late = max(late, now.Sub(due))
		}
	}
	return late
}

// gather groups travellers by what they travel through and gives them the counts
// and the events that their campaigns ask about.
func (w *Walker) gather(ctx context.Context, edition *campaigns.Edition, travellers []campaigns.Traveller, now time.Time) ([]party, error) {
	shelf := newShelf(w.Catalog, w.Log)
	var parties []party
	var awaited []campaigns.Awaited
	for _, group := range byVersion(travellers) {
		campaign, err := shelf.campaign(ctx, group[0].Entry.Campaign, group[0].Entry.Version)
		if err != nil {
			return nil, err
		}
		if campaign == nil {
			if err := w.Entries.PutOff(ctx, now, now.Add(unreadableFor), pluck(group, func(t campaigns.Traveller) int64 { return t.Entry.ID })); err != nil {
				return nil, err
			}
			continue
		}
		if err := fillCounts(ctx, w.News, edition.CountsFor(campaign), group, now); err != nil {
			return nil, err
		}
		if err := fillShares(ctx, w.Rollouts, campaign, group, now); err != nil {
			return nil, err
		}
		for _, traveller := range group {
			awaited = append(awaited, campaign.Awaiting(traveller.Entry)...)
		}
		parties = append(parties, party{campaign, group})
	}
	arrived, err := w.arrived(ctx, awaited)
	if err != nil {
		return nil, err
	}
	for _, p := range parties {
		for i := range p.travellers {
			p.travellers[i].News = arrived[p.travellers[i].Entry.ID]
		}
	}
	return parties, nil
}

func (w *Walker) arrived(ctx context.Context, awaited []campaigns.Awaited) (map[int64][]customers.Event, error) {
	if len(awaited) == 0 {
		return nil, nil
	}
	arrived, err := w.Arrivals.Arrived(ctx, awaited)
	if err != nil {
		return nil, fmt.Errorf("read what %d entries wait for: %w", len(awaited), err)
	}
	return arrived, nil
}

// fillCounts fills in how often the wanted events stand on the timelines.
func fillCounts(ctx context.Context, news campaigns.News, wanted []expression.Count, group []campaigns.Traveller, now time.Time) error {
	counts, err := countsFor(ctx, news, wanted, pluck(group, func(t campaigns.Traveller) string { return t.Entry.Customer }), now)
	if err != nil {
		return err
	}
	for i := range group {
		group[i].Counts = counts[group[i].Entry.Customer]
	}
	return nil
}

// fillShares fills in how much of the people the campaign's rollout has let in.
func fillShares(ctx context.Context, rollouts campaigns.Rollouts, c *campaigns.Campaign, group []campaigns.Traveller, now time.Time) error {
	if c.Rollout == nil {
		return nil
	}
	runs := pluck(group, func(t campaigns.Traveller) int64 { return t.Entry.Run })
	shares, err := rollouts.Shares(ctx, c, runs, now)
	for i := range group {
		group[i].Share = shares[group[i].Entry.Run]
	}
	return err
}

// countsFor reads the did() counts that conditions ask about, by customer; nil
// when they ask about none.
func countsFor(ctx context.Context, news campaigns.News, wanted []expression.Count, customers []string, now time.Time) (map[string]map[string]int64, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	counts, err := news.Counts(ctx, customers, wanted, now)
	if err != nil {
		return nil, fmt.Errorf("count the events of %d customers: %w", len(customers), err)
	}
	return counts, nil
}

// byVersion groups travellers by campaign and version, in order of appearance.
func byVersion(travellers []campaigns.Traveller) [][]campaigns.Traveller {
	return grouped(travellers, func(t campaigns.Traveller) version { return versionOf(t.Entry) })
}

func versionOf(e campaigns.Entry) version { return version{e.Campaign, e.Version} }

// pluck lists one thing of each.
func pluck[T, V any](all []T, of func(T) V) []V {
	some := make([]V, len(all))
	for i, one := range all {
		some[i] = of(one)
	}
	return some
}

// grouped puts what has the same key together, in order of appearance.
func grouped[K comparable, T any](all []T, key func(T) K) [][]T {
	if len(all) > 0 && !slices.ContainsFunc(all, func(one T) bool { return key(one) != key(all[0]) }) {
		return [][]T{all} // as nearly every batch is
	}
	at := map[K]int{}
	var groups [][]T
	for _, one := range all {
		k := key(one)
		i, known := at[k]
		if !known {
			i, groups = len(groups), append(groups, nil)
			at[k] = i
		}
		groups[i] = append(groups[i], one)
	}
	return groups
}
