package campaigns

import "time"

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
