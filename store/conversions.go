package store

import (
	"context"
	"fmt"
	"time"

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
// What a person does under another of their profiles counts like all they do.
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
		}, "SELECT "+entryColumns+`, v.n FROM {rows} AS v JOIN customers me ON me.id = v.customer
				JOIN customers o ON o.person = me.person JOIN entries e ON e.customer = o.id
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

// Convert implements campaigns.Goals. An order that was cancelled or returned
// meanwhile counts for nothing.
func (g goals) Convert(ctx context.Context, conversions []campaigns.Conversion) error {
	rows, bought := newRows("entry int, event int, at int, worth int, bought text"), make([]string, 0, len(conversions))
	for _, c := range conversions {
		rows.add(c.Entry, c.Event, c.At, c.Value, c.Order)
		if c.Order != "" {
			bought = append(bought, c.Order)
		}
	}
	err := g.store.write(ctx, func(tx *tx) error {
		// Whoever cancels one of them drops what stands here, or is seen.
		if _, err := listRows(ctx, tx, keys(distinct(bought)), column[string],
			"SELECT o.id FROM orders o WHERE "+tx.among("o.id")+" ORDER BY o.id"+tx.forShare("o")); err != nil {
			return err
		}
		_, err := tx.execRows(ctx, rows, `
			INSERT INTO conversions (entry, event, at, value)
			SELECT v.entry, v.event, v.at, v.worth FROM {rows} AS v JOIN entries e ON e.id = v.entry
			WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = v.bought AND o.status <> 'completed')
				AND NOT EXISTS (SELECT 1 FROM conversions c JOIN entries p ON p.id = c.entry WHERE c.event = v.event AND p.campaign = e.campaign)
			ON CONFLICT DO NOTHING`)
		return err
	})
	if err != nil {
		return fmt.Errorf("count %d conversions: %w", len(conversions), err)
	}
	return nil
}

// dropConversions takes back what orders counted for that are completed no more. Their
// lines on the timeline stand with whose they were.
func dropConversions(ctx context.Context, tx *tx, orders []string, before map[string]string) error {
	if len(orders) == 0 {
		return nil
	}
	rows := newRows("id text, before text")
	for _, id := range distinct(orders) {
		rows.add(id, before[id])
	}
	_, err := tx.execRows(ctx, rows, `
		DELETE FROM conversions WHERE event IN (
			SELECT e.id FROM {rows} AS v JOIN orders o ON o.id = v.id JOIN events e ON e.customer IN (o.customer, v.before)
				AND e.name = 'Order Completed' AND (e.key = 'order:' || o.id OR e.provider_key = 'order:' || o.id)
			WHERE o.status <> 'completed')`)
	return err
}

// aims are the versions of a campaign that are for one thing and hold out one share.
type aims struct {
	campaign, event string
	within          int64
	holdout         float64
}

// addGoals compares contacted people with the holdout, of the versions that
// have a goal, both from when they entered, let in by a stage or not.
func (f funnels) addGoals(ctx context.Context, tx *tx, now time.Time) error {
	groups, alike, err := versionsAlike(ctx, tx)
	if err != nil || groups.len() == 0 {
		return err
	}
	compared := make([]deliveries.GoalFunnel, len(alike))
	of := make([]string, len(alike))
	if _, err := listRows(ctx, tx, groups, func(r record) (none struct{}, err error) {
		var campaign string
		var group int
		var holdout bool
		var side deliveries.Side
		if err := r.Scan(&campaign, &group, &holdout, &side.Entered, &side.People, &side.Within, &side.Converted, &side.Conversions, &side.Value); err != nil {
			return none, err
		}
		of[group], compared[group].Versions = campaign, alike[group]
		if holdout {
			compared[group].Holdout = side
		} else {
			compared[group].Contacted = side
		}
		return none, nil
	}, `
		SELECT p.campaign, p.alike, p.holdout, CAST(SUM(p.entries) AS BIGINT), COUNT(*), COUNT(CASE WHEN p.over_at > $1 THEN 1 END),
			COUNT(CASE WHEN p.over_at <= $1 AND p.events > 0 THEN 1 END), CAST(SUM(p.events) AS BIGINT), CAST(SUM(p.worth) AS BIGINT)
		FROM (
			SELECT e.campaign, k.alike, e.holdout, COALESCE(c.person, e.customer) AS person, COUNT(*) AS entries,
				MIN(e.entered_at + k.within_ms) AS over_at, COALESCE(SUM(v.events), 0) AS events, COALESCE(SUM(v.worth), 0) AS worth
			FROM {rows} AS k JOIN entries e ON e.campaign = k.campaign AND e.version = k.version LEFT JOIN customers c ON c.id = e.customer
				LEFT JOIN (SELECT entry, COUNT(*) AS events, SUM(value) AS worth FROM conversions GROUP BY entry) AS v ON v.entry = e.id
			WHERE e.why <> 'duplicate_person'
			GROUP BY e.campaign, k.alike, e.holdout, COALESCE(c.person, e.customer)) AS p
		GROUP BY p.campaign, p.alike, p.holdout`, now.UnixMilli()); err != nil {
		return err
	}
	for group, goal := range compared {
		if goal.Versions == nil {
			continue // nobody entered
		}
		if funnel := f.of(of[group]); funnel.Goal == nil {
			funnel.Goal = &goal
		} else {
			funnel.Goal.Earlier = append(funnel.Goal.Earlier, goal)
		}
	}
	return nil
}

// versionsAlike sorts the versions with a goal into those that may be compared as one,
// the group of the newest version first. One whose share nobody noted stands alone.
func versionsAlike(ctx context.Context, tx *tx) (rows *rowset, alike [][]int, err error) {
	rows = newRows("campaign text, version int, alike int, within_ms int")
	groups := map[aims]int{}
	err = eachRow(ctx, tx, func(r record) error {
		var of aims
		var version int
		if err := r.Scan(&of.campaign, &version, &of.event, &of.within, &of.holdout); err != nil {
			return err
		}
		group, known := groups[of]
		if !known {
			group = len(alike)
			groups[of], alike = group, append(alike, nil)
		}
		alike[group] = append(alike[group], version)
		rows.add(of.campaign, version, group, of.within)
		return nil
	}, `SELECT campaign, version, goal_event, goal_within, COALESCE(holdout, -version) FROM campaign_versions
		WHERE goal_event <> '' ORDER BY campaign, version DESC`)
	return rows, alike, err
}
