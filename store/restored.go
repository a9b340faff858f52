package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rapport/campaigns/expression"
	"rapport/deliveries"
)

const (
	// ahead is how far the numbers of new rows jump: further than any gap got, so
	// that a token, a link or a callback of a lost row meets no other.
	ahead = 1_000_000_000
	// settling is how long journeys may take to begin to move again.
	settling = 5 * time.Minute
	// mayHaveGone is why a delivery is unconfirmed that the gap may have sent.
	mayHaveGone = "restored"
)

// numbered are the tables whose rows are named outside the database, or refer to
// each other, by their numbers.
var numbered = []string{"runs", "entries", "deliveries", "cases", "inbox", "links", "recordings"}

// errTried rolls back what was only to be counted.
var errTried = errors.New("only tried")

// Restored makes a ledger that is older than the world fit to go on: what it may
// have sent since the backup is unconfirmed and is never simply sent again,
// journeys that moved on since are in doubt, and new rows get numbers that no
// lost row had. The same again does the same. With dry it only counts.
func (s *Store) Restored(ctx context.Context, gap deliveries.Gap, dry bool) (r deliveries.Restoration, err error) {
	err = s.write(ctx, func(tx *tx) (err error) {
		if r, err = restore(ctx, tx, gap, dry); err == nil && dry {
			err = errTried
		}
		return err
	})
	if err != nil && !errors.Is(err, errTried) {
		return r, fmt.Errorf("go on from a backup of %s: %w", gap.BackupOf.Format(time.RFC3339), err)
	}
	return r, nil
}

func restore(ctx context.Context, tx *tx, gap deliveries.Gap, dry bool) (r deliveries.Restoration, err error) {
	// One that nobody went on from was done in vain.
	if _, err := tx.exec(ctx, "DELETE FROM restores WHERE resumed_at IS NULL"); err != nil {
		return r, err
	}
	stood, err := stoodStill(ctx, tx)
	if err != nil {
		return r, err
	}
	until := gap.Until.Add(gap.Until.Sub(gap.BackupOf) + settling - stood)
	// What waited for a pause or an outage to end may have been let go early.
	if r.Unconfirmed, err = doubt(ctx, tx, gap, `d.phase = 'moving'
		OR d.phase = 'waiting' AND (d.due_at <= $1 OR d.reason IN ('provider_down', 'paused_campaign'))`, gap.Until.UnixMilli()); err != nil {
		return r, err
	}
	for _, step := range []struct {
		count     *int64
		statement string
		args      []any
	}{
		// Journeys that were awake since, or that a message led on.
		{
			&r.Journeys, `UPDATE entries SET doubtful_until = $1, lease_until = NULL WHERE state = 'running' AND (wake_at <= $2
			OR id IN (SELECT d.entry FROM deliveries d WHERE d.phase = 'doubt' AND d.reason = '` + mayHaveGone + `'))`,
			[]any{until.UnixMilli(), gap.Until.UnixMilli()},
		},
		{&r.Runs, "UPDATE runs SET doubtful_until = $1 WHERE at > $2 OR shards_left > 0", []any{until.UnixMilli(), gap.BackupOf.UnixMilli()}},
		// Begun then and lost, or never: nobody can tell.
		{&r.Events, "UPDATE events SET pending = 0 WHERE pending = 1", nil},
		// Some were ended since, by whoever left or was kept out.
		{nil, "DELETE FROM sessions", nil},
		{nil, "UPDATE segment_parts SET meaning = ''", nil},
		{nil, "UPDATE inbox SET lease_until = NULL WHERE state = 'waiting'", nil},
		{nil, "INSERT INTO restores (backup_of, restored_at) VALUES ($1, $2)", []any{gap.BackupOf.UnixMilli(), gap.Until.UnixMilli()}},
	} {
		n, err := tx.exec(ctx, step.statement, step.args...)
		if err != nil {
			return r, err
		}
		if step.count != nil {
			*step.count = n
		}
	}
	if dry {
		return r, nil // a sequence that has jumped is not rolled back
	}
	for _, table := range numbered {
		if err := jump(ctx, tx, table); err != nil {
			return r, err
		}
	}
	return r, setFact(ctx, tx, ledgerClock, clockText(gap.Until))
}

// doubt makes deliveries unconfirmed as far as they may have gone out in a gap.
// They count for caps as if they had, and no policy sends them again. There may be
// millions: only their numbers are read all at once.
func doubt(ctx context.Context, tx *tx, gap deliveries.Gap, where string, args ...any) (int64, error) {
	ids, err := list(ctx, tx, column[int64], "SELECT d.id FROM deliveries d WHERE "+where+" ORDER BY d.id", args...)
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(ids, chunk) {
		if err := doubtAbout(ctx, tx, gap, some); err != nil {
			return 0, err
		}
	}
	return int64(len(ids)), nil
}

// doubtAbout is doubt about the deliveries with these numbers.
func doubtAbout(ctx context.Context, tx *tx, gap deliveries.Gap, ids []int64) error {
	all, err := listRowsInto(ctx, tx, numbers(ids), scanDelivery,
		"SELECT "+deliveryColumns+" FROM deliveries d WHERE "+tx.among("d.id")+" ORDER BY d.id"+tx.forUpdate("d"))
	if err != nil {
		return err
	}
	changes, told := make([]change, len(all)), make([]deliveries.Delivery, len(all))
	for i, before := range all {
		after := before.MayHaveGone(gap, mayHaveGone)
		changes[i], told[i] = change{was: before.Status, after: after}, after
	}
	if err := tellDeliveries(ctx, tx, gap.Until, told); err != nil {
		return err
	}
	if err := moveDeliveries(ctx, tx, gap.Until, changes); err != nil {
		return err
	}
	_, err = tx.execRows(ctx, numbers(ids), "UPDATE deliveries SET ambiguous = 'hold' WHERE "+tx.among("id"))
	return err
}

