package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rapport/channels"
	"rapport/recordings"
)

const (
	// fetchLease is how long one worker may take over a recording; it outlasts
	// the provider's time-out for one.
	fetchLease = 10 * time.Minute
	// fetchPause doubles from attempt to attempt up to longestFetchPause: a
	// provider needs some seconds to have a recording ready.
	fetchPause        = 30 * time.Second
	longestFetchPause = 6 * time.Hour
	// fetchAttempts are made over about a day before a recording counts as lost.
	fetchAttempts = 12
	// settleTimeout bounds the write of one outcome, also while a worker stops.
	settleTimeout = 10 * time.Second
	// a task ends after so many, and the next goes on: it must not outlast its
	// time-out.
	fetchBatch = 5
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
	Move  bool
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
	_, err = k.Queue.putOnce(ctx, taskRecordings, nil, controlTimeout)
	return err
}

// cutoff is from before which recordings are old; a zero time where none is.
func (k *Keeper) cutoff(now time.Time) time.Time {
	if k.For <= 0 {
		return time.UnixMilli(0)
	}
	return now.Add(-k.For)
}

// Tend does what is due: some recordings, each by itself, so that the trouble of
// one holds up no other.
func (k *Keeper) Tend(ctx context.Context) error {
	if k.Vault == nil || k.Recorder == nil {
		return nil
	}
	due, err := k.Ledger.Due(ctx, k.Now(), fetchLease, fetchBatch)
	if err != nil {
		return fmt.Errorf("tend recordings: %w", err)
	}
	var troubles []error
	for _, r := range due {
		if err := k.settle(ctx, k.attend(ctx, r)); err != nil {
			troubles = append(troubles, err)
		}
	}
	return errors.Join(append(troubles, k.sweep(ctx))...)
}

// attend does what a recording waits for and says how it stands then.
func (k *Keeper) attend(ctx context.Context, r recordings.Recording) recordings.Recording {
	if r.State == recordings.Waiting {
		if err := k.fetch(ctx, &r); err != nil {
			return k.again(r, err)
		}
		r.State, r.Attempts = recordings.Kept, 0
	}
	if k.Move {
		if err := k.Recorder.DeleteRecording(ctx, r.ProviderID); err != nil {
			return k.again(r, err)
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

// again plans the next attempt, or gives up. What is kept already stays so.
func (k *Keeper) again(r recordings.Recording, why error) recordings.Recording {
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

// sweep deletes what is old. The rows stay, and tell that there was a recording.
func (k *Keeper) sweep(ctx context.Context) error {
	old, err := k.Ledger.Older(ctx, k.cutoff(k.Now()), batchSize)
	if err != nil {
		return fmt.Errorf("look for old recordings: %w", err)
	}
	for _, r := range old {
		if err := k.Vault.Delete(ctx, r.Key()); err != nil {
			return fmt.Errorf("delete recording %d: %w", r.ID, err)
		}
		r.State, r.Size = recordings.Deleted, 0
		if err := k.settle(ctx, r); err != nil {
			return err
		}
	}
	return nil
}
