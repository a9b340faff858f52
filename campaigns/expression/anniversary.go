package expression

import (
	"strconv"
	"time"
)

// anniversary is days_to_anniversary(): days from today until the date comes
// round again, 0 on the day itself. Today is the date in the zone of the moment it
// is judged at, the date that comes round one in UTC; where a year has no 29
// February its anniversary is 1 March.
type anniversary struct{ of node }

func (anniversary) kind() Type      { return Number }
func (a anniversary) parts() []node { return []node{a.of} }

func (a anniversary) eval(m *Moment) any {
	of, known := asInstant(a.of.eval(m))
	if !known {
		return nil
	}
	today := dayOf(m.Now)
	_, month, date := of.UTC().Date()
	next := time.Date(today.Year(), month, date, 0, 0, 0, 0, time.UTC)
	if next.Before(today) {
		next = time.Date(today.Year()+1, month, date, 0, 0, 0, 0, time.UTC)
	}
	return float64(next.Sub(today) / day)
}

// dayOf is the date that a calendar in the zone of t shows, as midnight in UTC.
func dayOf(t time.Time) time.Time {
	year, month, date := t.Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}

// write counts in years that begin in March, so that a leap day is the last of
// its year: doy is the day of such a year, counted from 0, and 306 is the first
// of January (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
// Databases disagree about dates, but not about whole numbers.
func (a anniversary) write(s *statement) {
	today := s.today
	march := func(year int) string {
		first := time.Date(year, time.March, 1, 0, 0, 0, 0, time.UTC)
		return strconv.FormatInt(int64(first.Sub(today)/day), 10)
	}
	before, this, after := march(today.Year()-1), march(today.Year()), march(today.Year()+1)
	s.put("(SELECT CAST(CASE WHEN y.soon >= 0 THEN y.soon ELSE y.later END AS {real}) FROM (",
		"SELECT m.doy + CASE WHEN m.doy >= 306 THEN ", before, " ELSE ", this, " END AS soon, ",
		"m.doy + CASE WHEN m.doy >= 306 THEN ", this, " ELSE ", after, " END AS later FROM (",
		"SELECT e.doe - (365 * e.yoe + e.yoe / 4 - e.yoe / 100) AS doy FROM (",
		"SELECT d.doe, (d.doe - d.doe / 1460 + d.doe / 36524 - d.doe / 146096) / 365 AS yoe FROM (",
		"SELECT (((v.at - ((v.at % 86400000) + 86400000) % 86400000) / 86400000 + 719468) % 146097 + 146097) % 146097 AS doe FROM (SELECT ")
	a.of.write(s)
	s.put(" AS at) AS v) AS d) AS e) AS m) AS y)")
}
