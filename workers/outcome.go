package workers

import (
	"errors"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// outcome turns what a provider said into what the ledger keeps. Only a
// message that certainly was not sent is tried again.
func outcome(d deliveries.Delivery, result channels.Result, now time.Time) deliveries.Outcome {
	o := deliveries.Outcome{ID: d.ID}
	var notSent *channels.NotSent
	var refused *channels.Refused
	switch {
	case result.Err == nil:
		o.Status, o.ProviderID = deliveries.Sent, result.Receipt.ProviderID
	case errors.As(result.Err, &notSent) && notSent.Untried:
		retryAt(&o, d, now, deliveries.RateLimit)
	case errors.As(result.Err, &notSent):
		retryAt(&o, d, now.Add(deliveries.Backoff(d, notSent.RetryAfter)), deliveries.ProviderUnavailable)
	case errors.As(result.Err, &refused) && refused.Broken:
		o = waiting(d, refused.Reason, now.Add(heldFor+deliveries.Spread(d, heldFor)), now)
	case errors.As(result.Err, &refused):
		o.Status, o.Reason = deliveries.Failed, refused.Reason
	default:
		o.Status, o.Reason = deliveries.Unconfirmed, deliveries.NoAnswerFromProvider
	}
	return o
}

// retryAt plans a further attempt, or gives up where it would come too late.
func retryAt(o *deliveries.Outcome, d deliveries.Delivery, at time.Time, why string) {
	o.Reason = why
	if !d.ExpiresAt.IsZero() && at.After(d.ExpiresAt) {
		o.Status = deliveries.Failed
		return
	}
	o.Status, o.DueAt = deliveries.Planned, at
}

// waiting is the outcome of a delivery that waits for its provider: it is given
// up when it expires meanwhile.
func waiting(d deliveries.Delivery, why string, due, now time.Time) deliveries.Outcome {
	o := deliveries.Outcome{ID: d.ID, Status: deliveries.Planned, Reason: why, DueAt: due}
	switch {
	case d.ExpiresAt.IsZero():
	case !now.Before(d.ExpiresAt):
		o.Status, o.Reason = deliveries.Failed, deliveries.ProviderUnavailable
	case due.After(d.ExpiresAt):
		o.DueAt = d.ExpiresAt
	}
	return o
}

// overdue reports whether a delivery that waited for its provider has expired.
func overdue(d deliveries.Delivery, now time.Time) bool {
	return waited(d) && expired(d, now)
}

func expired(d deliveries.Delivery, now time.Time) bool {
	return !d.ExpiresAt.IsZero() && !now.Before(d.ExpiresAt)
}

// waited reports whether a delivery was last given back because its provider was down.
func waited(d deliveries.Delivery) bool {
	return d.Reason == deliveries.ProviderDown || d.Reason == deliveries.AccountRefused
}
