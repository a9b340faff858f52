package campaigns

import (
	"slices"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// Horizon is how far back caps and budgets look: the start of the longest
// window of the workspace and its campaigns.
func (w *Workspace) Horizon(now time.Time) time.Time {
	longest := longestWindow(w.Contact.Caps, w.Budgets)
	for _, c := range w.Campaigns {
		longest = max(longest, longestWindow(c.Contact.Caps, c.Budget))
	}
	return now.Add(-longest)
}

func longestWindow(caps []Cap, budgets []Budget) (longest time.Duration) {
	for _, limit := range caps {
		longest = max(longest, limit.Per)
	}
	for _, limit := range budgets {
		longest = max(longest, limit.Per)
	}
	return longest
}

// free is the earliest moment from now on at which every cap on the delivery
// has room. It reports false when one never has.
func (w *Workspace) free(c *Campaign, d deliveries.Delivery, contacts []deliveries.Contact, now time.Time) (time.Time, bool) {
	free := now
	for _, limit := range append(slices.Clone(w.Contact.Caps), c.Contact.Caps...) {
		if !limit.covers(d.Channel, d.Topic) {
			continue
		}
		room, found := limit.free(contacts, now)
		if !found {
			return time.Time{}, false
		}
		if room.After(free) {
			free = room
		}
	}
	return free, true
}

// covers reports whether a message counts and is held: a cap without channels
// or topics is about all of them.
func (l Cap) covers(ch channels.Channel, topic string) bool {
	return (len(l.Channels) == 0 || slices.Contains(l.Channels, ch)) &&
		(len(l.Topics) == 0 || slices.Contains(l.Topics, topic))
}

// free is when one more contact fits. The window is rolling: a contact counts
// for less than Per after it, so the AtMost-th newest must have grown that old.
func (l Cap) free(contacts []deliveries.Contact, now time.Time) (time.Time, bool) {
	if l.AtMost <= 0 {
		return time.Time{}, false
	}
	var times []time.Time
	for _, contact := range contacts {
		if l.covers(contact.Channel, contact.Topic) {
			times = append(times, contact.At)
		}
	}
	if len(times) < l.AtMost {
		return now, true
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	room := times[l.AtMost-1].Add(l.Per)
	if room.Before(now) {
		room = now
	}
	return room, true
}

// shortOfMoney reports whether a budget has no room for the delivery, and when
// to look again: a sum does not tell when it shrinks. A zero time means that
// the budget is smaller than the message's price.
func (g *gate) shortOfMoney() (until time.Time, short bool) {
	cost := g.workspace.costOf(g.customer, g.delivery.Channel, g.content)
	if cost == 0 {
		return time.Time{}, false
	}
	for _, budget := range g.workspace.Budgets {
		if budget.Channel == "" || budget.Channel == g.delivery.Channel {
			if until, short = g.overspent(budget, "", cost); short {
				return until, true
			}
		}
	}
	for _, budget := range g.campaign.Budget {
		if budget.Channel == "" || budget.Channel == g.delivery.Channel {
			if until, short = g.overspent(budget, g.campaign.ID, cost); short {
				return until, true
			}
		}
	}
	return time.Time{}, false
}

func (g *gate) overspent(b Budget, campaign string, cost int64) (until time.Time, over bool) {
	if cost > b.Amount {
		return time.Time{}, true
	}
	if g.pressure.Spent == nil || g.pressure.Spent(b.Channel, campaign, g.now.Add(-b.Per)) <= b.Amount-cost {
		return time.Time{}, false
	}
	return g.now.Add(min(rejudge, b.Per)), true
}
