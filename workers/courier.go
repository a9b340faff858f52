package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

const (
	// providerTimeout bounds one call to a provider.
	providerTimeout = 10 * time.Second
	// accountPause is how long deliveries wait after the provider refused the
	// account itself (401, 403): nothing is wrong with them.
	accountPause = 5 * time.Minute
)

// Courier sends claimed deliveries: judges them, renders them, and hands them
// to the provider window by window.
//
// A window is what is in flight at once. It is committed as Sending before its
// first byte leaves and settled in one write after its last answer, so a crash
// leaves at most one window unconfirmed.
type Courier struct {
	Catalog     *campaigns.Catalog
	Ledger      deliveries.Ledger
	Entries     campaigns.Entries
	News        campaigns.News
	Preferences customers.Preferences
	Senders     map[channels.Channel]channels.Sender
	Limits      Limiter
	Post        *PostOffice
	// Window is how many messages of a batch are in flight at once; 0 is 100.
	Window int
	// Lease is how long claimed deliveries are kept; 0 is UsualLease.
	Lease time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// Limiter spaces sends across all workers.
type Limiter interface {
	// Wait returns when n more messages may leave on a channel, or with ctx's
	// error.
	Wait(ctx context.Context, ch channels.Channel, n int) error
}

// parcel is a delivery on its way through the courier.
type parcel struct {
	delivery deliveries.Delivery
	campaign *campaigns.Campaign
	words    *campaigns.Edition // whose templates the campaign's version uses
	journey  campaigns.Traveller
	verdict  deliveries.Verdict
	message  channels.Message
}

// Deliver sends the named deliveries as far as rules and time allow. What it
// does not get to goes back to the ledger.
func (c *Courier) Deliver(ctx context.Context, ids []int64) error {
	now := c.Now()
	fence, claimed, err := c.Ledger.Claim(ctx, ids, now, leaseOr(c.Lease))
	if err != nil {
		return fmt.Errorf("claim %d deliveries: %w", len(ids), err)
	}
	if len(claimed) == 0 {
		return nil
	}
	edition, err := c.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	parcels, err := c.load(ctx, claimed, now)
	if err != nil {
		return err
	}
	round := &round{Courier: c, edition: edition, fence: fence}
	ready, err := round.sort(ctx, parcels, now)
	if err != nil {
		return err
	}
	return round.send(ctx, ready)
}

// load reads everything a batch is judged and rendered by, in a few reads for
// all of it.
func (c *Courier) load(ctx context.Context, claimed []deliveries.Delivery, now time.Time) ([]parcel, error) {
	entries := make([]int64, len(claimed))
	for i, delivery := range claimed {
		entries[i] = delivery.Entry
	}
	travellers, err := c.Entries.Travellers(ctx, entries, now)
	if err != nil {
		return nil, fmt.Errorf("load the entries of %d deliveries: %w", len(claimed), err)
	}
	journeys := make(map[int64]campaigns.Traveller, len(travellers))
	for _, group := range byVersion(travellers) {
		first := group[0].Entry
		campaign, err := c.Catalog.Campaign(ctx, first.Campaign, first.Version)
		if err != nil {
			return nil, err
		}
		counts, err := countsFor(ctx, c.News, campaign, customersOf(group), now)
		if err != nil {
			return nil, err
		}
		for _, traveller := range group {
			traveller.Counts = counts[traveller.Entry.Customer]
			journeys[traveller.Entry.ID] = traveller
		}
	}
	parcels := make([]parcel, 0, len(claimed))
	for _, delivery := range claimed {
		campaign, err := c.Catalog.Campaign(ctx, delivery.Campaign, delivery.Version)
		if err != nil {
			return nil, err
		}
		words, err := c.Catalog.Edition(ctx, delivery.Campaign, delivery.Version)
		if err != nil {
			return nil, err
		}
		parcels = append(parcels, parcel{delivery: delivery, campaign: campaign, words: words, journey: journeys[delivery.Entry]})
	}
	return parcels, nil
}

// round is one batch under one fence.
type round struct {
	*Courier
	edition *campaigns.Edition
	fence   deliveries.Fence
}

// sort judges a batch before anything is rendered, writes what is held or
// skipped, renders the rest, and writes what cannot be rendered as failed.
func (r *round) sort(ctx context.Context, parcels []parcel, now time.Time) ([]parcel, error) {
	var ready, held []parcel
	for _, p := range parcels {
		p.verdict = r.judge(p, deliveries.Pressure{}, now)
		if p.verdict.Go {
			ready = append(ready, p)
		} else {
			held = append(held, p)
		}
	}
	if _, err := r.begin(ctx, held, now); err != nil {
		return nil, err
	}
	written, unwritable, err := r.Post.Write(ctx, r.edition, ready)
	if err != nil {
		return nil, err
	}
	return written, r.settle(ctx, unwritable, now)
}

func (r *round) judge(p parcel, pressure deliveries.Pressure, now time.Time) deliveries.Verdict {
	return r.edition.Judge(p.campaign, p.delivery, p.journey.Entry, p.journey.Customer, p.journey.Counts, pressure, now)
}

// begin commits the verdicts of parcels and returns those that may leave.
func (r *round) begin(ctx context.Context, parcels []parcel, now time.Time) ([]parcel, error) {
	if len(parcels) == 0 {
		return nil, nil
	}
	byID := make(map[int64]parcel, len(parcels))
	candidates := make([]deliveries.Candidate, len(parcels))
	for i, p := range parcels {
		byID[p.delivery.ID] = p
		candidates[i].Delivery = p.delivery
		if p.message.Content.Call != nil {
			candidates[i].Content = &p.message.Content
		}
	}
	verdicts, err := r.Ledger.Begin(ctx, r.fence, now, r.edition.Horizon(now), candidates,
		func(d deliveries.Delivery, pressure deliveries.Pressure) deliveries.Verdict {
			p := byID[d.ID]
			if !p.verdict.Go {
				return p.verdict // held before it was rendered
			}
			return r.judge(p, pressure, now)
		})
	if err != nil {
		return nil, fmt.Errorf("begin a window of %d: %w", len(parcels), err)
	}
	var leaving []parcel
	for i, verdict := range verdicts {
		if verdict.Go {
			parcels[i].delivery.Attempts++
			leaving = append(leaving, parcels[i])
		}
	}
	return leaving, nil
}

// send hands parcels over, window by window. Once ctx ends no further window
// begins; the one in flight is finished and settled all the same.
func (r *round) send(ctx context.Context, parcels []parcel) error {
	size := r.Window
	if size <= 0 {
		size = 100
	}
	for len(parcels) > 0 {
		n := min(size, len(parcels))
		ch := parcels[0].delivery.Channel
		if err := r.Limits.Wait(ctx, ch, n); err != nil {
			return r.giveBack(ctx, parcels)
		}
		leaving, err := r.begin(ctx, parcels[:n], r.Now())
		if err != nil {
			return err
		}
		parcels = parcels[n:]
		stop, err := r.window(ctx, leaving)
		if err != nil {
			return err
		}
		if stop {
			return r.giveBack(ctx, parcels)
		}
	}
	return nil
}

// window sends what is in flight at once and settles it. It reports whether
// the rest of the batch should wait, because the account is refused.
func (r *round) window(ctx context.Context, parcels []parcel) (stop bool, err error) {
	if len(parcels) == 0 {
		return false, nil
	}
	// Messages that have begun are not torn off by a shutdown: the provider's
	// time-out bounds them.
	inFlight, cancel := context.WithTimeout(context.WithoutCancel(ctx), providerTimeout)
	defer cancel()
	results := r.handOver(inFlight, parcels)
	now := r.Now()
	outcomes := make([]deliveries.Outcome, len(parcels))
	for i, p := range parcels {
		outcomes[i] = outcome(p.delivery, results[i], now)
		stop = stop || accountRefused(results[i].Err)
	}
	after, cancelAfter := context.WithTimeout(context.WithoutCancel(ctx), providerTimeout)
	defer cancelAfter()
	if err := r.blockRefused(after, parcels, results, now); err != nil {
		return stop, err
	}
	return stop, r.settle(after, outcomes, now)
}

// handOver gives the messages to the provider of their channel, all at once.
func (r *round) handOver(ctx context.Context, parcels []parcel) []channels.Result {
	ch := parcels[0].delivery.Channel
	sender := r.Senders[ch]
	results := make([]channels.Result, len(parcels))
	if sender == nil {
		for i := range results {
			results[i].Err = &channels.NotSent{Err: fmt.Errorf("no provider is configured for %s", ch), RetryAfter: accountPause}
		}
		return results
	}
	if batch, able := sender.(channels.BatchSender); able {
		messages := make([]channels.Message, len(parcels))
		for i, p := range parcels {
			messages[i] = p.message
		}
		return batch.SendBatch(ctx, messages)
	}
	var wait sync.WaitGroup
	for i := range parcels {
		wait.Go(func() {
			results[i].Receipt, results[i].Err = sender.Send(ctx, parcels[i].message)
		})
	}
	wait.Wait()
	return results
}

// blockRefused suppresses the addresses that a provider refuses for good and
// forgets browsers that unsubscribed.
func (r *round) blockRefused(ctx context.Context, parcels []parcel, results []channels.Result, now time.Time) error {
	var blocks []customers.Suppression
	for i, result := range results {
		var refused *channels.Refused
		if !errors.As(result.Err, &refused) {
			continue
		}
		p := parcels[i]
		switch {
		case p.delivery.Channel == channels.Push && refused.Reason == channels.ReasonGone:
			if err := r.Preferences.Unsubscribe(ctx, p.message.To); err != nil {
				return fmt.Errorf("forget the browser of delivery %d: %w", p.delivery.ID, err)
			}
		case refused.Suppress:
			blocks = append(blocks, customers.Suppression{
				Channel: p.delivery.Channel, Address: p.message.To, Reason: refused.Reason, At: now,
			})
		}
	}
	if len(blocks) == 0 {
		return nil
	}
	if err := r.Preferences.Suppress(ctx, blocks); err != nil {
		return fmt.Errorf("suppress %d refused addresses: %w", len(blocks), err)
	}
	return nil
}

func (r *round) settle(ctx context.Context, outcomes []deliveries.Outcome, now time.Time) error {
	if len(outcomes) == 0 {
		return nil
	}
	written, err := r.Ledger.Settle(ctx, r.fence, now, outcomes)
	if err != nil {
		return fmt.Errorf("settle %d deliveries: %w", len(outcomes), err)
	}
	if lost := len(outcomes) - written; lost > 0 {
		r.Log.Warn("deliveries were taken over while they were being sent", "deliveries", lost)
	}
	return nil
}

// giveBack returns parcels that were not begun to the ledger, due at once.
func (r *round) giveBack(ctx context.Context, parcels []parcel) error {
	now := r.Now()
	outcomes := make([]deliveries.Outcome, len(parcels))
	for i, p := range parcels {
		outcomes[i] = deliveries.Outcome{ID: p.delivery.ID, Status: deliveries.Planned, DueAt: now}
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), providerTimeout)
	defer cancel()
	return r.settle(after, outcomes, now)
}
