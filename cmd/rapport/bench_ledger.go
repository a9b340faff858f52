package main

import (
	"context"
	"fmt"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// ceiling is how many messages a second the ledger alone allows.
type ceiling struct {
	stage float64 // due, claimed, begun, settled
	whole float64 // with what goes before and after
}

// ledger measures what the ledger costs with nothing rendered and nothing sent: no
// way of sending can be faster.
func (b *bench) ledger(ctx context.Context) ([]figure, error) {
	n := b.sizes.N
	if err := b.populate(ctx, n); err != nil {
		return nil, err
	}
	if err := b.occur(ctx, "ledger-stage"); err != nil {
		return nil, err
	}
	var figures []figure
	var whole time.Duration
	for _, part := range []struct {
		work string
		do   func(context.Context) error
	}{
		{"the ledger: audience → entries", b.enterAll},
		{"the ledger: entries → deliveries", b.walk},
		{"the ledger: due → claimed → sending → sent", b.pretend},
		{"the ledger: sent → journeys ended", b.walk},
	} {
		began := time.Now()
		if err := part.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", part.work, err)
		}
		took := time.Since(began)
		whole += took
		figures = append(figures, measured(part.work, n, took))
	}
	if err := b.allSent(ctx, "ledger-stage"); err != nil {
		return nil, err
	}
	all := measured("the ledger: all of it", n, whole)
	b.ceiling = &ceiling{stage: figures[2].Rate, whole: all.Rate}
	return append(figures, all), nil
}

// pretend takes every due delivery through the ledger as if a provider had
// accepted it.
func (b *bench) pretend(ctx context.Context) error {
	const most, atOnce = 20 * walkedAtOnce, walkedAtOnce
	for {
		batches, err := b.Store.Due(ctx, b.Now(), time.Minute, deliveries.QuotaFor(most), atOnce)
		if err != nil || len(batches) == 0 {
			return err
		}
		err = inParallel(batches, (len(batches)+walkers-1)/walkers, func(some []deliveries.Batch) error {
			for _, batch := range some {
				if err := b.pretendToSend(ctx, batch); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

func (b *bench) pretendToSend(ctx context.Context, batch deliveries.Batch) error {
	fence, claimed, err := b.Store.Claim(ctx, batch.IDs, b.Now(), time.Minute)
	if err != nil || len(claimed) == 0 {
		return err
	}
	provider := standIns[batch.Channel]
	candidates, outcomes := make([]deliveries.Candidate, len(claimed)), make([]deliveries.Outcome, len(claimed))
	for i, d := range claimed {
		candidates[i] = deliveries.Candidate{Delivery: d, Provider: provider}
		outcomes[i] = deliveries.Outcome{ID: d.ID, Status: deliveries.Sent, ProviderID: providerNumber(d.Channel, d.ID)}
	}
	_, err = b.Store.Begin(ctx, fence, b.Now(), b.edition.Horizon(b.Now()), candidates,
		func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict { return deliveries.Verdict{Go: true} })
	if err != nil {
		return err
	}
	_, err = b.Store.Settle(ctx, fence, b.Now(), outcomes)
	return err
}

// providerNumber is a provider's name for a message that it never saw.
func providerNumber(ch channels.Channel, delivery int64) string {
	if ch == channels.SMS {
		return fmt.Sprintf("SM%032x", delivery)
	}
	return fmt.Sprintf("bench-%d", delivery)
}
