package campaigns

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// wantDuration completes "write …".
const wantDuration = "a duration such as 90s, 15m, 24h, 3d or 2w"

// maxDuration bounds durations: nothing here waits longer.
const maxDuration = 10 * 366 * 24 * time.Hour

var (
	durationForm = regexp.MustCompile(`^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$`)
	wordyForm    = regexp.MustCompile(`(?i)^(\d+)\s*(s|sec|secs|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$`)
	calendarForm = regexp.MustCompile(`^(\d+)\s*(M|(?i:mo|mos|months?|y|yrs?|years?))$`)
)

// durationUnits are the units of durationForm, in its order.
var durationUnits = [...]time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// parseDuration reads 90s, 15m, 24h, 3d, 2w and joined forms such as 1d12h,
// the longer unit first. A day is 24 hours, whatever the clocks do.
func parseDuration(text string) (time.Duration, *mistake) {
	parts := durationForm.FindStringSubmatch(text)
	if text == "" || parts == nil {
		return 0, notADuration(text)
	}
	var total time.Duration
	for i, unit := range durationUnits {
		if parts[i+1] == "" {
			continue
		}
		count, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || count > int64(maxDuration/unit) {
			return 0, wrong(quote(text)+" is longer than ten years", "write "+wantDuration)
		}
		total += time.Duration(count) * unit
	}
	if total > maxDuration {
		return 0, wrong(quote(text)+" is longer than ten years", "write "+wantDuration)
	}
	if total == 0 {
		return 0, wrong(quote(text)+" is no time at all", "write "+wantDuration)
	}
	return total, nil
}

func notADuration(text string) *mistake {
	message := quote(text) + " is not a duration"
	if _, err := strconv.Atoi(text); err == nil {
		return wrong(quote(text)+" has no unit", "write "+text+"h for hours, "+text+"m for minutes or "+text+"d for days")
	}
	if parts := calendarForm.FindStringSubmatch(text); parts != nil {
		days := 30
		if strings.HasPrefix(strings.ToLower(parts[2]), "y") {
			days = 365
		}
		if count, err := strconv.Atoi(parts[1]); err == nil && count < 100 {
			return wrong(message+": months and years differ in length", "write days, such as "+strconv.Itoa(count*days)+"d")
		}
	}
	if parts := wordyForm.FindStringSubmatch(text); parts != nil {
		return wrong(message, "write "+parts[1]+strings.ToLower(parts[2][:1]))
	}
	if joined := strings.ReplaceAll(text, " ", ""); joined != text && durationForm.MatchString(joined) {
		return wrong(message, "write "+joined)
	}
	return wrong(message, "write "+wantDuration+"; joined ones begin with the longer unit, such as 1d12h")
}
