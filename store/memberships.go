package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

// Memberships remembers who belongs to watched segments, in this store.
func (s *Store) Memberships() campaigns.Memberships { return memberships{s} }

type memberships struct{ store *Store }

// glance is one part of a segment about to be compared.
type glance struct {
	campaigns.Look
	now time.Time
}

// Compare implements campaigns.Memberships.
func (m memberships) Compare(ctx context.Context, look campaigns.Look, limit int, now time.Time) (changes int, err error) {
	g := glance{look, now}
	err = m.store.read(ctx, func(tx *tx) error {
		differ, err := g.differences(ctx, tx, 1)
		changes = len(differ)
		return err
	})
	if err == nil && changes > 0 {
		err = m.store.write(ctx, func(tx *tx) (err error) {
			changes, err = g.take(ctx, tx, limit)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("compare the members of segment %s, part %d: %w", look.Part.Segment, look.Part.Number, err)
	}
	return changes, nil
}

// difference is a customer whose membership is not what is remembered; the one
// without a customer says that there is nothing to compare with.
type difference struct {
	customer string
	belongs  bool
}

func scanDifference(r record) (d difference, err error) {
	err = r.Scan(orZero(&d.customer), &d.belongs)
	return d, err
}

// differences asks, in one query, whether the part has members to compare with
// and who of its customers is one wrongly.
func (g glance) differences(ctx context.Context, tx *tx, limit int) ([]difference, error) {
	q := g.people()
	segment, meaning, number := q.arg(g.Part.Segment), q.arg(g.Meaning), q.arg(g.Part.Number)
	where := "(" + q.where + ")"
	return judged(ctx, tx, scanDifference, `
		WITH base AS (SELECT 1 AS known FROM segment_parts s WHERE s.segment = `+segment+` AND s.number = `+number+` AND s.meaning = `+meaning+`)
		SELECT NULL AS customer, FALSE AS belongs WHERE NOT EXISTS (SELECT 1 FROM base)
		UNION ALL SELECT d.customer, d.belongs FROM (
			SELECT c.id AS customer, `+where+` AS belongs, m.customer IS NOT NULL AS was
			FROM customers c LEFT JOIN segment_members m ON m.segment = `+segment+` AND m.customer = c.id
			WHERE `+q.inShards()+` AND EXISTS (SELECT 1 FROM base)
		) AS d WHERE d.belongs <> d.was LIMIT `+strconv.Itoa(limit), q.args...)
}

// people are the customers of the part.
func (g glance) people() *audienceQuery {
	return &audienceQuery{
		where: g.Where, args: slices.Clone(g.Args), now: g.now,
		from: g.Part.Number * customers.Shards / campaigns.SegmentParts, to: (g.Part.Number + 1) * customers.Shards / campaigns.SegmentParts,
	}
}

// take writes differences down with the journeys they begin. Whoever else looks
// at the part waits, and then finds nothing.
func (g glance) take(ctx context.Context, tx *tx, limit int) (int, error) {
	if err := tx.unlessAlone(ctx, erasing); err != nil {
		return 0, err
	}
	if err := g.hold(ctx, tx); err != nil {
		return 0, err
	}
	differ, err := g.differences(ctx, tx, limit)
	if err != nil || len(differ) == 0 {
		return 0, err
	}
	if differ[0].customer == "" {
		return 0, g.baseline(ctx, tx)
	}
	if err := g.remember(ctx, tx, differ); err != nil {
		return 0, err
	}
	changes, who, err := g.changed(ctx, tx, differ)
	if err != nil {
		return 0, err
	}
	counts, err := countEvents(ctx, tx, who, g.Counts, g.now)
	if err != nil {
		return 0, err
	}
	return len(differ), admit(ctx, tx, g.Begin(changes, counts))
}

// hold keeps the part from others until the transaction ends.
func (g glance) hold(ctx context.Context, tx *tx) error {
	if _, err := tx.exec(ctx, "INSERT INTO segment_parts (segment, number, meaning, since) VALUES ($1, $2, '', $3) ON CONFLICT DO NOTHING",
		g.Part.Segment, g.Part.Number, g.now.UnixMilli()); err != nil {
		return err
	}
	_, _, err := first(ctx, tx, column[int64],
		"SELECT s.number FROM segment_parts s WHERE s.segment = $1 AND s.number = $2"+tx.forUpdate("s"), g.Part.Segment, g.Part.Number)
	return err
}

// baseline writes the members of the moment down in place of those before.
func (g glance) baseline(ctx context.Context, tx *tx) error {
	q := g.people()
	segment := q.arg(g.Part.Segment)
	if _, err := tx.exec(ctx, "DELETE FROM segment_members WHERE segment = $1 AND customer IN (SELECT c.id FROM customers c WHERE c.shard >= $2 AND c.shard < $3)",
		g.Part.Segment, q.from, q.to); err != nil {
		return err
	}
	if _, err := judged(ctx, tx, column[string], "INSERT INTO segment_members (segment, customer, since) SELECT CAST("+segment+" AS TEXT), c.id, CAST("+
		q.arg(g.now.UnixMilli())+" AS BIGINT) FROM customers c WHERE "+q.members()+" RETURNING customer", q.args...); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "UPDATE segment_parts SET meaning = $3, since = $4 WHERE segment = $1 AND number = $2",
		g.Part.Segment, g.Part.Number, g.Meaning, g.now.UnixMilli())
	return err
}

// remember writes the new membership.
func (g glance) remember(ctx context.Context, tx *tx, differ []difference) error {
	came, left := newRows("id text"), newRows("id text")
	for _, d := range differ {
		if d.belongs {
			came.add(d.customer)
		} else {
			left.add(d.customer)
		}
	}
	if _, err := tx.execRows(ctx, came, "INSERT INTO segment_members (segment, customer, since) SELECT CAST($1 AS TEXT), v.id, CAST($2 AS BIGINT) FROM {rows} AS v WHERE TRUE ON CONFLICT DO NOTHING",
		g.Part.Segment, g.now.UnixMilli()); err != nil {
		return err
	}
	_, err := tx.execRows(ctx, left, "DELETE FROM segment_members WHERE segment = $1 AND "+tx.among("customer"), g.Part.Segment)
	return err
}

// changed loads the customers behind differences.
func (g glance) changed(ctx context.Context, tx *tx, differ []difference) (changes []campaigns.MemberChange, who []string, err error) {
	for _, d := range differ {
		who = append(who, d.customer)
	}
	people, err := loadCustomers(ctx, tx, who, g.now)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range differ {
		change := campaigns.Leaving
		if d.belongs {
			change = campaigns.Entering
		}
		if people[d.customer] != nil {
			changes = append(changes, campaigns.MemberChange{Customer: people[d.customer], Change: change})
		}
	}
	return changes, who, nil
}

// Forget implements campaigns.Memberships.
func (m memberships) Forget(ctx context.Context, watched []string) error {
	var stale []string
	err := m.store.read(ctx, func(tx *tx) (err error) {
		stale, err = list(ctx, tx, column[string], "SELECT DISTINCT segment FROM segment_parts")
		return err
	})
	stale = slices.DeleteFunc(stale, func(segment string) bool { return slices.Contains(watched, segment) })
	if err == nil && len(stale) > 0 {
		err = m.store.write(ctx, func(tx *tx) error { return forgetMembers(ctx, tx, stale) })
	}
	if err != nil {
		return fmt.Errorf("forget the members of %d segments: %w", len(stale), err)
	}
	return nil
}

// forgottenAtOnce bounds how many members are forgotten in a transaction.
const forgottenAtOnce = 10_000

// forgetMembers drops some members of segments, and what is known of their parts
// with the last. From the first on nobody is compared with those that are left.
func forgetMembers(ctx context.Context, tx *tx, segments []string) error {
	if _, err := tx.execRows(ctx, keys(segments), "UPDATE segment_parts SET meaning = '' WHERE meaning <> '' AND "+tx.among("segment")); err != nil {
		return err
	}
	gone, err := tx.execRows(ctx, keys(segments), fmt.Sprintf(`
		DELETE FROM segment_members WHERE (segment, customer) IN (
			SELECT m.segment, m.customer FROM segment_members m WHERE %s LIMIT %d)`, tx.among("m.segment"), forgottenAtOnce))
	if err != nil || gone == forgottenAtOnce {
		return err
	}
	_, err = tx.execRows(ctx, keys(segments), "DELETE FROM segment_parts WHERE "+tx.among("segment"))
	return err
}
