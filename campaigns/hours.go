package campaigns

import (
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
)

// openHours are the windows and days of one rule: the workspace's, the campaign's
// or the calendar's. A moment is open when both the clock and the day allow it,
// so that what follows midnight in 22:00-02:00 belongs to the new day.
type openHours struct {
	windows  []Window // none: the whole day
	days     Days
	holidays []Holiday // days that are closed
}

// hoursFor lists the rules of a week that a message must satisfy, all of them.
func (w *Workspace) hoursFor(c *Campaign, ch channels.Channel) []openHours {
	var rules []openHours
	for _, contact := range []ContactRules{w.Contact, c.Contact} {
		rule := openHours{windows: contact.Hours[ch], days: contact.Days[ch]}
		if len(rule.windows) > 0 || rule.days != 0 {
			rules = append(rules, rule)
		}
	}
	return rules
}

// hoursOf is hoursFor with the customer's holidays, on which everything rests
// but e-mail.
func (w *Workspace) hoursOf(c *Campaign, cust *customers.Customer, ch channels.Channel) []openHours {
	rules := w.hoursFor(c, ch)
	if ch == channels.Email {
		return rules
	}
	holidays := holidaysOf(cust, slices.Concat(w.Contact.Holidays, c.Contact.Holidays))
	if len(holidays) > 0 {
		rules = append(rules, openHours{holidays: holidays})
	}
	return rules
}

// holidaysOf are the days that a customer keeps: everybody's and those of their
// country.
func holidaysOf(c *customers.Customer, all []Holiday) []Holiday {
	if len(all) == 0 {
		return nil
	}
	home := homeOf(c)
	var kept []Holiday
	for _, day := range all {
		if day.Country == "" || day.Country == home {
			kept = append(kept, day)
		}
	}
	return kept
}

// falls reports whether a day of a calendar is the holiday.
func (h Holiday) falls(day time.Time) bool {
	return h.Month == day.Month() && h.Day == day.Day() && (h.Year == 0 || h.Year == day.Year())
}

// openAhead is how far an opening is looked for. Weekly rules repeat within it,
// even where a clock change swallows one window and holidays some more.
const openAhead = 8 * 7 * 24 * time.Hour

// nextOpening is the earliest instant from t on at which every rule is open on
// every clock. It reports whether there is one.
//
// Each closed rule moves the candidate to its own next opening, which no
// common opening can precede; when none moves it any more it is open for all.
func nextOpening(rules []openHours, zones []*time.Location, t time.Time) (time.Time, bool) {
	limit := t.Add(openAhead)
	for moved := true; moved; {
		moved = false
		for _, zone := range zones {
			for _, rule := range rules {
				opening, found := rule.next(t, zone, limit)
				if !found {
					return time.Time{}, false
				}
				moved = moved || opening.After(t)
				t = opening
			}
		}
	}
	return t, true
}

// next is the earliest instant from t on, before limit, at which the rule is
// open on a zone's clock. Between two changes of the zone's offset the clock
// runs evenly, so each such period is searched in local time.
func (h openHours) next(t time.Time, zone *time.Location, limit time.Time) (time.Time, bool) {
	for t.Before(limit) {
		local := t.In(zone)
		_, seconds := local.Zone()
		offset := time.Duration(seconds) * time.Second
		_, end := local.ZoneBounds()
		opening, found := h.nextReading(t.UTC().Add(offset))
		if !found {
			return time.Time{}, false
		}
		opening = opening.Add(-offset)
		if end.IsZero() || opening.Before(end) {
			return opening, opening.Before(limit)
		}
		t = end
	}
	return time.Time{}, false
}

// nextReading is the earliest reading of an even clock, from local on, that the
// rule is open at. Readings are written as if they were UTC.
func (h openHours) nextReading(local time.Time) (time.Time, bool) {
	day := local.Truncate(24 * time.Hour)
	for last := local.Add(openAhead); !day.After(last); {
		if h.openOn(day) {
			if reading, found := h.nextOfDay(local, day); found {
				return reading, true
			}
		}
		day = day.Add(24 * time.Hour)
	}
	return time.Time{}, false
}

func (h openHours) openOn(day time.Time) bool {
	return h.days.Has(day.Weekday()) &&
		!slices.ContainsFunc(h.holidays, func(holiday Holiday) bool { return holiday.falls(day) })
}

func (h openHours) nextOfDay(local, day time.Time) (first time.Time, found bool) {
	for _, span := range h.spans() {
		opens, closes := day.Add(span.From.sinceMidnight()), day.Add(span.To.sinceMidnight())
		if opens.Before(local) {
			opens = local
		}
		if opens.Before(closes) && (!found || opens.Before(first)) {
			first, found = opens, true
		}
	}
	return first, found
}

// spans are the windows cut at midnight.
func (h openHours) spans() []Window {
	if len(h.windows) == 0 {
		return []Window{{0, midnight}}
	}
	spans := make([]Window, 0, len(h.windows)+1)
	for _, window := range h.windows {
		if window.To > window.From {
			spans = append(spans, window)
		} else {
			spans = append(spans, Window{0, window.To}, Window{window.From, midnight})
		}
	}
	return spans
}

func (c ClockTime) sinceMidnight() time.Duration { return time.Duration(c) * time.Minute }
