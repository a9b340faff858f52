package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
)

// Runs keeps the occurrences of broadcasts of this store.
func (s *Store) Runs() campaigns.Runs { return runs{s} }

type runs struct{ store *Store }

// occurrence is what makes a run unique.
type occurrence struct {
	campaign string
	at       int64
}

// Occur implements campaigns.Runs. A run without a state is entering; one in
// any other state (missed) has nothing to enter.
func (r runs) Occur(ctx context.Context, occurring []campaigns.Run, parts int) (fresh []campaigns.Run, err error) {
	asked := make(map[occurrence]campaigns.Run, len(occurring))
	rows := newRows("campaign text, version int, at int, since int, state text, shards_left int")
	for _, run := range occurring {
		run.State = cmp.Or(run.State, "entering")
		run.Shards = 0
		if run.State == "entering" {
			run.Shards = parts
		}
		o := occurrence{run.Campaign, run.At.UnixMilli()}
		if _, twice := asked[o]; !twice {
			asked[o] = run
			rows.add(run.Campaign, run.Version, run.At, run.Since, run.State, run.Shards)
		}
	}
	err = r.store.write(ctx, func(tx *tx) (err error) {
		fresh, err = insertRuns(ctx, tx, rows, asked)
		if err != nil {
			return err
		}
		return insertShards(ctx, tx, fresh)
	})
	if err != nil {
		return nil, fmt.Errorf("record %d runs: %w", len(occurring), err)
	}
	return fresh, nil
}

func insertRuns(ctx context.Context, tx *tx, rows *rowset, asked map[occurrence]campaigns.Run) ([]campaigns.Run, error) {
	fresh, err := listRows(ctx, tx, rows, func(r record) (campaigns.Run, error) {
		var id int64
		var o occurrence
		err := r.Scan(&id, &o.campaign, &o.at)
		run := asked[o]
		run.ID = id
		return run, err
	}, `
		INSERT INTO runs (campaign, version, at, since, state, shards_left)
		SELECT v.campaign, v.version, v.at, v.since, v.state, v.shards_left FROM {rows} AS v WHERE TRUE ORDER BY v.at, v.campaign
		ON CONFLICT DO NOTHING RETURNING id, campaign, at`)
	slices.SortFunc(fresh, func(a, b campaigns.Run) int { return cmp.Compare(a.ID, b.ID) })
	return fresh, err
}

func insertShards(ctx context.Context, tx *tx, fresh []campaigns.Run) error {
	rows := newRows("run int, number int, parts int")
	for _, run := range fresh {
		for number := range run.Shards {
			rows.add(run.ID, number, run.Shards)
		}
	}
	_, err := tx.execRows(ctx, rows, "INSERT INTO run_shards (run, number, of) SELECT v.run, v.number, v.parts FROM {rows} AS v WHERE TRUE")
	return err
}

// Last implements campaigns.Runs.
func (r runs) Last(ctx context.Context, campaign string) (last time.Time, err error) {
	err = r.store.read(ctx, func(tx *tx) error {
		return tx.statement(ctx, "SELECT MAX(at) FROM runs WHERE campaign = $1").row(ctx, campaign).Scan(asTime(&last))
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("find the last run of %s: %w", campaign, err)
	}
	return last, nil
}

// KeptOutAfter counts the runs of a campaign after one that kept somebody out by
// its rule of entry.
func (s *Store) KeptOutAfter(ctx context.Context, campaign string, run int64) (runs int64, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		runs, _, err = first(ctx, tx, column[int64], "SELECT COUNT(*) FROM runs WHERE campaign = $1 AND id > $2 AND kept_out > 0", campaign, run)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count the runs of %s that kept somebody out: %w", campaign, err)
	}
	return runs, nil
}

// peopleAPart is how many customers a run's shard has at most, as long as there are
// shards enough: it is entered in one statement, within the time that a condition
// may take. Tests have fewer.
var peopleAPart int64 = 100_000

// Parts implements campaigns.Runs, by how many customers there are about: as the
// server's statistics say, and counted where they say nothing, as after a restore.
func (r runs) Parts(ctx context.Context) (int, error) {
	var people int64
	err := r.store.read(ctx, func(tx *tx) (err error) {
		if tx.dialect == expression.Postgres {
			people, _, err = first(ctx, tx, column[int64], "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = 'customers'::regclass")
		}
		if err == nil && people <= 0 {
			people, _, err = first(ctx, tx, column[int64], "SELECT count(*) FROM customers")
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("estimate how many customers there are: %w", err)
	}
	return shardsFor(people), nil
}

// shardsFor is in how many shards an audience of so many customers is entered.
func shardsFor(people int64) int {
	parts := campaigns.ShardsPerRun
	for parts < customers.Shards && int64(parts)*peopleAPart < people {
		parts *= 2
	}
	return parts
}

// pendingShard is the SQL of a shard, aliased s, that is to be entered and was not
// tried in vain within a minute of $1.
const pendingShard = "s.done_at IS NULL AND (s.tried_at IS NULL OR s.tried_at < CAST($1 AS BIGINT) - 60000)"

// Pending implements campaigns.Runs, the oldest run first, but what was tried in
// vain after what was not.
func (r runs) Pending(ctx context.Context, now time.Time, limit int) (pending []campaigns.Shard, err error) {
	err = r.store.read(ctx, func(tx *tx) (err error) {
		pending, err = list(ctx, tx, scanShard, `
			SELECT s.run, s.number, s.of, r.campaign, r.version, r.at, r.since FROM run_shards s JOIN runs r ON r.id = s.run
			WHERE `+pendingShard+` AND NOT `+standsStill("r.campaign")+` ORDER BY COALESCE(s.tried_at, 0), s.run, s.number LIMIT $2`, now.UnixMilli(), limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list shards to enter: %w", err)
	}
	return pending, nil
}

// Tried implements campaigns.Runs.
func (r runs) Tried(ctx context.Context, shard campaigns.Shard, now time.Time) error {
	err := r.store.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, "UPDATE run_shards SET tried_at = $3 WHERE run = $1 AND number = $2 AND done_at IS NULL", shard.Run, shard.Number, now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("note that shard %d of run %d was not entered: %w", shard.Number, shard.Run, err)
	}
	return nil
}

func scanShard(r record) (s campaigns.Shard, err error) {
	err = r.Scan(&s.Run, &s.Number, &s.Of, &s.Campaign, &s.Version, asTime(&s.At), asTime(&s.Since))
	return s, err
}
