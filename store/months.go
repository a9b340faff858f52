package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"rapport/campaigns/expression"
)

// monthsAhead is how many months of the timeline stand ready before they begin.
// Making one needs a moment in which nobody uses the table, and has all that time
// to find one.
const monthsAhead = 3

// lockWait is how long making a month asks for that moment. Whoever comes after
// it waits too, so it is short; the next round asks again.
const lockWait = 500 * time.Millisecond

// rearrangeWait bounds each statement of making one, while which nobody else uses
// the timeline: there may be much that has to move into it.
const rearrangeWait = time.Second

// reachAgain is when history is looked at again for which no table could be made.
const reachAgain = time.Minute

// maintenanceWait bounds how long a table is waited for that is taken out.
const maintenanceWait = 5 * time.Second

// partition is one table of the timeline: what happened from a moment until
// another, in Unix milliseconds.
type partition struct {
	table       string
	from, until int64
	leaving     bool // it was being taken out when something went wrong
	forgotten   bool // it carries the mark of one that is forgotten
}

const (
	always = math.MinInt64 // MINVALUE: from the beginning of time
	never  = math.MaxInt64 // MAXVALUE: without end
)

// PrepareTimeline makes the tables that the timeline needs from now on, as far
// as the database keeps it by month, and on SQLite does what an erasure left to do.
func (s *Store) PrepareTimeline(ctx context.Context, now time.Time) error {
	if s.dialect != expression.Postgres {
		if !s.unemptied.Load() {
			return nil
		}
		if err := s.emptyLog(ctx); err != nil {
			return fmt.Errorf("empty the database's log after an erasure: %w", err)
		}
		return nil
	}
	for {
		parts, err := s.partitions(ctx)
		if err == nil && len(parts) > 0 {
			last := parts[len(parts)-1]
			if ready := firstOfMonth(now).AddDate(0, monthsAhead+1, 0); last.until != never || last.from >= ready.UnixMilli() {
				return nil
			}
			err = s.splitLast(ctx, last)
		}
		switch {
		case busy(err), madeMeanwhile(err):
			return nil // in the next round; there are months of time
		case err != nil:
			return fmt.Errorf("make the timeline's next month: %w", err)
		case len(parts) == 0:
			return nil
		}
	}
}

// splitLast gives the first month of the table without end a table of its own.
func (s *Store) splitLast(ctx context.Context, last partition) error {
	from := time.UnixMilli(last.from).UTC()
	month := partition{table: from.Format("events_2006_01"), from: last.from, until: from.AddDate(0, 1, 0).UnixMilli()}
	return s.split(ctx, month, partition{table: last.table, from: month.until, until: never})
}

// yearsBack is how far back history has tables of its own, a year each. What is
// older lies together.
const yearsBack = 10

// reachBack makes the tables that history needs which goes back to a moment, so
// that an import of years can be forgotten by years. Where they cannot be made
// now the history lies in the table without beginning, and nothing is lost; nobody
// is kept waiting by the same try again for a while.
func (s *Store) reachBack(ctx context.Context, oldest time.Time) error {
	if reached := s.reached.Load(); s.dialect != expression.Postgres || oldest.IsZero() || reached != 0 && oldest.UnixMilli() >= reached {
		return nil
	}
	if failed := s.unreached.Load(); failed != nil {
		if now, err := s.Clock(ctx); err != nil || now.Sub(*failed) < reachAgain {
			return err
		}
	}
	for range 2 * yearsBack {
		parts, err := s.partitions(ctx)
		if err != nil || len(parts) == 0 {
			return err
		}
		first, furthest := parts[0], time.UnixMilli(parts[len(parts)-1].from).AddDate(-yearsBack, 0, 0)
		s.reached.Store(first.until)
		if first.from != always || oldest.UnixMilli() >= first.until || first.until <= furthest.UnixMilli() || oldest.Before(furthest) {
			return nil
		}
		switch err := s.splitFirst(ctx, first); {
		case madeMeanwhile(err):
		case busy(err):
			failed, err := s.Clock(ctx)
			s.unreached.Store(&failed)
			return err
		case err != nil:
			return fmt.Errorf("make the timeline's tables back to %s: %w", oldest.Format(time.DateOnly), err)
		}
	}
	return nil
}

