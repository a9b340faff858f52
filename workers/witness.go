package workers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	// seenKey is until when anybody saw the ledger know what happened.
	seenKey = "rapport:ledger"
	// ownerKey is the id of the installation that a Redis belongs to.
	ownerKey = "rapport:installation"
)

// trustedFor is how long one look at both clocks holds.
const trustedFor = time.Second

// compareFor bounds one look: whoever else waits for it is not kept by one who has the
// time to wait for a connection.
const compareFor = 2 * time.Second

// yieldsFor is how long a Redis that nobody has claimed is left to others by whoever
// was refused there: theirs may have come back empty, and they claim it within seconds.
const yieldsFor = time.Minute

// Chronicle is the ledger's own word on how new it is.
type Chronicle interface {
	// LedgerClock is until when it knows what happened, and whether it waits for
	// a scheduler to go on after a restore.
	LedgerClock(ctx context.Context) (at time.Time, waits bool, err error)
	SetLedgerClock(ctx context.Context, at time.Time) error
	// Resumed goes on after a restore; it reports whether that was due.
	Resumed(ctx context.Context, now time.Time) (bool, error)
	// InstallationID is the id of the installation, "" where it has none yet, and
	// NameInstallation gives it one; it tells which one it has then.
	InstallationID(ctx context.Context) (string, error)
	NameInstallation(ctx context.Context, id string) (string, error)
}

// Witness notices a ledger that was put back from a backup: Redis remembers until
// when it knew what happened, and the ledger itself does not. Where Redis came
// back empty, or away, nobody can tell. It notices a Redis of another installation
// too.
type Witness struct {
	Ledger Chronicle
	Redis  redis.UniversalClient
	Now    func() time.Time

	begin    sync.Once
	turn     chan struct{} // has room for the one who looks
	lookedAt time.Time
	finding  error
	refused  atomic.Pointer[time.Time] // when Redis was last seen to be another's; nil: never
}

// OlderLedger says that the ledger is older than what was seen of it.
type OlderLedger struct{ By time.Duration }

// Error implements error.
func (o *OlderLedger) Error() string {
	return fmt.Sprintf("the database is %s older than what Redis saw of it: a backup was put back, and nothing is sent until `rapport restored` was run", o.By.Round(time.Millisecond))
}

// ErrOthersRedis says that another installation's tasks are in Redis.
var ErrOthersRedis = errors.New("this Redis belongs to another installation: nothing is sent until each has a server or a database number of its own")

// ErrNotResumed keeps workers back until a scheduler has gone on.
var ErrNotResumed = errors.New("a backup was put back, and no scheduler has gone on from it yet")

// Check looks whether the ledger is as new as what was seen of it, at most once
// a second. It waits for a ledger that does not answer, or for others who look, until
// ctx ends. A witness that is nil trusts.
func (w *Witness) Check(ctx context.Context) error {
	if w == nil {
		return nil
	}
	w.begin.Do(func() { w.turn = make(chan struct{}, 1) })
	for {
		select {
		case w.turn <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("wait to see how new the ledger is: %w", ctx.Err())
		}
		known, err := w.look(ctx)
		<-w.turn
		if known || ctx.Err() != nil {
			return err
		}
	}
}

// look is what was found within the last second, or is now. Where there was no time for
// it nothing is known, and nothing kept.
func (w *Witness) look(ctx context.Context) (known bool, finding error) {
	now := w.Now()
	if age := now.Sub(w.lookedAt); !w.lookedAt.IsZero() && age >= 0 && age < trustedFor {
		return true, w.finding
	}
	bounded, cancel := context.WithTimeout(ctx, compareFor)
	defer cancel()
	seen, err := w.compare(bounded)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, fmt.Errorf("see how new the ledger is: %w", errors.Join(err, ctx.Err()))
	case err != nil && bounded.Err() != nil:
		return false, err // slow is not away
	case errors.Is(err, ErrRedisAway):
		err = nil // without Redis nothing is sent either
	}
	if err == nil && seen.waits {
		err = ErrNotResumed
	}
	w.lookedAt, w.finding = now, err
	return true, err
}

