package store

import (
	"context"
	"fmt"
	"time"

	"rapport/deliveries"
)

var _ deliveries.Doubts = (*Store)(nil)

// Unconfirmed implements deliveries.Doubts.
func (s *Store) Unconfirmed(ctx context.Context, before time.Time, limit int) (doubtful []deliveries.Delivery, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		doubtful, err = listInto(ctx, tx, limit, scanDelivery, `
			SELECT `+deliveryColumns+` FROM deliveries d
			WHERE d.phase = 'doubt' AND d.settled_at < $1
				AND (d.checked_at IS NULL OR d.checked_at + (d.checked_at - d.settled_at) / 4 < $1)
			ORDER BY COALESCE(d.checked_at, 0), d.settled_at, d.id LIMIT $2`, before.UnixMilli(), limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list unconfirmed deliveries: %w", err)
	}
	return doubtful, nil
}

// Unnamed implements deliveries.Doubts. Nobody's send begins long after its message
// has expired, which is what the index finds by.
func (s *Store) Unnamed(ctx context.Context, sought []deliveries.Sought) (map[int64]deliveries.Unnamed, error) {
	rows := newRows("id int, customer text, channel text, address text, since int").expect(len(sought))
	for _, one := range sought {
		rows.add(one.ID, one.Customer, one.Channel, one.Address, one.Since)
	}
	beside := make(map[int64]deliveries.Unnamed, len(sought))
	err := s.read(ctx, func(tx *tx) error {
		_, err := listRows(ctx, tx, rows, func(r record) (none struct{}, err error) {
			var id int64
			others := deliveries.Unnamed{Any: true}
			err = r.Scan(&id, &others.Sending)
			beside[id] = others
			return none, err
		}, `
			WITH sought AS MATERIALIZED (SELECT v.id, v.customer, v.channel, v.address, v.since FROM {rows} AS v),
			who AS (
				SELECT s.id, s.customer, s.channel, s.since FROM sought s
				UNION SELECT s.id, c.id, s.channel, s.since FROM sought s JOIN customers c ON c.phone = s.address)
			SELECT w.id, MAX(CASE WHEN d.status = 'sending' THEN 1 ELSE 0 END) = 1
			FROM who w JOIN deliveries d ON d.customer = w.customer AND d.expires_at >= w.since - $1
			WHERE d.channel = w.channel AND d.id <> w.id AND d.taken_at >= w.since
				AND (d.status IN ('sending', 'unconfirmed') OR d.resent = 1 OR d.provider_id IS NULL)
			GROUP BY w.id`, latestBegin.Milliseconds())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for others of which no provider's name is known: %w", err)
	}
	return beside, nil
}

// Doubtful lists the deliveries that have been unconfirmed since before a time,
// oldest first, whenever they were looked at last: those of one campaign, or all
// where it is "".
func (s *Store) Doubtful(ctx context.Context, before time.Time, campaign string, limit int) (doubtful []deliveries.Delivery, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		doubtful, err = listInto(ctx, tx, limit, scanDelivery, `
			SELECT `+deliveryColumns+` FROM deliveries d
			WHERE d.phase = 'doubt' AND d.settled_at <= $1 AND (d.campaign = $2 OR $2 = '')
			ORDER BY d.settled_at, d.id LIMIT $3`, before.UnixMilli(), campaign, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries in doubt: %w", err)
	}
	return doubtful, nil
}

// Resolve implements deliveries.Doubts. A finding about a delivery that is no
// longer unconfirmed changes nothing.
func (s *Store) Resolve(ctx context.Context, now time.Time, findings []deliveries.Finding) error {
	ids := make([]int64, len(findings))
	for i, f := range findings {
		ids[i] = f.ID
	}
	err := s.write(ctx, func(tx *tx) error {
		doubtful, err := heldRows(ctx, tx, ids)
		if err != nil {
			return err
		}
		var changes []change
		var told []deliveries.Delivery
		for _, finding := range findings {
			before, ours := doubtful[finding.ID]
			if !ours {
				continue
			}
			after, moved := before.Resolved(finding, now)
			if !moved {
				continue
			}
			delete(doubtful, finding.ID)
			changes = append(changes, change{was: before.Status, after: after})
			if after.Status != deliveries.Planned {
				told = append(told, after)
			}
		}
		if _, err := tx.execRows(ctx, numbers(ids),
			"UPDATE deliveries SET checked_at = $1 WHERE "+tx.among("id")+" AND status = 'unconfirmed'", now.UnixMilli()); err != nil {
			return err
		}
		if err := tellDeliveries(ctx, tx, now, told); err != nil {
			return err
		}
		return moveDeliveries(ctx, tx, now, changes)
	})
	if err != nil {
		return fmt.Errorf("resolve %d deliveries: %w", len(findings), err)
	}
	return nil
}