// splitFirst gives the last year of the table without beginning a table of its
// own.
func (s *Store) splitFirst(ctx context.Context, first partition) error {
	year := time.Date(time.UnixMilli(first.until-1).UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	own := partition{table: year.Format("events_2006"), from: year.UnixMilli(), until: first.until}
	return s.split(ctx, own, partition{table: first.table, from: always, until: own.from})
}

// split takes a table out of one that has no end or no beginning, of which rest
// is left.
func (s *Store) split(ctx context.Context, own, rest partition) error {
	return s.rearrange(ctx, func(tx *tx) error {
		for _, statement := range []string{
			"ALTER TABLE events DETACH PARTITION " + rest.table,
			own.create(),
			fmt.Sprintf("WITH moved AS (DELETE FROM %s WHERE at >= %d AND at < %d RETURNING *) INSERT INTO %s SELECT * FROM moved",
				rest.table, own.from, own.until, own.table),
			own.attach(),
			rest.attach(),
		} {
			if _, err := tx.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetTimeline lets go of what happened before a moment, and of no month that
// is not all over: true when there is more to do. From then on nothing older is
// recorded. The zero time keeps everything from now on.
func (s *Store) ForgetTimeline(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	if s.dialect == expression.Postgres {
		err = s.dropMonths(ctx, before)
	} else {
		more, err = s.deleteEvents(ctx, before, limit)
	}
	if err != nil && !busy(err) {
		return false, fmt.Errorf("forget the timeline before %s: %w", before.Format(time.DateOnly), err)
	}
	return more, nil
}

func (s *Store) deleteEvents(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if err := setSince(ctx, tx, before); err != nil || before.IsZero() {
			return err
		}
		gone, err := tx.exec(ctx, "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < $1 ORDER BY at LIMIT $2)", before.UnixMilli(), limit)
		more = gone == int64(limit)
		return err
	})
	return more, err
}

// sinceWhen selects from when on the timeline keeps what happened; no row, or null, is
// for ever.
const sinceWhen = "SELECT until FROM facts WHERE name = 'timeline:since'"

// isKept reports in SQL whether the timeline keeps what happened at a time. What is older
// is not recorded.
func isKept(at string) string { return at + " >= coalesce((" + sinceWhen + "), " + at + ")" }

// setSince notes what is too old to be recorded.
func setSince(ctx context.Context, tx *tx, since time.Time) error {
	_, err := tx.exec(ctx, `
		INSERT INTO facts (name, value, until) VALUES ('timeline:since', '', $1)
		ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE facts.until IS DISTINCT FROM excluded.until`, instant(since))
	return err
}

// forgottenMark is the comment on a table that is to be dropped once it is out of the
// timeline. One that an operator takes out does not carry it, and is the operator's.
const forgottenMark = "rapport: forgotten, to be dropped"

// dropMonths takes the tables of what is too old out of the timeline, which
// waits for whoever still reads them and keeps nobody waiting, and drops them.
// The oldest table that stays may begin later than time itself then: nothing
// older is recorded, by what setSince notes before.
func (s *Store) dropMonths(ctx context.Context, before time.Time) error {
	parts, err := s.partitions(ctx)
	if err != nil || len(parts) == 0 {
		return err
	}
	if oldest := parts[0]; oldest.from != always && (before.IsZero() || before.UnixMilli() < oldest.from) {
		older := partition{table: "events_older", from: always, until: oldest.from}
		if err := s.rearrange(ctx, func(tx *tx) error { return older.add(ctx, tx) }); err != nil {
			return err
		}
	}
	if err := s.write(ctx, func(tx *tx) error { return setSince(ctx, tx, before) }); err != nil {
		return err
	}
	for _, p := range parts {
		switch {
		case p.leaving:
			err = s.maintain(ctx, "ALTER TABLE events DETACH PARTITION "+p.table+" FINALIZE")
		case !before.IsZero() && p.until <= before.UnixMilli():
			err = s.takeOut(ctx, p.table)
		case p.forgotten: // it could not be taken out, and is kept from now on
			err = s.maintain(ctx, "COMMENT ON TABLE "+p.table+" IS NULL")
		}
		if err != nil && !takenOutMeanwhile(err) {
			return err
		}
	}
	return s.dropForgotten(ctx)
}

// takeOut marks a table as forgotten and takes it out of the timeline.
func (s *Store) takeOut(ctx context.Context, table string) error {
	if err := s.maintain(ctx, fmt.Sprintf("COMMENT ON TABLE %s IS '%s'", table, forgottenMark)); err != nil {
		return err
	}
	return s.maintain(ctx, "ALTER TABLE events DETACH PARTITION "+table+" CONCURRENTLY")
}

// dropForgotten drops the tables that takeOut took out, also those of a round that
// was cut short, and tells of each.
func (s *Store) dropForgotten(ctx context.Context) error {
	var tables []string
	err := s.read(ctx, func(tx *tx) (err error) {
		tables, err = list(ctx, tx, column[string], `
			SELECT relname FROM pg_class WHERE NOT relispartition AND relkind = 'r' AND relname ~ '^events_(older|[0-9]{4}(_[0-9]{2})?)$'
				AND obj_description(oid, 'pg_class') = $1
				AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'events'::regclass)`, forgottenMark)
		return err
	})
	for _, table := range tables {
		dropped := s.maintain(ctx, "DROP TABLE "+table)
		if dropped == nil && s.Dropped != nil {
			s.Dropped(table)
		}
		err = errors.Join(err, dropped)
	}
	return err
}

// partitions lists the tables of the timeline, the oldest first; none where the
// schema is older.
func (s *Store) partitions(ctx context.Context) (parts []partition, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		parts, err = list(ctx, tx, scanPartition, `
			SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), i.inhdetachpending, COALESCE(obj_description(c.oid, 'pg_class') = $1, false)
			FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('events')`, forgottenMark)
		return err
	})
	slices.SortFunc(parts, func(a, b partition) int { return cmp.Compare(a.from, b.from) })
	return parts, err
}

// bounds reads what pg_get_expr says of a table: FOR VALUES FROM ('0') TO (MAXVALUE).
var bounds = regexp.MustCompile(`FROM \(([^)]*)\) TO \(([^)]*)\)`)

func scanPartition(r record) (p partition, err error) {
	var said string
	if err := r.Scan(&p.table, &said, &p.leaving, &p.forgotten); err != nil {
		return p, err
	}
	found := bounds.FindStringSubmatch(said)
	if found == nil {
		return p, fmt.Errorf("table %s holds a part of the timeline that has no beginning and end: %s", p.table, said)
	}
	p.from, p.until = bound(found[1], always), bound(found[2], never)
	return p, nil
}

func bound(said string, open int64) int64 {
	if value, err := strconv.ParseInt(strings.Trim(said, "'"), 10, 64); err == nil {
		return value
	}
	return open
}

func (p partition) create() string {
	return "CREATE TABLE " + p.table + " (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
}

// attach puts a table into the timeline, beside everybody who uses it.
func (p partition) attach() string {
	from, until := "MINVALUE", "MAXVALUE"
	if p.from != always {
		from = strconv.FormatInt(p.from, 10)
	}
	if p.until != never {
		until = strconv.FormatInt(p.until, 10)
	}
	return fmt.Sprintf("ALTER TABLE events ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)", p.table, from, until)
}

func (p partition) add(ctx context.Context, tx *tx) error {
	_, err := tx.exec(ctx, p.create())
	if err == nil {
		_, err = tx.exec(ctx, p.attach())
	}
	return err
}

// rearrange changes the timeline's tables in one transaction that gives up
// rather than keep others waiting.
func (s *Store) rearrange(ctx context.Context, do func(tx *tx) error) error {
	return s.write(ctx, func(tx *tx) error {
		for name, most := range map[string]time.Duration{"lock_timeout": lockWait, "statement_timeout": rearrangeWait} {
			if _, err := tx.exec(ctx, fmt.Sprintf("SET LOCAL %s = %d", name, most.Milliseconds())); err != nil {
				return err
			}
		}
		return do(tx)
	})
}

// maintain runs a statement that may be in no transaction and waits for those of
// others, though not longer than the scheduler can spare.
func (s *Store) maintain(ctx context.Context, statement string) error {
	limited, cancel := context.WithTimeout(ctx, maintenanceWait)
	defer cancel()
	_, err := s.writer.ExecContext(limited, statement)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return errBusy
	}
	return explain(err)
}

// errBusy says that somebody uses what was to be changed.
var errBusy = errors.New("others use the table")

// busy reports whether something was given up because others use the table, or would
// have to wait too long for it: lock_not_available and query_canceled.
func busy(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, errBusy) || errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == queryCanceled)
}

// madeMeanwhile reports whether another process made a table first:
// duplicate_table.
func madeMeanwhile(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P07"
}

// takenOutMeanwhile reports whether a table was taken out while we looked, by a
// statement that nobody waits for any more: undefined_table.
func takenOutMeanwhile(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}

// earlier is the earlier of two moments, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func firstOfMonth(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}
