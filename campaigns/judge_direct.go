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
func (j *judge) answer() deliveries.Verdict {
	j.Campaign = &Campaign{State: Live}
	if reason := j.unanswerable(); reason != "" {
		return j.skip(reason)
	}
	if j.expired() {
		return j.skip(deliveries.SkipReason(j.Delivery.Reason))
	}
	if !j.conversing() {
		opening, found := nextOpening(j.workspace.hoursOf(j.Campaign, j.Customer, j.Delivery.Channel), j.zones, j.now)
		if !found || opening.After(j.now) {
			return j.hold(opening, deliveries.QuietHoursExpired, false)
		}
	}
	cost := j.cost()
	if until, short := j.shortOfMoney(cost); short {
		return j.hold(until, deliveries.OverBudget, true)
	}
	return j.about(deliveries.Verdict{Go: true, Cost: cost})
}

// unanswerable is the first reason for which a direct message must never be sent.
func (j *judge) unanswerable() deliveries.SkipReason {
	d, customer := j.Delivery, j.Customer
	switch {
	case customer == nil, customer.Address(d.Channel) == "":
		return deliveries.NoAddress
	case !validAddress(customer, d.Channel):
		return deliveries.InvalidAddress
	case j.suppressed() != "" && !j.confirmsStop():
		return deliveries.Suppressed
	case !j.workspace.countryAllowed(j.Campaign, customer, d.Channel):
		return deliveries.CountryNotAllowed
	}
	return ""
}

// confirmsStop reports whether the message is the one that may follow an opt-out.
func (j *judge) confirmsStop() bool {
	return j.Delivery.Template == deliveries.Stopped && j.suppressed() == channels.ReasonOptedOut
}

// conversing reports whether the customer wrote to us a short while ago.
func (j *judge) conversing() bool {
	wrote := j.Customer.Engagement.WroteAt
	return !wrote.IsZero() && j.now.Sub(wrote) < conversation
}