// Advance moves both clocks on, SQL's first, so that Redis is never ahead of a
// ledger that lost nothing. It is the leading scheduler's.
func (w *Witness) Advance(ctx context.Context) error {
	if w == nil {
		return nil
	}
	seen, err := w.compare(ctx)
	if err == nil {
		err = w.claim(ctx, seen)
	}
	if errors.Is(err, ErrRedisAway) {
		return nil // the pump says so; moving on alone would hide an older ledger
	}
	if err != nil {
		return err
	}
	now := w.Now()
	if seen.waits {
		if _, err := w.Ledger.Resumed(ctx, now); err != nil {
			return err
		}
	}
	next := now
	if !next.After(seen.known) {
		next = seen.known.Add(time.Millisecond)
	}
	if err := w.Ledger.SetLedgerClock(ctx, next); err != nil {
		return err
	}
	w.Redis.Set(ctx, seenKey, strconv.FormatInt(next.UnixMilli(), 10), 0) // else it is seen next time
	return nil
}

// claim gives the ledger an id where it has none, that of its Redis or a new one, and
// writes it into a Redis without one.
func (w *Witness) claim(ctx context.Context, seen sight) (err error) {
	if seen.id == "" {
		id := seen.owner
		if id == "" {
			id = uuid.NewString()
		}
		if seen.id, err = w.Ledger.NameInstallation(ctx, id); err != nil {
			return err
		}
	}
	if seen.owner == "" {
		if seen.owner, err = w.claimAs(ctx, seen.id); err != nil {
			return err
		}
	}
	if seen.owner != seen.id {
		return w.refuse()
	}
	return nil
}

// claimAs writes an id into Redis unless somebody else has meanwhile, and tells whose
// is there.
func (w *Witness) claimAs(ctx context.Context, id string) (owner string, err error) {
	if w.Redis.SetArgs(ctx, ownerKey, id, redis.SetArgs{Mode: "NX"}).Err() == nil {
		return id, nil
	}
	if owner, err = w.Redis.Get(ctx, ownerKey).Result(); err != nil {
		return "", ErrRedisAway
	}
	return owner, nil
}

// refuse remembers that Redis is another installation's.
func (w *Witness) refuse() error {
	now := w.Now()
	w.refused.Store(&now)
	return ErrOthersRedis
}

// yields reports whether a Redis that nobody has claimed is left to others.
func (w *Witness) yields() bool {
	at := w.refused.Load()
	if at == nil {
		return false
	}
	age := w.Now().Sub(*at)
	return age >= 0 && age < yieldsFor
}

// ErrRedisAway says that Redis did not tell what it saw, or not in time.
var ErrRedisAway = errors.New("Redis does not answer")

// sight is what was seen of a ledger and of its Redis.
type sight struct {
	known     time.Time
	waits     bool   // to go on after a restore
	id, owner string // of the ledger, and of whom Redis belongs to; "" where nobody wrote it
}

// compare looks whether Redis is this ledger's and the ledger as new as what was seen
// of it.
func (w *Witness) compare(ctx context.Context) (s sight, err error) {
	seen, err := w.Redis.Get(ctx, seenKey).Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return s, ErrRedisAway
	}
	if s.owner, err = w.Redis.Get(ctx, ownerKey).Result(); err != nil && !errors.Is(err, redis.Nil) {
		return s, ErrRedisAway
	}
	if s.id, err = w.Ledger.InstallationID(ctx); err != nil {
		return s, err
	}
	if s.known, s.waits, err = w.Ledger.LedgerClock(ctx); err != nil {
		return s, err
	}
	if s.othersRedis(seen) {
		return s, w.refuse()
	}
	if s.owner == "" && w.yields() {
		return s, ErrOthersRedis
	}
	if by := time.UnixMilli(seen).Sub(s.known); seen > 0 && by > 0 {
		return s, &OlderLedger{By: by}
	}
	return s, nil
}

// othersRedis reports whether Redis, which saw a ledger until some time, saw another
// one than this. One that nobody has worked on has been seen by none; one that has lost
// its id, or never had one, is told apart by its clock alone.
func (s sight) othersRedis(seen int64) bool {
	switch {
	case s.owner == "":
		return seen > 0 && s.known.IsZero()
	case s.id == "":
		return s.known.IsZero() && !s.waits
	}
	return s.owner != s.id
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
