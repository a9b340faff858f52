package zones

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
)

func TestEveryCountryHasClocks(t *testing.T) {
	for country, names := range byCountry {
		for _, name := range names {
			if _, known := Named(name); !known {
				t.Errorf("%s: no zone %s", country, name)
			}
		}
		if len(names) == 0 || Country(names[0]) != country {
			t.Errorf("%s has no clock", country)
		}
	}
}

// Every zone that a number may name lies in a country that is known.
func TestTheZonesOfNumbersHaveACountry(t *testing.T) {
	var look func(prefix string)
	look = func(prefix string) {
		names, err := phonenumbers.GetTimezonesForPrefix(prefix)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if name != phonenumbers.UNKNOWN_TIMEZONE && Country(name) == "" {
				t.Fatalf("%s: nobody knows where %s is", prefix, name)
			}
		}
		if len(prefix) < 6 {
			for digit := range 10 {
				look(prefix + strconv.Itoa(digit))
			}
		}
	}
	look("+")
	all := known()
	for name, country := range otherNames {
		zone, known := Named(name)
		if !known || !slices.ContainsFunc(byCountry[country], func(listed string) bool { return sameClock(zone, all[listed]) }) {
			t.Errorf("%s shows no clock of %s", name, country)
		}
	}
}

// TestCountryZonesAgreeWithTheSystem reads the tz database where the system has
// it: every place of a country must share a clock with one that is listed.
func TestCountryZonesAgreeWithTheSystem(t *testing.T) {
	table, err := os.ReadFile("/usr/share/zoneinfo/zone.tab")
	if err != nil {
		t.Skip("the system has no zone.tab")
	}
	for line := range strings.Lines(string(table)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") || len(fields) < 3 {
			continue
		}
		zone, err := time.LoadLocation(fields[2])
		if err != nil {
			continue // newer or older than the one Go reads
		}
		for _, country := range strings.Split(fields[0], ",") {
			if !slices.ContainsFunc(byCountry[country], func(name string) bool { return sameClock(zone, known()[name]) }) {
				t.Errorf("%s: the clock of %s is not listed", country, zone)
			}
		}
	}
}

// sameClock compares two zones every eleven hours of 2026.
func sameClock(a, b *time.Location) bool {
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(11 * time.Hour) {
		_, first := at.In(a).Zone()
		_, second := at.In(b).Zone()
		if first != second {
			return false
		}
	}
	return true
}
