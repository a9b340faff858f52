package workers

import (
	"context"
	"time"

	"rapport/deliveries"
)

const (
	// forgottenAtOnce bounds one statement, so that it holds nobody up.
	forgottenAtOnce = 1000
	// retentionEvery is how often is looked where nothing is left to forget.
	retentionEvery = time.Minute
	// trafficKept is how long the minutes of what providers did are kept.
	trafficKept = time.Hour
)

// Retention forgets what is no longer needed, a batch a round.
type Retention struct {
	Inbox deliveries.Inbox
	// ForgetTraffic drops what providers did before a moment.
	ForgetTraffic func(ctx context.Context, before time.Time) error
	// Callbacks is how long what providers reported is kept once it is read; 0
	// keeps it for ever.
	Callbacks time.Duration
	Now       func() time.Time

	looked time.Time
}

// Round forgets a batch of callbacks and the minutes that are over.
func (r *Retention) Round(ctx context.Context) error {
	now := r.Now()
	if now.Sub(r.looked) < retentionEvery {
		return nil
	}
	if r.Callbacks > 0 {
		forgotten, err := r.Inbox.Forget(ctx, now.Add(-r.Callbacks), forgottenAtOnce)
		if err != nil || forgotten == forgottenAtOnce {
			return err // the rest in the next round
		}
	}
	r.looked = now
	return r.ForgetTraffic(ctx, now.Add(-trafficKept))
}
