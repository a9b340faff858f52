package plan

import (
	"context"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/templates"
)

// notRendered is the reason of a message whose template names what the customer
// does not have.
const notRendered = "not_rendered"

// likely is a delivery's number as links in messages carry it: of the usual
// length, because length may have a price.
const likely = 1_000_000

// visit is one customer's journey in a plan.
type visit struct {
	*Planner
	campaign *campaigns.Campaign
	tally    *tally
	pressure deliveries.Pressure
}

// foresee walks a customer's journey from its beginning.
func (v *visit) foresee(ctx context.Context, cust *customers.Customer, counts map[string]int64, at time.Time) Fate {
	c, w := v.campaign, v.Workspace
	entry := c.Begin(cust, "plan", nil, at)
	entry.WakeAt = w.StartFor(c, at, cust)
	t := campaigns.Traveller{Entry: entry, Customer: cust, Counts: counts, Share: v.stage()}
	fate := Fate{Campaign: c.ID, Customer: cust.ID}
	foreseen := w.Foresee(c, t, at, func(d deliveries.Delivery, t campaigns.Traveller, now time.Time) deliveries.Delivery {
		return v.judge(ctx, d, t, now)
	})
	fate.Refused = foreseen.Refused
	switch d := foreseen.Contact; {
	case d.Status == deliveries.Planned:
		fate.Outcome, fate.Contact, fate.Reason, fate.At = Held, &d, d.Reason, d.DueAt
	case d.Status == deliveries.Sending && foreseen.At.After(at):
		fate.Outcome, fate.Contact, fate.At = Later, &d, foreseen.At
	case d.Status == deliveries.Sending:
		fate.Outcome, fate.Contact, fate.At = Now, &d, foreseen.At
	case len(foreseen.Refused) > 0:
		fate.Outcome, fate.Reason = Skipped, foreseen.Refused[len(foreseen.Refused)-1].Reason
	case foreseen.Entry.State == campaigns.Running && foreseen.Entry.Position == "":
		fate.Outcome, fate.Stands = Waiting, "its stage of the rollout"
	case foreseen.Entry.State == campaigns.Running:
		fate.Outcome, fate.Stands = Waiting, "step "+foreseen.Entry.Position
	default:
		fate.Outcome, fate.Stands = Ended, foreseen.Entry.Why
	}
	if fate.Contact != nil {
		v.address(&fate, cust)
	}
	return fate
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
	matter := campaigns.Matter{Campaign: v.campaign, Delivery: d, Entry: t.Entry, Customer: t.Customer, Counts: t.Counts}
	verdict := v.Workspace.Judge(matter, now)
	if !verdict.Go {
		after := d.Begun(verdict, now)
		if after.Status == deliveries.Planned {
			v.hold(after)
			v.tally.sample(v.message(d, t, nil))
		}
		return after
	}
	content, err := v.render(d, t)
	switch {
	case err != nil && v.alone() && v.campaign.Trigger.Kind != campaigns.OnSegment:
		return d.Begun(verdict, now) // it may name what only the event or the agent brings
	case err != nil:
		failed, _ := d.Settled(deliveries.Outcome{Status: deliveries.Failed, Reason: notRendered}, now)
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

// pressureOn is what weighs on a message: what the store holds, and what this
// plan gave the customer before.
func (v *visit) pressureOn(ctx context.Context, d deliveries.Delivery, now time.Time) deliveries.Pressure {
	p := v.pressure
	p.Contacts = append(append([]deliveries.Contact(nil), v.contacts[d.Customer]...), p.Contacts...)
	p.Rivals = append(append([]deliveries.Rival(nil), v.rivals[d.Customer]...), p.Rivals...)
	p.Spent = v.spentSince(ctx, now)
	return p
}

// take makes a message weigh on those after it.
func (v *visit) take(d deliveries.Delivery, now time.Time) {
	switch {
	case d.Status == deliveries.Planned:
		v.hold(d)
		return
	case d.Status != deliveries.Sending:
		return
	case d.Cost > 0:
		if v.taken == nil {
			v.taken = map[expense]int64{}
		}
		v.taken[expense{d.Channel, d.Campaign, now}] += d.Cost
	}
	if v.contacts != nil {
		contact := deliveries.Contact{Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: now}
		v.contacts[d.Customer] = append([]deliveries.Contact{contact}, v.contacts[d.Customer]...)
	}
}

// hold makes a message that waits a rival of those after it.
func (v *visit) hold(d deliveries.Delivery) {
	if v.rivals != nil {
		v.rivals[d.Customer] = append(v.rivals[d.Customer], deliveries.Rival{
			Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, DueAt: d.DueAt,
		})
	}
}

// address notes where and in which words a contact goes.
func (v *visit) address(f *Fate, cust *customers.Customer) {
	f.wanted = v.localeOf(cust)
	f.locale = v.Workspace.Templates.Locale(templates.Ref{Channel: f.Contact.Channel, Name: f.Contact.Template}, f.wanted)
	f.country = campaigns.CountryOf(cust, f.Contact.Channel)
	f.clock, _ = v.Workspace.ZoneOf(cust)
}

func (v *visit) localeOf(cust *customers.Customer) string {
	if cust.Locale == "" {
		return v.Workspace.Locale
	}
	return cust.Locale
}

// render writes a message as the post office will.
func (v *visit) render(d deliveries.Delivery, t campaigns.Traveller) (channels.Content, error) {
	content, _, err := v.Workspace.Words(v.Workspace.Templates, v.campaign, t, d, Links(v.Doors, likely+d.ID))
	return content, err
}

// Links are the addresses a template may name, for a delivery's number.
func Links(doors deliveries.Doors, delivery int64) map[string]any {
	stop := doors.Unsubscribe(delivery)
	return map[string]any{"unsubscribe": stop, "preferences": stop, "survey": doors.Survey(delivery)}
}

// message is a message as a sample, rendered only where the tally wants one
// more.
func (v *visit) message(d deliveries.Delivery, t campaigns.Traveller, content *channels.Content) (Sample, func() (channels.Content, bool)) {
	wanted := v.localeOf(t.Customer)
	s := Sample{
		Channel: d.Channel, Template: d.Template, Customer: d.Customer,
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
