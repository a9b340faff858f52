package campaigns

import (
	"slices"
	"time"
)

// Horizon is how far back caps and budgets look: the start of the longest
// window of the workspace, its campaigns, and those of older versions that
// messages are judged by. One of them that is nil is passed over.
func (w *Workspace) Horizon(now time.Time, older ...*Campaign) time.Time {
	longest := longestWindow(w.Contact.Caps, w.Budgets)
	for _, c := range w.Campaigns {
		longest = max(longest, longestWindow(c.Contact.Caps, c.Budget))
	}
	for _, c := range older {
		if c != nil {
			longest = max(longest, longestWindow(c.Contact.Caps, c.Budget))
		}
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

// purse is a budget that a message is paid from, and whose it is: "" is the
// workspace's.
type purse struct {
	Budget
	campaign string
}

// purses lists every budget that the delivery is paid from.
func (j *judge) purses() []purse {
	var all []purse
	for _, b := range j.workspace.Budgets {
		all = append(all, purse{b, ""})
	}
	for _, b := range j.Campaign.Budget {
		all = append(all, purse{b, j.Campaign.ID})
	}
	return slices.DeleteFunc(all, func(p purse) bool { return p.Channel != "" && p.Channel != j.Delivery.Channel })
}

// Spends reports whether a budget has to have room for a delivery.
func (w *Workspace) Spends(m Matter) bool {
	j := judge{Matter: m, workspace: w}
	if j.Campaign == nil || j.Delivery.Direct() {
		j.Campaign = &Campaign{} // it pays from the workspace's alone
	}
	return len(j.purses()) > 0 && j.cost() != 0
}

// cost is what the delivery takes from its purses.
func (j *judge) cost() int64 {
	return j.workspace.costOf(j.Customer, j.Delivery.Channel, j.Content)
}

// shortOfMoney reports whether a budget has no room for what the delivery costs,
// and when to look again: a sum does not tell when it shrinks. A zero time means
// that the budget is smaller than the message's price.
func (j *judge) shortOfMoney(cost int64) (until time.Time, short bool) {
	if cost == 0 {
		return time.Time{}, false
	}
	for _, p := range j.purses() {
		if until, short = j.overspent(p, cost); short {
			return until, true
		}
	}
	return time.Time{}, false
}

func (j *judge) overspent(p purse, cost int64) (until time.Time, over bool) {
	if cost > p.Amount {
		return time.Time{}, true
	}
	if j.spent(p) <= p.Amount-cost {
		return time.Time{}, false
	}
	return j.now.Add(min(rejudge, p.Per)), true
}

// spent is what was taken from a purse within its time.
func (j *judge) spent(p purse) int64 {
	if j.Pressure.Spent == nil {
		return 0
	}
	return j.Pressure.Spent(p.Channel, p.campaign, j.now.Add(-p.Per))
}
