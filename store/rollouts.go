package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

var _ campaigns.Rollouts = (*Store)(nil)

const stageColumns = `s.campaign, s.version, s.run, s.stage, s.share, s.state, s.opened_at, s.judge_at, s.holds, s.judgement,
	(SELECT r.at FROM runs r WHERE r.id = s.run)`

func scanStage(r record) (s campaigns.Stage, err error) {
	err = r.Scan(&s.Campaign, &s.Version, &s.Run, &s.Number, &s.Share, &s.State, asTime(&s.OpenedAt), asTime(&s.JudgeAt), &s.Holds, asJSON(&s.Judgement), asTime(&s.Occurred))
	return s, err
}

// Stages implements campaigns.Rollouts.
func (s *Store) Stages(ctx context.Context, now time.Time) ([]campaigns.Stage, error) {
	return s.stages(ctx, `s.judge_at <= $1 AND s.state IN ('opening', 'watching', 'released') AND NOT `+standsStill("s.campaign"), now.UnixMilli())
}

// AllStages lists every rollout there ever was, the latest last.
func (s *Store) AllStages(ctx context.Context) ([]campaigns.Stage, error) {
	return s.stages(ctx, "TRUE")
}

func (s *Store) stages(ctx context.Context, which string, args ...any) (stages []campaigns.Stage, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		stages, err = list(ctx, tx, scanStage, "SELECT "+stageColumns+" FROM stages s WHERE "+which+
			" ORDER BY s.campaign, s.version, s.run", args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list rollouts: %w", err)
	}
	return stages, nil
}

