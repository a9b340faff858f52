package rehearsal

import (
	"iter"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

// Simulation takes many customers through one campaign.
type Simulation struct {
	Workspace *campaigns.Workspace
	Campaign  string
	// Start and Until are when its days begin and end.
	Start, Until time.Time
	Audience     Audience
	// When is when a customer meets what starts the campaign, where that is no
	// broadcast; Properties are what it sees as its event.
	When       func(customer string) time.Time
	Properties map[string]any
	// Life is what a customer who has entered does whatever the campaign does.
	// Awaited is what comes of it that a journey stands at a wait for an event.
	// Either may be nil.
	Life    func(campaigns.Entry) []campaigns.Scene
	Awaited func(campaigns.Entry, *campaigns.Step) []campaigns.Scene
	// Sample is how many of each e-mail and notification are written in full, to
	// find mistakes; the words of the others would change nothing. Texts and
	// calls, whose words have a price, are always written.
	Sample int
}

// Newcomer is a customer as a simulation begins, with the did() counts that the
// campaign asks about.
type Newcomer struct {
	Customer *customers.Customer
	Counts   map[string]int64
}

// standIn is what a template sees of an event's field that nobody gave a value.
const standIn = "…"

// Simulate plays the days and sums them up.
func Simulate(s Simulation, people iter.Seq2[Newcomer, error]) (Figures, error) {
	c := s.Workspace.Campaigns[s.Campaign]
	count := newCounter(c, s)
	w := New(Stage{
		Workspace: s.Workspace, Campaigns: []string{s.Campaign}, Start: s.Start, Until: s.Until,
		Audience: s.Audience, Sweep: 24 * time.Hour,
	})
	w.stage.Tell = func(l Line) {
		count.tell(l)
		w.perform(s.follows(c, l))
	}
	w.sample, w.spare = s.Sample, map[string]int{}
	seen := w.seenEvent(c, s.Properties)
	count.LeftAside = leftAside(c, s.Properties)
	for newcomer, err := range people {
		if err != nil {
			return Figures{}, err
		}
		id := newcomer.Customer.ID
		w.Join(*newcomer.Customer, nil)
		w.people[id].before = newcomer.Counts
		if !c.Trigger.Broadcast() {
			p := w.people[id]
			w.at(s.When(id), fromOutside, func() { w.admit(w.shop.Campaigns[c.ID], p, seen, count) })
		}
	}
	w.Play()
	return count.figures(w), nil
}

// follows is what customers do by themselves when a journey comes to somewhere.
func (s Simulation) follows(c *campaigns.Campaign, l Line) []campaigns.Scene {
	switch {
	case l.Kind == Entered && s.Life != nil:
		return s.Life(*l.Journey)
	case l.Kind == Arrived && s.Awaited != nil:
		if step := c.StepAt(l.Name); step != nil && step.Wait != nil && step.Wait.Event != "" {
			return s.Awaited(*l.Journey, step)
		}
	}
	return nil
}

// admit begins a journey as if what starts the campaign had happened to the
// customer. The trigger's own condition is judged unless it asks for what nobody
// gave.
func (w *World) admit(c *campaigns.Campaign, p *person, properties map[string]any, count *counter) {
	who, counts := w.profile(p), p.counts(c, w.now)
	if segment := w.shop.Segments[c.Trigger.Segment]; segment != nil && w.belongs(segment, p) == (c.Trigger.On == campaigns.Leaving) {
		return
	}
	if !c.Belongs(who, counts, w.now) {
		return
	}
	entry := c.Begin(who, "simulated:"+p.ID, properties, w.now)
	entry.WakeAt = w.now.Add(c.Trigger.Delay)
	if c.Trigger.Kind == campaigns.OnSegment && c.LacksKey(entry) {
		return
	}
	if c.Trigger.Kind == campaigns.OnEvent && len(count.LeftAside) == 0 && !c.LacksKey(entry) {
		event := customers.Event{Name: c.Trigger.Event, Properties: properties}
		if _, enters := w.shop.EntryByEvent(c, event, who, counts, w.now); !enters {
			count.Unmet++
			return
		}
	}
	w.enter(c, p, entry, c.Entry.Again)
}

// leftAside are the event's fields that a trigger's condition asks for and nobody
// gave.
func leftAside(c *campaigns.Campaign, given map[string]any) []string {
	if c.Trigger.Where == nil {
		return nil
	}
	var unknown []string
	for _, field := range c.Trigger.Where.Fields() {
		if name, isEvent := strings.CutPrefix(field, "event."); isEvent {
			if _, known := given[name]; !known {
				unknown = append(unknown, field)
			}
		}
	}
	return unknown
}

// seenEvent is what the campaign sees of the event that starts it: what is given,
// and a stand-in for whatever its messages and its key name besides.
func (w *World) seenEvent(c *campaigns.Campaign, given map[string]any) map[string]any {
	seen := map[string]any{}
	named := w.shop.MessageFields(c)
	if c.Entry.Key != nil {
		named = append(named, c.Entry.Key.Fields()...)
	}
	for _, field := range named {
		if name, isEvent := strings.CutPrefix(field, "event."); isEvent && !strings.Contains(name, ".") {
			seen[name] = standIn
		}
	}
	for name, value := range given {
		seen[name] = value
	}
	return seen
}
