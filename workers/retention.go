package workers

import (
	"context"
	"errors"
	"time"

	"rapport/customers"
	"rapport/deliveries"
)

const (
	// forgottenAtOnce bounds one statement, so that it holds nobody up.
	forgottenAtOnce = 1000
	// preparedAtOnce bounds one that writes every index of its rows.
	preparedAtOnce = 500
	// batchesARound bounds how long a round keeps the scheduler from what is due.
	batchesARound = 10
	// retentionEvery is how often is looked where nothing is left to forget.
	retentionEvery = time.Minute
	// trafficKept is how long the minutes of what providers did are kept.
	trafficKept = time.Hour
	// trailsKept outlives the day for which providers report.
	trailsKept = 48 * time.Hour
)

// Retention forgets what is no longer needed, some batches a round, and makes room
// for what comes.
type Retention struct {
	Inbox deliveries.Inbox
	// ForgetTraffic drops what providers did before a moment.
	ForgetTraffic func(ctx context.Context, before time.Time) error
	// ForgetMessages forgets which messages of the shop were taken before a moment.
	ForgetMessages func(ctx context.Context, before time.Time) error
	// PrepareTimeline makes the tables that the timeline needs from now on.
	PrepareTimeline func(ctx context.Context, now time.Time) error
	// PrepareNames takes a batch of names into the index of words that are not in it, and
	// says whether there may be more.
	PrepareNames func(ctx context.Context, limit int) (more bool, err error)
	// ForgetTimeline lets go of a batch of what happened before a moment, and says
	// whether there is more; the zero time keeps everything.
	ForgetTimeline func(ctx context.Context, before time.Time, limit int) (more bool, err error)
	// Timeline is how long what happened is kept; 0 keeps it for ever.
	Timeline time.Duration
	// Callbacks is how long what providers reported is kept once it is read; 0
	// keeps it for ever.
	Callbacks time.Duration
	// Trails are kept for as long as providers report; nil where none are.
	Trails deliveries.Trails
	Now    func() time.Time

	looked        time.Time
	moreCallbacks bool // are to be forgotten
	moreTimeline  bool // is to be forgotten
	moreNames     bool // are to be prepared
}

// Round prepares the timeline and drops what is kept for hours, once a minute, and
// prepares batches of names and forgets batches of callbacks and of the timeline, each as
// long as there is more of it. What waits for others is so waited for once a minute.
func (r *Retention) Round(ctx context.Context) error {
	now := r.Now()
	var upkeep error
	if now.Sub(r.looked) >= retentionEvery {
		r.looked, r.moreCallbacks, r.moreTimeline, r.moreNames = now, true, true, true
		if r.Trails != nil {
			upkeep = r.Trails.ForgetTrails(ctx, now.Add(-trailsKept))
		}
		upkeep = errors.Join(upkeep, r.PrepareTimeline(ctx, now), r.ForgetTraffic(ctx, now.Add(-trafficKept)),
			r.ForgetMessages(ctx, now.Add(-customers.MessageKeys)))
	}
	return errors.Join(upkeep,
		batches(&r.moreNames, func() (bool, error) { return r.PrepareNames(ctx, preparedAtOnce) }),
		batches(&r.moreCallbacks, func() (bool, error) { return r.forgetCallbacks(ctx, now) }),
		batches(&r.moreTimeline, func() (bool, error) { return r.forgetTimeline(ctx, now) }))
}

// batches forgets one batch after the other while there are more, as many as a round
// has time for.
func batches(more *bool, forget func() (more bool, err error)) (err error) {
	for batch := 0; batch < batchesARound && *more && err == nil; batch++ {
		*more, err = forget()
	}
	return err
}

func (r *Retention) forgetCallbacks(ctx context.Context, now time.Time) (more bool, err error) {
	if r.Callbacks == 0 {
		return false, nil
	}
	forgotten, err := r.Inbox.Forget(ctx, now.Add(-r.Callbacks), forgottenAtOnce)
	return forgotten == forgottenAtOnce || err != nil, err
}

// forgetTimeline counts in whole days, so that what is too old changes once a day.
func (r *Retention) forgetTimeline(ctx context.Context, now time.Time) (more bool, err error) {
	var before time.Time
	if r.Timeline > 0 {
		before = now.Add(-r.Timeline).UTC().Truncate(24 * time.Hour)
	}
	return r.ForgetTimeline(ctx, before, forgottenAtOnce)
}
