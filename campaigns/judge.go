package campaigns

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// rejudge is how soon a delivery is looked at again when nobody knows when what
// holds it will end: a paused campaign, a budget that is used up.
const rejudge = time.Hour

// Judge says whether a delivery may leave at this moment. The gates stand in
// order. Those that never change their mind about a message skip it with their
// reason. Those that only hold it (a campaign that is paused or a draft,
// contact hours, caps, budgets) let it wait for the earliest moment that allows
// it, unless that is not before its ExpiresAt: then it is skipped with the
// reason that held it last.
func (w *Workspace) Judge(m Matter, now time.Time) deliveries.Verdict {
	g := gate{Matter: m, workspace: w, now: now}
	return g.verdict()
}

// Matter is a delivery with all that it is judged by.
type Matter struct {
	// Campaign is the one in the delivery's version, with the state it has today.
	Campaign *Campaign
	Delivery deliveries.Delivery
	Entry    Entry
	Journey  []deliveries.Delivery // what the ledger holds of the entry
	Customer *customers.Customer
	Counts   map[string]int64    // the customer's did() counts
	Pressure deliveries.Pressure // a nil Spent means that nothing was spent
	// Content is what would be sent, which tells its price; nil before it is
	// rendered.
	Content *channels.Content
}

// gate is one delivery before the judge.
type gate struct {
	Matter
	workspace *Workspace
	now       time.Time
	past      bool // now is an earlier moment that is looked back at

	zones    []*time.Location
	zoneFrom string
}

func (g *gate) verdict() deliveries.Verdict {
	if g.Customer != nil {
		g.zones, g.zoneFrom = g.workspace.clocksOf(g.Customer)
	}
	if g.Delivery.Direct() {
		return g.answer()
	}
	if g.Campaign == nil || g.Campaign.State == Paused || g.Campaign.State == Draft || g.Pressure.Paused {
		return g.hold(g.now.Add(rejudge), deliveries.PausedCampaign, true)
	}
	if g.Delivery.Channel == channels.Webhook {
		return g.announce()
	}
	if reason := g.refusal(); reason != "" {
		return g.skip(reason)
	}
	if g.expired() {
		return g.skip(deliveries.SkipReason(g.Delivery.Reason))
	}
	if until, reason := g.held(); reason != "" {
		return g.hold(until, reason, false)
	}
	cost := g.cost()
	if until, short := g.shortOfMoney(cost); short {
		return g.hold(until, deliveries.OverBudget, true)
	}
	return g.about(deliveries.Verdict{Go: true, Cost: cost})
}

// announce judges a webhook, which reaches no customer: only the campaign and the
// journey may keep it back. The journey did not wait for it, so it may be over.
func (g *gate) announce() deliveries.Verdict {
	switch {
	case g.Campaign.State != Live, g.Entry.State == Left:
		return g.skip(deliveries.Exited)
	case g.Entry.Holdout:
		return g.skip(deliveries.Holdout)
	}
	return g.about(deliveries.Verdict{Go: true})
}

// refusal is the first reason for which the message must never be sent.
func (g *gate) refusal() deliveries.SkipReason {
	d, customer := g.Delivery, g.Customer
	switch {
	case g.Campaign.State != Live, !g.travels():
		return deliveries.Exited
	case customer == nil:
		return deliveries.NoAddress
	case g.leaves():
		return deliveries.Exited
	case g.Entry.Holdout:
		return deliveries.Holdout
	case customer.Address(d.Channel) == "":
		return deliveries.NoAddress
	case !validAddress(customer, d.Channel):
		return deliveries.InvalidAddress
	case g.suppressed() != "":
		return deliveries.Suppressed
	case g.Pressure.Refused, !customer.Consented(d.Topic, d.Channel, g.workspace.inByDefault(d.Topic)):
		return deliveries.NoConsent
	case g.saidNo() != nil:
		return deliveries.SaidNo
	case !g.workspace.countryAllowed(g.Campaign, customer, d.Channel):
		return deliveries.CountryNotAllowed
	}
	return ""
}

