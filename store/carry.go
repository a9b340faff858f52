package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
)

var _ campaigns.Itineraries = (*Store)(nil)

// Standing implements campaigns.Itineraries, by version and position.
func (s *Store) Standing(ctx context.Context, campaign string, before int) (all []campaigns.Standing, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(r record) (at campaigns.Standing, err error) {
			err = r.Scan(&at.Version, &at.Position, &at.Entries)
			return at, err
		}, `SELECT version, position, COUNT(*) FROM entries
			WHERE campaign = $1 AND version < $2 AND state = 'running'
			GROUP BY version, position ORDER BY version, position`, campaign, before)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the running entries of %s: %w", campaign, err)
	}
	return all, nil
}

// Carry implements campaigns.Itineraries. A move that was judged by the older
// version is refused from here on.
func (s *Store) Carry(ctx context.Context, now time.Time, campaign string, to int, from []campaigns.Standing) (moved int64, err error) {
	rows := newRows("version int, at_step text")
	for _, at := range from {
		rows.add(at.Version, at.Position)
	}
	err = s.write(ctx, func(tx *tx) (err error) {
		moved, err = tx.execRows(ctx, rows, `
			UPDATE entries SET version = $2, revision = revision + 1, wake_at = CASE WHEN position = '' THEN wake_at ELSE $3 END
			FROM {rows} AS v
			WHERE campaign = $1 AND entries.version = v.version AND position = v.at_step AND state = 'running'`,
			campaign, to, now.UnixMilli())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("move entries of %s to version %d: %w", campaign, to, err)
	}
	return moved, nil
}
