package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rapport/customers"
	"rapport/deliveries"
)

var _ deliveries.Trails = (*Store)(nil)

// Mark implements deliveries.Trails.
func (s *Store) Mark(ctx context.Context, subjects []string, mark string, now time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, keys(distinct(subjects)), `
			INSERT INTO trails (about, mark, at) SELECT v.id, $1, $2 FROM {rows} AS v WHERE TRUE
			ON CONFLICT (about) DO UPDATE SET mark = excluded.mark, at = excluded.at`, mark, now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the trace of %d rows: %w", len(subjects), err)
	}
	return nil
}

// MarkEvents implements deliveries.Trails.
func (s *Store) MarkEvents(ctx context.Context, events []customers.Event, mark string, now time.Time) error {
	rows := newRows("customer text, name text, at int, key text").expect(len(events))
	for _, e := range events {
		rows.add(e.Customer, e.Name, e.At, clean(e.Key))
	}
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, rows, `
			INSERT INTO trails (about, mark, at) SELECT '`+string(deliveries.EventTrail)+`' || e.id, $1, $2 FROM {rows} AS v
			JOIN events e ON e.customer = v.customer AND e.name = v.name AND e.at = v.at AND e.key = v.key
			WHERE TRUE ON CONFLICT DO NOTHING`, mark, now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the trace of %d events: %w", len(events), err)
	}
	return nil
}

// MarksOf implements deliveries.Trails.
func (s *Store) MarksOf(ctx context.Context, subjects []string) (deliveries.Marks, error) {
	return s.readMarks(ctx, keys(distinct(subjects)), func(tx *tx) string {
		return "SELECT t.about, t.mark FROM trails t WHERE " + tx.among("t.about")
	})
}

// OfEntries implements deliveries.Trails.
func (s *Store) OfEntries(ctx context.Context, ids []int64) (deliveries.Marks, error) {
	return s.readMarks(ctx, numbers(distinct(ids)), func(tx *tx) string {
		return "SELECT t.about, t.mark FROM entries e JOIN trails t ON t.about = e.cause WHERE " + tx.among("e.id")
	})
}

func (s *Store) readMarks(ctx context.Context, rows *rowset, query func(*tx) string) (marks deliveries.Marks, err error) {
	var all []string
	err = s.read(ctx, func(tx *tx) error {
		all, marks = nil, deliveries.Marks{}
		_, err := listRows(ctx, tx, rows, func(r record) (none struct{}, err error) {
			var about, mark string
			err = r.Scan(&about, &mark)
			if all = append(all, mark); !strings.HasPrefix(about, string(deliveries.RunTrail)) {
				marks.Rows++
			}
			return none, err
		}, query(tx))
		return err
	})
	if err != nil {
		return deliveries.Marks{}, fmt.Errorf("read the traces of rows: %w", err)
	}
	marks.All = distinct(all)
	return marks, nil
}

// ForgetTrails implements deliveries.Trails.
func (s *Store) ForgetTrails(ctx context.Context, before time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, "DELETE FROM trails WHERE at < $1", before.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old traces: %w", err)
	}
	return nil
}
