package workers

import (
	"context"
	"errors"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

// round is one batch under one fence.
type round struct {
	*Courier
	edition  *campaigns.Edition
	fence    deliveries.Fence
	until    time.Time         // when the lease ends
	outlet   deliveries.Outlet // the channel's provider
	patience time.Duration     // what is left of it
	inHand   int               // as many are read at once
	release  func()            // gives them back to the budget

	health   map[deliveries.Outlet]deliveries.Health // as last looked at
	lookedAt time.Time
	released bool // what else waited although its outlet is up
}

// reserveRows waits until so many rows may be in memory, no longer than the task and the
// worker have time. Who waits in vain begins nothing any more.
func (r *round) reserveRows(ctx context.Context, rows int) {
	r.releaseRows()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func(stopping <-chan struct{}) {
		select {
		case <-stopping:
			cancel()
		case <-ctx.Done():
		}
	}(r.Stopping)
	r.inHand = rows
	if release, err := r.Rows.take(ctx, rows); err == nil {
		r.release = release
	}
}

func (r *round) releaseRows() {
	if r.release != nil {
		r.release()
		r.release = nil
	}
}

// deliver takes a batch in parts, each read, judged and sent before the next. What no
// longer begins goes back.
func (r *round) deliver(ctx context.Context, batch []deliveries.Delivery) error {
	for len(batch) > 0 && ctx.Err() == nil && !r.stopping() {
		held, err := r.returnWhileShut(ctx, batch)
		if err != nil && ctx.Err() != nil {
			break
		}
		if held || err != nil {
			return err
		}
		parcels := make([]*parcel, min(r.inHand, len(batch)))
		for i := range parcels {
			parcels[i] = &parcel{delivery: batch[i]}
		}
		batch = batch[len(parcels):]
		if parcels, err = r.sift(ctx, parcels); err != nil {
			return err
		}
		if err := r.send(ctx, parcels); err != nil {
			return err
		}
		if len(batch) > 0 {
			r.reserveRows(ctx, min(len(batch), r.readAtOnce(r.outlet)))
		}
	}
	return r.giveBack(ctx, batch, "", r.Now(), 0)
}

// returnWhileShut gives a batch back unread where nothing may leave by its provider.
func (r *round) returnWhileShut(ctx context.Context, batch []deliveries.Delivery) (bool, error) {
	if err := r.refreshHealth(ctx); err != nil {
		return false, err
	}
	if _, a := r.health[r.outlet].Admit(r.Now()); !a.Free && !a.Probe {
		return true, r.hold(ctx, batch, a)
	}
	return false, nil
}

// send hands parcels over, window by window, each origin taking its turn. Once
// ctx ends or the worker is to leave no further window begins; the one in flight
// is finished and settled all the same.
func (r *round) send(ctx context.Context, parcels []*parcel) error {
	turns := r.turns(parcels)
	for ctx.Err() == nil && !r.stopping() {
		err := r.refreshHealth(ctx)
		if err != nil && ctx.Err() != nil {
			break // the task's time is over: what is left goes back at once, not with its lease
		}
		if err != nil {
			return err
		}
		if turns, err = r.admitTurns(ctx, turns); err != nil {
			return err
		}
		turns = slices.DeleteFunc(turns, func(t *turn) bool { return len(t.parcels) == 0 })
		if len(turns) == 0 {
			return nil
		}
		leaving, again := r.take(ctx, turns)
		switch {
		case len(leaving) > 0:
			if _, err := r.sendWindow(ctx, &window{parcels: leaving}); err != nil {
				return err
			}
		case again > r.patience:
			return r.queueUp(ctx, turns)
		default:
			r.patience -= max(again, time.Millisecond)
			sleep(ctx, again)
		}
	}
	var troubles []error
	for _, t := range turns {
		troubles = append(troubles, r.giveBack(ctx, rowsOf(t.parcels), "", r.Now(), 0))
	}
	return errors.Join(troubles...)
}

// take takes a window's worth of parcels out of the turns, as many of each as
// its limits let go. Where none may go, again is how soon the next one may.
func (r *round) take(ctx context.Context, turns []*turn) (leaving []*parcel, again time.Duration) {
	room := r.pace.window(r.outlet, r.mostInFlight())
	for _, t := range turns {
		n := min(room, len(t.parcels))
		if n == 0 {
			continue
		}
		granted, wait := r.Limits.Take(ctx, t.origin, n)
		if granted == 0 && (again == 0 || wait < again) {
			again = wait
		}
		leaving = append(leaving, t.parcels[:granted]...)
		t.parcels = t.parcels[granted:]
		room -= granted
	}
	return leaving, again
}

// queueUp gives back what the limits do not let go, each with its place in line.
func (r *round) queueUp(ctx context.Context, turns []*turn) error {
	var troubles []error
	for _, t := range turns {
		first, apart := r.Limits.Line(ctx, t.origin, len(t.parcels))
		troubles = append(troubles, r.giveBack(ctx, rowsOf(t.parcels), deliveries.RateLimit, r.Now().Add(first), apart))
	}
	return errors.Join(troubles...)
}

// callContext lasts as long as a provider may take to answer, also while the worker
// shuts down.
func (r *round) callContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callOr(r.Call))
}

// leaseContext is for writing what only we know. It ends with the lease, but lasts at
// least as long as one condition plus one provider call; the ledger accepts late
// outcomes too.
func (r *round) leaseContext(ctx context.Context) (context.Context, context.CancelFunc) {
	busy := conditionOr(r.Conditions) + callOr(r.Call)
	return context.WithTimeout(context.WithoutCancel(ctx), max(r.until.Sub(r.Now()), busy))
}

// sleep waits, or returns early when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
