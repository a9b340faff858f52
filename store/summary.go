package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// Summary reads this store for people.
func (s *Store) Summary() deliveries.Summary { return summary{s} }

type summary struct{ store *Store }

// Funnels implements deliveries.Summary. Profiles that were set aside as the
// second of one person count as skipped, not as entered. Webhooks reach no
// customer and are no messages.
func (s summary) Funnels(ctx context.Context) ([]deliveries.Funnel, error) {
	sums := funnels{}
	err := s.store.read(ctx, func(tx *tx) error {
		clear(sums)
		if err := sums.addEntries(ctx, tx); err != nil {
			return err
		}
		if err := sums.addDeliveries(ctx, tx, "TRUE"); err != nil {
			return err
		}
		if err := sums.addAnswers(ctx, tx, "TRUE"); err != nil {
			return err
		}
		if err := sums.addCases(ctx, tx); err != nil {
			return err
		}
		if err := sums.addKeptOut(ctx, tx); err != nil {
			return err
		}
		return sums.addGoals(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("sum up campaigns: %w", err)
	}
	all := make([]deliveries.Funnel, 0, len(sums))
	for _, campaign := range slices.Sorted(maps.Keys(sums)) {
		all = append(all, *sums[campaign])
	}
	return all, nil
}

// funnels are the sums so far, by campaign.
type funnels map[string]*deliveries.Funnel

func (f funnels) of(campaign string) *deliveries.Funnel {
	if f[campaign] == nil {
		f[campaign] = &deliveries.Funnel{Campaign: campaign, Failed: map[string]int64{}, Skipped: map[deliveries.SkipReason]int64{}}
	}
	return f[campaign]
}

func (f funnels) addEntries(ctx context.Context, tx *tx) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var running, twin bool
		var count int64
		if err := r.Scan(&campaign, &running, &twin, &count); err != nil {
			return err
		}
		funnel := f.of(campaign)
		switch {
		case twin:
			funnel.Skipped[deliveries.DuplicatePerson] += count
			return nil
		case running:
			funnel.Running += count
		}
		funnel.Entered += count
		return nil
	}, `SELECT campaign, state = 'running', why = 'duplicate_person', COUNT(*) FROM entries
		GROUP BY campaign, state = 'running', why = 'duplicate_person'`)
}

// addDeliveries adds the messages, aliased d, that a condition names.
func (f funnels) addDeliveries(ctx context.Context, tx *tx, which string, args ...any) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var m deliveries.Alike
		err := r.Scan(&campaign, &m.Channel, &m.Status, &m.Reason, &m.Named, &m.Machine, &m.Count, &m.Cost, &m.Segments)
		if err == nil {
			f.of(campaign).Add(m)
		}
		return err
	}, `SELECT d.campaign, d.channel, d.status, CASE WHEN d.status IN ('failed', 'bounced', 'expired', 'skipped') THEN d.reason ELSE '' END AS ended_by,
			d.provider_id IS NOT NULL AS named, d.machine, COUNT(*), CAST(SUM(d.cost) AS BIGINT), CAST(SUM(d.segments) AS BIGINT)
		FROM deliveries d WHERE d.channel <> 'webhook' AND `+which+` GROUP BY d.campaign, d.channel, d.status, ended_by, named, d.machine`, args...)
}

// addAnswers adds the answers of the entries, aliased e, that a condition names.
// A message asks once: what the further questions of a call's script brought
// belongs to the same answer.
func (f funnels) addAnswers(ctx context.Context, tx *tx, which string, args ...any) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var sum deliveries.Funnel
		if err := r.Scan(&campaign, &sum.Answered, &sum.ScoreCount, &sum.ScoreSum, &sum.NPSCount, &sum.NPSSum); err != nil {
			return err
		}
		funnel := f.of(campaign)
		funnel.Answered, funnel.ScoreCount, funnel.ScoreSum = sum.Answered, sum.ScoreCount, sum.ScoreSum
		funnel.NPSCount, funnel.NPSSum = sum.NPSCount, sum.NPSSum
		return nil
	}, `SELECT e.campaign, COUNT(DISTINCT a.delivery), COUNT(a.score) FILTER (WHERE a.scale = 'csat5'),
			COALESCE(SUM(a.score) FILTER (WHERE a.scale = 'csat5'), 0.0), COUNT(a.score) FILTER (WHERE a.scale = 'nps'),
			COALESCE(SUM(a.score) FILTER (WHERE a.scale = 'nps'), 0.0)
		FROM answers a JOIN entries e ON e.id = a.entry WHERE `+which+` GROUP BY e.campaign`, args...)
}

// addCounts puts a number by campaign in its place.
func (f funnels) addCounts(ctx context.Context, tx *tx, place func(*deliveries.Funnel) *int64, query string) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var count int64
		if err := r.Scan(&campaign, &count); err != nil {
			return err
		}
		*place(f.of(campaign)) = count
		return nil
	}, query)
}

func (f funnels) addCases(ctx context.Context, tx *tx) error {
	return f.addCounts(ctx, tx, func(f *deliveries.Funnel) *int64 { return &f.Cases },
		"SELECT campaign, COUNT(*) FROM cases WHERE campaign <> '' GROUP BY campaign")
}

func (f funnels) addKeptOut(ctx context.Context, tx *tx) error {
	return f.addCounts(ctx, tx, func(f *deliveries.Funnel) *int64 { return &f.KeptOut },
		"SELECT campaign, CAST(SUM(kept_out) AS BIGINT) FROM runs WHERE kept_out > 0 GROUP BY campaign")
}

// eachRow hands every row of a query to a function.
func eachRow(ctx context.Context, tx *tx, take func(record) error, query string, args ...any) error {
	_, err := list(ctx, tx, func(r record) (none struct{}, err error) { return none, take(r) }, query, args...)
	return err
}

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

// Of implements deliveries.Summary.
func (s summary) Of(ctx context.Context, entry int64) (all []deliveries.Delivery, err error) {
	err = s.store.read(ctx, func(tx *tx) (err error) {
		all, err = listInto(ctx, tx, 0, scanDelivery, "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.entry = $1 ORDER BY d.id", entry)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the deliveries of entry %d: %w", entry, err)
	}
	return all, nil
}
