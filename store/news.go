package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
)

var _ campaigns.News = (*Store)(nil)

// Pending implements campaigns.News.
func (s *Store) Pending(ctx context.Context, limit int) (events []customers.Event, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		events, err = list(ctx, tx, scanEvent,
			"SELECT "+eventColumns+" FROM events e WHERE e.pending = 1 ORDER BY e.id LIMIT $1", limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read unseen events: %w", err)
	}
	return events, nil
}

// Seen implements campaigns.News.
func (s *Store) Seen(ctx context.Context, ids []int64) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, numbers(ids), "UPDATE events SET pending = 0 WHERE pending = 1 AND "+tx.among("events.id"))
		return err
	})
	if err != nil {
		return fmt.Errorf("mark %d events as seen: %w", len(ids), err)
	}
	return nil
}

// Counts implements campaigns.News. Every customer asked for has every count.
func (s *Store) Counts(ctx context.Context, people []string, counts []expression.Count, now time.Time) (found map[string]map[string]int64, err error) {
	defer s.timed("count_events")()
	err = s.read(ctx, func(tx *tx) (err error) {
		found, err = countEvents(ctx, tx, people, counts, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count events of %d customers: %w", len(people), err)
	}
	return found, nil
}

func countEvents(ctx context.Context, tx *tx, people []string, counts []expression.Count, now time.Time) (map[string]map[string]int64, error) {
	found := make(map[string]map[string]int64, len(people))
	for _, id := range people {
		found[id] = make(map[string]int64, len(counts))
		for _, k := range counts {
			found[id][k.Key()] = 0
		}
	}
	if len(people) == 0 || len(counts) == 0 {
		return found, nil
	}
	type sum struct {
		customer string
		count    int
		events   int64
	}
	spans, args, err := countSpans(counts, now).from(tx.dialect, 1)
	if err != nil {
		return nil, err
	}
	sums, err := listRows(ctx, tx, keys(people), func(r record) (s sum, err error) {
		err = r.Scan(&s.customer, &s.count, &s.events)
		return s, err
	}, `SELECT v.id, k.number, (SELECT count(*) FROM events e
			WHERE e.customer = v.id AND e.name = k.name AND e.at >= k.since AND e.at < k.until)
		FROM {rows} AS v CROSS JOIN `+spans+` AS k`, args...)
	for _, s := range sums {
		found[s.customer][counts[s.count].Key()] = s.events
	}
	return found, err
}

// countSpans is what is to be counted, each with its place in counts.
func countSpans(counts []expression.Count, now time.Time) *rowset {
	const beginning, end = -1 << 53, 1 << 53 // of all times that are written as JSON numbers
	rows := newRows("number int, name text, since int, until int")
	for i, k := range counts {
		since, until := int64(beginning), int64(end)
		from, to := k.Span(now)
		if !from.IsZero() {
			since = from.UnixMilli()
		}
		if !to.IsZero() {
			until = to.UnixMilli()
		}
		rows.add(i, k.Event, since, until)
	}
	return rows
}
