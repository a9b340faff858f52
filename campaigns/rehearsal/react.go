package rehearsal

import (
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// react lets a live event end journeys and then begin some (workers.Reactor).
func (w *World) react(p *person, event customers.Event) {
	for _, j := range p.journeys {
		w.heed(j, event)
	}
	w.reach(p, event)
	for _, c := range w.triggered(campaigns.OnEvent) {
		entry, enters := w.shop.EntryByEvent(c, event, w.profile(p), p.counts(c, w.now), w.now)
		if enters {
			w.enter(c, p, entry, c.Entry.Again)
		}
	}
	w.look(p)
}

// heed ends a running journey whose campaign names the event as an exit, or has
// one that holds by now, and wakes one that may wait for it or whose exits ask
// for more than is at hand. What began the journey or came before it does
// neither.
func (w *World) heed(j *journey, event customers.Event) {
	if j.State != campaigns.Running || !j.campaign.Heeds(event.Name) || j.BeganAfter(event) {
		return
	}
	who, counts := w.profile(j.person), j.person.counts(j.campaign, w.now)
	why, leaves := j.campaign.Leaves(j.Entry, event, who, counts, w.now)
	if !leaves {
		why, leaves = j.campaign.LeavesNow(j.Entry, who, counts, w.now)
	}
	switch {
	case leaves:
		w.leave(j, why)
	case j.campaign.ExitsAskJourney(), slices.Contains(j.campaign.AwaitedEvents(), event.Name):
		w.wake(j)
	}
}

// reach counts a goal event for the entries it is credited to, whether they still run
// or not, of any profile of the person (store.Hoping, workers.Reactor).
func (w *World) reach(p *person, event customers.Event) {
	var hopes []campaigns.Hope
	var conversions []campaigns.Conversion
	who := w.profile(p)
	for _, twin := range w.humans[p.human] {
		for _, j := range twin.journeys {
			if j.BeganAfter(event) || j.Why == string(deliveries.DuplicatePerson) {
				continue
			}
			hope := campaigns.Hope{Entry: j.Entry, Event: event}
			if conversion, is := w.shop.Converts(j.campaign, hope, who, p.counts(j.campaign, w.now)); is {
				hopes, conversions = append(hopes, hope), append(conversions, conversion)
			}
		}
	}
	for _, c := range campaigns.Credited(hopes, conversions) {
		j := w.journeys[c.Entry-1]
		j.reached++
		w.tell(Line{
			Customer: j.Customer, Campaign: j.campaign.ID, Kind: GoalReached, Name: event.Name, Journey: &j.Entry,
			Value: float64(c.Value) / float64(customers.MoneyScale(w.shop.Currency)), Number: int64(j.reached),
		})
	}
}

// enter adds an entry: unique on its cause, one running at a time for each
// campaign, customer and key, again by the rule (store.Enter). It reports whether
// the customer takes part.
func (w *World) enter(c *campaigns.Campaign, p *person, entry campaigns.Entry, again campaigns.Again) bool {
	cause := c.ID + "\x00" + entry.Trigger + "\x00" + p.ID
	if w.conflicts[cause] || !w.mayEnter(p, entry, again) {
		w.tell(Line{Customer: p.ID, Campaign: c.ID, Kind: Refused, Reason: "in it already, or was too lately"})
		return false
	}
	w.conflicts[cause] = true
	if entry.State == campaigns.Running && !strings.HasPrefix(entry.Trigger, "manual:") && w.twinTravels(p, entry) {
		entry.State, entry.EndedAt, entry.Why, entry.WakeAt = campaigns.Finished, entry.EnteredAt, string(deliveries.DuplicatePerson), time.Time{}
	}
	j := &journey{Entry: entry, campaign: c, person: p}
	j.ID = int64(len(w.journeys) + 1)
	w.journeys, p.journeys = append(w.journeys, j), append(p.journeys, j)
	w.tell(Line{Customer: p.ID, Campaign: c.ID, Kind: Entered, Name: c.ID, Reason: entry.Why, Journey: &j.Entry})
	if j.State == campaigns.Running && !j.WakeAt.IsZero() {
		w.travelAt(j)
	}
	return j.Why != string(deliveries.DuplicatePerson)
}

// twinTravels reports whether another profile of the same person is under way.
func (w *World) twinTravels(p *person, entry campaigns.Entry) bool {
	for _, twin := range w.humans[p.human] {
		if twin != p && slices.ContainsFunc(twin.journeys, func(j *journey) bool {
			return j.Campaign == entry.Campaign && j.Key == entry.Key && j.State == campaigns.Running
		}) {
			return true
		}
	}
	return false
}

// mayEnter asks the rule about every earlier journey: of a broadcast from one
// occurrence to the next, of others from the end of the one before.
func (w *World) mayEnter(p *person, entry campaigns.Entry, again campaigns.Again) bool {
	for _, j := range p.journeys {
		if j.Campaign != entry.Campaign || j.Key != entry.Key {
			continue
		}
		ended := j.EndedAt
		if ended.IsZero() {
			ended = j.EnteredAt
		}
		switch {
		case j.State == campaigns.Running && entry.State == campaigns.Running, again.Mode == "never":
			return false
		case again.Mode != "after":
		case entry.Run != 0 && w.occurred[j.Run].After(again.RunsSince(w.occurred[entry.Run])):
			return false
		case entry.Run == 0 && ended.After(entry.EnteredAt.Add(-again.After)):
			return false
		}
	}
	return true
}

// leave ends a running journey and skips what it still plans (store.Leave).
func (w *World) leave(j *journey, why string) {
	j.State, j.EndedAt, j.Why, j.WakeAt = campaigns.Left, w.now, why, time.Time{}
	w.tell(Line{Customer: j.Customer, Campaign: j.campaign.ID, Kind: LeftJourney, Reason: why, Journey: &j.Entry})
	w.dropPlanned(j)
}
