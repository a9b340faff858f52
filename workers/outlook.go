package workers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

const (
	// heldFor is how long messages wait for a provider that is down before
	// somebody looks again, spread over as long once more. They are released as
	// soon as it is up.
	heldFor = 30 * time.Second
	// heldBriefly of a batch wait no longer than that: the next probe is among them.
	// The others wait as long as the provider has been down already, up to
	// longestHeld, or a long outage would keep the database as busy as sending does.
	heldBriefly = 20
	longestHeld = 30 * time.Minute
	// withoutProvider is how long they wait where none is configured.
	withoutProvider = 5 * time.Minute
)

// Outlook keeps how providers do: it notes what messages showed of them, and
// tells when one goes down and when it is up again, once.
type Outlook struct {
	Outlets deliveries.Outlets
	// Alarm tells the operator beside the log; nil tells nobody.
	Alarm     *Alarm
	Telemetry Telemetry
	Now       func() time.Time
	Log       *slog.Logger
}

// note writes down what was seen of an outlet. Where that brings it up again,
// what waited for it is released. That it is up is told whether or not that goes
// well: it is written down once, and the rest is released by what comes back by itself.
func (o *Outlook) note(ctx context.Context, out deliveries.Outlet, signs deliveries.Signs) error {
	now := o.Now()
	var unreleased error
	before, after, err := o.Outlets.Change(ctx, out, func(h deliveries.Health) deliveries.Health { return h.After(signs, now) })
	switch {
	case err != nil:
		return err
	case before.Down == after.Down:
		return nil
	case after.Down:
		o.Log.Error("a provider is down; its messages wait", "outlet", out.String(), "why", after.Why, "error", after.Detail)
	default:
		var released int
		released, unreleased = o.Outlets.Release(ctx, out.Channel, now, now.Add(2*longestHeld))
		o.Log.Error("a provider is up again", "outlet", out.String(), "down for", now.Sub(before.Since), "released", released)
	}
	o.Telemetry.Metrics.Outlet(string(out.Channel), out.Provider, after.Down)
	o.Alarm.tell(ctx, before, after)
	return unreleased
}

// releaseMissed releases what waits although an outlet is up: it was given back by who had
// not seen yet that it came up, or waits for a provider whose place it took.
func (o *Outlook) releaseMissed(ctx context.Context, known deliveries.Health) error {
	now := o.Now()
	if known.Since.IsZero() {
		var err error
		_, known, err = o.Outlets.Change(ctx, known.Outlet, func(h deliveries.Health) deliveries.Health {
			if h.Since.IsZero() {
				h.Since = now
			}
			return h
		})
		if err != nil || known.Down {
			return err
		}
	}
	released, err := o.Outlets.Release(ctx, known.Channel, known.Since, now.Add(2*longestHeld))
	o.Log.Info("messages waited for a provider that is up", "outlet", known.String(), "released", released)
	return err
}

// missed reports whether a message waited for an outlet longer than until it came up:
// what is released then is due at that moment.
func missed(d deliveries.Delivery, known deliveries.Health) bool {
	return waited(d) && d.DueAt.After(known.Since)
}

// signsOf is what the outcomes of sends show of the outlet they left by. A
// message that is refused for its own sake shows nothing: it may not even have
// left this machine. Neither does one whose turn did not come.
func signsOf(results []channels.Result) deliveries.Signs {
	var s deliveries.Signs
	for _, result := range results {
		var notSent *channels.NotSent
		var refused *channels.Refused
		switch {
		case result.Err == nil, errors.As(result.Err, &notSent) && notSent.Own:
			s.Well++
		case errors.As(result.Err, &notSent) && notSent.Untried:
		case errors.As(result.Err, &notSent) && notSent.Limited:
			s.Well, s.Limited, s.Wish = s.Well+1, true, max(s.Wish, notSent.RetryAfter)
		case errors.As(result.Err, &refused):
			if refused.Broken { // the account weighs more than a message
				s.Refused, s.Detail = true, result.Err.Error()
			}
		default:
			if s.Ill++; s.Detail == "" {
				s.Detail = result.Err.Error()
			}
		}
	}
	return s
}

// idle reports whether signs are those of an outlet of which nothing has to be
// written down. What went well has to be where failures are being counted: they are
// judged by their part of all.
func idle(s deliveries.Signs, known deliveries.Health, now time.Time) bool {
	return s.Ill == 0 && !s.Refused && !s.Limited && !s.Probe && !known.Down && known.Failures == 0 && !known.Counts(now)
}
