package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// inactive is how long a customer may go without an order before the pyramid
// counts them as inactive.
const inactive = 365 * 24 * time.Hour

// Rank implements customers.Registry.
//
// RFM: everybody with a completed order is placed, by the latest order, the
// number of orders and their total, in one of five parts of equal size, 5 the
// best; equal figures share a part. An order of which nobody knows when it was is
// older than all others. Who has none has no part.
//
// Pyramid (Curry): of those who ordered in the 365 days before now, the 1 %
// with the highest total are top, the next 4 % big, the next 15 % medium, all
// others small. Who did not order for so long, or never, is inactive.
//
// Places are read from one state of the table and written some at a time, each
// customer only where something changed: nobody who sends waits for all of them.
func (s *Store) Rank(ctx context.Context, now time.Time) error {
	for {
		changed, err := s.readPlaces(ctx, now)
		for some := range slices.Chunk(changed, chunk) {
			if err == nil {
				err = s.writePlaces(ctx, some)
			}
		}
		if err != nil {
			return fmt.Errorf("rank customers: %w", err)
		}
		if len(changed) < placesAtOnce {
			return nil
		}
	}
}

// placesAtOnce bounds how many changed places are in memory.
const placesAtOnce = 500_000

// ranked is where a customer stands among all.
type ranked struct {
	id                           string
	recency, frequency, monetary *int64 // nil without a completed order
	tier                         string
}

// readPlaces finds customers whose place is not what is stored.
func (s *Store) readPlaces(ctx context.Context, now time.Time) (changed []ranked, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		changed, err = list(ctx, tx, func(r record) (p ranked, err error) {
			err = r.Scan(&p.id, &p.recency, &p.frequency, &p.monetary, &p.tier)
			return p, err
		}, `
			WITH buyers AS (
				SELECT id, 1 + 5 * (rank() OVER (ORDER BY orders_last_at NULLS FIRST) - 1) / count(*) OVER () AS recency,
					1 + 5 * (rank() OVER (ORDER BY orders_count) - 1) / count(*) OVER () AS frequency,
					1 + 5 * (rank() OVER (ORDER BY orders_total) - 1) / count(*) OVER () AS monetary
				FROM customers WHERE orders_count > 0),
			active AS (
				SELECT id, rank() OVER (ORDER BY orders_total DESC) AS place, count(*) OVER () AS size
				FROM customers WHERE orders_count > 0 AND orders_last_at >= $1),
			placed AS (
				SELECT c.id, b.recency, b.frequency, b.monetary, CASE WHEN a.place IS NULL THEN 'inactive' WHEN a.place <= 0.01 * a.size THEN 'top'
					WHEN a.place <= 0.05 * a.size THEN 'big' WHEN a.place <= 0.2 * a.size THEN 'medium' ELSE 'small' END AS tier,
					c.rfm_recency, c.rfm_frequency, c.rfm_monetary, c.pyramid
				FROM customers c LEFT JOIN buyers b ON b.id = c.id LEFT JOIN active a ON a.id = c.id
				WHERE c.orders_count > 0 OR c.rfm_recency IS NOT NULL OR c.pyramid IS DISTINCT FROM 'inactive')
			SELECT id, recency, frequency, monetary, tier FROM placed
			WHERE rfm_recency IS DISTINCT FROM recency OR rfm_frequency IS DISTINCT FROM frequency
				OR rfm_monetary IS DISTINCT FROM monetary OR pyramid IS DISTINCT FROM tier
			ORDER BY id LIMIT $2`, instant(now.Add(-inactive)), placesAtOnce)
		return err
	})
	return changed, err
}

// writePlaces stores places. Customers are locked in the order of their ids, as
// everywhere.
func (s *Store) writePlaces(ctx context.Context, some []ranked) error {
	ids := make([]string, len(some))
	rows := newRows("customer text, recency int, frequency int, monetary int, tier text").expect(len(some))
	for i, p := range some {
		ids[i] = p.id
		rows.add(p.id, p.recency, p.frequency, p.monetary, p.tier)
	}
	return s.write(ctx, func(tx *tx) error {
		if err := lockCustomers(ctx, tx, ids); err != nil {
			return err
		}
		_, err := tx.execRows(ctx, rows, `
			UPDATE customers SET rfm_recency = v.recency, rfm_frequency = v.frequency, rfm_monetary = v.monetary, pyramid = v.tier
			FROM {rows} AS v WHERE customers.id = v.customer`)
		return err
	})
}
