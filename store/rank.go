package store

import (
	"context"
	"fmt"
	"time"
)

// inactive is how long a customer may go without an order before the pyramid
// counts them as inactive.
const inactive = 365 * 24 * time.Hour

// Rank implements customers.Registry.
//
// RFM: everybody with a completed order is placed, by the latest order, the
// number of orders and their total, in one of five parts of equal size, 5 the
// best; equal figures share a part. Others have none.
//
// Pyramid (Curry): of those who ordered in the 365 days before now, the 1 %
// with the highest total are top, the next 4 % big, the next 15 % medium, all
// others small. Who did not order for so long, or never, is inactive.
func (s *Store) Rank(ctx context.Context, now time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		if err := rankBuyers(ctx, tx); err != nil {
			return err
		}
		return buildPyramid(ctx, tx, now)
	})
	if err != nil {
		return fmt.Errorf("rank customers: %w", err)
	}
	return nil
}

func rankBuyers(ctx context.Context, tx *tx) error {
	_, err := tx.exec(ctx, `
		UPDATE customers SET rfm_recency = r.recency, rfm_frequency = r.frequency, rfm_monetary = r.monetary
		FROM (SELECT c.id, b.recency, b.frequency, b.monetary FROM customers c LEFT JOIN (
				SELECT id, 1 + 5 * (rank() OVER (ORDER BY orders_last_at) - 1) / count(*) OVER () AS recency,
					1 + 5 * (rank() OVER (ORDER BY orders_count) - 1) / count(*) OVER () AS frequency,
					1 + 5 * (rank() OVER (ORDER BY orders_total) - 1) / count(*) OVER () AS monetary
				FROM customers WHERE orders_count > 0) AS b ON b.id = c.id
				WHERE c.orders_count > 0 OR c.rfm_recency IS NOT NULL) AS r
		WHERE customers.id = r.id AND (customers.rfm_recency IS DISTINCT FROM r.recency
			OR customers.rfm_frequency IS DISTINCT FROM r.frequency OR customers.rfm_monetary IS DISTINCT FROM r.monetary)`)
	return err
}

func buildPyramid(ctx context.Context, tx *tx, now time.Time) error {
	_, err := tx.exec(ctx, `
		UPDATE customers SET pyramid = r.tier
		FROM (SELECT c.id, CASE WHEN a.place IS NULL THEN 'inactive' WHEN a.place <= 0.01 * a.size THEN 'top'
				WHEN a.place <= 0.05 * a.size THEN 'big' WHEN a.place <= 0.2 * a.size THEN 'medium' ELSE 'small' END AS tier
			FROM customers c LEFT JOIN (
				SELECT id, rank() OVER (ORDER BY orders_total DESC) AS place, count(*) OVER () AS size
				FROM customers WHERE orders_count > 0 AND orders_last_at >= $1) AS a ON a.id = c.id
				WHERE c.orders_count > 0 OR c.pyramid IS DISTINCT FROM 'inactive') AS r
		WHERE customers.id = r.id AND customers.pyramid IS DISTINCT FROM r.tier`, instant(now.Add(-inactive)))
	return err
}
