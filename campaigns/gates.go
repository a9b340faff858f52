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
	g := gate{Matter: m, workspace: w, now: now}
	then := g
	if at, decided := decidedAt(m.Delivery); decided {
		then.now, then.past = at, true
		then.Pressure.Rivals = nil // who waited then is not known any more
		then.Pressure.Contacts = slices.DeleteFunc(slices.Clone(m.Pressure.Contacts), func(c deliveries.Contact) bool {
			return !c.At.Before(at) // the message itself among them
		})
	}
	then.zones, then.zoneFrom = w.clocksOf(m.Customer)
	gates := []Gate{
		g.tellCampaign(), g.tellExits(), g.tellHoldout(), g.tellAddress(), g.tellSuppression(), g.tellConsent(), g.tellNo(), g.tellCountry(), then.tellHours(),
	}
	if g.expired() {
		gates = append(gates, g.tell("expiry", false, "it was held until its expiry, "+g.workspace.stamp(m.Delivery.ExpiresAt)))
	}
	return append(append(gates, then.tellCaps()...), g.tellBudgets()...)
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
func (g *gate) tell(name string, passes bool, tells string, reasons ...deliveries.SkipReason) Gate {
	return Gate{
		Name: name, Passes: passes, Tells: tells, At: g.now, Then: g.past,
		Decided: g.Delivery.Reason != "" && slices.Contains(reasons, deliveries.SkipReason(g.Delivery.Reason)),
	}
}

func (g *gate) tellCampaign() Gate {
	return g.tell("campaign", g.Campaign.State == Live, "the campaign is "+string(g.Campaign.State), deliveries.PausedCampaign)
}

func (g *gate) tellExits() Gate {
	words := "no exit holds"
	switch {
	case g.leaves():
		words = "an exit holds"
	case g.Entry.State == Left:
		words = "the journey left: " + g.Entry.Why
	case !g.travels() && !g.past && g.Delivery.TakenAt.IsZero():
		words = "the journey is over"
	}
	return g.tell("exits", words == "no exit holds", words, deliveries.Exited)
}

func (g *gate) tellHoldout() Gate {
	words := lotWords(draw(g.Campaign.ID, customers.Person(*g.Customer)), g.Campaign.Holdout, "held out")
	if g.Entry.Holdout != InHoldout(g.Campaign.ID, customers.Person(*g.Customer), g.Campaign.Holdout) {
		words = "on that side since the journey began, or since an earlier one"
	}
	return g.tell("holdout", !g.Entry.Holdout, words, deliveries.Holdout)
}

func (g *gate) tellAddress() Gate {
	words, passes := "an address is known", true //nolint:gosec // it passes, and is no password
	switch {
	case g.Customer.Address(g.Delivery.Channel) == "":
		words, passes = "no address is known", false
	case !validAddress(g.Customer, g.Delivery.Channel):
		words, passes = "the address cannot exist, or is a number nobody should be made to pay for", false
	}
	return g.tell("address", passes, words, deliveries.NoAddress, deliveries.InvalidAddress)
}

func (g *gate) tellSuppression() Gate {
	reason := g.Customer.Suppressed[g.Delivery.Channel]
	words := "the address is not suppressed"
	if reason != "" {
		words = "the address is suppressed: " + ReasonWords(reason)
	}
	return g.tell("suppression", reason == "", words, deliveries.Suppressed)
}

func (g *gate) tellConsent() Gate {
	d := g.Delivery
	in := g.Customer.Consented(d.Topic, d.Channel, g.workspace.inByDefault(d.Topic))
	return g.tell("consent", in, g.workspace.consentWords(g.Customer, d), deliveries.NoConsent)
}

