package rehearsal

import (
	"slices"
	"strconv"

	"rapport/campaigns"
	"rapport/campaigns/expression"
)

// watch is a segment whose changes begin journeys, with its members as they
// were when it was last looked at.
type watch struct {
	id      string
	segment *campaigns.Segment
	members map[string]bool
	changes int64
}

// watch takes the members of segments that trigger campaigns as they are: who
// belongs at the beginning enters nothing. Where time alone can change a
// membership or end a journey, everybody is looked at again and again.
func (w *World) watch() {
	for _, c := range w.triggered(campaigns.OnSegment) {
		known := slices.ContainsFunc(w.watched, func(other *watch) bool { return other.id == c.Trigger.Segment })
		segment := w.shop.Segments[c.Trigger.Segment]
		if known || segment == nil {
			continue
		}
		watched := &watch{id: segment.ID, segment: segment, members: map[string]bool{}}
		for _, id := range w.order {
			watched.members[id] = w.belongs(segment, w.people[id])
		}
		w.watched = append(w.watched, watched)
	}
	exits := slices.ContainsFunc(w.stage.Campaigns, func(name string) bool {
		c := w.shop.Campaigns[name]
		return c != nil && exitsWhen(c)
	})
	if len(w.watched) > 0 || exits {
		w.at(w.now.Add(w.stage.Sweep), compared, w.sweep)
	}
}

func exitsWhen(c *campaigns.Campaign) bool {
	return slices.ContainsFunc(c.Exits, func(exit campaigns.Exit) bool { return exit.When != nil })
}

func (w *World) sweep() {
	for _, id := range w.order {
		w.compare(w.people[id])
	}
	w.at(w.now.Add(w.stage.Sweep), compared, w.sweep)
}

// look sees, once all of this instant that comes before it is done, what a
// change of a customer means for segments and exits.
func (w *World) look(p *person) {
	if len(w.watched) == 0 && !slices.ContainsFunc(p.journeys, func(j *journey) bool { return exitsWhen(j.campaign) }) {
		return
	}
	w.at(w.now, compared, func() { w.compare(p) })
}

// compare lets a customer enter by what they have become, and leave.
func (w *World) compare(p *person) {
	for _, j := range p.journeys {
		if j.State != campaigns.Running || !exitsWhen(j.campaign) {
			continue
		}
		if why, leaves := j.campaign.LeavesNow(j.Entry, w.profile(p), p.counts(j.campaign, w.now), w.now); leaves {
			w.leave(j, why)
		} else if j.campaign.ExitsAskJourney() {
			w.wake(j)
		}
	}
	for _, watched := range w.watched {
		belongs := w.belongs(watched.segment, p)
		if belongs == watched.members[p.ID] {
			continue
		}
		watched.members[p.ID] = belongs
		watched.changes++
		change := campaigns.Leaving
		if belongs {
			change = campaigns.Entering
		}
		cause := "segment:" + watched.id + ":" + strconv.FormatInt(watched.changes, 10)
		for _, c := range w.triggered(campaigns.OnSegment) {
			entry, enters := w.shop.EntryBySegment(c, watched.id, change, cause, w.profile(p), p.counts(c, w.now), w.now)
			if enters {
				w.enter(c, p, entry, c.Entry.Again)
			}
		}
	}
}

func (w *World) belongs(s *campaigns.Segment, p *person) bool {
	if s.Who == nil {
		return true
	}
	moment := expression.Moment{Now: w.shop.Today(w.now), Customer: w.profile(p), Counts: p.count(s.Who.Counts(), w.now)}
	return s.Who.Holds(moment)
}