// saidNo is the message of this journey by which the customer said no to all that it
// has to tell without having been asked, by whatever channel: one they reported as
// spam, or unsubscribed from and have not taken that back. Nil where there is none.
func (g *gate) saidNo() *deliveries.Delivery {
	if g.workspace.inByDefault(g.Delivery.Topic) {
		return nil
	}
	for i, d := range g.Journey {
		if d.ID == g.Delivery.ID {
			continue
		}
		back := !isNo(g.Customer.Suppressed[d.Channel]) && g.Customer.Consented(d.Topic, d.Channel, g.workspace.inByDefault(d.Topic))
		if d.Status == deliveries.Complained || d.Status == deliveries.Unsubscribed && !back {
			return &g.Journey[i]
		}
	}
	return nil
}

// isNo reports whether an address is suppressed because the customer said so, and not
// for what its mailbox or network answers.
func isNo(reason string) bool {
	return reason == channels.ReasonOptedOut || reason == channels.ReasonComplained
}

// suppressed is why the address is suppressed; "" where it is not.
func (g *gate) suppressed() string {
	return cmp.Or(g.Pressure.Suppressed, g.Customer.Suppressed[g.Delivery.Channel])
}

// travels reports whether the journey still wants the message.
func (g *gate) travels() bool {
	state := g.Entry.State
	return state == Running || state == Finished && g.Delivery.Outlasts()
}

// leaves judges the exits that hold at any time. Those that ask about answers
// or steps, which are not at hand, were judged when the entry came here.
func (g *gate) leaves() bool {
	_, leaves := g.Campaign.LeavesNow(g.Entry, g.Customer, g.Counts, g.now)
	return leaves
}

// asksJourney reports whether a condition names answers or steps.
func asksJourney(p *expression.Program) bool {
	return slices.ContainsFunc(p.Fields(), func(field string) bool {
		return strings.HasPrefix(field, "answers.") || strings.HasPrefix(field, "steps.")
	})
}

// expired reports whether a message that was held has been given up. One that
// nothing held is not given up for being late.
func (g *gate) expired() bool {
	return waits(deliveries.SkipReason(g.Delivery.Reason)) && !g.now.Before(g.Delivery.ExpiresAt)
}

// waits reports whether a reason only holds a message for a time.
func waits(reason deliveries.SkipReason) bool {
	switch reason {
	case deliveries.QuietHoursExpired, deliveries.Capped, deliveries.OverBudget,
		deliveries.PausedCampaign, deliveries.LowerPriority:
		return true
	}
	return false
}

// held is the earliest moment that hours and caps allow together, and the gate
// that is the last to open; "" when both are open now. A zero moment never
// comes.
func (g *gate) held() (until time.Time, reason deliveries.SkipReason) {
	rules := g.workspace.hoursOf(g.Campaign, g.Customer, g.Delivery.Channel)
	opening, found := nextOpening(rules, g.zones, g.now)
	if !found {
		return time.Time{}, deliveries.QuietHoursExpired
	}
	free, reason, found := g.room()
	if !found {
		return time.Time{}, reason
	}
	if free.After(opening) {
		opening, found = nextOpening(rules, g.zones, free)
		if !found {
			return time.Time{}, deliveries.QuietHoursExpired
		}
		return opening, reason
	}
	if opening.After(g.now) {
		return opening, deliveries.QuietHoursExpired
	}
	return g.now, ""
}

// hold lets the delivery wait, or gives it up when it would wait too long. A
// moment that is only the next look is brought forward to the expiry.
func (g *gate) hold(until time.Time, reason deliveries.SkipReason, look bool) deliveries.Verdict {
	expires := g.Delivery.ExpiresAt
	switch {
	case until.IsZero():
		return g.skip(reason)
	case !g.now.Before(expires):
		return g.skip(reason)
	case look && until.After(expires):
		until = expires
	case !look && !until.Before(expires):
		return g.skip(reason)
	}
	return g.about(deliveries.Verdict{Until: until, Reason: reason})
}

func (g *gate) skip(reason deliveries.SkipReason) deliveries.Verdict {
	return g.about(deliveries.Verdict{Reason: reason})
}

// about notes whose clock judged.
func (g *gate) about(v deliveries.Verdict) deliveries.Verdict {
	if len(g.zones) > 0 {
		v.Zone, v.ZoneFrom = g.zones[0].String(), g.zoneFrom
	}
	return v
}
