package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/recordings"
)

// Recordings keeps the rows of recordings in this store.
func (s *Store) Recordings() Recordings { return Recordings{s} }

// Recordings is a recordings.Ledger and a recordings.Shelf.
type Recordings struct{ store *Store }

var (
	_ recordings.Ledger = Recordings{}
	_ recordings.Shelf  = Recordings{}
)

const recordingColumns = `r.id, r.provider_id, r.call_id, r.customer, r.campaign, r.entry, r.delivery, r.case_id, r.kind, r.question,
	r.at, r.lasted, r.state, r.due_at, r.attempts, r.trouble, r.media, r.size`

func scanRecording(row record) (r recordings.Recording, err error) {
	var lasted int64
	err = row.Scan(&r.ID, &r.ProviderID, &r.Call, &r.Customer, &r.Campaign, &r.Entry, &r.Delivery, &r.Case, &r.Kind, &r.Question,
		asTime(&r.At), &lasted, &r.State, asTime(&r.DueAt), &r.Attempts, &r.Trouble, &r.Media, &r.Size)
	r.Lasted = time.Duration(lasted) * time.Millisecond
	return r, err
}

// Add implements recordings.Ledger.
func (b Recordings) Add(ctx context.Context, all []recordings.Recording) error {
	err := b.store.write(ctx, func(tx *tx) error { return addRecordings(ctx, tx, all) })
	if err != nil {
		return fmt.Errorf("add %d recordings: %w", len(all), err)
	}
	return nil
}

// addRecordings adds recordings inside a transaction, one by one: there are few.
// A second word of one may know its length.
func addRecordings(ctx context.Context, tx *tx, all []recordings.Recording) error {
	for _, r := range all {
		_, err := tx.exec(ctx, `
			INSERT INTO recordings (provider_id, call_id, customer, campaign, entry, delivery, case_id, kind, question, at, lasted, state, due_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (provider_id) DO UPDATE SET
				lasted = CASE WHEN recordings.lasted = 0 THEN excluded.lasted ELSE recordings.lasted END`,
			clean(r.ProviderID), clean(r.Call), r.Customer, r.Campaign, r.Entry, r.Delivery, r.Case, string(r.Kind), clean(r.Question),
			instant(r.At), r.Lasted.Milliseconds(), string(r.State), instant(r.DueAt))
		if err != nil {
			return err
		}
	}
	return nil
}

// Due implements recordings.Ledger.
func (b Recordings) Due(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]recordings.Recording, error) {
	return b.due(ctx, now, lease, limit, "")
}

// DueDeletions implements recordings.Ledger.
func (b Recordings) DueDeletions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]recordings.Recording, error) {
	return b.due(ctx, now, lease, limit, " AND q.state <> 'waiting'")
}

