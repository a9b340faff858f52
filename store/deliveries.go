package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// deliveryColumns are what scanDelivery reads, of a table named d.
const deliveryColumns = `d.id, d.entry, d.customer, d.campaign, d.version, d.step, d.grp, d.channel, d.topic, d.template,
	d.vars, d.priority, d.status, d.reason, d.due_at, d.expires_at, d.attempts, d.retry, d.ambiguous, d.resent,
	d.provider, d.provider_id, d.cost, d.content, d.zone, d.zone_from, d.planned_at, d.taken_at, d.settled_at, d.rung,
	d.case_id, d.segments`

func scanDelivery(r record, d *deliveries.Delivery) error {
	return r.Scan(&d.ID, &d.Entry, &d.Customer, &d.Campaign, &d.Version, &d.Step, &d.Group, &d.Channel, &d.Topic, &d.Template,
		asJSON(&d.Vars), &d.Priority, &d.Status, &d.Reason, asTime(&d.DueAt), asTime(&d.ExpiresAt), &d.Attempts,
		asJSON(&d.Retry), &d.Ambiguous, &d.Resent, &d.Provider, orZero(&d.ProviderID), &d.Cost, asJSON(&d.Content),
		&d.Zone, &d.ZoneFrom, asTime(&d.PlannedAt), asTime(&d.TakenAt), asTime(&d.SettledAt), &d.Rung,
		&d.Case, &d.Segments)
}

// movingColumns are what scanMoving reads, of a table named d: all of a delivery
// but what it says and how it is tried again, which no move changes and which takes
// longer to read than all the rest.
const movingColumns = `d.id, d.entry, d.customer, d.campaign, d.version, d.step, d.grp, d.channel, d.topic, d.template,
	d.priority, d.status, d.reason, d.due_at, d.expires_at, d.attempts, d.ambiguous, d.resent,
	d.provider, d.provider_id, d.cost, d.zone, d.zone_from, d.planned_at, d.taken_at, d.settled_at, d.rung,
	d.case_id, d.segments`

func scanMoving(r record, d *deliveries.Delivery) error {
	return r.Scan(&d.ID, &d.Entry, &d.Customer, &d.Campaign, &d.Version, &d.Step, &d.Group, &d.Channel, &d.Topic, &d.Template,
		&d.Priority, &d.Status, &d.Reason, asTime(&d.DueAt), asTime(&d.ExpiresAt), &d.Attempts, &d.Ambiguous, &d.Resent,
		&d.Provider, orZero(&d.ProviderID), &d.Cost, &d.Zone, &d.ZoneFrom, asTime(&d.PlannedAt), asTime(&d.TakenAt),
		asTime(&d.SettledAt), &d.Rung, &d.Case, &d.Segments)
}

// heldRows reads deliveries by number and keeps them from others.
func heldRows(ctx context.Context, tx *tx, ids []int64) (map[int64]*deliveries.Delivery, error) {
	return byNumber(heldWhere(ctx, tx, ids, deliveryColumns, scanDelivery, "TRUE"))
}

// heldBy is heldRows of those that a fence still holds, without what they say.
func heldBy(ctx context.Context, tx *tx, fence deliveries.Fence, ids []int64) (map[int64]*deliveries.Delivery, error) {
	return byNumber(heldWhere(ctx, tx, ids, movingColumns, scanMoving, "d.fence = $1", int64(fence)))
}

func heldWhere(ctx context.Context, tx *tx, ids []int64, columns string, scan func(record, *deliveries.Delivery) error, condition string, args ...any) ([]deliveries.Delivery, error) {
	return listRowsInto(ctx, tx, numbers(distinct(ids)), scan, `
		SELECT `+columns+` FROM deliveries d
		WHERE `+tx.among("d.id")+" AND "+condition+" ORDER BY d.id"+tx.forUpdate("d"), args...)
}

// byNumber finds deliveries where they lie.
func byNumber(held []deliveries.Delivery, err error) (map[int64]*deliveries.Delivery, error) {
	found := make(map[int64]*deliveries.Delivery, len(held))
	for i := range held {
		found[held[i].ID] = &held[i]
	}
	return found, err
}

