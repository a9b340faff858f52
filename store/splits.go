package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

// Splits keeps the splits of this store.
func (s *Store) Splits() campaigns.Splits { return splits{s} }

type splits struct{ store *Store }

// through is what splits are decided for, one by one.
type through struct {
	campaign string
	version  int
	run      int64
}

func throughOf(e campaigns.Entry) through { return through{e.Campaign, e.Version, e.Run} }

// openSplits starts the clock of splits that moves came to first. An entry that
// comes to one that was decided meanwhile is woken: it went to sleep without
// knowing. The splits are kept from being decided until the transaction ends, so
// that whoever decides afterwards sees the entries that stand there.
func openSplits(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) error {
	rows := newRows("campaign text, version int, run int, step text, entry int")
	for _, m := range moves {
		for _, step := range m.Splits {
			rows.add(m.Entry.Campaign, m.Entry.Version, m.Entry.Run, step, m.Entry.ID)
		}
	}
	if rows.len() == 0 {
		return rows.err
	}
	_, err := tx.execRows(ctx, rows, `
		INSERT INTO splits (campaign, version, run, step, opened_at)
		SELECT DISTINCT v.campaign, v.version, v.run, v.step, CAST($1 AS BIGINT) FROM {rows} AS v WHERE TRUE
		ORDER BY v.campaign, v.version, v.run, v.step
		ON CONFLICT DO NOTHING`, now.UnixMilli())
	if err != nil {
		return err
	}
	type arrival struct {
		entry   int64
		decided time.Time
	}
	arrivals, err := listRows(ctx, tx, rows, func(r record) (a arrival, err error) {
		err = r.Scan(&a.entry, asTime(&a.decided))
		return a, err
	}, `
		SELECT v.entry, s.decided_at FROM {rows} AS v JOIN splits s
			ON s.campaign = v.campaign AND s.version = v.version AND s.run = v.run AND s.step = v.step
		ORDER BY s.campaign, s.version, s.run, s.step`+tx.forShare("s"))
	if err != nil {
		return err
	}
	var late []int64
	for _, a := range arrivals {
		if !a.decided.IsZero() {
			late = append(late, a.entry)
		}
	}
	return wakeEntries(ctx, tx, now, late, time.Time{})
}

// addWinners tells travellers how the splits of their campaigns were decided.
func addWinners(ctx context.Context, tx *tx, travellers []campaigns.Traveller) error {
	rows := newRows("campaign text, version int, run int")
	asked := map[through]bool{}
	for _, t := range travellers {
		if of := throughOf(t.Entry); !asked[of] {
			asked[of] = true
			rows.add(of.campaign, of.version, of.run)
		}
	}
	winners := map[through]map[string]string{}
	_, err := listRows(ctx, tx, rows, func(r record) (none struct{}, err error) {
		var of through
		var step, winner string
		err = r.Scan(&of.campaign, &of.version, &of.run, &step, &winner)
		if winners[of] == nil {
			winners[of] = map[string]string{}
		}
		winners[of][step] = winner
		return none, err
	}, `
		SELECT s.campaign, s.version, s.run, s.step, s.winner FROM {rows} AS v
		JOIN splits s ON s.campaign = v.campaign AND s.version = v.version AND s.run = v.run
		WHERE s.decided_at IS NOT NULL`)
	for i := range travellers {
		travellers[i].Winners = winners[throughOf(travellers[i].Entry)]
	}
	return err
}

