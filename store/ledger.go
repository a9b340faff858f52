package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

var _ deliveries.Ledger = (*Store)(nil)

// due is a delivery whose time has come.
type due struct {
	id       int64
	at       int64
	priority int64
}

// lastComers is which part of the room what fell due last has to itself, where more
// is due than there is room for: one in so many. An order's confirmation does not
// stand behind a broadcast to millions.
const lastComers = 10

// Due implements deliveries.Ledger. Within a channel the longest due come first,
// and of those due at the same moment the most important; the last comers have their
// part.
func (s *Store) Due(ctx context.Context, now time.Time, lease time.Duration, room deliveries.Quota, size int) (batches []deliveries.Batch, err error) {
	defer s.timed("due")()
	err = s.write(ctx, func(tx *tx) error {
		batches = nil
		for _, ch := range deliveries.Lanes() {
			err := inTurns(room[ch], "d.due_at, d.priority DESC, d.id", "d.due_at DESC, d.priority, d.id DESC", func(order string, limit int) (int, error) {
				queued, err := queueDue(ctx, tx, ch, now, lease, order, limit)
				batches = append(batches, batch(ch, queued, size)...)
				return len(queued), err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lease due deliveries: %w", err)
	}
	return batches, nil
}

// inTurns leases up to limit rows: those that wait the longest, in one order, and where
// there are as many as that asks for, in the other order the last comers.
func inTurns(limit int, longest, latest string, lease func(order string, limit int) (leased int, err error)) error {
	late := limit / lastComers
	leased, err := lease(longest, limit-late)
	if err != nil || leased < limit-late || late == 0 {
		return err
	}
	_, err = lease(latest, late)
	return err
}

// queueDue leases up to limit due deliveries of one channel, in an order of the
// index of what is due.
func queueDue(ctx context.Context, tx *tx, ch channels.Channel, now time.Time, lease time.Duration, order string, limit int) ([]due, error) {
	if limit <= 0 {
		return nil, nil
	}
	scan := func(r record) (d due, err error) {
		err = r.Scan(&d.id, &d.at, &d.priority)
		return d, err
	}
	return list(ctx, tx, scan, `
		UPDATE deliveries SET status = 'queued', rank = 1, fence = NULL, lease_until = $4
		WHERE `+tx.within(tx.place(), `
			SELECT d.`+tx.place()+` FROM deliveries d WHERE d.phase = 'waiting' AND d.channel = $1 AND d.due_at <= $2
			ORDER BY `+order+` LIMIT $3`+tx.forUpdateOfFree("d"))+`
		RETURNING id, due_at, priority`,
		ch, now.UnixMilli(), limit, now.Add(lease).UnixMilli())
}

// batch cuts the deliveries of one channel into tasks.
func batch(ch channels.Channel, queued []due, size int) []deliveries.Batch {
	slices.SortFunc(queued, func(a, b due) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.priority, a.priority), cmp.Compare(a.id, b.id))
	})
	var batches []deliveries.Batch
	for part := range slices.Chunk(queued, max(1, size)) {
		ids := make([]int64, len(part))
		for i, d := range part {
			ids[i] = d.id
		}
		batches = append(batches, deliveries.Batch{Channel: ch, IDs: ids})
	}
	return batches
}

// Claim implements deliveries.Ledger. It waits for rows that are locked rather
// than leaving them out: whoever looks for due rows locks some for a moment.
func (s *Store) Claim(ctx context.Context, ids []int64, now time.Time, lease time.Duration) (deliveries.Fence, []deliveries.Delivery, error) {
	defer s.timed("claim")()
	fence := deliveries.Fence(1 + rand.Int64N(math.MaxInt64)) //nolint:gosec // tells claims apart, and is no secret
	var held []deliveries.Delivery
	err := s.write(ctx, func(tx *tx) (err error) {
		held, err = listRowsInto(ctx, tx, numbers(distinct(ids)), scanDelivery, `
			UPDATE deliveries SET fence = $2, lease_until = $3
			WHERE `+tx.among("id")+` AND status = 'queued' AND (fence IS NULL OR lease_until <= $1)
			RETURNING `+strings.ReplaceAll(deliveryColumns, "d.", ""), now.UnixMilli(), int64(fence), now.Add(lease).UnixMilli())
		return err
	})
	if err != nil {
		return 0, nil, fmt.Errorf("claim %d deliveries: %w", len(ids), err)
	}
	place := make(map[int64]int, len(ids))
	for i, id := range slices.Backward(ids) {
		place[id] = i
	}
	slices.SortFunc(held, func(a, b deliveries.Delivery) int { return cmp.Compare(place[a.ID], place[b.ID]) })
	return fence, held, nil
}

// Settle implements deliveries.Ledger.
func (s *Store) Settle(ctx context.Context, fence deliveries.Fence, now time.Time, outcomes []deliveries.Outcome) (written int, err error) {
	defer s.timed("settle")()
	ids := make([]int64, len(outcomes))
	for i, o := range outcomes {
		ids[i] = o.ID
	}
	err = s.write(ctx, func(tx *tx) error {
		written = 0
		held, err := heldBy(ctx, tx, fence, ids)
		if err != nil {
			return err
		}
		changes := make([]change, 0, len(outcomes))
		told := make([]deliveries.Delivery, 0, len(outcomes))
		for _, outcome := range outcomes {
			before, ours := held[outcome.ID]
			if !ours {
				continue
			}
			after, counts := before.After(outcome, now)
			if !counts {
				continue
			}
			delete(held, outcome.ID)
			changes = append(changes, change{was: before.Status, after: after, onward: outcome.Onward, ends: outcome.Ends})
			if line := after; outcome.Status != deliveries.Planned {
				if outcome.Status == deliveries.Sent { // also where a report came first
					line.Status, line.Reason = deliveries.Sent, ""
				}
				told = append(told, line)
			}
		}
		written = len(changes)
		if err := tellDeliveries(ctx, tx, now, told); err != nil {
			return err
		}
		if err := moveDeliveries(ctx, tx, now, changes); err != nil {
			return err
		}
		return countTraffic(ctx, tx, now, changes)
	})
	if err != nil {
		return 0, fmt.Errorf("settle %d deliveries: %w", len(outcomes), err)
	}
	return written, nil
}

// Reclaim implements deliveries.Ledger. Deliveries that become unconfirmed
// stand on the timeline as such and let their entries go on.
func (s *Store) Reclaim(ctx context.Context, now time.Time) (planned, unconfirmed int, err error) {
	defer s.timed("reclaim")()
	err = s.write(ctx, func(tx *tx) error {
		abandoned, err := listInto(ctx, tx, 0, scanDelivery, `
			SELECT `+deliveryColumns+` FROM deliveries d
			WHERE d.phase = 'moving' AND d.lease_until <= $1`+tx.forUpdateOfFree("d"), now.UnixMilli())
		if err != nil {
			return err
		}
		slices.SortFunc(abandoned, func(a, b deliveries.Delivery) int { return cmp.Compare(a.ID, b.ID) })
		var changes []change
		var doubtful []deliveries.Delivery
		for _, before := range abandoned {
			after, moved := before.Abandoned(now)
			if !moved {
				continue
			}
			changes = append(changes, change{was: before.Status, after: after})
			if after.Status == deliveries.Unconfirmed {
				doubtful = append(doubtful, after)
			}
		}
		planned, unconfirmed = len(changes)-len(doubtful), len(doubtful)
		if err := tellDeliveries(ctx, tx, now, doubtful); err != nil {
			return err
		}
		return moveDeliveries(ctx, tx, now, changes)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("reclaim deliveries whose lease is over: %w", err)
	}
	return planned, unconfirmed, nil
}

// Recall implements deliveries.Ledger. A worker that holds one of the entries after
// all loses nothing but its move: whoever moves an entry first takes its revision.
func (s *Store) Recall(ctx context.Context, now time.Time) (recalled int, err error) {
	err = s.write(ctx, func(tx *tx) error {
		messages, err := tx.exec(ctx, `
			UPDATE deliveries SET status = 'planned', rank = 0, lease_until = NULL
			WHERE phase = 'moving' AND status = 'queued' AND fence IS NULL`)
		if err != nil {
			return err
		}
		journeys, err := tx.exec(ctx, `
			UPDATE entries SET lease_until = NULL
			WHERE state = 'running' AND wake_at IS NOT NULL AND wake_at <= $1 AND lease_until > $1`, now.UnixMilli())
		recalled = int(messages + journeys)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("recall what was queued: %w", err)
	}
	return recalled, nil
}

// TakeBack implements deliveries.Ledger.
func (s *Store) TakeBack(ctx context.Context, ids []int64) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, numbers(distinct(ids)), `
			UPDATE deliveries SET status = 'planned', rank = 0, lease_until = NULL
			WHERE `+tx.among("id")+` AND status = 'queued' AND fence IS NULL`)
		return err
	})
	if err != nil {
		return fmt.Errorf("take back %d deliveries: %w", len(ids), err)
	}
	return nil
}
