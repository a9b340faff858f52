package workers

import (
	"context"
	"errors"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/telemetry"
)

// window is what is in flight at once.
type window struct {
	parcels  []*parcel
	probe    bool // it is to show whether its outlet is up again
	results  []channels.Result
	answered time.Time // when the last of them was there
}

// sendWindow renders the parcels of a window, commits them, sends them together and
// settles them. It reports whether the provider was asked for anything.
func (r *round) sendWindow(ctx context.Context, w *window) (asked bool, err error) {
	ctx, span := r.Telemetry.Traces.Start(ctx, "window")
	span.Outlet(string(r.outlet.Channel), r.outlet.Provider)
	span.Count("messages", len(w.parcels))
	defer func() { span.End(err) }()
	if err := r.readyToLeave(ctx, w); err != nil || len(w.parcels) == 0 {
		return false, err
	}
	r.transmit(ctx, w)
	return true, r.finish(ctx, w, r.outcomesOf(w))
}

// readyToLeave keeps in a window what is to leave now, which is rendered and written
// down as being sent. The rest is settled or given back.
func (r *round) readyToLeave(ctx context.Context, w *window) (err error) {
	parcels := w.parcels
	w.parcels = nil
	if r.Now().Sub(parcels[0].readAt) >= freshFor {
		if parcels, err = r.sift(ctx, parcels); err != nil {
			return err
		}
	}
	written, unwritable, err := r.Post.Write(ctx, r.edition, parcels)
	if err != nil {
		return err
	}
	if err := r.settle(ctx, unwritable, r.Now()); err != nil {
		return err
	}
	if len(unwritable) > 0 {
		r.Telemetry.Metrics.Sent(string(r.outlet.Channel), r.outlet.Provider, map[string]int{"not_rendered": len(unwritable)})
	}
	leaving, judged, err := r.begin(ctx, written, r.Now())
	if err != nil {
		return errors.Join(err, r.returnUnsent(ctx, written))
	}
	if len(leaving) == 0 {
		return nil
	}
	if now := r.Now(); now.Sub(judged) >= turnWithin(r.Call) || !now.Before(r.until) {
		r.Log.WarnContext(ctx, "the database said too late that messages may leave", "messages", len(leaving), "after", now.Sub(judged))
		return r.returnUnsent(ctx, leaving)
	}
	w.parcels = leaving
	return nil
}

// transmit hands a window to its provider and waits for the answers. Messages that have
// begun are not torn off by a shutdown: the provider's time-out bounds them.
func (r *round) transmit(ctx context.Context, w *window) {
	inFlight, cancel := r.callContext(ctx)
	defer cancel()
	late, cancelLate := context.WithTimeout(inFlight, turnWithin(r.Call))
	defer cancelLate()
	sentAt := r.Now()
	for _, p := range w.parcels {
		if by := r.edition.ArriveBy(p.matter(), sentAt); !by.IsZero() {
			p.message.ValidFor = by.Sub(sentAt)
		}
	}
	w.results = r.handOver(inFlight, late.Done(), w.parcels)
	w.answered = r.Now()
	r.pace.took(r.outlet, len(w.parcels), w.answered.Sub(sentAt), r.mostInFlight())
}

// outcomesOf is what the ledger keeps of a window's answers, and how journeys go on.
func (r *round) outcomesOf(w *window) []deliveries.Outcome {
	outcomes := make([]deliveries.Outcome, len(w.parcels))
	for i, p := range w.parcels {
		outcomes[i] = outcome(p.delivery, w.results[i], w.answered)
		if otherBrowserLeft(p, w.results[i]) {
			retryAt(&outcomes[i], p.delivery, w.answered, channels.ReasonGone)
		}
		outcomes[i].Segments, outcomes[i].Cost = r.edition.Billed(p.traveller.Customer, p.message.Content, w.results[i].Receipt.Segments)
	}
	r.planOnward(w.parcels, outcomes, w.answered)
	return outcomes
}

// finish writes what became of a window: the outcomes, then, whether or not they could
// be written, which addresses were refused and how the outlet does. Last it walks on
// the journeys of what was settled.
func (r *round) finish(ctx context.Context, w *window, outcomes []deliveries.Outcome) error {
	for _, p := range w.parcels {
		p.message.Content = channels.Content{} // nobody asks for the words any more
	}
	r.logRefusals(ctx, w)
	r.Telemetry.settled(r.outlet, w.parcels, outcomes)
	ctx, cancel := r.leaseContext(ctx)
	defer cancel()
	settled := r.settleUntilLeaseEnds(ctx, outcomes, w.answered)
	blocked := untilOver(ctx, func() error { return r.blockRefused(ctx, w) })
	noted := r.observe(ctx, w)
	r.rememberTrace(ctx, w.parcels, w.answered)
	var walked error
	if settled == nil {
		walked = r.onward(ctx, w.parcels, outcomes)
	}
	return errors.Join(blocked, settled, noted, walked)
}

// otherBrowserLeft reports whether a notification found a browser gone whose customer
// has another one: the next attempt goes there.
func otherBrowserLeft(p *parcel, result channels.Result) bool {
	var refused *channels.Refused
	return p.delivery.Channel == channels.Push && errors.As(result.Err, &refused) && refused.Reason == channels.ReasonGone &&
		len(p.traveller.Customer.Browsers) > 1
}

// handOver gives the messages to the provider of their channel, as many at once as it
// can be given. Those that have to wait for others begin before it is late.
func (r *round) handOver(ctx context.Context, late <-chan struct{}, parcels []*parcel) []channels.Result {
	sender := r.Senders[r.outlet.Channel]
	calls := r.Telemetry.Metrics.Calls(ctx, string(r.outlet.Channel), r.outlet.Provider)
	if batch, able := sender.(channels.BatchSender); able {
		messages := pluck(parcels, func(p *parcel) channels.Message { return p.message })
		ctx, span := r.Telemetry.Traces.Start(ctx, "call")
		began := calls.Began()
		results := make([]channels.Result, len(messages))
		err := channels.Recovered(func() error {
			results = batch.SendBatch(ctx, late, messages)
			return nil
		})
		if err != nil { // what the others were answered went with it
			for i := range results {
				results[i].Err = err
			}
		}
		calls.Ended(began)
		span.End(err)
		return results
	}
	traced := telemetry.Kept(ctx)
	return channels.Abreast(late, len(parcels), func(i int) (channels.Receipt, error) {
		ctx, span := ctx, telemetry.Span{}
		if traced {
			ctx, span = r.Telemetry.Traces.Start(ctx, "call")
		}
		began := calls.Began()
		defer calls.Ended(began)
		receipt, err := sender.Send(ctx, parcels[i].message)
		span.End(err)
		return receipt, err
	})
}

// rememberTrace remembers the trace of a window that is kept, to which what comes back
// of its messages leads.
func (r *round) rememberTrace(ctx context.Context, parcels []*parcel, now time.Time) {
	if r.Telemetry.Trails == nil || !telemetry.Kept(ctx) {
		return
	}
	ids := pluck(parcels, func(p *parcel) int64 { return p.delivery.ID })
	r.Telemetry.mark(ctx, deliveries.DeliveryTrail.Of(ids...), now)
}
