package store

import (
	"context"
	"fmt"

	"rapport/campaigns"
)

// CountCustomers counts whom a condition selects: SQL over customers aliased c,
// "" for everybody.
func (s *Store) CountCustomers(ctx context.Context, where string, args []any) (n int64, err error) {
	if where == "" {
		where = "TRUE"
	}
	err = s.read(ctx, func(tx *tx) error {
		n, _, err = first(ctx, tx, column[int64], "SELECT count(*) FROM customers c WHERE "+where, args...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count customers: %w", err)
	}
	return n, nil
}

// CountRunning counts the journeys under way, by campaign.
func (s *Store) CountRunning(ctx context.Context) (counts map[string]int64, err error) {
	counts = map[string]int64{}
	err = s.read(ctx, func(tx *tx) error {
		_, err := list(ctx, tx, func(r record) (none struct{}, err error) {
			var campaign string
			var n int64
			err = r.Scan(&campaign, &n)
			counts[campaign] = n
			return none, err
		}, "SELECT e.campaign, count(*) FROM entries e WHERE e.state = $1 GROUP BY e.campaign", campaigns.Running)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count running entries: %w", err)
	}
	return counts, nil
}
