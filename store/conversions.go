package store

import (
	"context"
	"fmt"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// Goals counts what campaigns are for, in this store.
func (s *Store) Goals() campaigns.Goals { return goals{s} }

type goals struct{ store *Store }

// Hoping implements campaigns.Goals. The version in which a customer entered
// says what the entry is for, whatever became of the campaign since. Who waits for
// a stage counts as well: in the holdout, which waits for none, others do as they.
func (g goals) Hoping(ctx context.Context, events []customers.Event) (hopes []campaigns.Hope, err error) {
	rows := newRows("n int, customer text, name text, at int")
	for n, e := range events {
		rows.add(n, e.Customer, e.Name, e.At)
	}
	err = g.store.read(ctx, func(tx *tx) (err error) {
		named, err := listRows(ctx, tx, rows, column[string],
			"SELECT DISTINCT v.name FROM {rows} AS v WHERE v.name IN (SELECT goal_event FROM campaign_versions WHERE goal_event <> '')")
		if err != nil || len(named) == 0 {
			return err
		}
		hopes, err = listRows(ctx, tx, rows, func(r record) (h campaigns.Hope, err error) {
			var n int
			err = scanEntry(r.withLast(&n), &h.Entry)
			h.Event = events[n]
			return h, err
		}, "SELECT "+entryColumns+`, v.n FROM {rows} AS v JOIN entries e ON e.customer = v.customer
				JOIN campaign_versions k ON k.campaign = e.campaign AND k.version = e.version AND k.goal_event = v.name
			WHERE e.entered_at <= v.at AND e.entered_at + k.goal_within > v.at AND e.why <> 'duplicate_person'
			ORDER BY v.n, e.id`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the entries that %d events count for: %w", len(events), err)
	}
	return hopes, nil
}

// Convert implements campaigns.Goals.
func (g goals) Convert(ctx context.Context, conversions []campaigns.Conversion) error {
	rows := newRows("entry int, event int, at int, worth int")
	for _, c := range conversions {
		rows.add(c.Entry, c.Event, c.At, c.Value)
	}
	err := g.store.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, rows, `
			INSERT INTO conversions (entry, event, at, value)
			SELECT v.entry, v.event, v.at, v.worth FROM {rows} AS v WHERE TRUE ON CONFLICT DO NOTHING`)
		return err
	})
	if err != nil {
		return fmt.Errorf("count %d conversions: %w", len(conversions), err)
	}
	return nil
}

// addGoals compares contacted entries with the holdout, of the versions that
// have a goal, both from when they entered, let in by a stage or not.
func (f funnels) addGoals(ctx context.Context, tx *tx) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var holdout bool
		var side deliveries.Side
		if err := r.Scan(&campaign, &holdout, &side.Entered, &side.Converted, &side.Conversions, &side.Value); err != nil {
			return err
		}
		funnel := f.of(campaign)
		if funnel.Goal == nil {
			funnel.Goal = &deliveries.GoalFunnel{}
		}
		if holdout {
			funnel.Goal.Holdout = side
		} else {
			funnel.Goal.Contacted = side
		}
		return nil
	}, `SELECT e.campaign, e.holdout, COUNT(*), COUNT(v.entry), CAST(COALESCE(SUM(v.events), 0) AS BIGINT), CAST(COALESCE(SUM(v.worth), 0) AS BIGINT)
		FROM entries e JOIN campaign_versions k ON k.campaign = e.campaign AND k.version = e.version AND k.goal_event <> ''
			LEFT JOIN (SELECT entry, COUNT(*) AS events, SUM(value) AS worth FROM conversions GROUP BY entry) AS v ON v.entry = e.id
		WHERE e.why <> 'duplicate_person'
		GROUP BY e.campaign, e.holdout`)
}
