package campaigns

import (
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// conversation is how long after their last words a customer is talking with us:
// an answer within it is not a contact they did not expect.
const conversation = 24 * time.Hour

// answer judges a direct message, which answers somebody who wrote to us. They
// asked for it, so no topic's consent, no cap on contacts and no campaign stand in
// its way. What does: a stop (but for the one message that confirms it), an address
// that is none, a country that is not listed, the workspace's budgets; and contact
// hours, unless the customer has just written.
func (g *gate) answer() deliveries.Verdict {
	g.Campaign = &Campaign{State: Live}
	if reason := g.unanswerable(); reason != "" {
		return g.skip(reason)
	}
	if g.expired() {
		return g.skip(deliveries.SkipReason(g.Delivery.Reason))
	}
	if !g.conversing() {
		opening, found := nextOpening(g.workspace.hoursOf(g.Campaign, g.Customer, g.Delivery.Channel), g.zones, g.now)
		if !found || opening.After(g.now) {
			return g.hold(opening, deliveries.QuietHoursExpired, false)
		}
	}
	cost := g.cost()
	if until, short := g.shortOfMoney(cost); short {
		return g.hold(until, deliveries.OverBudget, true)
	}
	return g.about(deliveries.Verdict{Go: true, Cost: cost})
}

// unanswerable is the first reason for which a direct message must never be sent.
func (g *gate) unanswerable() deliveries.SkipReason {
	d, customer := g.Delivery, g.Customer
	switch {
	case customer == nil, customer.Address(d.Channel) == "":
		return deliveries.NoAddress
	case !validAddress(customer, d.Channel):
		return deliveries.InvalidAddress
	case g.suppressed() != "" && !g.confirmsStop():
		return deliveries.Suppressed
	case !g.workspace.countryAllowed(g.Campaign, customer, d.Channel):
		return deliveries.CountryNotAllowed
	}
	return ""
}

// confirmsStop reports whether the message is the one that may follow an opt-out.
func (g *gate) confirmsStop() bool {
	return g.Delivery.Template == deliveries.Stopped && g.suppressed() == channels.ReasonOptedOut
}

// conversing reports whether the customer wrote to us a short while ago.
func (g *gate) conversing() bool {
	wrote := g.Customer.Engagement.WroteAt
	return !wrote.IsZero() && g.now.Sub(wrote) < conversation
}
