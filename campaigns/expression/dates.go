package expression

import (
	"strconv"
	"strings"
	"time"
)

// parseInstant reads a date, a date and a time of day in UTC, or RFC 3339, with
// years 1 to 9999.
func parseInstant(s string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			t = time.UnixMilli(t.UnixMilli()).UTC()
			return t, !t.IsZero()
		}
	}
	return time.Time{}, false
}

// units of a duration, the longest first, as they stand in one.
var units = []struct {
	letter string
	length time.Duration
}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}

// parseDuration reads 90s, 15m, 24h, 3d, 2w or 1d12h: whole numbers, the longest
// unit first, each once; more than nothing and at most a hundred years.
func parseDuration(s string) (time.Duration, bool) {
	const most = 100 * 365 * 24 * time.Hour
	var total time.Duration
	for _, unit := range units {
		digits, rest, found := strings.Cut(s, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || time.Duration(n) > most/unit.length {
			return 0, false
		}
		total += time.Duration(n) * unit.length
		s = rest
	}
	return total, s == "" && total > 0 && total <= most
}
