package campaigns

import (
	"slices"
	"time"

	"rapport/customers"
)

func (j *journey) set(step *Step) {
	if j.move.Set == nil {
		j.move.Set = map[string]any{}
	}
	for _, assignment := range step.Set {
		value := assignment.Value.Eval(j.moment())
		j.move.Set[assignment.Field] = value
		Assign(j.traveller.Customer, assignment.Field, value)
	}
	j.mark(step, markSet)
}

func (j *journey) tag(step *Step) {
	for _, change := range step.Tag {
		j.move.Tag = append(j.move.Tag, change)
		change.on(j.traveller.Customer)
	}
	j.mark(step, markTagged)
}

// on adds or removes the tag.
func (t TagChange) on(c *customers.Customer) {
	has := slices.Contains(c.Tags, t.Tag)
	switch {
	case t.Add && !has:
		c.Tags = append(c.Tags, t.Tag)
	case !t.Add && has:
		c.Tags = slices.DeleteFunc(c.Tags, func(tag string) bool { return tag == t.Tag })
	}
}

// points gives or takes points. The holdout gets none: what it does shows what
// happens without the campaign.
func (j *journey) points(step *Step) {
	if j.move.Entry.Holdout {
		j.mark(step, markWithheld)
		return
	}
	j.move.Points += step.Points
	j.traveller.Customer.Points += step.Points
	j.mark(step, pointsMark(step.Points))
}

// consent notes a customer's word about a topic. A yes is as old as what brought it, so
// that it undoes no stop that came since; a no holds from now on.
func (j *journey) consent(step *Step) {
	change, customer, at := step.Consent, j.traveller.Customer, j.now
	if change.In {
		at = j.said()
	}
	for _, ch := range change.Channels {
		word := customers.Consent{Customer: customer.ID, Topic: change.Topic, Channel: ch, In: change.In, At: at, Source: customers.ByCampaign}.AsOf(j.now)
		j.move.Consents = append(j.move.Consents, word)
		customer.Hear(word, j.now)
	}
	j.mark(step, consentMark(change.In))
}

// said is when the customer last did anything that led the journey here: the latest of
// its answers and of the events it began and went on by, else when they entered.
func (j *journey) said() time.Time {
	at := j.move.Entry.Journal.Said
	if at.IsZero() {
		at = j.move.Entry.EnteredAt
	}
	for _, answer := range j.traveller.Answers {
		at = later(at, answer.At)
	}
	return at
}

// tellsSaid reports whether journeys keep when their customer spoke: where a yes is
// passed on, or may be by a campaign they are handed over to.
func (c *Campaign) tellsSaid() (tells bool) {
	everyStep(c.Steps, func(step *Step) {
		tells = tells || step.Kind == StepEnter || step.Kind == StepConsent && step.Consent.In
	})
	return tells
}

// saidBy is when the customer did what an event tells of: by its own time, which is
// none to come.
func saidBy(ev customers.Event) time.Time {
	if ev.At.After(ev.ReceivedAt) {
		return ev.ReceivedAt
	}
	return ev.At
}

// Assign changes a profile field or a trait of a customer in memory, as the store
// changes the row. A trait changes the customer's own map.
func Assign(c *customers.Customer, field string, value any) {
	if name, isTrait := traitName(field); isTrait {
		if c.Traits == nil {
			c.Traits = map[string]any{}
		}
		c.Traits[name] = value
		return
	}
	text, _ := value.(string)
	fields := map[string]*string{
		"first_name": &c.FirstName, "last_name": &c.LastName, "locale": &c.Locale, "country": &c.Country,
		"city": &c.City, "zone": &c.Zone, "kind": &c.Kind, "tier": &c.Tier,
	}
	if target, known := fields[field]; known {
		*target = text
	}
}

func traitName(field string) (name string, isTrait bool) {
	const prefix = "traits."
	if len(field) <= len(prefix) || field[:len(prefix)] != prefix {
		return "", false
	}
	return field[len(prefix):], true
}