// Undecided implements campaigns.Splits.
func (s splits) Undecided(ctx context.Context) (open []campaigns.SplitPoint, err error) {
	err = s.store.read(ctx, func(tx *tx) (err error) {
		open, err = list(ctx, tx, scanSplit, "SELECT "+splitColumns+` FROM splits s
			WHERE s.decided_at IS NULL AND NOT `+standsStill("s.campaign")+" ORDER BY s.opened_at, s.campaign, s.version, s.run, s.step")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list splits to decide: %w", err)
	}
	return open, nil
}

const splitColumns = "s.campaign, s.version, s.run, s.step, s.opened_at, s.decided_at, s.winner, s.numbers"

func scanSplit(r record) (p campaigns.SplitPoint, err error) {
	err = r.Scan(&p.Campaign, &p.Version, &p.Run, &p.Step, asTime(&p.OpenedAt), asTime(&p.DecidedAt), &p.Winner, asJSON(&p.Paths))
	return p, err
}

// Latest implements campaigns.Splits.
func (s splits) Latest(ctx context.Context) (latest []campaigns.SplitPoint, err error) {
	err = s.store.read(ctx, func(tx *tx) (err error) {
		latest, err = list(ctx, tx, scanSplit, "SELECT "+splitColumns+` FROM splits s
			WHERE NOT EXISTS (SELECT 1 FROM splits later
				WHERE later.campaign = s.campaign AND later.step = s.step
					AND (later.version > s.version OR later.version = s.version AND later.run > s.run))
			ORDER BY s.campaign, s.step`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list splits: %w", err)
	}
	return latest, nil
}

// Results implements campaigns.Splits. Webhooks are no messages.
func (s splits) Results(ctx context.Context, at campaigns.SplitPoint, paths []campaigns.SplitPath, by deliveries.Status, taken time.Time) ([]campaigns.PathResult, error) {
	results := make([]campaigns.PathResult, len(paths))
	rows := newRows("path int, step text")
	for i, path := range paths {
		results[i].Path = path.Name
		for _, step := range path.Steps {
			rows.add(i, step)
		}
	}
	err := s.store.read(ctx, func(tx *tx) error {
		_, err := listRows(ctx, tx, rows, func(r record) (none struct{}, err error) {
			var path int
			var d deliveries.Delivery
			var count int64
			if err := r.Scan(&path, &d.Channel, &d.Status, orZero(&d.ProviderID), &d.Did, &count); err != nil {
				return none, err
			}
			if d.Taken() {
				results[path].Sent += count
				if d.Alike().Reached(by) {
					results[path].Reached += count
				}
			}
			return none, nil
		}, `
			SELECT v.path, d.channel, d.status, CASE WHEN d.provider_id IS NOT NULL THEN 'named' END AS name, d.did, COUNT(*)
			`+throughSplit+` AND d.taken_at <= $5
			GROUP BY v.path, d.channel, d.status, name, d.did`, at.Campaign, at.Version, at.Run, at.Step, taken.UnixMilli())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the messages after split %s of %s: %w", at.Step, at.Campaign, err)
	}
	return results, nil
}

// throughSplit is the SQL for the messages d of steps (v) that belong to those who
// came through a split: campaign $1, version $2, run $3, step $4.
const throughSplit = `FROM {rows} AS v JOIN deliveries d ON d.step = v.step JOIN entries e ON e.id = d.entry
			WHERE d.campaign = $1 AND d.version BETWEEN COALESCE((SELECT s.since FROM splits s
					WHERE s.campaign = $1 AND s.version = $2 AND s.run = $3 AND s.step = $4), $2) AND $2
				AND e.campaign = $1 AND e.run = $3 AND d.channel <> 'webhook'`

// Sample implements campaigns.Splits.
func (s splits) Sample(ctx context.Context, at campaigns.SplitPoint, paths []campaigns.SplitPath) (sample campaigns.Sample, err error) {
	rows := newRows("step text")
	for _, path := range paths {
		for _, step := range path.Steps {
			rows.add(step)
		}
	}
	err = s.store.read(ctx, func(tx *tx) error {
		sample = campaigns.Sample{}
		var waiting int64
		if _, err := listRows(ctx, tx, rows, func(r record) (none struct{}, err error) {
			return none, r.Scan(asTime(&sample.First), asTime(&sample.Last), &waiting)
		}, `
			SELECT MIN(d.taken_at), MAX(d.taken_at), COUNT(CASE WHEN d.taken_at IS NULL AND d.phase IN ('waiting', 'moving') THEN 1 END)
			`+throughSplit, at.Campaign, at.Version, at.Run, at.Step); err != nil {
			return err
		}
		if sample.Coming = waiting > 0; sample.Coming || at.Run == 0 {
			return nil
		}
		sample.Coming, _, err = first(ctx, tx, column[bool], "SELECT EXISTS (SELECT 1 FROM entries e WHERE "+hasNotBegun+")",
			at.Campaign, at.Version, at.Run)
		return err
	})
	if err != nil {
		return campaigns.Sample{}, fmt.Errorf("look at the messages after split %s of %s: %w", at.Step, at.Campaign, err)
	}
	return sample, nil
}

// Decide implements campaigns.Splits.
func (s splits) Decide(ctx context.Context, now time.Time, p campaigns.SplitPoint) (first bool, err error) {
	numbers, err := encode(slices.Concat([]campaigns.PathResult{}, p.Paths))
	if err != nil {
		return false, fmt.Errorf("decide split %s of %s: %w", p.Step, p.Campaign, err)
	}
	err = s.store.write(ctx, func(tx *tx) error {
		decided, err := tx.exec(ctx, `
			UPDATE splits SET decided_at = $5, winner = $6, numbers = $7
			WHERE campaign = $1 AND version = $2 AND run = $3 AND step = $4 AND decided_at IS NULL`,
			p.Campaign, p.Version, p.Run, p.Step, now.UnixMilli(), p.Winner, numbers)
		first = decided == 1
		if err != nil || !first {
			return err
		}
		_, err = tx.exec(ctx, `
			UPDATE entries SET wake_at = $5, revision = revision + 1
			WHERE campaign = $1 AND version = $2 AND run = $3 AND position = $4 AND state = 'running'`,
			p.Campaign, p.Version, p.Run, p.Step, now.UnixMilli())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("decide split %s of %s: %w", p.Step, p.Campaign, err)
	}
	return first, nil
}
