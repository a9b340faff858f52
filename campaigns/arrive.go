package campaigns

import (
	"time"

	"rapport/channels"
)

// ArriveBy is when a message that leaves now may no longer reach its customer,
// whose contact hours are over by then, or who has no use for it any more: of a
// text, which a provider may keep in its queue for hours. Zero where there is no
// such moment within a day, and for other channels.
func (w *Workspace) ArriveBy(m Matter, now time.Time) time.Time {
	if m.Delivery.Channel != channels.SMS || m.Customer == nil {
		return time.Time{}
	}
	j := judge{Matter: m, workspace: w, now: now}
	if m.Delivery.Direct() {
		j.Campaign = &Campaign{}
	}
	var by time.Time
	if j.Campaign != nil && (!m.Delivery.Direct() || !j.conversing()) {
		zones, _ := w.clocksOf(m.Customer)
		by = nextClosing(w.hoursOf(j.Campaign, m.Customer, channels.SMS), zones, now)
	}
	if expires := m.Delivery.ExpiresAt; expires.After(now) && (by.IsZero() || expires.Before(by)) {
		by = expires
	}
	return by
}

// closeAhead is how far a closing is looked for: no provider keeps a message for
// longer.
const closeAhead = 24 * time.Hour

// nextClosing is the first instant after t, at which all rules are open, at which one
// is closed on some clock; zero where none is within closeAhead.
func nextClosing(rules []openHours, zones []*time.Location, t time.Time) time.Time {
	limit := t.Add(closeAhead)
	first := limit
	for _, zone := range zones {
		for _, rule := range rules {
			if closing := rule.closes(t, zone, first); closing.Before(first) {
				first = closing
			}
		}
	}
	if !first.Before(limit) {
		return time.Time{}
	}
	return first
}

// closes is the first instant from t on at which the rule is not open on a zone's
// clock, or limit where that comes first. As in next, the clock runs evenly between
// two changes of the zone's offset.
func (h openHours) closes(t time.Time, zone *time.Location, limit time.Time) time.Time {
	for t.Before(limit) {
		local := t.In(zone)
		_, seconds := local.Zone()
		offset := time.Duration(seconds) * time.Second
		_, end := local.ZoneBounds()
		closing := h.endReading(t.UTC().Add(offset)).Add(-offset)
		if !end.IsZero() && closing.After(end) {
			closing = end
		}
		if !closing.Before(limit) {
			return limit
		}
		if opening, found := h.next(closing, zone, limit); !found || opening.After(closing) {
			return closing
		}
		t = closing // open again at once: after midnight, or on the changed clock
	}
	return limit
}

// endReading is when the span that holds a reading of an even clock ends.
func (h openHours) endReading(local time.Time) time.Time {
	day, end := local.Truncate(24*time.Hour), local
	for _, span := range h.spans() {
		opens, closes := day.Add(span.From.sinceMidnight()), day.Add(span.To.sinceMidnight())
		if !opens.After(local) && closes.After(end) {
			end = closes
		}
	}
	return end
}
