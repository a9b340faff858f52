package workers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/telemetry"
)

// sendWindow renders parcels, commits them, sends them together and settles
// them. It reports whether the provider was asked for anything.
func (r *round) sendWindow(ctx context.Context, parcels []*parcel, probe bool) (asked bool, err error) {
	ctx, span := r.Shown.Traces.Start(ctx, "window")
	span.Outlet(string(r.outlet.Channel), r.outlet.Provider)
	span.Count("messages", len(parcels))
	defer func() { span.End(err) }()
	if r.Now().Sub(parcels[0].readAt) >= freshFor {
		if parcels, err = r.sift(ctx, parcels); err != nil {
			return false, err
		}
	}
	written, unwritable, err := r.Post.Write(ctx, r.edition, parcels)
	if err != nil {
		return false, err
	}
	if err := r.settle(ctx, unwritable, r.Now()); err != nil {
		return false, err
	}
	if len(unwritable) > 0 {
		r.Shown.Metrics.Sent(string(r.outlet.Channel), r.outlet.Provider, map[string]int{"not_rendered": len(unwritable)})
	}
	leaving, judged, err := r.begin(ctx, written, r.Now())
	if err != nil {
		return false, errors.Join(err, r.unsent(ctx, written))
	}
	if len(leaving) == 0 {
		return false, nil
	}
	if now := r.Now(); now.Sub(judged) >= turnWithin(r.Call) || !now.Before(r.until) {
		r.Log.WarnContext(ctx, "the database said too late that messages may leave", "messages", len(leaving), "after", now.Sub(judged))
		return false, r.unsent(ctx, leaving)
	}
	// Messages that have begun are not torn off by a shutdown: the provider's
	// time-out bounds them.
	inFlight, cancel := r.whole(ctx)
	defer cancel()
	late, cancelLate := context.WithTimeout(inFlight, turnWithin(r.Call))
	defer cancelLate()
	sentAt := r.Now()
	for _, p := range leaving {
		if by := r.edition.ArriveBy(p.matter(), sentAt); !by.IsZero() {
			p.message.ValidFor = by.Sub(sentAt)
		}
	}
	results := r.handOver(inFlight, late.Done(), leaving)
	now := r.Now()
	r.pace.took(r.outlet, len(leaving), now.Sub(sentAt), r.mostInFlight())
	outcomes := make([]deliveries.Outcome, len(leaving))
	for i, p := range leaving {
		outcomes[i] = outcome(p.delivery, results[i], now)
		if another(p, results[i]) {
			retryAt(&outcomes[i], p.delivery, now, channels.ReasonGone)
		}
		outcomes[i].Segments, outcomes[i].Cost = r.edition.Billed(p.journey.Customer, p.message.Content, results[i].Receipt.Segments)
		p.message.Content = channels.Content{} // nobody asks for the words any more
	}
	r.planOnward(leaving, outcomes, now)
	r.logRefusals(ctx, leaving, results)
	r.Shown.settled(r.outlet, leaving, outcomes)
	after, cancelAfter := r.leased(ctx)
	defer cancelAfter()
	// What became of the messages is written whether or not the addresses are.
	settled := r.settleInTime(after, outcomes, now)
	blocked := untilOver(after, func() error { return r.blockRefused(after, leaving, results, now) })
	noted := r.observe(after, leaving, results, probe)
	r.trail(after, leaving, now)
	var walked error
	if settled == nil {
		walked = r.onward(after, leaving, outcomes)
	}
	return true, errors.Join(blocked, settled, noted, walked)
}

// unsent gives back parcels that are written down as being sent, or may be: the
// database went away before it could say so, or said so too late. Not a byte of them
// has left, and no other may find that out.
func (r *round) unsent(ctx context.Context, parcels []*parcel) error {
	ctx, cancel := r.leased(ctx)
	defer cancel()
	return untilOver(ctx, func() error { return r.giveBack(ctx, rowsOf(parcels), "", r.Now(), 0) })
}