// planDeliveries adds deliveries; one that stands for the same planning of the
// same step of an entry is left as it is.
func planDeliveries(ctx context.Context, tx *tx, planned []deliveries.Delivery) error {
	if len(planned) == 0 {
		return nil
	}
	rows := newRows(`n int, entry int, customer text, campaign text, version int, step text, grp int, channel text,
		topic text, template text, vars json, priority int, due_at int, expires_at int, retry json, ambiguous text, planned_at int`).expect(len(planned))
	for n := range planned {
		d := &planned[n]
		if d.Vars == nil {
			d.Vars = map[string]any{}
		}
		rows.add(n, d.Entry, d.Customer, d.Campaign, d.Version, d.Step, d.Group, d.Channel, d.Topic, d.Template,
			inJSON(d.Vars), d.Priority, d.DueAt, d.ExpiresAt, inJSON(d.Retry), d.Ambiguous, d.PlannedAt)
	}
	_, err := tx.execRows(ctx, rows, `
		INSERT INTO deliveries (entry, customer, campaign, version, step, grp, channel, topic, template, vars, priority,
			status, rank, due_at, expires_at, retry, ambiguous, planned_at)
		SELECT v.entry, v.customer, v.campaign, v.version, v.step, v.grp, v.channel, v.topic, v.template, v.vars, v.priority,
			'planned', 0, v.due_at, v.expires_at, v.retry, v.ambiguous, v.planned_at
		FROM {rows} AS v WHERE TRUE ORDER BY v.n
		ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	return doubtPlanned(ctx, tx, planned)
}

// change is one delivery after a move, and its status before.
type change struct {
	was   deliveries.Status
	after deliveries.Delivery
	// onward is until when the entry that the move wakes is left to the caller.
	onward time.Time
	// ends is how that entry ends instead of being woken.
	ends *deliveries.Ending
}

// moveDeliveries writes changed deliveries and what follows from them: when the customer
// was last contacted, the cases whose answer did not arrive, and the waking of the entry
// once it need not wait any more. A delivery that nobody is at work on any more loses its lease; one that
// goes back or is given up loses its fence too. One that was sent, or may have
// been, keeps the fence, for its holder knows best what became of it.
//
// What is looked for by when it expires is found as long as it counts: an attempt
// that begins, or is planned, later than that moves it on. Nothing is given up
// the later for it, since the moment has come when it is looked at.
func moveDeliveries(ctx context.Context, tx *tx, now time.Time, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	rows := newRows(`delivery int, status text, rank int, reason text, due_at int, attempts int, resent int, provider text,
		provider_id text, cost int, segments int, zone text, zone_from text, taken_at int, settled_at int, rung int, did int`).expect(len(changes))
	contacted := map[string]time.Time{}
	for i := range changes {
		d := &changes[i].after
		rows.add(d.ID, d.Status, d.Status.Rank(), d.Reason, d.DueAt, d.Attempts, d.Resent, d.Provider,
			nullable(d.ProviderID), d.Cost, d.Segments, d.Zone, d.ZoneFrom, d.TakenAt, d.SettledAt, d.Rung, int(d.Did))
		if reached(d.Channel, d.Status) && !reached(d.Channel, changes[i].was) && d.TakenAt.After(contacted[d.Customer]) {
			contacted[d.Customer] = d.TakenAt
		}
	}
	_, err := tx.execRows(ctx, rows, `
		UPDATE deliveries AS d SET status = v.status, rank = v.rank, reason = v.reason, due_at = v.due_at,
			attempts = v.attempts, resent = v.resent, provider = v.provider, provider_id = v.provider_id, cost = v.cost, segments = v.segments,
			zone = v.zone, zone_from = v.zone_from, taken_at = v.taken_at, settled_at = v.settled_at, rung = v.rung, did = d.did | v.did,
			expires_at = CASE WHEN v.status = 'planned' AND v.attempts > 0 AND v.due_at > d.expires_at THEN v.due_at
				WHEN v.taken_at > d.expires_at THEN v.taken_at ELSE d.expires_at END,
			lease_until = CASE WHEN v.status IN ('queued', 'sending') THEN d.lease_until END,
			fence = CASE WHEN v.status NOT IN ('planned', 'skipped') THEN d.fence END
		FROM {rows} AS v WHERE d.id = v.delivery`)
	if err != nil {
		return err
	}
	lost := lostAnswers(changes)
	if len(lost) > 0 { // all in one order, before either changes any
		people := slices.Collect(maps.Keys(contacted))
		for _, d := range lost {
			people = append(people, d.Customer)
		}
		if err := lockCustomers(ctx, tx, distinct(people)); err != nil {
			return err
		}
	}
	if err := markContacted(ctx, tx, contacted); err != nil {
		return err
	}
	if err := unanswer(ctx, tx, now, lost); err != nil {
		return err
	}
	return tellEntries(ctx, tx, now, changes)
}

// isNews reports whether the entry is told of a change.
func (c *change) isNews() bool { return c.after.Status.Settled() || c.was.Settled() }

// tellEntries ends the entries that waited for what is settled now, or wakes them. A
// message that was thought gone and comes back is news as well (isNews): who took its
// journey to its end meanwhile would drop it.
func tellEntries(ctx context.Context, tx *tx, now time.Time, changes []change) error {
	over, err := endEntries(ctx, tx, now, changes)
	if err != nil {
		return err
	}
	woken := map[time.Time][]int64{} // by until when they are left to the caller
	for i := range changes {
		if c := &changes[i]; c.isNews() && !over[c.after.Entry] {
			woken[c.onward] = append(woken[c.onward], c.after.Entry)
		}
	}
	for _, until := range slices.SortedFunc(maps.Keys(woken), time.Time.Compare) {
		if err := wakeEntries(ctx, tx, now, woken[until], until); err != nil {
			return err
		}
	}
	return nil
}

// endEntries ends entries by what became of their deliveries, as far as nothing
// else happened to them, and returns which ended.
func endEntries(ctx context.Context, tx *tx, now time.Time, changes []change) (map[int64]bool, error) {
	rows := newRows("entry int, seen int, state text, reason text")
	for i := range changes {
		if c := &changes[i]; c.ends != nil && c.after.Status.Settled() {
			rows.add(c.after.Entry, c.ends.Revision, c.ends.State, c.ends.Why)
		}
	}
	if rows.len() == 0 {
		return nil, nil
	}
	ended, err := listRows(ctx, tx, rows, column[int64], `
		UPDATE entries SET state = v.state, why = v.reason, ended_at = $1, wake_at = NULL, lease_until = NULL, revision = revision + 1
		FROM {rows} AS v WHERE id = v.entry AND revision = v.seen AND `+asRead("entries.state")+" = 'running' RETURNING id", now.UnixMilli())
	over := make(map[int64]bool, len(ended))
	for _, id := range ended {
		over[id] = true
	}
	return over, err
}

// reached reports whether the customer has, or may have, the message.
func reached(ch channels.Channel, s deliveries.Status) bool {
	return ch != channels.Webhook && (s.Accepted() || s == deliveries.Unconfirmed)
}

// markContacted moves on when customers were last contacted.
func markContacted(ctx context.Context, tx *tx, contacted map[string]time.Time) error {
	if len(contacted) == 0 {
		return nil
	}
	rows := newRows("customer text, at int").expect(len(contacted))
	for _, customer := range slices.Sorted(maps.Keys(contacted)) {
		rows.add(customer, contacted[customer])
	}
	_, err := tx.execRows(ctx, rows, `
		UPDATE customers AS c SET contacted_last_at = v.at FROM {rows} AS v
		WHERE c.id = v.customer AND COALESCE(c.contacted_last_at, 0) < v.at`)
	return err
}

// tellDeliveries puts the present statuses of deliveries on the timelines.
func tellDeliveries(ctx context.Context, tx *tx, now time.Time, told []deliveries.Delivery) error {
	if len(told) == 0 {
		return nil
	}
	events := make([]customers.Event, len(told))
	for i, d := range told {
		events[i] = d.Event(now)
	}
	_, err := appendEvents(ctx, tx, events)
	return err
}

// dropPlanned skips what entries that have ended still plan, but for what is wanted
// all the same; nil for nothing.
func dropPlanned(ctx context.Context, tx *tx, now time.Time, entries []int64, wanted func(deliveries.Delivery) bool) error {
	if len(entries) == 0 {
		return nil
	}
	planned, err := listRowsInto(ctx, tx, numbers(entries), scanDelivery, `
		SELECT `+deliveryColumns+` FROM deliveries d
		WHERE `+tx.among("d.entry")+" AND d.status = 'planned' ORDER BY d.id"+tx.forUpdate("d"))
	if err != nil {
		return err
	}
	var changes []change
	var dropped []deliveries.Delivery
	for _, d := range planned {
		if wanted != nil && wanted(d) {
			continue
		}
		after := d.Dropped(deliveries.Exited, now)
		dropped = append(dropped, after)
		changes = append(changes, change{was: d.Status, after: after})
	}
	if err := tellDeliveries(ctx, tx, now, dropped); err != nil {
		return err
	}
	return moveDeliveries(ctx, tx, now, changes)
}
