package workers

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// turn is what of a batch leaves by the same outlet.
type turn struct {
	outlet  deliveries.Outlet // whose health counts
	origin  deliveries.Outlet // whose limit and pause count: the outlet with the sending address or host
	parcels []*parcel
}

// turns puts parcels in groups by whom they leave from, each in its order.
func (r *round) turns(parcels []*parcel) []*turn {
	var all []*turn
	places := map[deliveries.Outlet]*turn{}
	for _, p := range parcels {
		outlet, origin := r.ways(p)
		place := places[origin]
		if place == nil {
			place = &turn{outlet: outlet, origin: origin}
			places[origin] = place
			all = append(all, place)
		}
		place.parcels = append(place.parcels, p)
	}
	return all
}

// ways is the outlet whose health counts for a message, and the one whose limit
// and pause do.
func (r *round) ways(p *parcel) (outlet, origin deliveries.Outlet) {
	outlet, origin = r.outlet, r.outlet
	origin.Via = r.via(p)
	if byHost(outlet.Channel) {
		outlet = origin
	}
	return outlet, origin
}

// byHost reports whether a channel's messages go to many hosts, of which one may
// be down by itself.
func byHost(ch channels.Channel) bool { return ch == channels.Push || ch == channels.Webhook }

// via is the address a message leaves from, or the host it goes to.
func (r *round) via(p *parcel) string {
	switch customer := p.traveller.Customer; {
	case r.outlet.Channel == channels.Push && customer != nil && len(customer.Browsers) > 0:
		return hostOf(customer.Browsers[0].Endpoint)
	case r.outlet.Channel == channels.Webhook && p.campaign != nil:
		if step := p.campaign.StepAt(p.delivery.Step); step != nil && step.Webhook != nil {
			return hostOf(step.Webhook.URL)
		}
		return ""
	}
	return senderOf(r.edition, p)
}

func hostOf(address string) string {
	if target, err := url.Parse(address); err == nil {
		return target.Host
	}
	return ""
}

// refreshHealth reads how the channel's outlets do, unless that was done just now.
func (r *round) refreshHealth(ctx context.Context) error {
	now := r.Now()
	if r.health != nil && now.Sub(r.lookedAt) < freshFor {
		return nil
	}
	all, err := r.Outlook.Outlets.Health(ctx, r.outlet.Channel)
	if err != nil {
		return err
	}
	r.health, r.lookedAt = make(map[deliveries.Outlet]deliveries.Health, len(all)), now
	for _, h := range all {
		r.health[h.Outlet] = h
	}
	return nil
}

// admit says whether what stands in a turn may leave. A probe is asked for in
// the store, where one worker gets it.
func (r *round) admit(ctx context.Context, t *turn) (a deliveries.Admission, err error) {
	now := r.Now()
	if paused := r.health[t.origin].PausedUntil; now.Before(paused) {
		return deliveries.Admission{Until: paused, Why: deliveries.RateLimit}, nil
	}
	if _, a = r.health[t.outlet].Admit(now); !a.Probe {
		return a, nil
	}
	_, after, err := r.Outlook.Outlets.Change(ctx, t.outlet, func(h deliveries.Health) deliveries.Health {
		h, a = h.Admit(now)
		return h
	})
	r.health[t.outlet] = after
	return a, err
}

// admitTurns leaves those turns that may leave now, and gives the others back. A
// turn that is given the probe sends one message first.
func (r *round) admitTurns(ctx context.Context, turns []*turn) (open []*turn, err error) {
	for _, t := range turns {
		a, err := r.admit(ctx, t)
		if err == nil && a.Probe {
			if err = r.probe(ctx, t); err == nil {
				a, err = r.admit(ctx, t)
			}
		}
		switch {
		case err != nil:
			return nil, err
		case a.Free:
			r.releaseWaiting(ctx, t)
			open = append(open, t)
		default:
			if err := r.hold(ctx, rowsOf(t.parcels), a); err != nil {
				return nil, err
			}
		}
	}
	return open, nil
}

