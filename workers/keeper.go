package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"rapport/channels"
	"rapport/recordings"
)

const (
	// fetchLease is how long one worker may take over a recording, and a task over
	// all it does: it outlasts sweepFor, beginFor and usualFetch together.
	fetchLease = 10 * time.Minute
	// usualFetch bounds what is done about one recording; it outlasts the provider's
	// time-out for a fetch. One that stalls so long takes no more of the task than that.
	usualFetch = 6 * time.Minute
	// beginFor is how long a task begins with further recordings, sweepFor how long it
	// deletes old ones.
	beginFor = 2 * time.Minute
	sweepFor = time.Minute
	// fetchPause doubles from attempt to attempt up to longestFetchPause: a
	// provider needs some seconds to have a recording ready.
	fetchPause        = 30 * time.Second
	longestFetchPause = 6 * time.Hour
	// fetchAttempts that the provider refuses are made over about a day before a
	// recording counts as lost.
	fetchAttempts = 12
	// longestVaultPause is what the pause grows to while our own vault takes nothing.
	longestVaultPause = time.Hour
	// settleTimeout bounds the write of one outcome, also while a worker stops.
	settleTimeout = 10 * time.Second
	// fetchBatch is after how many steps a task ends, and the next goes on; sweepBatch is
	// how many old ones are taken at a time.
	fetchBatch = 10
	sweepBatch = 50
)

// Keeper fetches recordings from the provider, keeps them, and deletes them when
// they are old. Its rows say what is to be done; a task is only a hint.
type Keeper struct {
	Ledger recordings.Ledger
	// Vault is where the sound lies; nil leaves recordings at the provider.
	Vault    recordings.Vault
	Recorder channels.Recorder
	// For is how long recordings are kept; 0 is for ever.
	For time.Duration
	// Move deletes at the provider what is kept here.
	Move bool
	// Fetch bounds what is done about one recording; 0 is six minutes.
	Fetch time.Duration
	Queue *Queue
	Now   func() time.Time
	Log   *slog.Logger
}

// Round starts a task where there is something to do.
func (k *Keeper) Round(ctx context.Context) error {
	if k.Vault == nil {
		return nil
	}
	now := k.Now()
	pending, err := k.Ledger.Pending(ctx, now, k.cutoff(now), k.Recorder != nil)
	if err != nil || !pending {
		return err
	}
	_, err = k.Queue.putOnce(ctx, taskRecordings, nil, fetchLease)
	return err
}

// cutoff is from before which recordings are old; a zero time where none is.
func (k *Keeper) cutoff(now time.Time) time.Time {
	if k.For <= 0 {
		return time.UnixMilli(0)
	}
	return now.Add(-k.For)
}

// Tend deletes what is old and does what is due: some recordings, each by itself and
// in a time of its own, so that the trouble of one holds up no other. One whose turn
// does not come is not leased, and one that the end of the task cuts short is due as
// before. Where the vault takes nothing no more is fetched for it, and what is to be
// deleted at the provider does not wait for it.
func (k *Keeper) Tend(ctx context.Context) error {
	if k.Vault == nil {
		return nil
	}
	troubles := []error{k.sweep(ctx)}
	beginning, cancel := context.WithTimeout(ctx, beginFor)
	defer cancel()
	lease := k.Ledger.Due
	for range fetchBatch {
		if beginning.Err() != nil || k.Recorder == nil {
			break
		}
		due, err := lease(ctx, k.Now(), fetchLease, 1)
		if err != nil {
			troubles = append(troubles, fmt.Errorf("tend recordings: %w", err))
		}
		if len(due) == 0 {
			break
		}
		now, away := k.attend(ctx, due[0])
		troubles = append(troubles, away, k.settle(ctx, now))
		if away != nil {
			lease = k.Ledger.DueDeletions
		}
	}
	return errors.Join(troubles...)
}

// attend takes a recording one step on and says how it stands then, and what is wrong
// with the vault. The next step is begun when this one is settled, so that nothing is
// deleted at the provider that a crash could leave unknown here.
func (k *Keeper) attend(ctx context.Context, r recordings.Recording) (now recordings.Recording, away error) {
	inTime, cancel := context.WithTimeout(ctx, cmp.Or(k.Fetch, usualFetch))
	defer cancel()
	step, next := k.deleteThere, time.Time{}
	if r.State == recordings.Waiting {
		step = k.fetch
		if k.Move {
			next = k.Now()
		}
	}
	if err := step(inTime, &r); err != nil {
		return k.again(ctx, r, err)
	}
	r.DueAt, r.Attempts, r.Trouble = next, 0, ""
	return r, nil
}

