package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rapport/campaigns"
)

// shards is into how many parts customers.shard cuts the customers.
const shards = 1024

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
	rows := newRows("campaign text, version int, at int, state text, shards_left int")
	for _, run := range occurring {
		run.State = cmp.Or(run.State, "entering")
		run.Shards = 0
		if run.State == "entering" {
			run.Shards = parts
		}
		o := occurrence{run.Campaign, run.At.UnixMilli()}
		if _, twice := asked[o]; !twice {
			asked[o] = run
			rows.add(run.Campaign, run.Version, run.At, run.State, run.Shards)
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
		INSERT INTO runs (campaign, version, at, state, shards_left)
		SELECT v.campaign, v.version, v.at, v.state, v.shards_left FROM {rows} AS v WHERE TRUE ORDER BY v.at, v.campaign
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

// Pending implements campaigns.Runs, the oldest run first.
func (r runs) Pending(ctx context.Context, limit int) (pending []campaigns.Shard, err error) {
	err = r.store.read(ctx, func(tx *tx) (err error) {
		pending, err = list(ctx, tx, scanShard, `
			SELECT s.run, s.number, s.of, r.campaign, r.version, r.at FROM run_shards s JOIN runs r ON r.id = s.run
			WHERE s.done_at IS NULL ORDER BY s.run, s.number LIMIT $1`, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list shards to enter: %w", err)
	}
	return pending, nil
}

func scanShard(r record) (s campaigns.Shard, err error) {
	err = r.Scan(&s.Run, &s.Number, &s.Of, &s.Campaign, &s.Version, asTime(&s.At))
	return s, err
}

// EnterShard implements campaigns.Runs. Of several profiles of one person in
// the audience the one with the smallest id enters; the others are kept as
// entries that finished at once with the reason, and are not counted. An entry
// by holdout enters and is counted.
func (r runs) EnterShard(ctx context.Context, shard campaigns.Shard, c *campaigns.Campaign, where string, args []any, now time.Time) (entered int64, err error) {
	err = r.store.write(ctx, func(tx *tx) error {
		entered = 0
		open, err := openShard(ctx, tx, shard)
		if err != nil || !open {
			return err
		}
		added, err := insertAudience(ctx, tx, shard, c, where, args, now)
		if err != nil {
			return err
		}
		for _, a := range added {
			if a.running {
				entered++
			}
		}
		if err := holdOut(ctx, tx, c, added); err != nil {
			return err
		}
		return closeShard(ctx, tx, shard, entered, now)
	})
	if err != nil {
		return 0, fmt.Errorf("enter shard %d of run %d: %w", shard.Number, shard.Run, err)
	}
	return entered, nil
}

// openShard keeps a shard from others and reports whether it is still to enter.
func openShard(ctx context.Context, tx *tx, shard campaigns.Shard) (bool, error) {
	_, open, err := first(ctx, tx, column[int64],
		"SELECT s.number FROM run_shards s WHERE s.run = $1 AND s.number = $2 AND s.done_at IS NULL"+tx.forUpdate("s"), shard.Run, shard.Number)
	return open, err
}

// newcomer is an entry that a shard added.
type newcomer struct {
	id       int64
	customer string
	running  bool
}

// insertAudience enters everybody in the shard whom the audience's condition
// selects.
func insertAudience(ctx context.Context, tx *tx, shard campaigns.Shard, c *campaigns.Campaign, where string, args []any, now time.Time) ([]newcomer, error) {
	rule, err := mayEnter(c.Entry.Again)
	if err != nil {
		return nil, err
	}
	q := &audienceQuery{
		campaign: c.ID, where: cmp.Or(where, "TRUE"), args: slices.Clone(args), now: now,
		from: shard.Number * shards / shard.Of, to: (shard.Number + 1) * shards / shard.Of,
	}
	audience := q.sql()
	return judged(ctx, tx, scanNewcomer, `
		INSERT INTO entries (campaign, version, run, customer, cause, state, arrived_at, wake_at, entered_at, ended_at, why)
		SELECT v.campaign, `+q.arg(c.Version)+`, `+q.arg(shard.Run)+`, v.customer, `+q.arg("run:"+strconv.FormatInt(shard.Run, 10))+`,
			CASE WHEN v.twin THEN 'finished' ELSE 'running' END, v.entered_at,
			CASE WHEN NOT v.twin THEN v.entered_at END, v.entered_at,
			CASE WHEN v.twin THEN v.entered_at END, CASE WHEN v.twin THEN 'duplicate_person' ELSE '' END
		FROM `+audience+` WHERE `+rule+` ORDER BY v.customer
		ON CONFLICT DO NOTHING RETURNING id, customer, state = 'running'`, q.args...)
}

func scanNewcomer(r record) (n newcomer, err error) {
	err = r.Scan(&n.id, &n.customer, &n.running)
	return n, err
}

// holdOut marks those newcomers whom the campaign never contacts.
func holdOut(ctx context.Context, tx *tx, c *campaigns.Campaign, added []newcomer) error {
	if c.Holdout <= 0 || len(added) == 0 {
		return nil
	}
	rows := newRows("entry int, customer text")
	for _, a := range added {
		if a.running {
			rows.add(a.id, a.customer)
		}
	}
	held := newRows("id int")
	_, err := listRows(ctx, tx, rows, func(r record) (none struct{}, err error) {
		var entry int64
		var person string
		err = r.Scan(&entry, &person)
		if campaigns.InHoldout(c.ID, person, c.Holdout) {
			held.add(entry)
		}
		return none, err
	}, "SELECT v.entry, c.person FROM {rows} AS v CROSS JOIN customers c WHERE c.id = v.customer")
	if err != nil || held.len() == 0 {
		return err
	}
	_, err = tx.execRows(ctx, held, "UPDATE entries SET holdout = 1 WHERE "+tx.among("id"))
	return err
}

func closeShard(ctx context.Context, tx *tx, shard campaigns.Shard, entered int64, now time.Time) error {
	if _, err := tx.exec(ctx, "UPDATE run_shards SET done_at = $3 WHERE run = $1 AND number = $2", shard.Run, shard.Number, now.UnixMilli()); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `
		UPDATE runs SET shards_left = shards_left - 1, entered = entered + $2,
			state = CASE WHEN shards_left <= 1 THEN 'entered' ELSE state END
		WHERE id = $1`, shard.Run, entered)
	return err
}