// settleInTime is settle of what a provider answered, which nobody else knows: a
// database that is away is asked again until ctx ends. Then it is in doubt.
func (r *round) settleInTime(ctx context.Context, outcomes []deliveries.Outcome, now time.Time) error {
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

// another reports whether a notification found a browser gone whose customer has
// another one: the next attempt goes there.
func another(p *parcel, result channels.Result) bool {
	var refused *channels.Refused
	return p.delivery.Channel == channels.Push && errors.As(result.Err, &refused) && refused.Reason == channels.ReasonGone &&
		len(p.journey.Customer.Browsers) > 1
}

// handOver gives the messages to the provider of their channel, as many at once as it
// can be given. Those that have to wait for others begin before it is late.
func (r *round) handOver(ctx context.Context, late <-chan struct{}, parcels []*parcel) []channels.Result {
	sender := r.Senders[r.outlet.Channel]
	calls := r.Shown.Metrics.Calls(ctx, string(r.outlet.Channel), r.outlet.Provider)
	if batch, able := sender.(channels.BatchSender); able {
		messages := make([]channels.Message, len(parcels))
		for i, p := range parcels {
			messages[i] = p.message
		}
		ctx, span := r.Shown.Traces.Start(ctx, "call")
		began := calls.Began()
		results := batch.SendBatch(ctx, late, messages)
		calls.Ended(began)
		span.End(nil)
		return results
	}
	traced := telemetry.Kept(ctx)
	return channels.Abreast(late, len(parcels), func(i int) (channels.Receipt, error) {
		ctx, span := ctx, telemetry.Span{}
		if traced {
			ctx, span = r.Shown.Traces.Start(ctx, "call")
		}
		began := calls.Began()
		receipt, err := sender.Send(ctx, parcels[i].message)
		calls.Ended(began)
		span.End(err)
		return receipt, err
	})
}

// logRefusals logs what a provider did not take, a line for a window.
func (r *round) logRefusals(ctx context.Context, parcels []*parcel, results []channels.Result) {
	var first error
	failed := 0
	for _, result := range results {
		if result.Err != nil {
			failed++
		}
		if first == nil {
			first = result.Err
		}
	}
	if failed > 0 {
		r.Log.WarnContext(ctx, "the provider did not accept messages", "channel", r.outlet.Channel, "messages", failed, "of", len(parcels), "first", first)
	}
}

// trail remembers the trace of a window that is kept, to which what comes back of
// its messages leads.
func (r *round) trail(ctx context.Context, parcels []*parcel, now time.Time) {
	if r.Shown.Trails == nil || !telemetry.Kept(ctx) {
		return
	}
	ids := make([]int64, len(parcels))
	for i, p := range parcels {
		ids[i] = p.delivery.ID
	}
	r.Shown.mark(ctx, deliveries.DeliveryTrail.Of(ids...), now)
}

// blockRefused suppresses the addresses that a provider refuses for good, counts
// the mailboxes that take nothing for now and forgets browsers that unsubscribed.
func (r *round) blockRefused(ctx context.Context, parcels []*parcel, results []channels.Result, now time.Time) error {
	var blocks []customers.Suppression
	var trials []customers.Trial
	var troubles []error
	for i, result := range results {
		var refused *channels.Refused
		if !errors.As(result.Err, &refused) {
			continue
		}
		p := parcels[i]
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
			blocks = append(blocks, customers.Suppression{Channel: p.delivery.Channel, Address: p.message.To, Reason: reason, At: now})
		case refused.Reason == channels.BounceSoft:
			trials = append(trials, customers.Trial{
				Address: p.message.To, Message: strconv.FormatInt(p.delivery.ID, 10), At: now,
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

// settleAfter settles what was not begun, also while the worker shuts down.
func (r *round) settleAfter(ctx context.Context, outcomes []deliveries.Outcome) error {
	after, cancel := r.whole(ctx)
	defer cancel()
	return r.settle(after, outcomes, r.Now())
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
	return r.settleAfter(ctx, outcomes)
}

func rowsOf(parcels []*parcel) []deliveries.Delivery {
	some := make([]deliveries.Delivery, len(parcels))
	for i, p := range parcels {
		some[i] = p.delivery
	}
	return some
}
