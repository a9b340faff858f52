package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// Travellers implements campaigns.Entries. Entries nobody has are left out; the
// others stand in the order of their numbers.
func (s *Store) Travellers(ctx context.Context, ids []int64, now time.Time) (travellers []campaigns.Traveller, err error) {
	defer s.timed("load_entries")()
	err = s.read(ctx, func(tx *tx) (err error) {
		travellers, err = loadTravellers(ctx, tx, distinct(ids), now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load %d entries: %w", len(ids), err)
	}
	return travellers, nil
}

func loadTravellers(ctx context.Context, tx *tx, ids []int64, now time.Time) ([]campaigns.Traveller, error) {
	entries, err := listRowsInto(ctx, tx, numbers(ids), scanEntry,
		"SELECT "+entryColumns+" FROM entries e WHERE "+tx.among("e.id")+" ORDER BY e.id")
	if err != nil {
		return nil, err
	}
	who := make([]string, len(entries))
	for i, e := range entries {
		who[i] = e.Customer
	}
	people, err := loadCustomers(ctx, tx, who, now)
	if err != nil {
		return nil, err
	}
	sent, err := listRowsInto(ctx, tx, numbers(ids), scanDelivery,
		"SELECT "+deliveryColumns+" FROM deliveries d WHERE "+tx.among("d.entry")+" ORDER BY d.id")
	if err != nil {
		return nil, err
	}
	answers, err := listRows(ctx, tx, numbers(ids), scanAnswer,
		"SELECT "+answerColumns+" FROM answers a WHERE "+tx.among("a.entry")+" ORDER BY a.at, a.ask")
	if err != nil {
		return nil, err
	}
	travellers := make([]campaigns.Traveller, len(entries))
	at := make(map[int64]*campaigns.Traveller, len(entries))
	for i, e := range entries {
		travellers[i] = campaigns.Traveller{Entry: e, Customer: people[e.Customer]}
		at[e.ID] = &travellers[i]
	}
	for _, d := range sent {
		if t, known := at[d.Entry]; known {
			t.Deliveries = append(t.Deliveries, d)
		}
	}
	for _, a := range answers {
		if t, known := at[a.Entry]; known {
			t.Answers = append(t.Answers, a)
		}
	}
	return travellers, addWinners(ctx, tx, travellers)
}

const answerColumns = "a.entry, a.ask, a.customer, a.delivery, a.scale, a.score, a.choice, a.text, a.channel, a.at"

func scanAnswer(r record) (a campaigns.Answer, err error) {
	err = r.Scan(&a.Entry, &a.Ask, &a.Customer, &a.Delivery, &a.Scale, &a.Score, &a.Choice, &a.Text, &a.Channel, asTime(&a.At))
	return a, err
}

// Apply implements campaigns.Entries. A move is refused when the entry's
// revision is no longer the one it was judged on; news counts as a change, so
// that what a customer did while the entry was being looked at is not lost.
func (s *Store) Apply(ctx context.Context, now time.Time, moves []campaigns.Move) error {
	defer s.timed("move_entries")()
	if len(moves) == 0 {
		return nil
	}
	err := s.write(ctx, func(tx *tx) error {
		// Customers first, as Begin does: two transactions that lock in turn would
		// wait for each other.
		if err := lockCustomers(ctx, tx, changed(moves)); err != nil {
			return err
		}
		accepted, err := moveEntries(ctx, tx, now, moves)
		if err != nil {
			return err
		}
		return followMoves(ctx, tx, now, accepted)
	})
	if err != nil {
		return fmt.Errorf("apply %d moves: %w", len(moves), err)
	}
	return nil
}

// changed lists the customers that moves change, each once, in order.
func changed(moves []campaigns.Move) []string {
	var ids []string
	for _, m := range moves {
		if m.Points != 0 || len(m.Set)+len(m.Tag)+len(m.Consents)+len(m.Enter) > 0 {
			ids = append(ids, m.Entry.Customer)
		}
	}
	return distinct(ids)
}

// moveEntries writes where the entries stand now, returns the moves that were
// still right, and wakes the entries of the others.
func moveEntries(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) ([]campaigns.Move, error) {
	rows := newRows(`entry int, seen int, state text, holdout int, at_step text, arrived int, wake int, notes json, ended int, reason text`).expect(len(moves))
	asked := make(map[int64]bool, len(moves))
	once := make([]campaigns.Move, 0, len(moves)) // one for each entry
	for _, m := range moves {
		if e := m.Entry; !asked[e.ID] {
			asked[e.ID] = true
			once = append(once, m)
			rows.add(e.ID, e.Revision, e.State, e.Holdout, e.Position, e.ArrivedAt, e.WakeAt, inJSON(e.Journal), e.EndedAt, e.Why)
		}
	}
	moved, err := listRows(ctx, tx, rows, column[int64], `
		UPDATE entries SET state = v.state, holdout = v.holdout, position = v.at_step, arrived_at = v.arrived, wake_at = v.wake,
			journal = v.notes, ended_at = v.ended, why = v.reason, lease_until = NULL, revision = revision + 1
		FROM {rows} AS v WHERE id = v.entry AND revision = v.seen AND `+asRead("entries.state")+` = 'running' RETURNING id`)
	if err != nil {
		return nil, err
	}
	for _, id := range moved {
		delete(asked, id)
	}
	accepted := once[:0]
	lost := newRows("id int")
	for _, m := range once {
		if asked[m.Entry.ID] {
			lost.add(m.Entry.ID)
			continue
		}
		accepted = append(accepted, m)
	}
	if lost.len() == 0 {
		return accepted, nil
	}
	_, err = tx.execRows(ctx, lost, `
		UPDATE entries SET lease_until = NULL, wake_at = CASE WHEN position = '' THEN wake_at ELSE $1 END
		WHERE `+tx.among("id")+" AND "+asRead("state")+" = 'running'", now.UnixMilli())
	return accepted, err
}

// followMoves writes what moves bring about beside the entries themselves.
func followMoves(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) error {
	plans, told := 0, 0
	for i := range moves {
		plans, told = plans+len(moves[i].Plan), told+len(moves[i].Events)
	}
	planned := make([]deliveries.Delivery, 0, plans)
	events := make([]customers.Event, 0, told)
	var cases []customers.Case
	var left, finished []int64
	for _, m := range moves {
		e := m.Entry
		for _, d := range m.Plan {
			d.Entry, d.Customer, d.Campaign, d.Version = e.ID, e.Customer, e.Campaign, e.Version
			planned = append(planned, d)
		}
		for _, c := range m.Cases {
			c.Customer, c.Campaign, c.Entry = e.Customer, e.Campaign, e.ID
			cases = append(cases, c)
		}
		for _, event := range m.Events {
			event.Customer, event.Campaign, event.Entry = e.Customer, e.Campaign, e.ID
			events = append(events, event)
		}
		switch e.State {
		case campaigns.Left:
			left = append(left, e.ID)
		case campaigns.Finished:
			finished = append(finished, e.ID)
		}
	}
	for _, write := range []func() error{
		func() error { return planDeliveries(ctx, tx, planned) },
		func() error { return dropPlanned(ctx, tx, now, left, nil) },
		func() error { return dropPlanned(ctx, tx, now, finished, deliveries.Delivery.Outlasts) },
		func() error { return openCases(ctx, tx, cases) },
		func() error { return setFields(ctx, tx, now, moves) },
		func() error { return setTags(ctx, tx, now, moves) },
		func() error { return addPoints(ctx, tx, now, moves) },
		func() error { return speak(ctx, tx, now, moves) },
		func() error { return handOver(ctx, tx, moves) },
		func() error { return openSplits(ctx, tx, now, moves) },
		func() error {
			_, err := appendEvents(ctx, tx, events)
			return err
		},
		func() error { return lookBack(ctx, tx, now, moves) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}
