package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

var _ campaigns.Itineraries = (*Store)(nil)

// Standing implements campaigns.Itineraries, by version and position.
func (s *Store) Standing(ctx context.Context, campaign string, before int) (all []campaigns.Standing, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(r record) (at campaigns.Standing, err error) {
			err = r.Scan(&at.Version, &at.Position, &at.Entries)
			return at, err
		}, `SELECT version, position, COUNT(*) FROM entries
			WHERE campaign = $1 AND version < $2 AND state = 'running'
			GROUP BY version, position ORDER BY version, position`, campaign, before)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the running entries of %s: %w", campaign, err)
	}
	return all, nil
}

// Carry implements campaigns.Itineraries. A move that was judged by the older
// version is refused from here on. Who stands outside a rollout is looked at again
// too: the other version may have none.
func (s *Store) Carry(ctx context.Context, now time.Time, campaign string, to int, from []campaigns.Standing, start func(time.Time, *customers.Customer) time.Time) (moved int64, err error) {
	rows := newRows("version int, at_step text")
	for _, at := range from {
		rows.add(at.Version, at.Position)
	}
	err = s.write(ctx, func(tx *tx) error {
		if err := carryStages(ctx, tx, campaign, to, rows); err != nil {
			return err
		}
		if start != nil {
			if err := wakeOutside(ctx, tx, campaign, rows, start); err != nil {
				return err
			}
		}
		if err := carrySplits(ctx, tx, campaign, to, rows); err != nil {
			return err
		}
		moved, err = tx.execRows(ctx, rows, `
			UPDATE entries SET version = $2, revision = revision + 1, wake_at = CASE WHEN position = '' THEN COALESCE(wake_at, $3) ELSE $3 END
			FROM {rows} AS v
			WHERE campaign = $1 AND entries.version = v.version AND position = v.at_step AND state = 'running'`,
			campaign, to, now.UnixMilli())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("move entries of %s to version %d: %w", campaign, to, err)
	}
	return moved, nil
}

// wakeOutside lets those who wait for a stage begin when their own clock says,
// some at a time.
func wakeOutside(ctx context.Context, tx *tx, campaign string, from *rowset, start func(time.Time, *customers.Customer) time.Time) error {
	const atOnce = 5000
	type waiting struct {
		entry    int64
		occurred time.Time
		who      customers.Customer
	}
	for last := int64(0); ; {
		outside, err := listRows(ctx, tx, from, func(r record) (w waiting, err error) {
			err = r.Scan(&w.entry, asTime(&w.occurred), orZero(&w.who.Zone), orZero(&w.who.PhoneZone), orZero(&w.who.Country), orZero(&w.who.Phone))
			return w, err
		}, `
			SELECT e.id, r.at, c.zone, c.phone_zone, c.country, c.phone FROM {rows} AS v
			JOIN entries e ON e.campaign = $1 AND e.version = v.version JOIN runs r ON r.id = e.run JOIN customers c ON c.id = e.customer
			WHERE v.at_step = '' AND e.id > $2 AND `+waitsForStage+" ORDER BY e.id LIMIT $3", campaign, last, atOnce)
		if err != nil || len(outside) == 0 {
			return err
		}
		rows := newRows("entry int, start int")
		for _, w := range outside {
			rows.add(w.entry, start(w.occurred, &w.who))
			last = w.entry
		}
		if _, err := tx.execRows(ctx, rows, "UPDATE entries SET wake_at = v.start FROM {rows} AS v WHERE id = v.entry"); err != nil {
			return err
		}
	}
}

// carryStages takes along how far rollouts had come for those who have not begun.
// Of several versions the latest counts, and before it the one they come to.
func carryStages(ctx context.Context, tx *tx, campaign string, to int, from *rowset) error {
	if _, err := tx.execRows(ctx, from, `
		INSERT INTO stages (campaign, version, run, stage, share, state, opened_at, judge_at, holds, judgement, since)
		SELECT s.campaign, $2, s.run, s.stage, s.share, s.state, s.opened_at, s.judge_at, s.holds, s.judgement, COALESCE(s.since, s.version)
		FROM {rows} AS v JOIN stages s ON s.version = v.version
		WHERE s.campaign = $1 AND v.at_step = '' AND s.state <> 'over'
		ORDER BY s.version DESC ON CONFLICT DO NOTHING`, campaign, to); err != nil {
		return err
	}
	_, err := tx.execRows(ctx, from, `
		DELETE FROM stages WHERE campaign = $1 AND state <> 'over'
			AND version IN (SELECT v.version FROM {rows} AS v WHERE v.at_step = '')`, campaign)
	return err
}

// carrySplits takes along the clock, or the decision, of splits at which journeys
// stand. The older version keeps its own for those who come to it later.
func carrySplits(ctx context.Context, tx *tx, campaign string, to int, from *rowset) error {
	_, err := tx.execRows(ctx, from, `
		INSERT INTO splits (campaign, version, run, step, opened_at, decided_at, winner, numbers, since)
		SELECT s.campaign, $2, s.run, s.step, s.opened_at, s.decided_at, s.winner, s.numbers, COALESCE(s.since, s.version)
		FROM {rows} AS v JOIN splits s ON s.version = v.version AND s.step = v.at_step
		WHERE s.campaign = $1
		ORDER BY s.version DESC ON CONFLICT DO NOTHING`, campaign, to)
	return err
}
