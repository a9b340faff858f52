package plan

import (
	"context"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/zones"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/templates"
)

// likely is a delivery's number as links in messages carry it: of the usual
// length, because length may have a price.
const likely = 1_000_000

// newest is more than the number of any delivery in a ledger: what is planned
// here is younger.
const newest = 1 << 50

// visit is one customer's journey in a plan.
type visit struct {
	*Planner
	campaign *campaigns.Campaign
	tally    *tally
	id       string              // the customer's
	person   string              // whose profile it is
	customer *customers.Customer // nil between two messages, where campaigns run together
	pressure deliveries.Pressure // by what the store holds
	at       time.Time
	foreseen *campaigns.Foresight

	number   int64                // of the message that is to be judged; 0 while there is none
	contacts []deliveries.Contact // that this journey made
}

// visit begins a customer's journey.
func (p *Planner) visit(c *campaigns.Campaign, t *tally, known acquaintance, id string, at time.Time) *visit {
	cust := known.people[id]
	entry := c.Begin(cust, "plan", nil, at)
	entry.WakeAt = p.Workspace.StartFor(c, at, cust)
	v := &visit{Planner: p, campaign: c, tally: t, id: id, person: customers.Person(*cust), customer: cust, pressure: known.pressure[id], at: at}
	v.foreseen = p.Workspace.Foresee(c, campaigns.Traveller{Entry: entry, Customer: cust, Counts: known.counts[id], Share: v.stage()}, at)
	return v
}

// walk takes the journey to its first contact.
func (v *visit) walk(ctx context.Context) error {
	for v.next() {
		if err := v.judgeNext(ctx); err != nil {
			return err
		}
	}
	return v.tell(v.tally, v.fate())
}

// next reports whether there is a message to judge, which is given a number.
func (v *visit) next() bool {
	_, _, found := v.foreseen.Next()
	if found && v.number == 0 {
		v.planned++
		v.number = newest + v.planned
	}
	return found
}

// judgeNext judges the message that next found.
func (v *visit) judgeNext(ctx context.Context) error {
	d, t, _ := v.foreseen.Next()
	d.ID = v.number
	d = v.judge(ctx, d, t, v.foreseen.At)
	if d.Status.Settled() {
		v.number = 0
	}
	v.foreseen.Judged(d)
	return v.trouble
}

// fate is what becomes of the customer.
func (v *visit) fate() Fate {
	f := v.foreseen
	fate := Fate{Campaign: v.campaign.ID, Customer: v.id, Refused: f.Refused}
	switch d := f.Contact; {
	case d.Status == deliveries.Planned:
		fate.Outcome, fate.Contact, fate.Reason, fate.At = Held, &d, d.Reason, d.DueAt
	case d.Status == deliveries.Sending && f.At.After(v.at):
		fate.Outcome, fate.Contact, fate.At = Later, &d, f.At
	case d.Status == deliveries.Sending:
		fate.Outcome, fate.Contact, fate.At = Now, &d, f.At
	case len(f.Refused) > 0:
		fate.Outcome, fate.Reason = Skipped, f.Refused[len(f.Refused)-1].Reason
	case f.Entry.State == campaigns.Running && f.Entry.Position == "":
		fate.Outcome, fate.Stands = Waiting, "its stage of the rollout"
	case f.Entry.State == campaigns.Running:
		fate.Outcome, fate.Stands = Waiting, v.standsAt(f.Entry.Position)
	case f.Awaited != "": // what comes after it is for them alone to whom it happens
		fate.Outcome, fate.Stands = Waiting, "for "+f.Awaited
	default:
		fate.Outcome, fate.Stands = Ended, f.Entry.Why
	}
	if fate.Contact != nil {
		v.address(&fate)
	}
	return fate
}

// standsAt names the step a journey waits at, and what for.
func (v *visit) standsAt(position string) string {
	words := "step " + position
	if step := v.campaign.StepAt(position); step != nil {
		words += ", " + step.Title()
		if step.Kind == campaigns.StepSplit {
			words += ", for its winner"
		}
	}
	return words
}

// stage is the share of people whom a new run lets in at once.
func (v *visit) stage() float64 {
	if v.campaign.Rollout == nil || len(v.campaign.Rollout.Stages) == 0 {
		return 1
	}
	return v.campaign.Rollout.Stages[0]
}

