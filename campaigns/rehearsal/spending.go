package rehearsal

import (
	"strconv"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// spending answers what has been spent since a moment (store, readSpent). The
// windows that budgets look through only move forward, so each keeps its sum
// and drops what has left it.
type spending struct {
	taken   []taking // in the order of time
	windows map[window]*sum
	now     func() time.Time
}

// taking is money that a delivery took at a time.
type taking struct {
	at time.Time
	of *parcel
}

// window is a question: how much on a channel ("" is all), by a campaign ("" is
// all), in the last so long.
type window struct {
	channel  channels.Channel
	campaign string
	per      time.Duration
}

func (w window) covers(d deliveries.Delivery) bool {
	return (w.channel == "" || w.channel == d.Channel) && (w.campaign == "" || w.campaign == d.Campaign)
}

// sum is what was spent in a window, of which everything before first is out.
type sum struct {
	since  time.Time
	first  int
	amount int64
}

// since implements deliveries.Pressure.Spent.
func (s *spending) since(ch channels.Channel, campaign string, since time.Time) int64 {
	asked := window{ch, campaign, s.now().Sub(since)}
	current := s.windows[asked]
	if current == nil {
		current = &sum{}
		for _, t := range s.taken {
			if asked.covers(t.of.Delivery) && t.counts() {
				current.amount += t.of.Cost
			}
		}
		if s.windows == nil {
			s.windows = map[window]*sum{}
		}
		s.windows[asked] = current
	}
	for current.first < len(s.taken) && !s.taken[current.first].at.After(since) {
		if left := s.taken[current.first]; asked.covers(left.of.Delivery) && left.counts() {
			current.amount -= left.of.Cost
		}
		current.first++
	}
	current.since = since
	return current.amount
}

// counts reports whether a taking is still the delivery's latest.
func (t taking) counts() bool { return t.of.TakenAt.Equal(t.at) }

// moved notes what a delivery's move took or gave back.
func (s *spending) moved(p *parcel, before deliveries.Delivery) {
	if before.Cost == p.Cost && before.TakenAt.Equal(p.TakenAt) {
		return
	}
	for asked, current := range s.windows {
		if !asked.covers(before) {
			continue
		}
		if !before.TakenAt.IsZero() && before.TakenAt.After(current.since) {
			current.amount -= before.Cost
		}
		if !p.TakenAt.IsZero() && p.TakenAt.After(current.since) {
			current.amount += p.Cost
		}
	}
	if !p.TakenAt.IsZero() && !before.TakenAt.Equal(p.TakenAt) {
		s.taken = append(s.taken, taking{p.TakenAt, p})
	}
}

func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
