package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

const (
	// usualDoubt is how long an unconfirmed delivery waits for evidence to
	// arrive by itself before the provider is asked.
	usualDoubt = 2 * time.Minute
	// askFor bounds the questions of one round, so that a provider that is away
	// does not hold up the scheduler; asksAtOnce are under way together.
	askFor     = 5 * time.Second
	asksAtOnce = 16

	// unheldFor is how long after a campaign went on its messages may still be held
	// by who read before that it stands still: the longest a task takes, and more.
	unheldFor = 5 * time.Minute

	// besideFor is how long before a message in doubt the send of another may have
	// begun that made what its provider lists: as long as a lease, and half a minute by
	// which the provider's clock may differ.
	besideFor = UsualLease + 30*time.Second

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
	// Doubt is how long an unconfirmed delivery waits for evidence before its
	// provider is asked and its policy decides; 0 is two minutes.
	Doubt     time.Duration
	Telemetry Telemetry
	Now       func() time.Time
	NewEpoch  func() string
	Log       *slog.Logger
}

// Round ends leases that are over, lets go what was held for a pause that was over by
// then, and resolves doubts, by evidence first and then by policy.
func (r *Reconciler) Round(ctx context.Context) error {
	planned, unconfirmed, err := r.Ledger.Reclaim(ctx, r.Now())
	if err != nil {
		return fmt.Errorf("end leases: %w", err)
	}
	r.Telemetry.Metrics.LeasesEnded(planned, unconfirmed)
	if planned+unconfirmed > 0 {
		r.Log.Warn("leases were over", "planned again", planned, "unconfirmed", unconfirmed)
	}
	if _, err := r.Ledger.Unhold(ctx, r.Now(), r.Now().Add(-unheldFor)); err != nil {
		return err
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
	recalled, err := r.Ledger.Recall(ctx, r.Now())
	if err != nil {
		return fmt.Errorf("recall what Redis forgot: %w", err)
	}
	// Marked last: a crash before repeats the recall, which does no harm.
	fresh := r.NewEpoch()
	if err := r.Redis.Set(ctx, epochKey, fresh, 0).Err(); err != nil {
		return fmt.Errorf("mark the epoch of Redis: %w", err)
	}
	if err := r.Facts.SetFact(ctx, epochFact, fresh); err != nil {
		return err
	}
	r.Log.Info("a new epoch of Redis begins", "planned again", recalled)
	return nil
}

// resolve asks providers about deliveries nobody knows the fate of, and lets
// the step's policy decide where no evidence is to be had.
func (r *Reconciler) resolve(ctx context.Context) error {
	now := r.Now()
	doubts, err := r.Doubts.Unconfirmed(ctx, now.Add(-cmp.Or(r.Doubt, usualDoubt)), batchSize)
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
	asked, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	clues := r.ask(asked, doubts, people)
	// Before it is looked up whose a message is: what has its name by then is not
	// listed here, and what gets it between is.
	beside, err := r.beside(ctx, doubts, clues, people)
	if err != nil {
		return err
	}
	findings := make([]deliveries.Finding, 0, len(doubts))
	for i, doubt := range doubts {
		if clues[i].none {
			continue // its turn comes in the next round
		}
		finding, err := r.find(ctx, doubt, clues[i], beside[doubt.ID], now)
		if err != nil {
			return err
		}
		findings = append(findings, finding)
	}
	return r.Doubts.Resolve(ctx, now, findings)
}

// clue is what a provider said about one delivery.
type clue struct {
	none    bool // there was no time to ask
	unknown bool // the provider cannot tell, or not now
	found   string
}

// ask asks the providers that can be asked, several questions at a time, until
// ctx ends.
func (r *Reconciler) ask(ctx context.Context, doubts []deliveries.Delivery, people map[string]*customers.Customer) []clue {
	clues := make([]clue, len(doubts))
	var asking errgroup.Group
	asking.SetLimit(asksAtOnce)
	for i, d := range doubts {
		finder, able := r.Senders[d.Channel].(channels.Finder)
		customer := people[d.Customer]
		if !able || customer == nil || customer.Address(d.Channel) == "" {
			continue
		}
		asking.Go(func() error {
			if ctx.Err() != nil {
				clues[i].none = true
				return nil
			}
			var receipt channels.Receipt
			var found bool
			err := channels.Recovered(func() (err error) {
				receipt, found, err = finder.Find(ctx, d.ID, customer.Address(d.Channel), d.TakenAt)
				return err
			})
			if clues[i].unknown = err != nil; found && err == nil {
				clues[i].found = receipt.ProviderID
			}
			return nil
		})
	}
	_ = asking.Wait() // no question fails the others
	return clues
}

// beside tells which other messages those that providers list may be of.
func (r *Reconciler) beside(ctx context.Context, doubts []deliveries.Delivery, clues []clue, people map[string]*customers.Customer) (map[int64]deliveries.Unnamed, error) {
	var sought []deliveries.Sought
	for i, d := range doubts {
		if clues[i].found != "" {
			sought = append(sought, deliveries.Sought{
				ID: d.ID, Customer: d.Customer, Channel: d.Channel, Address: people[d.Customer].Address(d.Channel), Since: d.TakenAt.Add(-besideFor),
			})
		}
	}
	if len(sought) == 0 {
		return nil, nil
	}
	return r.Doubts.Unnamed(ctx, sought)
}

// find says what a clue proves. A provider finds by address and time alone, so
// what it finds is evidence only if no other delivery has that message, or may have it.
func (r *Reconciler) find(ctx context.Context, d deliveries.Delivery, c clue, beside deliveries.Unnamed, now time.Time) (deliveries.Finding, error) {
	finding := deliveries.Finding{ID: d.ID, Status: deliveries.Unconfirmed}
	if c.unknown {
		return finding, nil // asked again later
	}
	if c.found != "" {
		owners, err := r.Record.Lookup(ctx, []deliveries.Ref{{Channel: d.Channel, ProviderID: c.found}})
		if err != nil {
			return finding, fmt.Errorf("find out whose message a provider has: %w", err)
		}
		unowned := owners[0].ID == 0 || owners[0].ID == d.ID
		switch {
		case unowned && beside.Sending:
			return finding, nil // whose it is may be known the next time
		case unowned && !beside.Any:
			finding.Status, finding.ProviderID = deliveries.Sent, c.found
			return finding, nil
		}
	}
	if d.Ambiguous == deliveries.Resend && !d.Resent {
		finding.Status, finding.DueAt = deliveries.Planned, now
	}
	return finding, nil
}