// judge says what becomes of a message, in the order of a courier: what needs no
// rendering is judged before it, caps and budgets after.
func (v *visit) judge(ctx context.Context, d deliveries.Delivery, t campaigns.Traveller, now time.Time) deliveries.Delivery {
	matter := campaigns.Matter{Campaign: v.campaign, Delivery: d, Entry: t.Entry, Journey: t.Deliveries, Customer: t.Customer, Counts: t.Counts}
	verdict := v.Workspace.Judge(matter, now)
	if !verdict.Go {
		after := d.Begun(verdict, now)
		if after.Status == deliveries.Planned {
			v.tally.sample(v.message(d, t, nil))
		}
		return after
	}
	content, err := v.render(d, t)
	switch {
	case err != nil && v.alone() && v.campaign.Trigger.Kind != campaigns.OnSegment:
		return d.Begun(verdict, now) // it may name what only the event or the agent brings
	case err != nil:
		failed, _ := d.After(deliveries.Outcome{Status: deliveries.Failed, Reason: deliveries.NotRendered}, now)
		return failed
	}
	matter.Content = &content
	if !v.alone() {
		matter.Pressure = v.pressureOn(ctx, d, now)
	}
	after := d.Begun(v.Workspace.Judge(matter, now), now)
	v.take(after, now)
	v.tally.sample(v.message(d, t, &content))
	return after
}

// alone reports whether the customer is looked at apart from all others.
func (v *visit) alone() bool { return v.tally.forecast.Kind == OfAudience }

// pressureOn is what weighs on a message: what the store holds, and the
// person's other journeys in this plan.
func (v *visit) pressureOn(ctx context.Context, d deliveries.Delivery, now time.Time) deliveries.Pressure {
	p := v.pressure
	for _, other := range v.company[v.person] {
		if other != v {
			p.Contacts = slices.Concat(other.contacts, p.Contacts)
			p.Rivals = slices.Concat(other.rivals(now), p.Rivals)
		}
	}
	p.Spent = v.spentSince(ctx, now)
	return p
}

// rivals is the message of the journey that waits to be sent at a moment.
func (v *visit) rivals(now time.Time) []deliveries.Rival {
	d, due := v.foreseen.Contact, v.foreseen.Contact.DueAt
	switch {
	case v.number == 0, d.Status == deliveries.Sending, v.foreseen.At.After(now):
		return nil
	case d.Status == "":
		d, _, _ = v.foreseen.Next()
		due = v.foreseen.At
	}
	return []deliveries.Rival{{Delivery: v.number, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, DueAt: due}}
}

// take makes a message that goes weigh on those after it.
func (v *visit) take(d deliveries.Delivery, now time.Time) {
	if d.Status != deliveries.Sending {
		return
	}
	if d.Cost > 0 {
		if v.taken == nil {
			v.taken = map[expense]int64{}
		}
		v.taken[expense{d.Channel, d.Campaign, now}] += d.Cost
	}
	v.contacts = append(v.contacts, deliveries.Contact{Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: now})
}

// address notes where and in which words a contact goes.
func (v *visit) address(f *Fate) {
	f.wanted = v.Workspace.LocaleOf(v.customer)
	f.locale = v.Workspace.Templates.Locale(templates.Ref{Channel: f.Contact.Channel, Name: f.Contact.Template}, f.wanted)
	f.country = campaigns.CountryOf(v.customer, f.Contact.Channel)
	zone, judged := zones.Named(f.Contact.Zone)
	if f.clock = zone; !judged {
		f.clock, _ = v.Workspace.ZoneOf(v.customer)
	}
}

// render writes a message as the post office will.
func (v *visit) render(d deliveries.Delivery, t campaigns.Traveller) (channels.Content, error) {
	content, _, err := v.Workspace.Words(v.Workspace.Templates, v.campaign, t, d, v.Addresses.Links(likely, t.Customer.Address(d.Channel)))
	return content, err
}

// message is a message as a sample, rendered only where the tally wants one
// more.
func (v *visit) message(d deliveries.Delivery, t campaigns.Traveller, content *channels.Content) (Sample, func() (channels.Content, bool)) {
	wanted := v.Workspace.LocaleOf(t.Customer)
	s := Sample{
		Step: d.Step, Channel: d.Channel, Template: d.Template, Customer: d.Customer,
		Locale: v.Workspace.Templates.Locale(templates.Ref{Channel: d.Channel, Name: d.Template}, wanted),
	}
	return s, func() (channels.Content, bool) {
		if content != nil {
			return *content, true
		}
		rendered, err := v.render(d, t)
		return rendered, err == nil
	}
}
