package campaigns

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Gate is one question of the judge about a message, with the values that answer
// it.
type Gate struct {
	Name   string `json:"gate"`
	Passes bool   `json:"passes"`
	Tells  string `json:"tells"`
	// At is the moment of the values: that of the decision where the ledger still
	// knows them (the clock, earlier messages), else the one of asking.
	At time.Time `json:"at"`
	// Then says that At is the moment of the decision.
	Then bool `json:"then,omitempty"`
	// Decided says that the ledger holds or skipped the message with this gate's
	// reason, whatever the values are that can be told.
	Decided bool `json:"decided,omitempty"`
}

// Gates answers every question that Judge asks about a message, also those that
// come behind the first that keeps it back: hours and caps as they were when the
// ledger's word on the message fell, the rest as it is now.
func (w *Workspace) Gates(m Matter, now time.Time) []Gate {
	if m.Campaign == nil || m.Customer == nil || m.Delivery.Channel == channels.Webhook {
		return nil
	}
	j := judge{Matter: m, workspace: w, now: now}
	then := j
	if at, decided := decidedAt(m.Delivery); decided {
		then.now, then.past = at, true
		then.Pressure.Rivals = nil // who waited then is not known any more
		then.Pressure.Contacts = slices.DeleteFunc(slices.Clone(m.Pressure.Contacts), func(c deliveries.Contact) bool {
			return !c.At.Before(at) // the message itself among them
		})
	}
	then.zones, then.zoneFrom = w.clocksOf(m.Customer)
	gates := []Gate{
		j.tellCampaign(), j.tellExits(), j.tellHoldout(), j.tellAddress(), j.tellSuppression(), j.tellConsent(), j.tellNo(), j.tellCountry(), then.tellHours(),
	}
	if j.expired() {
		gates = append(gates, j.tell("expiry", false, "it was held until its expiry, "+j.workspace.stamp(m.Delivery.ExpiresAt)))
	}
	return append(append(gates, then.tellCaps()...), j.tellBudgets()...)
}

// decidedAt is when the ledger's word on a message fell: when it began to be
// sent, or was given up. One that waits is judged anew.
func decidedAt(d deliveries.Delivery) (at time.Time, decided bool) {
	switch {
	case d.Status == deliveries.Planned, d.Status == deliveries.Queued:
		return at, false
	case !d.TakenAt.IsZero():
		return d.TakenAt, true
	}
	return d.SettledAt, d.Status == deliveries.Skipped && !d.SettledAt.IsZero()
}

// tell makes a gate whose reason may be what the ledger recorded.
func (j *judge) tell(name string, passes bool, tells string, reasons ...deliveries.SkipReason) Gate {
	return Gate{
		Name: name, Passes: passes, Tells: tells, At: j.now, Then: j.past,
		Decided: j.Delivery.Reason != "" && slices.Contains(reasons, deliveries.SkipReason(j.Delivery.Reason)),
	}
}

func (j *judge) tellCampaign() Gate {
	return j.tell("campaign", j.Campaign.State == Live, "the campaign is "+string(j.Campaign.State), deliveries.PausedCampaign)
}

func (j *judge) tellExits() Gate {
	words := "no exit holds"
	switch {
	case j.leaves():
		words = "an exit holds"
	case j.Entry.State == Left:
		words = "the journey left: " + j.Entry.Why
	case !j.travels() && !j.past && j.Delivery.TakenAt.IsZero():
		words = "the journey is over"
	}
	return j.tell("exits", words == "no exit holds", words, deliveries.Exited)
}

func (j *judge) tellHoldout() Gate {
	words := lotWords(draw(j.Campaign.ID, customers.Person(*j.Customer)), j.Campaign.Holdout, "held out")
	if j.Entry.Holdout != InHoldout(j.Campaign.ID, customers.Person(*j.Customer), j.Campaign.Holdout) {
		words = "on that side since the journey began, or since an earlier one"
	}
	return j.tell("holdout", !j.Entry.Holdout, words, deliveries.Holdout)
}

func (j *judge) tellAddress() Gate {
	words, passes := "an address is known", true //nolint:gosec // it passes, and is no password
	switch {
	case j.Customer.Address(j.Delivery.Channel) == "":
		words, passes = "no address is known", false
	case !validAddress(j.Customer, j.Delivery.Channel):
		words, passes = "the address cannot exist, or is a number nobody should be made to pay for", false
	}
	return j.tell("address", passes, words, deliveries.NoAddress, deliveries.InvalidAddress)
}

func (j *judge) tellSuppression() Gate {
	reason := j.Customer.Suppressed[j.Delivery.Channel]
	words := "the address is not suppressed"
	if reason != "" {
		words = "the address is suppressed: " + ReasonWords(reason)
	}
	return j.tell("suppression", reason == "", words, deliveries.Suppressed)
}

