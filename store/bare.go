package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errMeasured ends a measurement without a trace.
var errMeasured = errors.New("measured")

// BareInsert measures how long the database itself takes to write the entries of
// a campaign's latest run once more, by one statement that judges nothing: the
// bound of any broadcast. Nothing stays of it.
func (s *Store) BareInsert(ctx context.Context, campaign string, clock func() time.Time) (took time.Duration, err error) {
	err = s.write(ctx, func(tx *tx) error {
		began := clock()
		_, err := tx.exec(ctx, `
			INSERT INTO entries (campaign, version, run, customer, cause, state, arrived_at, wake_at, entered_at)
			SELECT campaign || ' bare', version, run, customer, cause, 'running', arrived_at, wake_at, entered_at FROM entries
			WHERE run = (SELECT MAX(id) FROM runs WHERE campaign = $1)`, campaign)
		took = clock().Sub(began)
		if err != nil {
			return err
		}
		return errMeasured
	})
	if !errors.Is(err, errMeasured) {
		return 0, fmt.Errorf("measure a bare insert: %w", err)
	}
	return took, nil
}
