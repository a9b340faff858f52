package workers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// seenKey is until when anybody saw the ledger know what happened.
const seenKey = "rapport:ledger"

// trustedFor is how long one look at both clocks holds.
const trustedFor = time.Second

// Chronicle is the ledger's own word on how new it is.
type Chronicle interface {
	// LedgerClock is until when it knows what happened, and whether it waits for
	// a scheduler to go on after a restore.
	LedgerClock(ctx context.Context) (at time.Time, waits bool, err error)
	SetLedgerClock(ctx context.Context, at time.Time) error
	// Resumed goes on after a restore; it reports whether that was due.
	Resumed(ctx context.Context, now time.Time) (bool, error)
}

// Witness notices a ledger that was put back from a backup: Redis remembers until
// when it knew what happened, and the ledger itself does not. Where Redis came
// back empty, or away, nobody can tell.
type Witness struct {
	Ledger Chronicle
	Redis  redis.UniversalClient
	Now    func() time.Time

	mu       sync.Mutex
	lookedAt time.Time
	finding  error
}

// OlderLedger says that the ledger is older than what was seen of it.
type OlderLedger struct{ By time.Duration }

// Error implements error.
func (o *OlderLedger) Error() string {
	return fmt.Sprintf("the database is %s older than what Redis saw of it: a backup was put back, and nothing is sent until `rapport restored` was run", o.By.Round(time.Millisecond))
}

// ErrNotResumed keeps workers back until a scheduler has gone on.
var ErrNotResumed = errors.New("a backup was put back, and no scheduler has gone on from it yet")

// Check looks whether the ledger is as new as what was seen of it, at most once
// a second. A witness that is nil trusts.
func (w *Witness) Check(ctx context.Context) error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Now()
	if age := now.Sub(w.lookedAt); !w.lookedAt.IsZero() && age >= 0 && age < trustedFor {
		return w.finding
	}
	_, waits, err := w.compare(ctx)
	if errors.Is(err, errAway) {
		err = nil // without Redis nothing is sent either
	}
	if err == nil && waits {
		err = ErrNotResumed
	}
	w.lookedAt, w.finding = now, err
	return err
}

// Advance moves both clocks on, SQL's first, so that Redis is never ahead of a
// ledger that lost nothing. It is the leading scheduler's.
func (w *Witness) Advance(ctx context.Context) error {
	if w == nil {
		return nil
	}
	known, waits, err := w.compare(ctx)
	if errors.Is(err, errAway) {
		return nil // the pump says so; moving on alone would hide an older ledger
	}
	if err != nil {
		return err
	}
	now := w.Now()
	if waits {
		if _, err := w.Ledger.Resumed(ctx, now); err != nil {
			return err
		}
	}
	next := now
	if !next.After(known) {
		next = known.Add(time.Millisecond)
	}
	if err := w.Ledger.SetLedgerClock(ctx, next); err != nil {
		return err
	}
	w.Redis.Set(ctx, seenKey, strconv.FormatInt(next.UnixMilli(), 10), 0) // else it is seen next time
	return nil
}

var errAway = errors.New("Redis does not answer")

func (w *Witness) compare(ctx context.Context) (known time.Time, waits bool, err error) {
	seen, err := w.Redis.Get(ctx, seenKey).Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return known, false, errAway
	}
	if known, waits, err = w.Ledger.LedgerClock(ctx); err != nil {
		return known, waits, err
	}
	if by := time.UnixMilli(seen).Sub(known); seen > 0 && by > 0 {
		return known, waits, &OlderLedger{By: by}
	}
	return known, waits, nil
}

// witnessed does a task only while the ledger is to be trusted.
func witnessed[P any](w *Witness, do func(context.Context, P) (bool, error)) func(context.Context, P) (moved bool, err error) {
	return func(ctx context.Context, payload P) (bool, error) {
		if err := w.Check(ctx); err != nil {
			return false, err
		}
		return do(ctx, payload)
	}
}
