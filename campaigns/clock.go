package campaigns

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// LocalTime is a wall clock reading without a zone.
type LocalTime struct {
	Year         int
	Month        time.Month
	Day          int
	Hour, Minute int
}

// ClockTime is a time of day in minutes since midnight.
type ClockTime int

// Window is a span of the day, [From, To) in minutes since midnight. One whose
// To is not after From crosses midnight.
type Window struct {
	From, To ClockTime
}

// Days is a set of weekdays, bit 0 Sunday as in time.Weekday. The zero value
// means any day.
type Days uint8

// Has reports whether the set holds a day.
func (d Days) Has(day time.Weekday) bool { return d == 0 || d&(1<<day) != 0 }

const midnight ClockTime = 24 * 60

var (
	clockForm   = regexp.MustCompile(`^(\d{1,2}):(\d{2})$`)
	instantForm = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})(?:[ T](\S+))?$`)
)

// parseClock reads a time of day such as 09:30.
func parseClock(text string) (ClockTime, *mistake) {
	clock, problem := parseClockEnd(text)
	if problem == nil && clock == midnight {
		return 0, notAClock(text)
	}
	return clock, problem
}

// parseClockEnd also takes 24:00, the end of a day.
func parseClockEnd(text string) (ClockTime, *mistake) {
	parts := clockForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, notAClock(text)
	}
	hour, _ := strconv.Atoi(parts[1])
	minute, _ := strconv.Atoi(parts[2])
	clock := ClockTime(hour*60 + minute)
	if minute > 59 || clock > midnight {
		return 0, notAClock(text)
	}
	return clock, nil
}

func notAClock(text string) *mistake {
	return wrong(quote(text)+" is not a time of day", "write it on the 24-hour clock, such as 09:30 or 18:00")
}

// parseWindow reads a span such as 09:30-12:00; 22:00-02:00 crosses midnight.
func parseWindow(text string) (Window, *mistake) {
	from, to, found := strings.Cut(text, "-")
	if !found {
		return Window{}, wrong(quote(text)+" is not a span of hours", "write from and to, such as 09:30-12:00")
	}
	start, problem := parseClock(strings.TrimSpace(from))
	if problem != nil {
		return Window{}, problem
	}
	end, problem := parseClockEnd(strings.TrimSpace(to))
	if problem != nil {
		return Window{}, problem
	}
	if start == end {
		return Window{}, wrong(quote(text)+" ends when it begins", "write 00:00-24:00 for the whole day")
	}
	return Window{start, end}, nil
}

// parseInstant reads 2026-12-01 (its midnight) or 2026-12-01 10:00.
func parseInstant(text string) (LocalTime, *mistake) {
	const mend = "write it as 2026-12-01 or 2026-12-01 10:00"
	parts := instantForm.FindStringSubmatch(text)
	if parts == nil {
		return LocalTime{}, wrong(quote(text)+" is not a date", mend)
	}
	year, _ := strconv.Atoi(parts[1])
	month, _ := strconv.Atoi(parts[2])
	day, _ := strconv.Atoi(parts[3])
	if there := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC); int(there.Month()) != month || there.Day() != day {
		return LocalTime{}, wrong(quote(text)+" is a date that does not exist", mend)
	}
	var clock ClockTime
	if parts[4] != "" {
		var problem *mistake
		if clock, problem = parseClock(parts[4]); problem != nil {
			return LocalTime{}, problem
		}
	}
	return LocalTime{year, time.Month(month), day, int(clock / 60), int(clock % 60)}, nil
}

// dayWords are the words for days, each with the days it means.
var dayWords = map[string]Days{
	"sun": 1 << time.Sunday, "mon": 1 << time.Monday, "tue": 1 << time.Tuesday, "wed": 1 << time.Wednesday,
	"thu": 1 << time.Thursday, "fri": 1 << time.Friday, "sat": 1 << time.Saturday,
	"weekdays": 1<<time.Monday | 1<<time.Tuesday | 1<<time.Wednesday | 1<<time.Thursday | 1<<time.Friday,
	"weekend":  1<<time.Saturday | 1<<time.Sunday,
	"any":      0,
}

const wantDays = "days such as weekdays, weekend, any or [mon, tue]"

// parseDays reads one word for days.
func parseDays(text string) (Days, *mistake) {
	if days, known := dayWords[text]; known {
		return days, nil
	}
	if from, to, span := strings.Cut(text, "-"); span && from != "" && to != "" {
		return 0, wrong(quote(text)+" is not how days are written", "write weekdays, weekend, or each of them: [mon, tue, wed]")
	}
	for _, day := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		if strings.HasPrefix(strings.ToLower(text), day) {
			return 0, wrong(quote(text)+" is not how a day is written", "write "+day)
		}
	}
	return 0, wrong(quote(text)+" is not a day", fmt.Sprintf("write %s", wantDays))
}
