package rehearsal

import (
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// travelAt plans the next look at an entry. One that was planned before and is
// overtaken does nothing.
func (w *World) travelAt(j *journey) {
	w.queue.add(task{at: w.notBefore(j.WakeAt), rank: travelling, number: j.ID, do: func() { w.travel(j) }})
}

// wake lets an entry be looked at at once, because there is news. One before its
// first step waits for its own time (store, wakeEntries).
func (w *World) wake(j *journey) {
	if j.State != campaigns.Running || j.Position == "" {
		return
	}
	j.WakeAt = w.now
	w.travelAt(j)
}

// travel walks an entry on and applies the answer; what it then waits for may have
// come before (workers.Traveller).
func (w *World) travel(j *journey) {
	if j.State != campaigns.Running || j.WakeAt.IsZero() || j.WakeAt.After(w.now) {
		return
	}
	before := j.Position
	w.apply(j, w.shop.Advance(j.campaign, w.traveller(j), w.now))
	if j.Position != before && len(j.news()) > 0 {
		w.wake(j)
	}
}

// traveller is an entry with all that it is judged by (store.Travellers).
func (w *World) traveller(j *journey) campaigns.Traveller {
	t := campaigns.Traveller{
		Entry: j.Entry, Customer: w.profile(j.person), Answers: j.answers, Counts: j.person.count(w.shop.CountsFor(j.campaign), w.now),
		News: j.news(), Winners: w.winnersOf(j), Share: w.shareOf(j.campaign, j.Run),
	}
	for _, d := range j.parcels {
		t.Deliveries = append(t.Deliveries, d.Delivery)
	}
	return t
}

// news are the live events that the entry stands still for (store.Arrived).
func (j *journey) news() []customers.Event {
	var news []customers.Event
	for _, awaited := range j.campaign.Awaiting(j.Entry) {
		for _, event := range j.person.live {
			if awaited.Brings(event) {
				news = append(news, event)
			}
		}
	}
	return news
}

// apply writes a move and what it brings about, in the order of store.Apply.
func (w *World) apply(j *journey, m campaigns.Move) {
	id, position := j.ID, j.Position
	marks := j.Journal.Steps
	j.Entry = m.Entry
	j.ID = id
	w.tellSteps(j, position, marks)
	for _, d := range m.Plan {
		w.plan(j, d)
	}
	if j.State != campaigns.Running {
		w.tell(Line{Customer: j.Customer, Campaign: j.campaign.ID, Kind: endOf(j.State), Reason: j.Why, Journey: &j.Entry})
		w.dropPlanned(j)
	}
	for _, c := range m.Cases {
		c.Campaign, c.Entry = j.campaign.ID, j.ID
		w.openCase(j.person, j, c)
	}
	w.applyToCustomer(j, m)
	for _, event := range m.Events {
		event.Campaign, event.Entry = j.campaign.ID, j.ID
		if event, fresh := w.note(j.person, event); fresh {
			w.tell(Line{Customer: j.Customer, Campaign: j.campaign.ID, Kind: Happened, Name: event.Name, Event: &event})
		}
	}
	w.handOver(j, m.Enter)
	w.openSplits(j, m.Splits)
	if j.State == campaigns.Running && !j.WakeAt.IsZero() {
		w.travelAt(j)
	}
}

func endOf(state campaigns.EntryState) Kind {
	if state == campaigns.Left {
		return LeftJourney
	}
	return FinishedJourney
}

// tellSteps tells where an entry came to and what became of the steps between.
func (w *World) tellSteps(j *journey, before string, marks map[string]campaigns.Mark) {
	for _, path := range slices.Sorted(maps.Keys(j.Journal.Steps)) {
		if mark := j.Journal.Steps[path]; marks[path] != mark {
			w.tell(Line{Customer: j.Customer, Campaign: j.campaign.ID, Kind: Stepped, Name: path, Reason: mark.Status, Journey: &j.Entry})
		}
	}
	if j.Position != before {
		w.tell(Line{Customer: j.Customer, Campaign: j.campaign.ID, Kind: Arrived, Name: j.Position, Journey: &j.Entry})
	}
}

// applyToCustomer changes the customer as the move says.
func (w *World) applyToCustomer(j *journey, m campaigns.Move) {
	p := j.person
	p.Traits = maps.Clone(p.Traits) // which may be the test's
	for _, field := range slices.Sorted(maps.Keys(m.Set)) {
		campaigns.Assign(&p.Customer, field, m.Set[field])
		w.tell(Line{Customer: p.ID, Campaign: j.campaign.ID, Kind: WasSet, Name: field, Value: m.Set[field]})
	}
	for _, change := range m.Tag {
		has := slices.Contains(p.Tags, change.Tag)
		switch {
		case change.Add && !has:
			p.Tags = append(slices.Clone(p.Tags), change.Tag)
		case !change.Add && has:
			p.Tags = slices.DeleteFunc(slices.Clone(p.Tags), func(tag string) bool { return tag == change.Tag })
		}
		w.tell(Line{Customer: p.ID, Campaign: j.campaign.ID, Kind: Tagged, Name: change.Tag, Value: change.Add})
	}
	if m.Points != 0 {
		p.Points += m.Points
		w.note(p, customers.Event{Name: "points changed", At: w.now, ReceivedAt: w.now, Campaign: j.campaign.ID, Entry: j.ID})
		w.tell(Line{Customer: p.ID, Campaign: j.campaign.ID, Kind: PointsAdded, Number: m.Points})
	}
	w.consent(p, m.Consents)
	if len(m.Set)+len(m.Tag)+len(m.Consents) > 0 || m.Points != 0 {
		w.look(p)
	}
}

// handOver begins journeys in other campaigns, and marks who is not taken
// (store.handOver).
func (w *World) handOver(j *journey, admissions []campaigns.NewEntry) {
	for _, a := range admissions {
		c, p := w.shop.Campaigns[a.Entry.Campaign], w.people[a.Entry.Customer]
		if c != nil && p != nil && !w.enter(c, p, a.Entry, a.Again) {
			j.Journal = j.Journal.NotEntered(a.Step)
		}
	}
}

// plan adds a delivery, unique on its entry, step and group.
func (w *World) plan(j *journey, d deliveries.Delivery) {
	if slices.ContainsFunc(j.parcels, func(other *parcel) bool { return other.Step == d.Step && other.Group == d.Group }) {
		return
	}
	p := &parcel{Delivery: d, person: j.person, journey: j}
	p.ID, p.Entry = int64(len(w.ledger)+1), j.ID
	w.ledger, j.parcels, j.person.parcels = append(w.ledger, p), append(j.parcels, p), append(j.person.parcels, p)
	w.tell(Line{Customer: j.Customer, Campaign: j.campaign.ID, Kind: WasPlanned, Channel: p.Channel, Name: p.Template, Delivery: &p.Delivery})
	w.deliverAt(p)
}

// dropPlanned skips what an entry that has ended still plans and does not want any more.
func (w *World) dropPlanned(j *journey) {
	for _, p := range j.parcels {
		wanted := j.State == campaigns.Finished && p.Outlasts()
		if p.Status == deliveries.Planned && !wanted {
			w.move(p, p.Dropped(deliveries.Exited, w.now))
			w.note(j.person, p.Event(w.now))
		}
	}
}

// due reports whether a time has come.
func (w *World) due(at time.Time) bool { return !at.After(w.now) }
