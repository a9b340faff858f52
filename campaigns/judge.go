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
	j := judge{Matter: m, workspace: w, now: now}
	return j.verdict()
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

// judge asks the gates about one delivery.
type judge struct {
	Matter
	workspace *Workspace
	now       time.Time
	past      bool // now is an earlier moment that is looked back at

	zones    []*time.Location
	zoneFrom string
}

func (j *judge) verdict() deliveries.Verdict {
	if j.Customer != nil {
		j.zones, j.zoneFrom = j.workspace.clocksOf(j.Customer)
	}
	if j.Delivery.Direct() {
		return j.answer()
	}
	if j.Campaign == nil || j.Campaign.State == Paused || j.Campaign.State == Draft || j.Pressure.Paused {
		return j.hold(j.now.Add(rejudge), deliveries.PausedCampaign, true)
	}
	if j.Delivery.Channel == channels.Webhook {
		return j.announce()
	}
	if reason := j.refusal(); reason != "" {
		return j.skip(reason)
	}
	if j.expired() {
		return j.skip(deliveries.SkipReason(j.Delivery.Reason))
	}
	if until, reason := j.held(); reason != "" {
		return j.hold(until, reason, false)
	}
	cost := j.cost()
	if until, short := j.shortOfMoney(cost); short {
		return j.hold(until, deliveries.OverBudget, true)
	}
	return j.about(deliveries.Verdict{Go: true, Cost: cost})
}

// announce judges a webhook, which reaches no customer: only the campaign and the
// journey may keep it back. The journey did not wait for it, so it may be over.
func (j *judge) announce() deliveries.Verdict {
	switch {
	case j.Campaign.State != Live, j.Entry.State == Left:
		return j.skip(deliveries.Exited)
	case j.Entry.Holdout:
		return j.skip(deliveries.Holdout)
	}
	return j.about(deliveries.Verdict{Go: true})
}

// refusal is the first reason for which the message must never be sent.
func (j *judge) refusal() deliveries.SkipReason {
	d, customer := j.Delivery, j.Customer
	switch {
	case j.Campaign.State != Live, !j.travels():
		return deliveries.Exited
	case customer == nil:
		return deliveries.NoAddress
	case j.leaves():
		return deliveries.Exited
	case j.Entry.Holdout:
		return deliveries.Holdout
	case customer.Address(d.Channel) == "":
		return deliveries.NoAddress
	case !validAddress(customer, d.Channel):
		return deliveries.InvalidAddress
	case j.suppressed() != "":
		return deliveries.Suppressed
	case j.Pressure.Refused, !customer.Consented(d.Topic, d.Channel, j.workspace.inByDefault(d.Topic)):
		return deliveries.NoConsent
	case j.saidNo() != nil:
		return deliveries.SaidNo
	case !j.workspace.countryAllowed(j.Campaign, customer, d.Channel):
		return deliveries.CountryNotAllowed
	}
	return ""
}

// saidNo is the message of this journey by which the customer said no to all that it
// has to tell without having been asked, by whatever channel: one they reported as
// spam, or unsubscribed from and have not taken that back. Nil where there is none.
func (j *judge) saidNo() *deliveries.Delivery {
	if j.workspace.inByDefault(j.Delivery.Topic) {
		return nil
	}
	for i, d := range j.Journey {
		if d.ID == j.Delivery.ID {
			continue
		}
		if d.Status == deliveries.Complained || d.Status == deliveries.Unsubscribed && !j.tookBack(d) {
			return &j.Journey[i]
		}
	}
	return nil
}

// tookBack reports whether a customer who unsubscribed from a message wants its topic by
// its channel again. An address that its mailbox or network blocks shows no STOP that was
// said besides, and then only a yes from after the message tells.
func (j *judge) tookBack(d deliveries.Delivery) bool {
	switch j.Customer.Suppressed[d.Channel] {
	case "":
		return j.Customer.Consented(d.Topic, d.Channel, j.workspace.inByDefault(d.Topic))
	case channels.ReasonOptedOut, channels.ReasonComplained:
		return false
	}
	word, said := j.Customer.Word(d.Topic, d.Channel)
	return said && word.In && word.At.After(d.TakenAt)
}

// suppressed is why the address is suppressed; "" where it is not.
func (j *judge) suppressed() string {
	return cmp.Or(j.Pressure.Suppressed, j.Customer.Suppressed[j.Delivery.Channel])
}

// travels reports whether the journey still wants the message.
func (j *judge) travels() bool {
	state := j.Entry.State
	return state == Running || state == Finished && j.Delivery.Outlasts()
}

// leaves judges the exits that hold at any time. Those that ask about answers
// or steps, which are not at hand, were judged when the entry came here.
func (j *judge) leaves() bool {
	_, leaves := j.Campaign.LeavesNow(j.Entry, j.Customer, j.Counts, j.now)
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
func (j *judge) expired() bool {
	return waits(deliveries.SkipReason(j.Delivery.Reason)) && !j.now.Before(j.Delivery.ExpiresAt)
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
func (j *judge) held() (until time.Time, reason deliveries.SkipReason) {
	rules := j.workspace.hoursOf(j.Campaign, j.Customer, j.Delivery.Channel)
	opening, found := nextOpening(rules, j.zones, j.now)
	if !found {
		return time.Time{}, deliveries.QuietHoursExpired
	}
	free, reason, found := j.room()
	if !found {
		return time.Time{}, reason
	}
	if free.After(opening) {
		opening, found = nextOpening(rules, j.zones, free)
		if !found {
			return time.Time{}, deliveries.QuietHoursExpired
		}
		return opening, reason
	}
	if opening.After(j.now) {
		return opening, deliveries.QuietHoursExpired
	}
	return j.now, ""
}

// hold lets the delivery wait, or gives it up when it would wait too long. A
// moment that is only the next look is brought forward to the expiry.
func (j *judge) hold(until time.Time, reason deliveries.SkipReason, look bool) deliveries.Verdict {
	expires := j.Delivery.ExpiresAt
	switch {
	case until.IsZero():
		return j.skip(reason)
	case !j.now.Before(expires):
		return j.skip(reason)
	case look && until.After(expires):
		until = expires
	case !look && !until.Before(expires):
		return j.skip(reason)
	}
	return j.about(deliveries.Verdict{Until: until, Reason: reason})
}

func (j *judge) skip(reason deliveries.SkipReason) deliveries.Verdict {
	return j.about(deliveries.Verdict{Reason: reason})
}

// about notes whose clock judged.
func (j *judge) about(v deliveries.Verdict) deliveries.Verdict {
	if len(j.zones) > 0 {
		v.Zone, v.ZoneFrom = j.zones[0].String(), j.zoneFrom
	}
	return v
}
