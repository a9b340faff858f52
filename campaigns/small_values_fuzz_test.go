package campaigns

import (
	"math"
	"testing"
	"time"

	"rapport/trust/bounds"
)

// FuzzSmallValues shows that the parsers of small values take any text: each
// reads it or says what is wrong and what would be right, and what was read
// keeps its promises.
func FuzzSmallValues(f *testing.F) {
	for _, text := range []string{
		"1d12h", "10:00", "22:00-02:00", "24:00", "2026-02-30", "2026-12-01 10:00", "10%", "0.1%", "weekdays", "50 EUR per 1d", "99.5 EUR per 2w",
		"0 10 * * MON", "*/5 0-23/2 1,15 JAN-DEC sun", "@daily", "TZ=UTC * * * * *", "Europe/Berlin", "+4930123", "after 30d", "bounced < 3%", "csat >= 3.5",
		"+vip", "-100", "1e308", "١٢:٣٠", "９:00", "12-25", "de-AT", "https://shop.example", "\x00", "💶", "184467440737095516150h",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		explained(t, text, "duration", parseDuration, func(d time.Duration) bool { return d > 0 && d <= maxDuration })
		explained(t, text, "time of day", parseClock, func(c ClockTime) bool { return c >= 0 && c < midnight })
		explained(t, text, "window", parseWindow, func(w Window) bool {
			return w.From >= 0 && w.To >= 0 && w.From != w.To && w.From < midnight && w.To <= midnight
		})
		explained(t, text, "date", parseInstant, func(l LocalTime) bool {
			there := time.Date(l.Year, l.Month, l.Day, l.Hour, l.Minute, 0, 0, time.UTC)
			return there.Day() == l.Day && there.Hour() == l.Hour
		})
		explained(t, text, "number", parseDecimal, func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) })
		explained(t, text, "price", parsePrice(2), func(v float64) bool { return v >= 0 })
		explained(t, text, "holiday", parseHoliday, func(h Holiday) bool { return h.Month >= 1 && h.Month <= 12 && h.Day >= 1 && h.Day <= 31 })
		explained(t, text, "webhook", parseHookURL, func(u string) bool { return u != "" })
		explained(t, text, "share", parseShare, func(s float64) bool { return s >= 0 && s <= 1 })
		explained(t, text, "days", parseDays, func(Days) bool { return true })
		explained(t, text, "schedule", parseCron, func(s string) bool {
			_, known := cronSchedule(s)
			return known
		})
		explained(t, text, "again", parseAgain, func(a Again) bool { return a.Mode != "after" || a.After > 0 })
		explained(t, text, "budget", parseBudget("EUR"), func(b Budget) bool { return b.Amount >= 0 && b.Per > 0 })
		explained(t, text, "zone", parseZone, func(z *time.Location) bool { return z != nil })
		explained(t, text, "locale", parseLocale, func(string) bool { return true })
		explained(t, text, "currency", parseCurrency, func(c string) bool { return len(c) == 3 })
		explained(t, text, "address", parseURL, func(u string) bool { return u != "" })
		explained(t, text, "country", parseCountry, func(c string) bool { return len(c) == 2 })
		explained(t, text, "tag", parseTag, func(c TagChange) bool { return c.Tag != "" })
		explained(t, text, "points", parsePoints, func(p int64) bool { return p != 0 })
		explained(t, text, "criterion", parseCriterion, func(c Criterion) bool { return c.Metric != "" && c.Op != "" })
	})
}

// explained holds that a parser gives what keeps its promise, or a mistake in
// words.
func explained[T any](t *testing.T, text, what string, parse func(string) (T, *mistake), keeps func(T) bool) {
	t.Helper()
	switch value, problem := parse(text); {
	case problem != nil && (problem.message == "" || problem.mend == ""):
		t.Errorf("%s %q: a mistake without words: %+v", what, text, problem)
	case problem == nil && !keeps(value):
		t.Errorf("%s %q was read as %v", what, text, value)
	}
}
