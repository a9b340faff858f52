package store

import (
	"context"
	"fmt"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

var _ deliveries.Gauge = (*Store)(nil)

// Levels implements deliveries.Gauge. Every count walks a partial index that holds
// what waits and nothing else, and stops at the limit.
func (s *Store) Levels(ctx context.Context, now time.Time, limit int) (l deliveries.Levels, err error) {
	defer s.timed("levels")()
	err = s.read(ctx, func(tx *tx) error {
		l = deliveries.Levels{Due: map[channels.Channel]deliveries.Level{}, Unconfirmed: map[channels.Channel]deliveries.Level{}}
		for _, ch := range deliveries.Lanes() {
			l.Unconfirmed[ch] = deliveries.Level{}
			due, err := level(ctx, tx, `
				SELECT d.due_at AS at FROM deliveries d WHERE d.phase = 'waiting' AND d.channel = $1 AND d.due_at <= $2 ORDER BY d.due_at LIMIT $3`,
				ch, now.UnixMilli(), limit)
			if err != nil {
				return err
			}
			l.Due[ch] = due
		}
		if err := doubts(ctx, tx, limit, l.Unconfirmed); err != nil {
			return err
		}
		for into, query := range map[*deliveries.Level]string{
			&l.Entries: `SELECT e.wake_at AS at FROM entries e WHERE e.state = 'running' AND e.wake_at IS NOT NULL AND e.wake_at <= $1
				AND (e.lease_until IS NULL OR e.lease_until <= $1) ORDER BY e.wake_at LIMIT $2`,
			&l.Callbacks: `SELECT i.received_at AS at FROM inbox i WHERE i.state = 'waiting' AND NOT ` + liesStill + ` ORDER BY i.id LIMIT $2`,
		} {
			if *into, err = level(ctx, tx, query, now.UnixMilli(), limit); err != nil {
				return err
			}
		}
		if l.Events, err = level(ctx, tx, "SELECT e.received_at AS at FROM events e WHERE e.pending = 1 ORDER BY e.id LIMIT $1", limit); err != nil {
			return err
		}
		if l.Recordings, err = level(ctx, tx, "SELECT r.at FROM recordings r WHERE r.state = 'waiting' ORDER BY r.at LIMIT $1", limit); err != nil {
			return err
		}
		for _, count := range []struct {
			into  *int64
			query string
			args  []any
		}{
			{&l.Shards, "SELECT 1 FROM run_shards s JOIN runs r ON r.id = s.run WHERE s.done_at IS NULL AND NOT " + standsStill("r.campaign") + " LIMIT $1", []any{limit}},
			{&l.CasesOpen, "SELECT 1 FROM cases k WHERE k.closed_at IS NULL LIMIT $1", []any{limit}},
			{&l.Overdue, "SELECT 1 FROM cases k WHERE k.closed_at IS NULL AND k.waiting = 1 AND k.due_at <= $1 LIMIT $2", []any{now.UnixMilli(), limit}},
		} {
			if *count.into, _, err = first(ctx, tx, column[int64], "SELECT COUNT(*) FROM ("+count.query+") AS waiting", count.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return deliveries.Levels{}, fmt.Errorf("look at what waits: %w", err)
	}
	return l, nil
}

// level counts the rows of a query that is limited and names their instants "at".
func level(ctx context.Context, tx *tx, query string, args ...any) (deliveries.Level, error) {
	l, _, err := first(ctx, tx, func(r record) (l deliveries.Level, err error) {
		err = r.Scan(&l.Count, asTime(&l.Since))
		return l, err
	}, "SELECT COUNT(*), MIN(at) FROM ("+query+") AS waiting", args...)
	return l, err
}

func doubts(ctx context.Context, tx *tx, limit int, into map[channels.Channel]deliveries.Level) error {
	return eachRow(ctx, tx, func(r record) error {
		var ch channels.Channel
		var l deliveries.Level
		err := r.Scan(&ch, &l.Count, asTime(&l.Since))
		into[ch] = l
		return err
	}, `SELECT channel, COUNT(*), MIN(settled_at) FROM (
			SELECT d.channel, d.settled_at FROM deliveries d WHERE d.phase = 'doubt' ORDER BY d.settled_at LIMIT $1
		) AS waiting GROUP BY channel`, limit)
}
