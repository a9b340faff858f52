package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// Backlog implements deliveries.Summary.
func (s summary) Backlog(ctx context.Context, now time.Time) (b deliveries.Backlog, err error) {
	defer s.store.timed("backlog")()
	err = s.store.read(ctx, func(tx *tx) error {
		return tx.statement(ctx, `SELECT
			(SELECT COUNT(*) FROM deliveries WHERE phase = 'waiting' AND channel IN (`+quotedLanes()+`) AND due_at <= $1),
			(SELECT COUNT(*) FROM deliveries WHERE phase = 'moving'),
			(SELECT COUNT(*) FROM entries WHERE state = 'running' AND wake_at IS NOT NULL AND wake_at <= $1),
			(SELECT COUNT(*) FROM run_shards s JOIN runs r ON r.id = s.run WHERE s.done_at IS NULL AND NOT `+standsStill("r.campaign")+`),
			(SELECT COUNT(*) FROM inbox WHERE state = 'waiting' AND NOT `+liesStill+`),
			(SELECT COUNT(*) FROM events WHERE pending = 1),
			(SELECT MIN(at) FROM (
				`+nextDue()+`
				UNION ALL SELECT MIN(lease_until) FROM inbox WHERE state = 'waiting' AND `+liesStill+`
				UNION ALL SELECT MIN(wake_at) FROM entries WHERE state = 'running' AND wake_at IS NOT NULL AND wake_at > $1
			) AS later)`).row(ctx, now.UnixMilli()).
			Scan(&b.Due, &b.Held, &b.Awake, &b.Shards, &b.Inbox, &b.Events, asTime(&b.Next))
	})
	if err != nil {
		return deliveries.Backlog{}, fmt.Errorf("count what waits: %w", err)
	}
	return b, nil
}

// Pressing implements deliveries.Summary.
func (s summary) Pressing(ctx context.Context, now time.Time, most int) (b deliveries.Backlog, err error) {
	upTo := func(limit, rows string) string {
		return "(SELECT COUNT(*) FROM (SELECT 1 FROM " + rows + " LIMIT " + limit + ") AS bounded)"
	}
	var due, held []string
	for _, ch := range deliveries.Lanes() {
		due = append(due, lastOf("deliveries WHERE phase = 'waiting' AND channel = '"+string(ch)+"' AND due_at <= $1 ORDER BY due_at DESC, priority, id DESC"))
		held = append(held, "SELECT '"+string(ch)+"', "+upTo("$1", "deliveries WHERE phase = 'moving' AND channel = '"+string(ch)+"'"))
	}
	err = s.store.read(ctx, func(tx *tx) error {
		b = deliveries.Backlog{HeldBy: map[channels.Channel]int64{}}
		err := tx.statement(ctx, `SELECT
			CASE WHEN `+strings.Join(due, " OR ")+` THEN 1 ELSE 0 END,
			CASE WHEN `+lastOf("entries WHERE state = 'running' AND wake_at IS NOT NULL AND wake_at <= $1 ORDER BY wake_at DESC, id DESC")+` THEN 1 ELSE 0 END,
			(SELECT COUNT(*) FROM run_shards s JOIN runs r ON r.id = s.run WHERE `+pendingShard+` AND NOT `+standsStill("r.campaign")+`),
			`+upTo("$2", "inbox WHERE state = 'waiting' AND (lease_until IS NULL OR lease_until <= $1)")+`,
			CASE WHEN EXISTS (SELECT 1 FROM events WHERE pending = 1) THEN 1 ELSE 0 END`).row(ctx, now.UnixMilli(), most).
			Scan(&b.Due, &b.Awake, &b.Shards, &b.Inbox, &b.Events)
		if err != nil || b.Due == 0 {
			return err
		}
		return eachRow(ctx, tx, func(r record) error {
			var ch channels.Channel
			var count int64
			err := r.Scan(&ch, &count)
			b.HeldBy[ch] = count
			b.Held += count
			return err
		}, strings.Join(held, " UNION ALL "), most)
	})
	if err != nil {
		return deliveries.Backlog{}, fmt.Errorf("see what waits: %w", err)
	}
	return b, nil
}

// lastOf is the SQL of there being any of what waits in the order of an index. It is
// looked for from the end: at the front lie, until they are cleared away, all index
// entries of what was just taken from there.
func lastOf(rows string) string { return "(SELECT 1 FROM " + rows + " LIMIT 1) IS NOT NULL" }

// liesStill is the SQL of a callback that nobody has begun to read and that is
// to be read later than $1.
const liesStill = "(attempts = 0 AND lease_until IS NOT NULL AND lease_until > $1)"

// nextDue is the SQL of when each lane's next delivery falls due: a look at
// one place of the index for each.
func nextDue() string {
	var parts []string
	for _, ch := range deliveries.Lanes() {
		parts = append(parts, fmt.Sprintf("SELECT MIN(due_at) AS at FROM deliveries WHERE phase = 'waiting' AND channel = '%s' AND due_at > $1", ch))
	}
	return strings.Join(parts, " UNION ALL ")
}

// quotedLanes is every lane as an SQL list, which lets the index of due
// deliveries, whose first column it is, be used.
func quotedLanes() string {
	var quoted []string
	for _, ch := range deliveries.Lanes() {
		quoted = append(quoted, fmt.Sprintf("'%s'", ch))
	}
	return strings.Join(quoted, ", ")
}
