package store

import (
	"context"
	"fmt"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

var _ deliveries.Outlets = outlets{}

// Outlets keeps how providers do in this store.
func (s *Store) Outlets() deliveries.Outlets { return outlets{s} }

type outlets struct{ store *Store }

// Health implements deliveries.Outlets.
func (o outlets) Health(ctx context.Context, ch channels.Channel) (all []deliveries.Health, err error) {
	err = o.store.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, scanHealth, `
			SELECT channel, provider, via, health FROM outlets WHERE channel = $1 OR $1 = ''
			ORDER BY channel, provider, via`, ch)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how outlets do: %w", err)
	}
	return all, nil
}

func scanHealth(r record) (h deliveries.Health, err error) {
	var out deliveries.Outlet
	err = r.Scan(&out.Channel, &out.Provider, &out.Via, asJSON(&h))
	h.Outlet = out
	return h, err
}

// Change implements deliveries.Outlets.
func (o outlets) Change(ctx context.Context, out deliveries.Outlet, move func(deliveries.Health) deliveries.Health) (before, after deliveries.Health, err error) {
	err = o.store.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, `
			INSERT INTO outlets (channel, provider, via, health) VALUES ($1, $2, $3, '{}') ON CONFLICT DO NOTHING`,
			out.Channel, out.Provider, clean(out.Via))
		if err != nil {
			return err
		}
		before, _, err = first(ctx, tx, scanHealth, `
			SELECT o.channel, o.provider, o.via, o.health FROM outlets o
			WHERE o.channel = $1 AND o.provider = $2 AND o.via = $3`+tx.forUpdate("o"), out.Channel, out.Provider, clean(out.Via))
		if err != nil {
			return err
		}
		if after = move(before); after == before {
			return nil
		}
		health, err := encode(after)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE outlets SET health = $4 WHERE channel = $1 AND provider = $2 AND via = $3",
			out.Channel, out.Provider, clean(out.Via), health)
		return err
	})
	if err != nil {
		return before, after, fmt.Errorf("note how %s does: %w", out, err)
	}
	return before, after, nil
}

// Release implements deliveries.Outlets. There may be millions: they are let go by the
// thousand, so that the first leave at once and no time that runs out undoes the rest.
func (o outlets) Release(ctx context.Context, ch channels.Channel, at, until time.Time) (released int, err error) {
	after := at.UnixMilli() + 1
	for {
		var held []due
		err = o.store.write(ctx, func(tx *tx) error {
			var err error
			if held, err = heldForProvider(ctx, tx, ch, after, until.UnixMilli()); err != nil || len(held) == 0 {
				return err
			}
			ids := make([]int64, len(held))
			for i, d := range held {
				ids[i] = d.id
			}
			_, err = tx.execRows(ctx, numbers(ids), "UPDATE deliveries SET due_at = $1 WHERE "+tx.among("id"), at.UnixMilli())
			return err
		})
		if err != nil {
			return released, fmt.Errorf("release what waits for a provider of %s: %w", ch, err)
		}
		if released += len(held); len(held) < chunk {
			return released, nil
		}
		after = held[chunk-1].at // what else waits until then is found there
	}
}

// heldForProvider locks the next of a channel that wait for its provider, from one
// moment to another, a chunk at most.
func heldForProvider(ctx context.Context, tx *tx, ch channels.Channel, from, until int64) ([]due, error) {
	scan := func(r record) (d due, err error) {
		err = r.Scan(&d.id, &d.at)
		return d, err
	}
	return list(ctx, tx, scan, `
		SELECT d.id, d.due_at FROM deliveries d
		WHERE d.phase = 'waiting' AND d.channel = $1 AND d.due_at >= $2 AND d.due_at <= $3 AND d.reason IN ($4, $5)
		ORDER BY d.due_at, d.priority DESC, d.id LIMIT $6`+tx.forUpdateOfFree("d"),
		ch, from, until, deliveries.ProviderDown, deliveries.AccountRefused, chunk)
}

// Traffic implements deliveries.Outlets.
func (o outlets) Traffic(ctx context.Context, since time.Time) (all []deliveries.Traffic, err error) {
	err = o.store.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(r record) (t deliveries.Traffic, err error) {
			err = r.Scan(&t.Channel, &t.Provider, &t.Sent, &t.Failed, &t.Unconfirmed, &t.PutOff)
			return t, err
		}, `
			SELECT channel, provider, CAST(SUM(sent) AS BIGINT), CAST(SUM(failed) AS BIGINT),
				CAST(SUM(unconfirmed) AS BIGINT), CAST(SUM(put_off) AS BIGINT)
			FROM outlet_minutes WHERE minute > $1 GROUP BY channel, provider ORDER BY channel, provider`,
			since.Add(-time.Minute).UnixMilli())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what providers did: %w", err)
	}
	return all, nil
}

// countTraffic adds what providers did to the present minute. It is the last
// statement of its transaction: all who settle wait for the row.
func countTraffic(ctx context.Context, tx *tx, now time.Time, changes []change) error {
	sums := map[deliveries.Outlet]*deliveries.Traffic{}
	for i := range changes {
		c := &changes[i]
		if c.was != deliveries.Sending || c.after.Provider == "" {
			continue
		}
		out := deliveries.Outlet{Channel: c.after.Channel, Provider: c.after.Provider}
		sum := sums[out]
		if sum == nil {
			sum = &deliveries.Traffic{Channel: out.Channel, Provider: out.Provider}
			sums[out] = sum
		}
		switch c.after.Status {
		case deliveries.Planned:
			sum.PutOff++
		case deliveries.Unconfirmed:
			sum.Unconfirmed++
		case deliveries.Failed:
			sum.Failed++
		default:
			sum.Sent++
		}
	}
	if len(sums) == 0 {
		return nil
	}
	minute := now.Truncate(time.Minute)
	rows := newRows("channel text, provider text, sent int, failed int, unconfirmed int, put_off int")
	for _, sum := range sums {
		rows.add(sum.Channel, sum.Provider, sum.Sent, sum.Failed, sum.Unconfirmed, sum.PutOff)
	}
	_, err := tx.execRows(ctx, rows, `
		INSERT INTO outlet_minutes (channel, provider, minute, sent, failed, unconfirmed, put_off)
		SELECT v.channel, v.provider, $1, v.sent, v.failed, v.unconfirmed, v.put_off FROM {rows} AS v WHERE TRUE
		ON CONFLICT (channel, provider, minute) DO UPDATE SET sent = outlet_minutes.sent + excluded.sent,
			failed = outlet_minutes.failed + excluded.failed, unconfirmed = outlet_minutes.unconfirmed + excluded.unconfirmed,
			put_off = outlet_minutes.put_off + excluded.put_off`, minute.UnixMilli())
	return err
}

// ForgetTraffic drops the minutes before a moment.
func (s *Store) ForgetTraffic(ctx context.Context, before time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, "DELETE FROM outlet_minutes WHERE minute < $1", before.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("forget what providers did: %w", err)
	}
	return nil
}
