package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

var _ campaigns.Arrivals = (*Store)(nil)

// Arrived implements campaigns.Arrivals.
func (s *Store) Arrived(ctx context.Context, awaited []campaigns.Awaited) (map[int64][]customers.Event, error) {
	if len(awaited) == 0 {
		return nil, nil
	}
	var found map[int64][]customers.Event
	err := s.read(ctx, func(tx *tx) error {
		found = map[int64][]customers.Event{}
		_, err := listRows(ctx, tx, awaitedRows(awaited), func(r record) (none struct{}, err error) {
			var entry int64
			event, err := scanEvent(r.withFirst(&entry))
			found[entry] = append(found[entry], event)
			return none, err
		}, "SELECT v.entry, "+eventColumns+" FROM {rows} AS v JOIN events e ON "+brings+" ORDER BY e.at, e.id")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what %d entries wait for: %w", len(awaited), err)
	}
	return found, nil
}

func awaitedRows(awaited []campaigns.Awaited) *rowset {
	rows := newRows("entry int, customer text, name text, since int, after int")
	for _, a := range awaited {
		rows.add(a.Entry, a.Customer, a.Event, a.Since, a.After)
	}
	return rows
}

// brings is Awaited.Brings of a row v and a live event e.
const brings = "e.customer = v.customer AND e.name = v.name AND e.received_at >= v.since AND e.id > v.after AND e.live = 1"

// lookBack wakes entries that came to a step that waits for an event while that
// event came too. The entries are held from before this look: who judges an event that
// comes after it waits for them, and finds them there.
func lookBack(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) error {
	var awaited []campaigns.Awaited
	for _, m := range moves {
		awaited = append(awaited, m.Awaiting...)
	}
	if len(awaited) == 0 {
		return nil
	}
	came, err := listRows(ctx, tx, awaitedRows(awaited), column[int64],
		"SELECT v.entry FROM {rows} AS v WHERE EXISTS (SELECT 1 FROM events e WHERE "+brings+")")
	if err != nil {
		return err
	}
	return wakeEntries(ctx, tx, now, came, time.Time{})
}

// Wake implements campaigns.Arrivals.
func (s *Store) Wake(ctx context.Context, now time.Time, ids []int64) error {
	err := s.write(ctx, func(tx *tx) error { return wakeEntries(ctx, tx, now, ids, time.Time{}) })
	if err != nil {
		return fmt.Errorf("wake %d entries: %w", len(ids), err)
	}
	return nil
}

// wakeJourneys lets every running entry of customers be looked at at once,
// because what exits may ask about has changed: consent, suppression, browsers,
// scores. The time is one that has come already, so that nobody needs to say now. For
// those before their first step see wakeEntries.
func wakeJourneys(ctx context.Context, tx *tx, people []string) error {
	if len(people) == 0 {
		return nil
	}
	_, err := tx.execRows(ctx, keys(distinct(people)), `
		UPDATE entries SET wake_at = CASE WHEN position = '' THEN wake_at ELSE arrived_at END,
			revision = CASE WHEN position = '' THEN revision ELSE revision + 1 END
		WHERE `+tx.among("customer")+" AND "+asRead("state")+" = 'running'")
	return err
}