func (g *gate) tellNo() Gate {
	no := g.saidNo()
	words := "the customer has said no to none of this journey's messages"
	switch {
	case g.workspace.inByDefault(g.Delivery.Topic):
		words = "messages about " + g.Delivery.Topic + " go without having been asked for"
	case no != nil && no.Status == deliveries.Complained:
		words = "the customer reported the " + string(no.Channel) + " of step " + no.Step + " as spam"
	case no != nil:
		words = "the customer unsubscribed by the " + string(no.Channel) + " of step " + no.Step
	}
	return g.tell("no", no == nil, words, deliveries.SaidNo)
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

func (g *gate) tellCountry() Gate {
	country := CountryOf(g.Customer, g.Delivery.Channel)
	words := "it goes to " + country
	if country == "" {
		words = "where it goes is not known"
	}
	for _, rules := range []ContactRules{g.workspace.Contact, g.Campaign.Contact} {
		if allowed, listed := rules.Countries[g.Delivery.Channel]; listed {
			words += ", allowed are " + strings.Join(allowed, ", ")
		}
	}
	return g.tell("country", g.workspace.countryAllowed(g.Campaign, g.Customer, g.Delivery.Channel), words, deliveries.CountryNotAllowed)
}

func (g *gate) tellHours() Gate {
	clock := fmt.Sprintf("%s there (%s, known from %s)", g.now.In(g.zones[0]).Format("Mon 15:04"), g.zones[0], g.zoneFrom)
	if d := g.Delivery; d.Zone != "" && (d.Zone != g.zones[0].String() || d.ZoneFrom != g.zoneFrom) {
		clock += fmt.Sprintf("; it was judged on the clock of %s, known from %s", d.Zone, d.ZoneFrom)
	}
	opening, found := nextOpening(g.workspace.hoursOf(g.Campaign, g.Customer, g.Delivery.Channel), g.zones, g.now)
	words, passes := "open, "+clock, found && !opening.After(g.now)
	switch {
	case !found:
		words = "never open, " + clock
	case !passes:
		words = "closed until " + opening.In(g.zones[0]).Format("Mon 2006-01-02 15:04") + ", " + clock
	}
	return g.tell("hours", passes, words, deliveries.QuietHoursExpired)
}

// tellCaps tells each cap on the message with the contacts that fill it.
func (g *gate) tellCaps() []Gate {
	var gates []Gate
	for i, limit := range slices.Concat(g.workspace.Contact.Caps, g.Campaign.Contact.Caps) {
		if !limit.covers(g.Delivery.Channel, g.Delivery.Topic) {
			continue
		}
		free, _, found := g.roomUnder(limit, i < len(g.workspace.Contact.Caps))
		words := capWords(limit) + ": " + g.filling(limit)
		passes := found && !free.After(g.now)
		if found && !passes {
			words += ", room at " + g.workspace.stamp(free)
		}
		gates = append(gates, g.tell("cap", passes, words, deliveries.Capped, deliveries.LowerPriority))
	}
	return gates
}

// filling lists the contacts in a cap's window.
func (g *gate) filling(l Cap) string {
	var within []string
	for _, c := range g.Pressure.Contacts {
		if l.covers(c.Channel, c.Topic) && c.At.After(g.now.Add(-l.Per)) {
			within = append(within, fmt.Sprintf("%s %s", c.Channel, g.workspace.stamp(c.At)))
		}
	}
	if len(within) == 0 {
		return "nothing in that time"
	}
	return fmt.Sprintf("%d in that time (%s)", len(within), strings.Join(within, ", "))
}

// tellBudgets tells each budget the message would be paid from.
func (g *gate) tellBudgets() []Gate {
	cost := g.cost()
	if cost == 0 {
		return nil
	}
	var gates []Gate
	for _, p := range g.purses() {
		_, over := g.overspent(p, cost)
		words := fmt.Sprintf("%s: %s spent, one costs %s", g.workspace.budgetWords(p.Budget), g.workspace.moneyWords(g.spent(p)), g.workspace.moneyWords(cost))
		gates = append(gates, g.tell("budget", !over, words, deliveries.OverBudget))
	}
	return gates
}
