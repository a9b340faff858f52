package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// usualWindow is how many messages are in flight at once where their provider
// answers fast.
const usualWindow = 500

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
	Directory   customers.Directory
	Preferences customers.Preferences
	Mailboxes   customers.Mailboxes
	Senders     map[channels.Channel]channels.Sender
	// Providers are the senders' names, which the ledger keeps.
	Providers map[channels.Channel]string
	Limits    Limiter
	Outlook   *Outlook
	TestMode  TestMode
	Post      *PostOffice
	// Walker walks on whose messages were settled; nil leaves them to the
	// scheduler.
	Walker *Walker
	// Rows is shared with whatever else has rows in memory; nil has no bound.
	Rows *RowBudget
	// Window is how many messages of a batch are in flight at once where their
	// provider answers fast (see pace); 0 is 500.
	Window int
	// Call is how long a provider may take to answer; 0 is 10 s.
	Call time.Duration
	// Lease is how long claimed deliveries are kept; 0 is UsualLease.
	Lease time.Duration
	// Conditions is how long the database may judge one; 0 is a minute.
	Conditions time.Duration
	// Stopping is closed when the worker is to leave: the window in flight is
	// finished and the rest of a batch goes back to the ledger. Nil is never.
	Stopping  <-chan struct{}
	Telemetry Telemetry
	Now       func() time.Time
	Log       *slog.Logger

	pace pace
}

// Limiter spaces sends across all workers.
type Limiter interface {
	// Take says how many of n messages may leave now by an origin: an outlet with the
	// sending address or host. Where none may, again is how soon the next one will.
	Take(ctx context.Context, origin deliveries.Outlet, n int) (granted int, again time.Duration)
	// Line gives n messages a place each behind all that have one already: the
	// first is due after first, the others follow apart from each other.
	Line(ctx context.Context, origin deliveries.Outlet, n int) (first, apart time.Duration)
}

// Deliver sends the named deliveries, all of one channel, as far as rules,
// limits and time allow. What it does not get to goes back to the ledger.
func (c *Courier) Deliver(ctx context.Context, ids []int64) (err error) {
	round := &round{Courier: c, patience: patience}
	round.reserveRows(ctx, min(len(ids), c.expects(ctx)))
	defer round.releaseRows()
	now := c.Now()
	round.until = now.Add(leaseOr(c.Lease))
	var claimed []deliveries.Delivery
	if round.fence, claimed, err = c.Ledger.Claim(ctx, ids, now, leaseOr(c.Lease)); err != nil {
		return fmt.Errorf("claim %d deliveries: %w", len(ids), err)
	}
	if len(claimed) == 0 {
		return nil
	}
	entries := pluck(claimed, func(d deliveries.Delivery) int64 { return d.Entry })
	ctx, span := c.Telemetry.ofEntries(ctx, "deliver", entries)
	defer func() { span.End(err) }()
	round.outlet = outletOf(c.Providers, claimed[0].Channel)
	if c.Senders[round.outlet.Channel] == nil {
		c.Log.Error("no provider is configured; messages wait", "channel", round.outlet.Channel, "messages", len(claimed))
		return round.giveBack(ctx, claimed, deliveries.ProviderUnavailable, c.Now().Add(withoutProvider), 0)
	}
	return round.deliver(ctx, claimed)
}

// expects is how many messages of a task will be read at once, as its queue tells
// before they are claimed.
func (c *Courier) expects(ctx context.Context) int {
	name, _ := asynq.GetQueueName(ctx)
	if queue, is := partOf(name); is {
		return c.readAtOnce(outletOf(c.Providers, channels.Channel(queue)))
	}
	return c.mostInFlight()
}

// readAtOnce is how many messages are worth reading: those of the next window, or
// of the next few small ones.
func (c *Courier) readAtOnce(out deliveries.Outlet) int {
	return max(c.pace.window(out, c.mostInFlight()), firstWindow)
}

// stopping reports whether the worker is to leave.
func (c *Courier) stopping() bool { return isClosed(c.Stopping) }

// mostInFlight bounds a window.
func (c *Courier) mostInFlight() int {
	if c.Window <= 0 {
		return usualWindow
	}
	return c.Window
}
