package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// latestBegin is how long after a message expired it is still looked for. Nothing is
// read of messages that expired longer ago than what is asked for, by an index that
// holds no more: a send that begins later moves the expiry on (moveDeliveries).
const latestBegin = time.Minute

// statesOf reads where entries stand. They are not kept from ending before this
// transaction does: whoever ends one meanwhile ends it after its message began.
func statesOf(ctx context.Context, tx *tx, ids []int64) (map[int64]campaigns.EntryState, error) {
	type standing struct {
		id    int64
		state campaigns.EntryState
	}
	all, err := listRows(ctx, tx, numbers(ids), func(r record) (s standing, err error) {
		err = r.Scan(&s.id, &s.state)
		return s, err
	}, "SELECT e.id, e.state FROM entries e WHERE "+tx.among("e.id")+" ORDER BY e.id")
	states := make(map[int64]campaigns.EntryState, len(all))
	for _, s := range all {
		states[s.id] = s.state
	}
	return states, err
}

// pausedOf reads which campaigns stand still.
func pausedOf(ctx context.Context, tx *tx, campaigns []string) (map[string]bool, error) {
	still, err := listRows(ctx, tx, keys(campaigns), column[string], "SELECT v.id FROM {rows} AS v WHERE "+standsStill("v.id"))
	paused := make(map[string]bool, len(still))
	for _, campaign := range still {
		paused[campaign] = true
	}
	return paused, err
}

// pressureOf reads, by person, the messages that went to profiles, or may have, since
// a moment, newest first, and those that wait to be sent to them and had not expired at
// another, no earlier one, the soonest due first. It is one look, so that what another
// worker gives back meanwhile is seen once. The persons are given by profile (personsOf).
func pressureOf(ctx context.Context, tx *tx, persons map[string]string, since, waiting time.Time) (map[string][]deliveries.Contact, map[string][]deliveries.Rival, error) {
	contacts, rivals := map[string][]deliveries.Contact{}, map[string][]deliveries.Rival{}
	profiles := slices.Sorted(maps.Keys(persons))
	_, err := listRows(ctx, tx, keys(profiles), func(r record) (none struct{}, err error) {
		var customer string
		var went, waits bool
		var d deliveries.Delivery
		err = r.Scan(&customer, &d.ID, &d.Channel, &d.Topic, &d.Priority, asTime(&d.TakenAt), asTime(&d.DueAt), &went, &waits)
		person := persons[customer]
		if went {
			contacts[person] = append(contacts[person], deliveries.Contact{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: d.TakenAt})
		}
		if waits {
			rivals[person] = append(rivals[person], deliveries.Rival{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, DueAt: d.DueAt})
		}
		return none, err
	}, `
		SELECT d.customer, d.id, d.channel, d.topic, d.priority, d.taken_at, d.due_at, d.went, d.waits FROM (
			SELECT d.*, d.taken_at IS NOT NULL AND d.taken_at >= $1 AS went,
				d.status IN ('planned', 'queued') AND d.expires_at >= $3 AND d.reason <> 'paused_campaign' AS waits
			FROM deliveries d WHERE `+tx.among("d.customer")+` AND d.expires_at >= $2 AND d.channel <> 'webhook') AS d
		WHERE d.went OR d.waits`, since.UnixMilli(), since.Add(-latestBegin).UnixMilli(), waiting.Add(-latestBegin).UnixMilli())
	for _, all := range contacts {
		slices.SortFunc(all, func(a, b deliveries.Contact) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Delivery, a.Delivery))
		})
	}
	for _, all := range rivals {
		slices.SortFunc(all, func(a, b deliveries.Rival) int {
			return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.Delivery, b.Delivery))
		})
	}
	return contacts, rivals, err
}

// addresseesOf reads customers as far as it tells whether they may be written to:
// their addresses, which of them are suppressed, and what they and whoever shares
// these said. What was committed before is seen here, whatever was known when the
// customers were read. The endpoints of browsers, which nobody writes STOP to, are
// left out.
func addresseesOf(ctx context.Context, tx *tx, ids []string) (map[string]*customers.Customer, error) {
	people, err := addressesOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	known, found := make(map[string]*customers.Customer, len(people)), newRows("id text").expect(len(people))
	for _, c := range people {
		known[c.ID] = c
		found.add(c.ID)
	}
	for _, add := range []func(context.Context, *rowset, map[string]*customers.Customer) error{tx.addConsents, tx.addElsewhere, tx.addSuppressions} {
		if err := add(ctx, found, known); err != nil {
			return nil, err
		}
	}
	return known, nil
}
