package store

import (
	"context"
	"fmt"
)

// EntriesOf lists a customer's entries into a campaign, oldest first, whatever
// their state.
func (s *Store) EntriesOf(ctx context.Context, campaign, customer string) (ids []int64, err error) {
	err = s.read(ctx, func(tx *tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id FROM entries WHERE customer = $1 AND campaign = $2 ORDER BY id`, customer, campaign)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list entries of a customer in %s: %w", campaign, err)
	}
	return ids, nil
}
