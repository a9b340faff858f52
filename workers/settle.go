package workers

import (
	"context"
	"fmt"
	"time"

	"rapport/deliveries"
)

func (r *round) settle(ctx context.Context, outcomes []deliveries.Outcome, now time.Time) error {
	if len(outcomes) == 0 {
		return nil
	}
	written, err := r.Ledger.Settle(ctx, r.fence, now, outcomes)
	if err != nil {
		return fmt.Errorf("settle %d deliveries: %w", len(outcomes), err)
	}
	if lost := len(outcomes) - written; lost > 0 && !outcomes[0].Again {
		r.Log.Warn("deliveries were taken over while they were being sent", "deliveries", lost)
	}
	return nil
}

// settleDespiteShutdown settles what was not begun, also while the worker shuts down.
func (r *round) settleDespiteShutdown(ctx context.Context, outcomes []deliveries.Outcome) error {
	after, cancel := r.callContext(ctx)
	defer cancel()
	return r.settle(after, outcomes, r.Now())
}

// settleUntilLeaseEnds is settle of what a provider answered, which nobody else knows: a
// database that is away is asked again until ctx ends. Then it is in doubt.
func (r *round) settleUntilLeaseEnds(ctx context.Context, outcomes []deliveries.Outcome, now time.Time) error {
	return untilOver(ctx, func() error {
		err := r.settle(ctx, outcomes, now)
		for i := range outcomes {
			outcomes[i].Again = true
		}
		return err
	})
}

// untilOver tries until it succeeds or ctx ends, and returns the last error.
func untilOver(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return err
		}
		sleep(ctx, time.Second)
	}
}

// giveBack returns deliveries that were not begun to the ledger, the first due at
// a time and the others apart from each other.
func (r *round) giveBack(ctx context.Context, some []deliveries.Delivery, why string, due time.Time, apart time.Duration) error {
	outcomes := make([]deliveries.Outcome, len(some))
	for i, d := range some {
		outcomes[i] = deliveries.Outcome{
			ID: d.ID, Status: deliveries.Planned, Reason: why, DueAt: due.Add(time.Duration(i) * apart),
		}
	}
	return r.settleDespiteShutdown(ctx, outcomes)
}

// returnUnsent gives back parcels that are written down as being sent, or may be: the
// database went away before it could say so, or said so too late. Not a byte of them
// has left, and no other may find that out.
func (r *round) returnUnsent(ctx context.Context, parcels []*parcel) error {
	ctx, cancel := r.leaseContext(ctx)
	defer cancel()
	return untilOver(ctx, func() error { return r.giveBack(ctx, rowsOf(parcels), "", r.Now(), 0) })
}

func rowsOf(parcels []*parcel) []deliveries.Delivery {
	return pluck(parcels, func(p *parcel) deliveries.Delivery { return p.delivery })
}
