package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

var _ deliveries.Record = (*Store)(nil)

// name is what a provider calls a message.
type name struct {
	channel channels.Channel
	id      string
}

// Lookup implements deliveries.Record. Where a provider gave two deliveries one
// name, the newest is meant.
func (s *Store) Lookup(ctx context.Context, refs []deliveries.Ref) ([]deliveries.Delivery, error) {
	defer s.timed("look_up")()
	var ids []int64
	names := map[channels.Channel][]string{}
	for _, ref := range refs {
		switch {
		case ref.ID != 0:
			ids = append(ids, ref.ID)
		case ref.ProviderID != "":
			names[ref.Channel] = append(names[ref.Channel], ref.ProviderID)
		}
	}
	byID, byName := map[int64]deliveries.Delivery{}, map[name]deliveries.Delivery{}
	err := s.read(ctx, func(tx *tx) error {
		numbered, err := listRowsInto(ctx, tx, numbers(distinct(ids)), scanDelivery,
			"SELECT "+deliveryColumns+" FROM deliveries d WHERE "+tx.among("d.id"))
		for _, d := range numbered {
			byID[d.ID] = d
		}
		if err == nil {
			err = handedOver(ctx, tx, byID)
		}
		if err != nil {
			return err
		}
		for ch, called := range names {
			named, err := listRowsInto(ctx, tx, keys(distinct(called)), scanDelivery, "SELECT "+deliveryColumns+` FROM deliveries d
				WHERE d.channel = $1 AND `+tx.among("d.provider_id")+" ORDER BY d.id", ch)
			if err != nil {
				return err
			}
			for _, d := range named {
				byName[name{d.Channel, d.ProviderID}] = d
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up %d deliveries: %w", len(refs), err)
	}
	found := make([]deliveries.Delivery, len(refs))
	for i, ref := range refs {
		if ref.ID != 0 {
			found[i] = byID[ref.ID]
		} else {
			found[i] = byName[name{ref.Channel, ref.ProviderID}]
		}
	}
	return found, nil
}

// handedOver adds when e-mails were handed over, which stands on the timelines.
func handedOver(ctx context.Context, tx *tx, byID map[int64]deliveries.Delivery) error {
	var ids []int64
	for id, d := range byID {
		if d.Channel == channels.Email && d.Status.Reached(deliveries.Delivered) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := listRows(ctx, tx, numbers(ids), func(r record) (none struct{}, err error) {
		var id int64
		var at time.Time
		if err = r.Scan(&id, asTime(&at)); err == nil {
			d := byID[id]
			d.DeliveredAt = at
			byID[id] = d
		}
		return none, err
	}, `SELECT e.delivery, MIN(e.at) FROM deliveries d JOIN events e ON e.customer = d.customer AND e.name = 'email delivered' AND e.delivery = d.id
			AND e.at >= d.planned_at - 86400000 -- leaves out older months; a day for clocks that differ
		WHERE `+tx.among("d.id")+" GROUP BY e.delivery")
	return err
}

// Advance implements deliveries.Record.
func (s *Store) Advance(ctx context.Context, now time.Time, progress []deliveries.Progress) error {
	ids := make([]int64, len(progress))
	for i, p := range progress {
		ids[i] = p.ID
	}
	err := s.write(ctx, func(tx *tx) error {
		held, err := heldRows(ctx, tx, ids)
		if err == nil {
			_, err = advance(ctx, tx, now, held, progress)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("advance %d deliveries: %w", len(progress), err)
	}
	return nil
}

// advance moves deliveries that a transaction holds. Several reports on one
// delivery count in the order they stand in. It returns what it changed.
func advance(ctx context.Context, tx *tx, now time.Time, held map[int64]*deliveries.Delivery, progress []deliveries.Progress) ([]change, error) {
	at := map[int64]int{} // where a delivery stands in changes
	var changes []change
	for _, p := range progress {
		d, known := held[p.ID]
		if !known {
			continue
		}
		was := d.Status
		after, moved := d.Advanced(p, now)
		if !moved {
			continue
		}
		*d = after
		if i, twice := at[p.ID]; twice {
			changes[i].after = after
			continue
		}
		at[p.ID] = len(changes)
		changes = append(changes, change{was: was, after: after})
	}
	return changes, moveDeliveries(ctx, tx, now, changes)
}

// Latest implements deliveries.Record.
func (s *Store) Latest(ctx context.Context, ch channels.Channel, people []string, most int) (map[string][]deliveries.Delivery, error) {
	latest := make(map[string][]deliveries.Delivery, len(people))
	err := s.read(ctx, func(tx *tx) error {
		newest, err := listRowsInto(ctx, tx, keys(distinct(people)), scanDelivery, `
			SELECT `+deliveryColumns+` FROM deliveries d WHERE d.id IN (
				SELECT id FROM (
					SELECT l.id, ROW_NUMBER() OVER (PARTITION BY l.customer ORDER BY l.taken_at DESC, l.id DESC) AS place
					FROM deliveries l
					WHERE `+tx.among("l.customer")+` AND l.channel = $1 AND l.taken_at IS NOT NULL AND l.rank >= $2 AND l.status <> 'failed'
						AND (l.entry <> 0 OR l.template = 'reply')
				) AS ranked WHERE place <= $3)
			ORDER BY d.taken_at DESC, d.id DESC`, ch, deliveries.Sent.Rank(), most)
		clear(latest)
		for _, d := range newest {
			latest[d.Customer] = append(latest[d.Customer], d)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the latest %s of %d customers: %w", ch, len(people), err)
	}
	return latest, nil
}

// Fetched implements deliveries.Record. The first call to fetch the script of
// an attempt has it for itself: it may fetch it again, another may not.
func (s *Store) Fetched(ctx context.Context, id int64, attempt int, providerID string, now time.Time) (first bool, d deliveries.Delivery, err error) {
	err = s.write(ctx, func(tx *tx) error {
		held, err := heldRows(ctx, tx, []int64{id})
		if err != nil {
			return err
		}
		d, first = deliveries.Delivery{}, false
		if known, is := held[id]; is {
			d = *known
		}
		if d.ID == 0 || attempt != d.Attempts {
			return nil
		}
		claimed, err := tx.exec(ctx, "UPDATE deliveries SET fetched_attempt = $2 WHERE id = $1 AND fetched_attempt < $2", id, attempt)
		if err != nil {
			return err
		}
		if claimed == 0 {
			first = providerID != "" && providerID == d.ProviderID
			return nil
		}
		first = true
		before := d
		d, _ = before.Advanced(deliveries.Progress{ID: id, Status: deliveries.Sent, ProviderID: providerID, At: now}, now)
		d.ProviderID = cmp.Or(providerID, d.ProviderID)
		return moveDeliveries(ctx, tx, now, []change{{was: before.Status, after: d}})
	})
	if err != nil {
		return false, deliveries.Delivery{}, fmt.Errorf("note that the script of delivery %d was fetched: %w", id, err)
	}
	return first, d, nil
}
