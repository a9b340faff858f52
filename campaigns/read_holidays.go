package campaigns

import (
	"regexp"
	"slices"
	"strconv"
	"time"
)

const wantHolidays = "holidays such as [2026-12-25, 12-26, {DE: [10-03]}]"

// readHolidays reads days for everybody and, by country, for some.
func readHolidays(n node) []Holiday {
	var days []Holiday
	add := func(item node, country string) {
		day := small(item, "a day such as 2026-12-25 or 12-25", parseHoliday)
		if day.Country = country; day.Day != 0 && slices.Contains(days, day) {
			item.problem(item.raw()+" stands there already", "remove one")
		}
		if day.Day != 0 {
			days = append(days, day)
		}
	}
	for _, item := range n.items(wantHolidays) {
		if item.kind() != aMap {
			add(item, "")
			continue
		}
		for _, p := range item.pairs(wantHolidays) {
			country, problem := parseCountry(p.key)
			if problem != nil {
				p.problem(problem.message, problem.mend)
			}
			for _, day := range p.value.items("days such as [10-03]") {
				add(day, country)
			}
		}
	}
	return days
}

var holidayForm = regexp.MustCompile(`^(?:(\d{4})-)?(\d{2})-(\d{2})$`)

// parseHoliday reads 2026-12-25, or 12-25 of every year.
func parseHoliday(text string) (Holiday, *mistake) {
	const mend = "write it as 2026-12-25 or, for every year, 12-25"
	parts := holidayForm.FindStringSubmatch(text)
	if parts == nil {
		return Holiday{}, wrong(quote(text)+" is not a day", mend)
	}
	year, _ := strconv.Atoi(parts[1])
	month, _ := strconv.Atoi(parts[2])
	day, _ := strconv.Atoi(parts[3])
	in := year
	if parts[1] == "" {
		in = 2024 // a leap year: 02-29 comes in some years
	}
	if there := time.Date(in, time.Month(month), day, 0, 0, 0, 0, time.UTC); int(there.Month()) != month || there.Day() != day {
		return Holiday{}, wrong(quote(text)+" is a day that does not exist", mend)
	}
	return Holiday{Year: year, Month: time.Month(month), Day: day}, nil
}
