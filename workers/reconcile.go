package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

const (
	// doubtFor is how long an unconfirmed delivery waits for evidence to
	// arrive by itself before the provider is asked.
	doubtFor = 2 * time.Minute
	// epochKey names the life of this Redis: it is gone when Redis came back
	// empty.
	epochKey  = "rapport:epoch"
	epochFact = "redis epoch"
)

// Reconciler mends what crashes leave behind, from SQL alone.
type Reconciler struct {
	Ledger    deliveries.Ledger
	Doubts    deliveries.Doubts
	Record    deliveries.Record
	Directory customers.Directory
	Facts     Facts
	Redis     redis.UniversalClient
	Senders   map[channels.Channel]channels.Sender
	Now       func() time.Time
	NewEpoch  func() string
	Log       *slog.Logger
}

// Round ends leases that are over and resolves doubts, by evidence first and
// then by policy.
func (r *Reconciler) Round(ctx context.Context) error {
	planned, unconfirmed, err := r.Ledger.Reclaim(ctx, r.Now())
	if err != nil {
		return fmt.Errorf("end leases: %w", err)
	}
	if planned+unconfirmed > 0 {
		r.Log.Warn("leases were over", "planned again", planned, "unconfirmed", unconfirmed)
	}
	return r.resolve(ctx)
}

// Refill notices a Redis that came back empty: it compares the epoch in Redis
// with the one in SQL. Where they differ, Redis forgot every task, and all that
// waited there is planned again.
func (r *Reconciler) Refill(ctx context.Context) error {
	here, err := r.Redis.Get(ctx, epochKey).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil // Redis is away; the pump says so
	}
	known, err := r.Facts.Fact(ctx, epochFact)
	if err != nil {
		return err
	}
	if here != "" && here == known {
		return nil
	}
	fresh := r.NewEpoch()
	if err := r.Redis.Set(ctx, epochKey, fresh, 0).Err(); err != nil {
		return fmt.Errorf("mark the epoch of Redis: %w", err)
	}
	if err := r.Facts.SetFact(ctx, epochFact, fresh); err != nil {
		return err
	}
	recalled, err := r.Ledger.Recall(ctx, r.Now())
	if err != nil {
		return fmt.Errorf("recall what Redis forgot: %w", err)
	}
	r.Log.Info("a new epoch of Redis begins", "planned again", recalled)
	return nil
}

// resolve asks providers about deliveries nobody knows the fate of, and lets
// the step's policy decide where no evidence is to be had.
func (r *Reconciler) resolve(ctx context.Context) error {
	now := r.Now()
	doubts, err := r.Doubts.Unconfirmed(ctx, now.Add(-doubtFor), batchSize)
	if err != nil {
		return fmt.Errorf("list unconfirmed deliveries: %w", err)
	}
	if len(doubts) == 0 {
		return nil
	}
	ids := make([]string, len(doubts))
	for i, doubt := range doubts {
		ids[i] = doubt.Customer
	}
	people, err := r.Directory.Load(ctx, ids, now)
	if err != nil {
		return fmt.Errorf("load the customers of %d doubts: %w", len(doubts), err)
	}
	findings := make([]deliveries.Finding, len(doubts))
	given := map[string]bool{} // messages that are evidence for one doubt already
	for i, doubt := range doubts {
		findings[i] = r.find(ctx, doubt, people[doubt.Customer], given, now)
	}
	return r.Doubts.Resolve(ctx, now, findings)
}

// find looks for one delivery. A provider finds by address and time alone, so
// what it finds is evidence only if no other delivery has that message.
func (r *Reconciler) find(ctx context.Context, d deliveries.Delivery, customer *customers.Customer, given map[string]bool, now time.Time) deliveries.Finding {
	finding := deliveries.Finding{ID: d.ID, Status: deliveries.Unconfirmed}
	finder, able := r.Senders[d.Channel].(channels.Finder)
	if able && customer != nil {
		ask, cancel := context.WithTimeout(ctx, providerTimeout)
		defer cancel()
		receipt, found, err := finder.Find(ask, d.ID, customer.Address(d.Channel), d.TakenAt)
		switch {
		case err != nil:
			return finding // not known yet; asked again in the next round
		case found && !given[receipt.ProviderID] && r.unclaimed(ctx, d, receipt.ProviderID):
			given[receipt.ProviderID] = true
			finding.Status, finding.ProviderID = deliveries.Sent, receipt.ProviderID
			return finding
		}
	}
	if d.Ambiguous == deliveries.Resend && !d.Resent {
		finding.Status, finding.DueAt = deliveries.Planned, now
	}
	return finding
}

// unclaimed reports whether a provider's message belongs to no other delivery.
func (r *Reconciler) unclaimed(ctx context.Context, d deliveries.Delivery, providerID string) bool {
	owners, err := r.Record.Lookup(ctx, []deliveries.Ref{{Channel: d.Channel, ProviderID: providerID}})
	return err == nil && (owners[0].ID == 0 || owners[0].ID == d.ID)
}
