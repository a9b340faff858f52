package intake

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Order is the order in which a date's day, month and year are written.
type Order string

// The orders. Auto finds out.
const (
	Auto Order = ""
	MDY  Order = "mdy"
	DMY  Order = "dmy"
	YMD  Order = "ymd"
)

// dateColumn learns how a column writes its dates. All shapes in a column
// (01-02-22 beside 01/13/2022) are taken to have one order, so that a single
// value that can only be read one way decides for all.
type dateColumn struct {
	dayFirst, monthFirst int // values that can only be read so
	ambiguous, yearFirst int
}

// learn looks at one value. Years of four digits at the front tell nothing:
// nobody writes the day behind them.
func (d *dateColumn) learn(text string) {
	if !strings.ContainsAny(text, "/-.") {
		return
	}
	date, ok := splitDate(text)
	if !ok {
		return
	}
	if len(date.parts[0]) == 4 {
		d.yearFirst++
		return
	}
	first, second := number(date.parts[0]), number(date.parts[1])
	switch {
	case first > 12 && second <= 12:
		d.dayFirst++
	case second > 12 && first <= 12:
		d.monthFirst++
	case first <= 12 && second <= 12 && first != second:
		d.ambiguous++
	}
}

// order is what was learned; an error when it cannot be told. Where every value
// reads the same either way it is MDY.
func (d *dateColumn) order(column string) (Order, error) {
	switch {
	case d.dayFirst > 0 && d.monthFirst > 0:
		return "", fmt.Errorf("column %q writes some dates day first (%d) and some month first (%d); say which with --dates dmy or mdy, and the others are reported", column, d.dayFirst, d.monthFirst)
	case d.dayFirst > 0:
		return DMY, nil
	case d.monthFirst > 0 || d.ambiguous == 0:
		return MDY, nil
	}
	return "", fmt.Errorf("the dates in column %q can be read day first or month first; say which with --dates dmy or mdy", column)
}

// shown is the order to tell of a column that is read in an order: Auto where no value
// hangs on one.
func (d *dateColumn) shown(order Order) Order {
	switch {
	case d.dayFirst+d.monthFirst+d.ambiguous > 0:
		return order
	case d.yearFirst > 0:
		return YMD
	}
	return Auto
}

// offsets are layouts of instants that say how far they are from UTC.
var offsets = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 UTC"}

// parseDate reads a date or an instant and gives it in UTC. Without an offset
// it is of zone. Years have four digits, or two, which mean the latest such
// year that is not after latest.
func parseDate(text string, order Order, zone *time.Location, latest int) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range offsets {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1000 {
			return at.UTC(), true
		}
	}
	date, ok := splitDate(text)
	if !ok {
		return time.Time{}, false
	}
	year, month, day := date.parts[0], date.parts[1], date.parts[2]
	switch {
	case len(year) == 4 || order == YMD:
	case order == DMY:
		year, day = day, year
	default:
		year, month, day = date.parts[2], date.parts[0], date.parts[1]
	}
	full, ok := yearOf(year, latest)
	if !ok {
		return time.Time{}, false
	}
	return date.on(full, number(month), number(day), zone)
}

func yearOf(digits string, latest int) (int, bool) {
	year := number(digits)
	switch {
	case len(digits) == 4 && year >= 1000:
		return year, true
	case len(digits) == 2:
		century := latest / 100 * 100
		if century+year > latest {
			century -= 100
		}
		return century + year, true
	}
	return 0, false
}

// written is a date taken apart, and the time of day behind it.
type written struct {
	parts [3]string
	clock time.Time
}

// on is the instant of a written time on a day in a zone; no day that is not in
// the calendar. A time the clocks leave out is as much later as they jump, one
// they show twice is the first of the two.
func (w written) on(year, month, day int, zone *time.Location) (time.Time, bool) {
	in := func(zone *time.Location) time.Time {
		return time.Date(year, time.Month(month), day, w.clock.Hour(), w.clock.Minute(), w.clock.Second(), w.clock.Nanosecond(), zone)
	}
	wanted := in(time.UTC)
	if wanted.Day() != day || int(wanted.Month()) != month {
		return time.Time{}, false
	}
	at := in(zone)
	_, before := at.Add(-12 * time.Hour).Zone() // the offset until the clocks change, if they do that day
	unchanged := wanted.Add(-time.Duration(before) * time.Second).In(zone)
	if shown(unchanged).Equal(wanted) || !shown(at).Equal(wanted) {
		at = unchanged
	}
	return at.UTC(), true
}

// shown is what a clock at an instant's place shows, as if it were in UTC.
func shown(at time.Time) time.Time {
	_, offset := at.Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// splitDate takes three numbers apart, and a time of day behind them.
func splitDate(text string) (w written, ok bool) {
	date := strings.TrimSpace(text)
	if at := strings.IndexAny(date, " T"); at >= 0 {
		if w.clock, ok = clockOf(date[at+1:]); !ok {
			return w, false
		}
		date = date[:at]
	}
	for _, separator := range []string{"/", "-", "."} {
		split := strings.Split(date, separator)
		if len(split) != 3 {
			continue
		}
		for i, part := range split {
			if len(part) > 4 || number(part) < 0 {
				return w, false
			}
			w.parts[i] = part
		}
		return w, true
	}
	return w, false
}

func clockOf(text string) (time.Time, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	for _, layout := range []string{"15:04:05", "15:04", "3:04:05 PM", "3:04 PM"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// number is a decimal number, -1 when it is none.
func number(digits string) int {
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}