func (b Recordings) due(ctx context.Context, now time.Time, lease time.Duration, limit int, which string) (due []recordings.Recording, err error) {
	err = b.store.write(ctx, func(tx *tx) (err error) {
		due, err = list(ctx, tx, scanRecording, `
			WITH due AS MATERIALIZED (
				SELECT q.id FROM recordings q WHERE q.due_at <= $1 AND (q.lease_until IS NULL OR q.lease_until <= $1)`+which+`
				ORDER BY q.due_at, q.id LIMIT $2`+tx.forUpdateOfFree("q")+`)
			UPDATE recordings AS r SET lease_until = $3, attempts = attempts + 1 WHERE r.id IN (SELECT id FROM due)
			RETURNING `+strings.ReplaceAll(recordingColumns, "r.", ""), now.UnixMilli(), limit, now.Add(lease).UnixMilli())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease due recordings: %w", err)
	}
	slices.SortFunc(due, func(a, b recordings.Recording) int { return cmp.Compare(a.ID, b.ID) })
	return due, nil
}

// Settle implements recordings.Ledger.
func (b Recordings) Settle(ctx context.Context, r recordings.Recording) error {
	err := b.store.write(ctx, func(tx *tx) error {
		settled, err := tx.exec(ctx, `
			UPDATE recordings SET state = $2, due_at = $3, lease_until = NULL, attempts = $4, trouble = $5, media = $6, size = $7 WHERE id = $1 AND at = $8`,
			r.ID, string(r.State), instant(r.DueAt), r.Attempts, clean(r.Trouble), clean(r.Media), r.Size, instant(r.At))
		if err == nil && settled == 0 {
			_, err = tx.exec(ctx, "UPDATE recordings SET lease_until = NULL WHERE id = $1", r.ID)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("settle recording %d: %w", r.ID, err)
	}
	return nil
}

// LeaseOld implements recordings.Ledger. Either state has an index of its own.
func (b Recordings) LeaseOld(ctx context.Context, now, than time.Time, lease time.Duration, limit int) (old []recordings.Recording, err error) {
	err = b.store.write(ctx, func(tx *tx) error {
		old = nil
		for _, state := range []recordings.State{recordings.Kept, recordings.Lost} {
			some, err := list(ctx, tx, scanRecording, `
				WITH old AS MATERIALIZED (
					SELECT q.id FROM recordings q WHERE q.state = '`+string(state)+`' AND q.at < $1 AND (q.lease_until IS NULL OR q.lease_until <= $2)
					ORDER BY q.at, q.id LIMIT $3`+tx.forUpdateOfFree("q")+`)
				UPDATE recordings AS r SET lease_until = $4 WHERE r.id IN (SELECT id FROM old)
				RETURNING `+strings.ReplaceAll(recordingColumns, "r.", ""), than.UnixMilli(), now.UnixMilli(), limit-len(old), now.Add(lease).UnixMilli())
			if err != nil {
				return err
			}
			old = append(old, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lease old recordings: %w", err)
	}
	slices.SortFunc(old, func(a, b recordings.Recording) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return old, nil
}

// KeptBefore lists kept recordings from before a time, the oldest first.
func (b Recordings) KeptBefore(ctx context.Context, than time.Time, limit int) ([]recordings.Recording, error) {
	return b.list(ctx, "WHERE r.state = 'kept' AND r.at < $1 ORDER BY r.at, r.id LIMIT $2", than.UnixMilli(), limit)
}

// Pending implements recordings.Ledger.
func (b Recordings) Pending(ctx context.Context, now, than time.Time, asked bool) (pending bool, err error) {
	const free = " AND (lease_until IS NULL OR lease_until <= $1)"
	query := "SELECT 1 FROM recordings WHERE state = 'kept' AND at < $2" + free + " UNION ALL SELECT 1 FROM recordings WHERE state = 'lost' AND at < $2" + free
	if asked {
		query += " UNION ALL SELECT 1 FROM recordings WHERE due_at <= $1" + free
	}
	err = b.store.read(ctx, func(tx *tx) (err error) {
		_, pending, err = first(ctx, tx, column[int64], query+" LIMIT 1", now.UnixMilli(), than.UnixMilli())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for due recordings: %w", err)
	}
	return pending, nil
}

// Troubles tells what could not be done about recordings made before a time, and is tried
// again: those to be fetched first.
func (b Recordings) Troubles(ctx context.Context, than time.Time) (all []recordings.Trouble, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(row record) (t recordings.Trouble, err error) {
			var waiting int
			err = row.Scan(&waiting, &t.Count, asTime(&t.Since), &t.Why)
			t.Waiting = waiting == 1
			return t, err
		}, `
			SELECT CASE WHEN r.state = 'waiting' THEN 1 ELSE 0 END AS waiting, COUNT(*), MIN(CASE WHEN r.at >= 0 THEN r.at END), MAX(r.trouble)
			FROM recordings r WHERE r.due_at IS NOT NULL AND r.trouble <> '' AND r.at < $1 GROUP BY waiting ORDER BY waiting DESC`, than.UnixMilli())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for recordings in trouble: %w", err)
	}
	return all, nil
}

// OfCustomer implements recordings.Shelf.
func (b Recordings) OfCustomer(ctx context.Context, customer string) ([]recordings.Recording, error) {
	return b.list(ctx, "WHERE r.customer = $1 ORDER BY r.at DESC, r.id DESC", customer)
}

// OfCases implements recordings.Shelf.
func (b Recordings) OfCases(ctx context.Context, cases []int64) (map[int64][]recordings.Recording, error) {
	of := make(map[int64][]recordings.Recording, len(cases))
	err := b.store.read(ctx, func(tx *tx) error {
		_, err := listRows(ctx, tx, numbers(distinct(cases)), func(row record) (none struct{}, err error) {
			var id int64
			r, err := scanRecording(row.withFirst(&id))
			of[id] = append(of[id], r)
			return none, err
		}, tx.recordingsOfCases())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the recordings of %d cases: %w", len(cases), err)
	}
	return of, nil
}

// recordingsOfCases is the SQL of the recordings of those cases whose numbers are in
// {rows}, each after its case, the newest first. They name the case or were made on
// its journey: two lookups, for an index serves neither of two columns.
func (t *tx) recordingsOfCases() string {
	return `WITH k AS MATERIALIZED (SELECT id, entry FROM cases WHERE ` + t.among("id") + `)
		SELECT k.id, ` + recordingColumns + ` FROM k JOIN recordings r ON r.case_id = k.id AND r.case_id > 0
		UNION SELECT k.id, ` + recordingColumns + ` FROM k JOIN recordings r ON r.entry = k.entry AND r.entry > 0
		ORDER BY 12 DESC, 2 DESC` // r.at, r.id
}

// Recording implements recordings.Shelf.
func (b Recordings) Recording(ctx context.Context, id int64) (recordings.Recording, error) {
	all, err := b.list(ctx, "WHERE r.id = $1", id)
	if err != nil {
		return recordings.Recording{}, err
	}
	if len(all) == 0 {
		return recordings.Recording{}, recordings.ErrUnknown
	}
	return all[0], nil
}

func (b Recordings) list(ctx context.Context, which string, args ...any) (all []recordings.Recording, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, scanRecording, "SELECT "+recordingColumns+" FROM recordings r "+which, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list recordings: %w", err)
	}
	return all, nil
}
