package campaigns

import "time"

// dayAround is more than any clock is off UTC.
const dayAround = 26 * time.Hour

// In is the instant at which the clocks of a zone show the local time. A time
// that a clock change leaves out is the first instant after the gap; one that
// comes twice is the first of the two. The result is in UTC.
//
// time.Date promises neither, so the zone's periods of constant offset are
// walked in order: the first that ends after the reading holds it or follows
// the gap it fell into.
func (l LocalTime) In(zone *time.Location) time.Time {
	reading := time.Date(l.Year, l.Month, l.Day, l.Hour, l.Minute, 0, 0, time.UTC)
	for at := reading.Add(-dayAround).In(zone); ; {
		_, offset := at.Zone()
		start, end := at.ZoneBounds()
		instant := reading.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || instant.Before(end) {
			if instant.Before(start) {
				instant = start
			}
			return instant.UTC()
		}
		at = end
	}
}

// readingOf is what the clocks of a zone show at an instant, to the minute.
func readingOf(t time.Time, zone *time.Location) LocalTime {
	t = t.In(zone)
	return LocalTime{t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute()}
}

// nextClockTime is the first instant after t at which the clocks of a zone
// come to a time of day on one of the days.
func nextClockTime(t time.Time, at ClockTime, days Days, zone *time.Location) time.Time {
	day := readingOf(t, zone)
	day.Hour, day.Minute = 0, int(at)
	// A week holds every weekday; two days more bear a date that was left out.
	for range 10 {
		weekday := time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC).Weekday()
		if instant := day.In(zone); days.Has(weekday) && instant.After(t) {
			return instant
		}
		day.Day++
	}
	return t
}
