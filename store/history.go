package store

import (
	"context"
	"fmt"
)

// EntriesOf lists a customer's entries into a campaign, oldest first, whatever
// their state.
func (s *Store) EntriesOf(ctx context.Context, campaign, customer string) (ids []int64, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		ids, err = list(ctx, tx, column[int64],
			"SELECT id FROM entries WHERE customer = $1 AND campaign = $2 ORDER BY id", customer, campaign)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list entries of a customer in %s: %w", campaign, err)
	}
	return ids, nil
}