// deleteThere deletes a recording at the provider, unless what was kept stays there.
func (k *Keeper) deleteThere(ctx context.Context, r *recordings.Recording) error {
	if !k.Move {
		return nil
	}
	return k.Recorder.DeleteRecording(ctx, r.ProviderID)
}

func (k *Keeper) fetch(ctx context.Context, r *recordings.Recording) error {
	sound, media, err := k.Recorder.Recording(ctx, r.ProviderID)
	if err != nil {
		return err
	}
	listened := &listener{sound: sound}
	size, err := k.Vault.Put(ctx, r.Key(), media, listened)
	if err != nil && listened.trouble == nil {
		err = &vaultError{err}
	}
	if err = errors.Join(err, sound.Close()); err != nil {
		return err
	}
	r.State, r.Media, r.Size = recordings.Kept, media, size
	return nil
}

// listener remembers whether it is the sound that broke off.
type listener struct {
	sound   io.Reader
	trouble error
}

func (l *listener) Read(p []byte) (int, error) {
	n, err := l.sound.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		l.trouble = err
	}
	return n, err
}

// vaultError is a trouble of our own vault, which says nothing of a recording.
type vaultError struct{ error }

func (e *vaultError) Unwrap() error { return e.error }

// again plans the next attempt, or gives up fetching what the provider refuses to give.
// The vault's troubles do not count, and what is to be deleted is tried until it is gone.
// Where the task was ended, nothing was tried.
func (k *Keeper) again(ctx context.Context, r recordings.Recording, why error) (now recordings.Recording, away error) {
	var vault *vaultError
	ours := errors.As(why, &vault)
	if ours || ctx.Err() != nil {
		r.Attempts = max(r.Attempts-1, 0)
	}
	if ctx.Err() != nil {
		return r, nil
	}
	r.Trouble = why.Error()
	if ours {
		pause := min(max(k.Now().Sub(r.At)/4, fetchPause), longestVaultPause)
		r.DueAt = k.Now().Add(pause)
		return r, fmt.Errorf("recording %d waits for another %s: %w", r.ID, pause.Round(time.Second), why)
	}
	r.DueAt = k.Now().Add(min(fetchPause<<min(max(r.Attempts-1, 0), 20), longestFetchPause))
	switch {
	case r.Attempts < fetchAttempts:
	case r.State == recordings.Waiting:
		r.State, r.DueAt = recordings.Lost, time.Time{}
		k.Log.Error("a recording was given up", "recording", r.ID, "error", why)
	case r.Attempts == fetchAttempts:
		k.Log.Error("a recording cannot be deleted at the provider and is tried on", "recording", r.ID, "error", why)
	}
	return r, nil
}

// settle writes how a recording stands, also where the task is being ended.
func (k *Keeper) settle(ctx context.Context, r recordings.Recording) error {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return k.Ledger.Settle(after, r)
}

// sweep deletes what is old, also what may have been kept of one that counts as lost. The
// rows stay, and tell that there was a recording. One that cannot be deleted rests for as
// long as it is leased, and keeps no other.
func (k *Keeper) sweep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sweepFor)
	defer cancel()
	var troubles []error
	for ctx.Err() == nil {
		now := k.Now()
		old, err := k.Ledger.LeaseOld(ctx, now, k.cutoff(now), fetchLease, sweepBatch)
		if err != nil {
			return errors.Join(append(troubles, fmt.Errorf("look for old recordings: %w", err))...)
		}
		if len(old) == 0 {
			break
		}
		kept := 0
		for _, r := range old {
			err := k.Vault.Delete(ctx, r.Key())
			if err == nil {
				r.State, r.Size = recordings.Deleted, 0
				err = k.settle(ctx, r)
			}
			if err == nil {
				continue
			}
			if kept++; kept == 1 {
				troubles = append(troubles, fmt.Errorf("delete recording %d: %w", r.ID, err))
			}
		}
		if kept > 1 {
			troubles = append(troubles, fmt.Errorf("delete %d recordings more", kept-1))
		}
	}
	return errors.Join(troubles...)
}
