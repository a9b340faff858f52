package workers

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"rapport/channels"
	"rapport/customers"
)

// blockRefused suppresses the addresses that a provider refuses for good, counts
// the mailboxes that take nothing for now and forgets browsers that unsubscribed.
func (r *round) blockRefused(ctx context.Context, w *window) error {
	var blocks []customers.Suppression
	var trials []customers.Trial
	var troubles []error
	for i, result := range w.results {
		var refused *channels.Refused
		if !errors.As(result.Err, &refused) {
			continue
		}
		p := w.parcels[i]
		switch {
		case p.delivery.Channel == channels.Push && refused.Reason == channels.ReasonGone:
			if err := r.Preferences.Unsubscribe(ctx, p.message.To); err != nil {
				troubles = append(troubles, fmt.Errorf("forget the browser of delivery %d: %w", p.delivery.ID, err))
			}
		case refused.Suppress:
			reason := refused.Reason
			if reason == channels.BounceHard {
				reason = customers.Bounced
			}
			blocks = append(blocks, customers.Suppression{Channel: p.delivery.Channel, Address: p.message.To, Reason: reason, At: w.answered})
		case refused.Reason == channels.BounceSoft:
			trials = append(trials, customers.Trial{
				Address: p.message.To, Message: strconv.FormatInt(p.delivery.ID, 10), At: w.answered,
			})
		}
	}
	if len(blocks) > 0 {
		if err := r.Preferences.Suppress(ctx, blocks); err != nil {
			troubles = append(troubles, fmt.Errorf("suppress %d refused addresses: %w", len(blocks), err))
		}
	}
	if len(trials) > 0 {
		if err := r.Mailboxes.Try(ctx, trials); err != nil {
			troubles = append(troubles, fmt.Errorf("count %d refused mailboxes: %w", len(trials), err))
		}
	}
	return errors.Join(troubles...)
}

// logRefusals logs what a provider did not take, a line for a window.
func (r *round) logRefusals(ctx context.Context, w *window) {
	var first error
	var stack []any
	failed := 0
	for _, result := range w.results {
		if result.Err != nil {
			failed++
		}
		if first == nil {
			first = result.Err
		}
		if stack == nil {
			stack = channels.StackIn(result.Err)
		}
	}
	if failed > 0 {
		r.Log.WarnContext(ctx, "the provider did not accept messages", "channel", r.outlet.Channel, "messages", failed, "of", len(w.parcels), "first", first)
	}
	if stack != nil {
		r.Log.ErrorContext(ctx, "a message panicked while it was handed over; it is in doubt", append(stack, "channel", r.outlet.Channel)...)
	}
}