func (j *judge) tellConsent() Gate {
	d := j.Delivery
	in := j.Customer.Consented(d.Topic, d.Channel, j.workspace.inByDefault(d.Topic))
	return j.tell("consent", in, j.workspace.consentWords(j.Customer, d), deliveries.NoConsent)
}

func (j *judge) tellNo() Gate {
	no := j.saidNo()
	words := "the customer has said no to none of this journey's messages"
	switch {
	case j.workspace.inByDefault(j.Delivery.Topic):
		words = "messages about " + j.Delivery.Topic + " go without having been asked for"
	case no != nil && no.Status == deliveries.Complained:
		words = "the customer reported the " + string(no.Channel) + " of step " + no.Step + " as spam"
	case no != nil:
		words = "the customer unsubscribed by the " + string(no.Channel) + " of step " + no.Step
	}
	return j.tell("no", no == nil, words, deliveries.SaidNo)
}

// consentWords says what is known of a customer's consent, from where and since
// when.
func (w *Workspace) consentWords(c *customers.Customer, d deliveries.Delivery) string {
	about := d.Topic + " by " + string(d.Channel)
	if word, said := c.Word(d.Topic, d.Channel); said {
		return fmt.Sprintf("%s: %s (%s, %s%s)", about, inOrOut(word.In), word.Source, w.stamp(word.At), c.Saying(word))
	}
	return fmt.Sprintf("%s: %s by the topic's default, the customer never said", about, inOrOut(w.inByDefault(d.Topic)))
}

func inOrOut(in bool) string {
	if in {
		return "in"
	}
	return "out"
}

func (j *judge) tellCountry() Gate {
	country := CountryOf(j.Customer, j.Delivery.Channel)
	words := "it goes to " + country
	if country == "" {
		words = "where it goes is not known"
	}
	for _, rules := range []ContactRules{j.workspace.Contact, j.Campaign.Contact} {
		if allowed, listed := rules.Countries[j.Delivery.Channel]; listed {
			words += ", allowed are " + strings.Join(allowed, ", ")
		}
	}
	return j.tell("country", j.workspace.countryAllowed(j.Campaign, j.Customer, j.Delivery.Channel), words, deliveries.CountryNotAllowed)
}

func (j *judge) tellHours() Gate {
	clock := fmt.Sprintf("%s there (%s, known from %s)", j.now.In(j.zones[0]).Format("Mon 15:04"), j.zones[0], j.zoneFrom)
	if d := j.Delivery; d.Zone != "" && (d.Zone != j.zones[0].String() || d.ZoneFrom != j.zoneFrom) {
		clock += fmt.Sprintf("; it was judged on the clock of %s, known from %s", d.Zone, d.ZoneFrom)
	}
	opening, found := nextOpening(j.workspace.hoursOf(j.Campaign, j.Customer, j.Delivery.Channel), j.zones, j.now)
	words, passes := "open, "+clock, found && !opening.After(j.now)
	switch {
	case !found:
		words = "never open, " + clock
	case !passes:
		words = "closed until " + opening.In(j.zones[0]).Format("Mon 2006-01-02 15:04") + ", " + clock
	}
	return j.tell("hours", passes, words, deliveries.QuietHoursExpired)
}

// tellCaps tells each cap on the message with the contacts that fill it.
func (j *judge) tellCaps() []Gate {
	var gates []Gate
	for i, limit := range slices.Concat(j.workspace.Contact.Caps, j.Campaign.Contact.Caps) {
		if !limit.covers(j.Delivery.Channel, j.Delivery.Topic) {
			continue
		}
		free, _, found := j.roomUnder(limit, i < len(j.workspace.Contact.Caps))
		words := capWords(limit) + ": " + j.filling(limit)
		passes := found && !free.After(j.now)
		if found && !passes {
			words += ", room at " + j.workspace.stamp(free)
		}
		gates = append(gates, j.tell("cap", passes, words, deliveries.Capped, deliveries.LowerPriority))
	}
	return gates
}

// filling lists the contacts in a cap's window.
func (j *judge) filling(l Cap) string {
	var within []string
	for _, c := range j.Pressure.Contacts {
		if l.covers(c.Channel, c.Topic) && c.At.After(j.now.Add(-l.Per)) {
			within = append(within, fmt.Sprintf("%s %s", c.Channel, j.workspace.stamp(c.At)))
		}
	}
	if len(within) == 0 {
		return "nothing in that time"
	}
	return fmt.Sprintf("%d in that time (%s)", len(within), strings.Join(within, ", "))
}

// tellBudgets tells each budget the message would be paid from.
func (j *judge) tellBudgets() []Gate {
	cost := j.cost()
	if cost == 0 {
		return nil
	}
	var gates []Gate
	for _, p := range j.purses() {
		_, over := j.overspent(p, cost)
		words := fmt.Sprintf("%s: %s spent, one costs %s", j.workspace.budgetWords(p.Budget), j.workspace.moneyWords(j.spent(p)), j.workspace.moneyWords(cost))
		gates = append(gates, j.tell("budget", !over, words, deliveries.OverBudget))
	}
	return gates
}