// doubtPlanned is doubt about what was just planned for entries and runs that
// are in doubt themselves.
func doubtPlanned(ctx context.Context, tx *tx, planned []deliveries.Delivery) error {
	gap, open, err := first(ctx, tx, scanGap, "SELECT backup_of, restored_at FROM restores ORDER BY id DESC LIMIT 1")
	if err != nil || !open {
		return err
	}
	stood, err := stoodStill(ctx, tx)
	if err != nil {
		return err
	}
	entries := make([]int64, len(planned))
	for i, d := range planned {
		entries[i] = d.Entry
	}
	doubtful, err := listRows(ctx, tx, numbers(distinct(entries)), column[int64], `
		SELECT d.id FROM deliveries d JOIN entries e ON e.id = d.entry LEFT JOIN runs r ON r.id = e.run
		WHERE `+tx.among("d.entry")+` AND d.status = 'planned' AND d.fence IS NULL AND d.attempts = 0
			AND (d.due_at <= e.doubtful_until + $1 OR d.due_at <= r.doubtful_until + $1)`, stood.Milliseconds())
	if err != nil || len(doubtful) == 0 {
		return err
	}
	return doubtAbout(ctx, tx, gap, doubtful)
}

// stoodStill is how long work stood still after backups were put back, all of them
// together. Doubts reach as much further than the doubtful_until of entries and runs:
// that is known only when work goes on, when there may be too many to write them again.
func stoodStill(ctx context.Context, tx *tx) (time.Duration, error) {
	stood, _, err := first(ctx, tx, column[int64], `
		SELECT CAST(COALESCE(SUM(CASE WHEN resumed_at > restored_at THEN resumed_at - restored_at ELSE 0 END), 0) AS BIGINT) FROM restores`)
	return time.Duration(stood) * time.Millisecond, err
}

func scanGap(r record) (gap deliveries.Gap, err error) {
	err = r.Scan(asTime(&gap.BackupOf), asTime(&gap.Until))
	return gap, err
}

// jump gives a table's next rows numbers far ahead.
func jump(ctx context.Context, tx *tx, table string) error {
	if tx.dialect == expression.Postgres {
		_, err := tx.exec(ctx, `SELECT setval(q.name, GREATEST(COALESCE(pg_sequence_last_value(q.name), 0), (SELECT COALESCE(MAX(id), 0) FROM `+table+`)) + $1)
			FROM (SELECT pg_get_serial_sequence('`+table+`', 'id')::regclass AS name) AS q`, int64(ahead))
		return err
	}
	if _, err := tx.exec(ctx, `INSERT INTO sqlite_sequence (name, seq) SELECT $1, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)`, table); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "UPDATE sqlite_sequence SET seq = MAX(seq, (SELECT COALESCE(MAX(id), 0) FROM "+table+")) + $2 WHERE name = $1", table, int64(ahead))
	return err
}

// Resumed goes on after a backup was put back, which lets doubts reach as much further
// as work stood still since. It reports whether nobody had gone on yet.
func (s *Store) Resumed(ctx context.Context, now time.Time) (fresh bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		waited, err := tx.exec(ctx, "UPDATE restores SET resumed_at = $1 WHERE resumed_at IS NULL", now.UnixMilli())
		fresh = waited > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("go on after a restore: %w", err)
	}
	return fresh, nil
}

// ledgerClock is the fact that tells until when the ledger knows what happened.
const ledgerClock = "ledger clock"

func clockText(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

// LedgerClock is until when the ledger says that it knows what happened, and
// whether it waits to go on after a restore. Zero: nobody ever set it.
func (s *Store) LedgerClock(ctx context.Context) (at time.Time, waits bool, err error) {
	err = s.read(ctx, func(tx *tx) error {
		text, found, err := readFact(ctx, tx, ledgerClock)
		if err != nil {
			return err
		}
		if found {
			milliseconds, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return err
			}
			at = time.UnixMilli(milliseconds)
		}
		_, waits, err = first(ctx, tx, column[int64], "SELECT id FROM restores WHERE resumed_at IS NULL LIMIT 1")
		return err
	})
	if err != nil {
		return at, false, fmt.Errorf("read the ledger's clock: %w", err)
	}
	return at, waits, nil
}

// SetLedgerClock says until when the ledger knows what happened. It goes forward
// only: the word of a scheduler that was held up changes nothing.
func (s *Store) SetLedgerClock(ctx context.Context, at time.Time) error {
	err := s.write(ctx, func(tx *tx) error { return raiseFact(ctx, tx, ledgerClock, clockText(at)) })
	if err != nil {
		return fmt.Errorf("move the ledger's clock on: %w", err)
	}
	return nil
}

// installationID is the fact that tells installations apart that are given one Redis.
const installationID = "installation"

// InstallationID is the id of the installation; "" where no scheduler has led yet.
func (s *Store) InstallationID(ctx context.Context) (string, error) {
	return s.Fact(ctx, installationID)
}

// NameInstallation gives the installation an id unless it has one, and tells which it
// has.
func (s *Store) NameInstallation(ctx context.Context, id string) (has string, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if _, err := tx.exec(ctx, "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", factKey(installationID), id); err != nil {
			return err
		}
		has, _, err = readFact(ctx, tx, installationID)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("name the installation: %w", err)
	}
	return has, nil
}
