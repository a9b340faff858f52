package campaigns

import (
	"archive/zip"
	"flag"
	"go/build"
	"hash/fnv"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// everyMinute makes the proofs of time go through all of the five years instead
// of every clock change and samples in between.
var everyMinute = flag.Bool("everyminute", false, "prove the rules of time on every minute of 2024 to 2028 (takes long)")

// allZones are the zones that Go's own copy of the IANA database names.
func allZones(t *testing.T) []*time.Location {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(build.Default.GOROOT, "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skip("there is no list of zones: ", err)
	}
	defer func() { _ = archive.Close() }()
	var zones []*time.Location
	for _, file := range archive.File {
		if zone, err := time.LoadLocation(file.Name); err == nil && !strings.HasSuffix(file.Name, "/") {
			zones = append(zones, zone)
		}
	}
	if len(zones) < 400 {
		t.Fatalf("only %d zones are known", len(zones))
	}
	return zones
}

const (
	minutesOfDay = 24 * 60
	// warmUp is how long a clock is watched before it counts, so that what it
	// showed before is known: longer than any clock was ever set back.
	warmUp = 27 * 60
)

// clock is what a wall clock showed, minute by minute. It is the model that the
// rules of time are held against, and shares no code with them: nothing is
// computed from offsets or changes of a zone, everything is looked up in the
// readings.
type clock struct {
	zone  *time.Location
	start time.Time // of the first minute
	// shows is the reading of every minute, in minutes since 1970 on that clock.
	shows []int
	// reached is the furthest reading up to each minute. A clock that was set
	// back shows less than that until it has caught up.
	reached []int
}

func watch(zone *time.Location, from, to time.Time) *clock {
	c := &clock{zone: zone, start: from.Truncate(time.Minute).Add(-warmUp * time.Minute)}
	furthest := 0
	for at := c.start; at.Before(to); at = at.Add(time.Minute) {
		_, offset := at.In(zone).Zone()
		reading := (int(at.Unix()) + offset) / 60
		furthest = max(furthest, reading)
		c.shows, c.reached = append(c.shows, reading), append(c.reached, furthest)
	}
	return c
}

// at is the instant of a minute.
func (c *clock) at(minute int) time.Time { return c.start.Add(time.Duration(minute) * time.Minute) }

// reaches is the first minute at which the clock has come to a reading: shows it,
// or has been set past it.
func (c *clock) reaches(reading int) int { return sort.SearchInts(c.reached, reading) }

// fires lists the minutes, after warming up, at which a schedule runs: when the
// clock comes to a reading that it names for the first time. Readings that are
// passed together run together.
func (c *clock) fires(names func(reading int) bool) (minutes []int) {
	for i := warmUp; i < len(c.reached); i++ {
		for reading := c.reached[i-1] + 1; reading <= c.reached[i]; reading++ {
			if names(reading) {
				minutes = append(minutes, i)
				break
			}
		}
	}
	return minutes
}

func timeOfDay(reading int) int { return reading % minutesOfDay }

// weekday is the day of a reading; 1970 began on a Thursday.
func weekday(reading int) time.Weekday { return time.Weekday((reading/minutesOfDay + 4) % 7) }

// date is the calendar's day of a reading.
func date(reading int) (year int, month time.Month, day int) {
	return time.Unix(int64(reading)*60, 0).UTC().Date()
}

// stretch is a time that is looked at minute by minute.
type stretch struct{ from, to time.Time }

var (
	firstYear = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	lastYear  = time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)
)

// stretches are where a zone is looked at: a day before to two days after every
// change of its clocks, and some days of each year in between; or all of the
// five years, a month at a time.
func stretches(zone *time.Location) (all []stretch) {
	if *everyMinute {
		for from := firstYear; from.Before(lastYear); from = from.AddDate(0, 1, 0) {
			all = append(all, stretch{from, from.AddDate(0, 1, 0)})
		}
		return all
	}
	for at := firstYear; ; {
		_, change := at.In(zone).ZoneBounds()
		if change.IsZero() || !change.Before(lastYear) {
			break
		}
		all = append(all, stretch{change.Add(-24 * time.Hour), change.Add(48 * time.Hour)})
		at = change
	}
	lot := fnv.New32a()
	_, _ = lot.Write([]byte(zone.String()))
	for year := firstYear.Year(); year < lastYear.Year(); year++ {
		day := int(lot.Sum32()) % 363
		_, _ = lot.Write([]byte{byte(year)})
		from := time.Date(year, 1, 1+day, 0, 0, 0, 0, time.UTC)
		all = append(all, stretch{from, from.Add(36 * time.Hour)})
	}
	return all
}

// inEveryZone runs a proof on what the clocks of every zone showed, or of every
// tenth where little time is given.
func inEveryZone(t *testing.T, proof func(t *testing.T, c *clock)) {
	zones := allZones(t)
	if testing.Short() {
		zones = slices.DeleteFunc(zones, func(zone *time.Location) bool { return len(zone.String())%10 != 0 })
	}
	// The zones stand in groups, two of which are under way at once.
	for group := range slices.Chunk(zones, (len(zones)+7)/8) {
		t.Run(group[0].String()+" and following", func(t *testing.T) {
			t.Parallel()
			for _, zone := range group {
				for _, s := range stretches(zone) {
					proof(t, watch(zone, s.from, s.to))
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}
