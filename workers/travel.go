package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"rapport/campaigns"
)

// Traveller walks journeys: it loads entries that are to be looked at, asks the
// campaign what comes next, and writes the answer.
type Traveller struct {
	Catalog *campaigns.Catalog
	Entries campaigns.Entries
	News    campaigns.News
	Now     func() time.Time
	Log     *slog.Logger
}

// Travel moves entries on as far as they go. An entry whose campaign cannot be
// read stays where it is and is reported.
func (t *Traveller) Travel(ctx context.Context, ids []int64) error {
	now := t.Now()
	travellers, err := t.Entries.Travellers(ctx, ids, now)
	if err != nil {
		return fmt.Errorf("load %d entries: %w", len(ids), err)
	}
	edition, err := t.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	shelf := newShelf(t.Catalog, t.Log)
	moves := make([]campaigns.Move, 0, len(travellers))
	for _, group := range byVersion(travellers) {
		campaign, err := shelf.campaign(ctx, group[0].Entry.Campaign, group[0].Entry.Version)
		if err != nil {
			return err
		}
		if campaign == nil {
			continue
		}
		if err := count(ctx, t.News, campaign, group, now); err != nil {
			return err
		}
		for _, traveller := range group {
			moves = append(moves, edition.Advance(campaign, traveller, now))
		}
	}
	if err := t.Entries.Apply(ctx, now, moves); err != nil {
		return fmt.Errorf("write %d moves: %w", len(moves), err)
	}
	return nil
}

// count fills in how often the events stand on the timelines that the
// campaign's conditions ask about.
func count(ctx context.Context, news campaigns.News, c *campaigns.Campaign, group []campaigns.Traveller, now time.Time) error {
	counts, err := countsFor(ctx, news, c, customersOf(group), now)
	if err != nil {
		return err
	}
	for i := range group {
		group[i].Counts = counts[group[i].Entry.Customer]
	}
	return nil
}

// countsFor reads the did() counts a campaign's conditions ask about, by
// customer; nil when it asks about none.
func countsFor(ctx context.Context, news campaigns.News, c *campaigns.Campaign, customers []string, now time.Time) (map[string]map[string]int64, error) {
	if c == nil {
		return nil, nil
	}
	wanted := c.Counts()
	if len(wanted) == 0 {
		return nil, nil
	}
	counts, err := news.Counts(ctx, customers, wanted, now)
	if err != nil {
		return nil, fmt.Errorf("count events for campaign %s: %w", c.ID, err)
	}
	return counts, nil
}

func customersOf(group []campaigns.Traveller) []string {
	ids := make([]string, len(group))
	for i, traveller := range group {
		ids[i] = traveller.Entry.Customer
	}
	return ids
}

// byVersion groups travellers by campaign and version, in order of appearance.
func byVersion(travellers []campaigns.Traveller) [][]campaigns.Traveller {
	at := map[version]int{}
	var groups [][]campaigns.Traveller
	for _, traveller := range travellers {
		v := version{traveller.Entry.Campaign, traveller.Entry.Version}
		i, known := at[v]
		if !known {
			i, groups = len(groups), append(groups, nil)
			at[v] = i
		}
		groups[i] = append(groups[i], traveller)
	}
	return groups
}
