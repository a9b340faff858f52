package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	// fetchAttempts are made over about a day before a recording counts as lost.
	fetchAttempts = 12
	// settleTimeout bounds the write of one outcome, also while a worker stops.
	settleTimeout = 10 * time.Second
	// fetchBatch is after how many a task ends, and the next goes on; sweepBatch is how
	// many old ones are taken at a time.
	fetchBatch = 5
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
	if k.Vault == nil || k.Recorder == nil {
		return nil
	}
	now := k.Now()
	pending, err := k.Ledger.Pending(ctx, now, k.cutoff(now))
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
// before.
func (k *Keeper) Tend(ctx context.Context) error {
	if k.Vault == nil || k.Recorder == nil {
		return nil
	}
	troubles := []error{k.sweep(ctx)}
	beginning, cancel := context.WithTimeout(ctx, beginFor)
	defer cancel()
	for range fetchBatch {
		if beginning.Err() != nil {
			break
		}
		due, err := k.Ledger.Due(ctx, k.Now(), fetchLease, 1)
		if err != nil {
			troubles = append(troubles, fmt.Errorf("tend recordings: %w", err))
		}
		if len(due) == 0 {
			break
		}
		if err := k.settle(ctx, k.attend(ctx, due[0])); err != nil {
			troubles = append(troubles, err)
		}
	}
	return errors.Join(troubles...)
}

// attend does what a recording waits for and says how it stands then.
func (k *Keeper) attend(ctx context.Context, r recordings.Recording) recordings.Recording {
	inTime, cancel := context.WithTimeout(ctx, cmp.Or(k.Fetch, usualFetch))
	defer cancel()
	if r.State == recordings.Waiting {
		if err := k.fetch(inTime, &r); err != nil {
			return k.again(ctx, r, err)
		}
		r.State, r.Attempts = recordings.Kept, 0
	}
	if k.Move {
		if err := k.Recorder.DeleteRecording(inTime, r.ProviderID); err != nil {
			return k.again(ctx, r, err)
		}
	}
	r.DueAt, r.Trouble = time.Time{}, ""
	return r
}

func (k *Keeper) fetch(ctx context.Context, r *recordings.Recording) error {
	sound, media, err := k.Recorder.Recording(ctx, r.ProviderID)
	if err != nil {
		return err
	}
	r.Media = media
	r.Size, err = k.Vault.Put(ctx, r.Key(), media, sound)
	return errors.Join(err, sound.Close())
}

// again plans the next attempt, or gives up. What is kept already stays so. Where the
// task was ended, nothing was tried.
func (k *Keeper) again(ctx context.Context, r recordings.Recording, why error) recordings.Recording {
	if ctx.Err() != nil {
		r.Attempts = max(r.Attempts-1, 0)
		return r
	}
	r.Trouble, r.DueAt = why.Error(), k.Now().Add(min(fetchPause<<min(max(r.Attempts-1, 0), 20), longestFetchPause))
	if r.Attempts < fetchAttempts {
		return r
	}
	r.DueAt = time.Time{}
	if r.State == recordings.Waiting {
		r.State = recordings.Lost
	}
	k.Log.Error("a recording was given up", "recording", r.ID, "state", r.State, "error", why)
	return r
}

// settle writes how a recording stands, also where the task is being ended.
func (k *Keeper) settle(ctx context.Context, r recordings.Recording) error {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return k.Ledger.Settle(after, r)
}

// sweep deletes what is old. The rows stay, and tell that there was a recording. One
// that cannot be deleted rests for as long as it is leased, and keeps no other.
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