// Shares implements campaigns.Rollouts. Where every run has its stage already
// nothing is written.
func (s *Store) Shares(ctx context.Context, c *campaigns.Campaign, runs []int64, now time.Time) (shares map[int64]float64, err error) {
	runs = distinct(runs)
	err = s.read(ctx, func(tx *tx) (err error) {
		shares, err = sharesOf(ctx, tx, c, runs, "")
		return err
	})
	if err == nil && len(shares) < len(runs) {
		err = s.write(ctx, func(tx *tx) (err error) {
			shares, err = openStages(ctx, tx, c, runs, now, "")
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read the stages of campaign %s: %w", c.ID, err)
	}
	return shares, nil
}

// openStages opens the first stage of runs that have none and gives the share
// of each, read with a lock or "" without.
func openStages(ctx context.Context, tx *tx, c *campaigns.Campaign, runs []int64, now time.Time, lock string) (map[int64]float64, error) {
	rows := newRows("run int, share real, state text, opened int, judge int")
	for _, run := range runs {
		s := c.Rollout.First(c, run, now)
		rows.add(run, s.Share, s.State, s.OpenedAt, s.JudgeAt)
	}
	if _, err := tx.execRows(ctx, rows, `
		INSERT INTO stages (campaign, version, run, stage, share, state, opened_at, judge_at, holds)
		SELECT $1, $2, v.run, 0, v.share, v.state, v.opened, v.judge, 0 FROM {rows} AS v WHERE TRUE ON CONFLICT DO NOTHING`, c.ID, c.Version); err != nil {
		return nil, err
	}
	return sharesOf(ctx, tx, c, runs, lock)
}

func sharesOf(ctx context.Context, tx *tx, c *campaigns.Campaign, runs []int64, lock string) (map[int64]float64, error) {
	shares := make(map[int64]float64, len(runs))
	_, err := listRows(ctx, tx, numbers(runs), func(r record) (none struct{}, err error) {
		var run int64
		var share float64
		err = r.Scan(&run, &share)
		shares[run] = share
		return none, err
	}, "SELECT s.run, s.share FROM stages s WHERE s.campaign = $1 AND s.version = $2 AND "+tx.among("s.run")+lock, c.ID, c.Version)
	return shares, err
}

// Response implements campaigns.Rollouts.
func (s *Store) Response(ctx context.Context, stage campaigns.Stage) (seen campaigns.StageResponse, err error) {
	sums := funnels{}
	err = s.read(ctx, func(tx *tx) error {
		clear(sums)
		if seen, err = comingOf(ctx, tx, stage); err != nil {
			return err
		}
		if err := sums.addDeliveries(ctx, tx, ofStage, stage.Campaign, stage.Version, stage.Run); err != nil {
			return err
		}
		return sums.addAnswers(ctx, tx, "e.campaign = $1 AND e.run = $3 AND e.version "+stageVersions, stage.Campaign, stage.Version, stage.Run)
	})
	if err != nil {
		return campaigns.StageResponse{}, fmt.Errorf("sum up stage %d of campaign %s: %w", stage.Number+1, stage.Campaign, err)
	}
	seen.Funnel = *sums.of(stage.Campaign)
	return seen, nil
}

// comingOf tells how far a stage's messages are, and whether others wait outside.
func comingOf(ctx context.Context, tx *tx, stage campaigns.Stage) (seen campaigns.StageResponse, err error) {
	var entering, begins bool
	if _, _, err := first(ctx, tx, func(r record) (none struct{}, err error) {
		return none, r.Scan(&entering, &seen.Waits, &begins)
	}, "SELECT EXISTS (SELECT 1 FROM runs r WHERE r.id = $3 AND r.shards_left > 0), EXISTS (SELECT 1 FROM entries e WHERE "+standsOutside+`),
			CAST($3 AS BIGINT) <> 0 AND EXISTS (SELECT 1 FROM entries e WHERE `+hasNotBegun+" AND e.holdout = 0)",
		stage.Campaign, stage.Version, stage.Run); err != nil {
		return seen, err
	}
	var waiting int64
	_, _, err = first(ctx, tx, func(r record) (none struct{}, err error) {
		return none, r.Scan(asTime(&seen.First), &waiting)
	}, `
		SELECT MIN(CASE WHEN d.taken_at >= $4 THEN d.taken_at END), COUNT(CASE WHEN d.taken_at IS NULL AND d.phase IN ('waiting', 'moving') THEN 1 END)
		FROM deliveries d WHERE d.channel <> 'webhook' AND `+ofStage, stage.Campaign, stage.Version, stage.Run, instant(stage.OpenedAt))
	seen.Waits = seen.Waits || entering || stage.Run == 0
	seen.Coming = waiting > 0 || begins || entering
	return seen, err
}

// ofStage picks the messages d by which a stage is judged: campaign $1, version $2,
// run $3.
const ofStage = "d.campaign = $1 AND d.version " + stageVersions + `
	AND d.entry IN (SELECT e.id FROM entries e WHERE e.campaign = $1 AND e.run = $3)`

// stageVersions is the SQL for the versions whose journeys a stage is judged by:
// its own ($2) and those from which people were moved to it.
const stageVersions = `BETWEEN COALESCE((SELECT s.since FROM stages s WHERE s.campaign = $1 AND s.version = $2 AND s.run = $3), $2) AND $2`

// standsOutside picks the entries e of a campaign ($1), version ($2) and run ($3)
// that wait for their stage.
const standsOutside = "e.campaign = $1 AND e.version = $2 AND e.run = $3 AND " + waitsForStage

// hasNotBegun picks the entries e of a campaign ($1), version ($2) and run ($3) that
// were let in and have not begun, such as by their own clocks.
const hasNotBegun = "e.campaign = $1 AND e.version = $2 AND e.run = $3 AND e.state = 'running' AND e.position = '' AND e.wake_at IS NOT NULL"

// waitsForStage is the SQL for an entry e that no stage has let in yet.
const waitsForStage = "(e.state = 'running' AND e.position = '' AND e.wake_at IS NULL)"

// outsider is an entry that waits for its stage.
type outsider struct {
	id     int64
	person string
	who    customers.Customer
}

// LetIn implements campaigns.Rollouts.
func (s *Store) LetIn(ctx context.Context, stage campaigns.Stage, after int64, limit int, start func(*customers.Customer) time.Time) (last int64, woken int, err error) {
	err = s.write(ctx, func(tx *tx) error {
		last, woken = 0, 0
		outside, err := list(ctx, tx, scanOutsider, `
			SELECT e.id, c.person, c.zone, c.phone_zone, c.country, c.phone FROM entries e JOIN customers c ON c.id = e.customer
			WHERE `+standsOutside+` AND e.id > $4 ORDER BY e.id LIMIT $5`,
			stage.Campaign, stage.Version, stage.Run, after, limit)
		if err != nil {
			return err
		}
		rows := newRows("entry int, start int")
		for _, o := range outside {
			if campaigns.InStage(stage.Campaign, o.person, stage.Share) {
				rows.add(o.id, start(&o.who))
			}
		}
		if len(outside) == limit {
			last = outside[limit-1].id
		}
		if rows.len() == 0 {
			return nil
		}
		changed, err := tx.execRows(ctx, rows, `
			UPDATE entries SET wake_at = v.start, revision = revision + 1 FROM {rows} AS v
			WHERE id = v.entry AND state = 'running' AND position = '' AND wake_at IS NULL`)
		woken = int(changed)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("let people into stage %d of campaign %s: %w", stage.Number+1, stage.Campaign, err)
	}
	return last, woken, nil
}

func scanOutsider(r record) (o outsider, err error) {
	err = r.Scan(&o.id, &o.person, orZero(&o.who.Zone), orZero(&o.who.PhoneZone), orZero(&o.who.Country), orZero(&o.who.Phone))
	return o, err
}

// Turn implements campaigns.Rollouts.
func (s *Store) Turn(ctx context.Context, before, after campaigns.Stage, pause *campaigns.Pause, opened *customers.Case) (turned bool, err error) {
	judgement, err := encode(after.Judgement)
	if err != nil {
		return false, fmt.Errorf("turn a stage of campaign %s: %w", before.Campaign, err)
	}
	err = s.write(ctx, func(tx *tx) error {
		changed, err := tx.exec(ctx, `
			UPDATE stages SET stage = $7, share = $8, state = $9, opened_at = $10, judge_at = $11, holds = $12, judgement = $13
			WHERE campaign = $1 AND version = $2 AND run = $3 AND stage = $4 AND state = $5 AND holds = $6`,
			before.Campaign, before.Version, before.Run, before.Number, before.State, before.Holds,
			after.Number, after.Share, after.State, instant(after.OpenedAt), instant(after.JudgeAt), after.Holds, judgement)
		if turned = changed == 1; err != nil || !turned {
			return err
		}
		if pause != nil {
			if _, err := putPause(ctx, tx, *pause); err != nil {
				return err
			}
		}
		return openCases(ctx, tx, appendPresent(nil, opened))
	})
	if err != nil {
		return false, fmt.Errorf("turn stage %d of campaign %s: %w", before.Number+1, before.Campaign, err)
	}
	return turned, nil
}