// releaseWaiting releases what else waits for an outlet that is up, where a turn shows
// that something does. What stands in the turn leaves whether or not that goes well.
func (r *round) releaseWaiting(ctx context.Context, t *turn) {
	known := r.health[t.outlet]
	known.Outlet = t.outlet
	if r.released || !slices.ContainsFunc(t.parcels, func(p *parcel) bool { return missed(p.delivery, known) }) {
		return
	}
	r.released = true
	ctx, cancel := r.callContext(ctx)
	defer cancel()
	if err := r.Outlook.releaseMissed(ctx, known); err != nil {
		r.Log.Warn("what waits for a provider that is up was not released", "outlet", t.outlet.String(), "error", err)
	}
}

// probe finds out whether an outlet is up again: by what costs nothing where the
// provider can be asked, and then by one message.
func (r *round) probe(ctx context.Context, t *turn) error {
	seen := deliveries.Signs{Probe: true}
	if prober, able := r.Senders[t.outlet.Channel].(channels.Prober); able {
		asked, cancel := context.WithTimeout(ctx, callOr(r.Call))
		seen = signsOf([]channels.Result{{Err: prober.Probe(asked)}})
		cancel()
		seen.Probe = true
		if seen.Ill > 0 || seen.Limited {
			return r.noteSigns(ctx, t.outlet, seen)
		}
		// It is there. Whether it takes messages a message shows, also where the
		// account may send and not ask.
		seen.Well, seen.Refused = 0, false
	}
	for len(t.parcels) > 0 {
		one := &window{parcels: t.parcels[:1], probe: true}
		t.parcels = t.parcels[1:]
		asked, err := r.sendWindow(ctx, one)
		if err != nil || asked {
			return err
		}
	}
	return r.noteSigns(ctx, t.outlet, seen) // nothing could leave; the next may try
}

// noteSigns notes signs and keeps in mind what came of them.
func (r *round) noteSigns(ctx context.Context, out deliveries.Outlet, signs deliveries.Signs) error {
	after, cancel := r.callContext(ctx)
	defer cancel()
	r.health = nil // read anew
	if err := r.Outlook.note(after, out, signs); err != nil {
		return err
	}
	looking, done := r.callContext(ctx) // whoever is told may have taken the time
	defer done()
	return r.refreshHealth(looking)
}

// observe notes what a window showed, by outlet; of a probe also that it showed
// nothing. A provider's wish for a pause is its origin's.
func (r *round) observe(ctx context.Context, w *window) error {
	if err := r.refreshHealth(ctx); err != nil {
		return err
	}
	byOutlet, byOrigin := map[deliveries.Outlet][]channels.Result{}, map[deliveries.Outlet][]channels.Result{}
	for i, p := range w.parcels {
		outlet, origin := r.ways(p)
		byOutlet[outlet] = append(byOutlet[outlet], w.results[i])
		byOrigin[origin] = append(byOrigin[origin], w.results[i])
	}
	var troubles []error
	for origin, some := range byOrigin {
		if s := signsOf(some); s.Limited && byOutlet[origin] == nil {
			troubles = append(troubles, r.noteSigns(ctx, origin, deliveries.Signs{Limited: true, Wish: s.Wish}))
		}
	}
	for outlet, some := range byOutlet {
		signs := signsOf(some)
		signs.Limited = signs.Limited && byOrigin[outlet] != nil
		signs.Probe = w.probe
		says := signs.Well+signs.Ill > 0 || signs.Refused || w.probe
		if says && !idle(signs, r.health[outlet], r.Now()) {
			troubles = append(troubles, r.noteSigns(ctx, outlet, signs))
		}
	}
	return errors.Join(troubles...)
}

// hold gives deliveries back for as long as an outlet is shut. They wait in the
// ledger, without an attempt, no longer than until they expire. The first of
// those that wait for a provider comes back for the next probe, and a few soon after.
func (r *round) hold(ctx context.Context, some []deliveries.Delivery, a deliveries.Admission) error {
	now := r.Now()
	outcomes := make([]deliveries.Outcome, len(some))
	for i, d := range some {
		due := a.Until.Add(deliveries.Spread(d, max(a.Until.Sub(now)/4, time.Second)))
		if a.Why == deliveries.ProviderDown {
			length := heldFor
			if i >= heldBriefly {
				length = min(max(now.Sub(a.Since), heldFor), longestHeld)
			}
			due = now.Add(length + deliveries.Spread(d, length))
			if i == 0 && a.Until.Before(due) {
				due = a.Until
			}
		}
		outcomes[i] = waiting(d, a.Why, due, now)
	}
	return r.settleDespiteShutdown(ctx, outcomes)
}
