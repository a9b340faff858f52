package campaigns

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"
)

func TestLocalTimesAcrossClockChanges(t *testing.T) {
	for _, c := range []struct{ zone, local, want string }{
		{"Europe/Berlin", "2026-12-01T10:00", "2026-12-01T09:00:00Z"},
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00Z"},       // gap: first instant after
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"},       // fold: first of two
		{"America/New_York", "2026-11-01T01:00", "2026-11-01T05:00:00Z"},    // fold at its edge
		{"Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z"},        // a day that was left out
		{"America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00:00Z"},    // gap at midnight
		{"Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30:00Z"}, // half-hour gap
	} {
		at, err := time.Parse("2006-01-02T15:04", c.local)
		if err != nil {
			t.Fatal(err)
		}
		local := LocalTime{at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute()}
		if got := local.In(zoneFor(c.zone)); !got.Equal(utc(c.want)) {
			t.Errorf("%s in %s is %s, want %s", c.local, c.zone, got.Format(time.RFC3339), c.want)
		}
	}
}

func TestLocalTimesAgreeWithAnIndependentLibrary(t *testing.T) {
	raw, err := os.ReadFile("../../shared/vectors/tz/local_send_times.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("../shared/vectors/tz is not beside this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Cases []struct {
			Zone, Local, Kind string
			UTC               []time.Time `json:"utc_candidates"`
			AfterGap          time.Time   `json:"first_instant_after_gap_utc"`
		}
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, c := range vectors.Cases {
		at, err := time.Parse("2006-01-02T15:04:05", c.Local)
		if err != nil {
			t.Fatal(err)
		}
		want := c.AfterGap
		if len(c.UTC) > 0 {
			want = c.UTC[0]
		}
		local := LocalTime{at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute()}
		if got := local.In(zoneFor(c.Zone)); !got.Equal(want) {
			t.Errorf("%s %s in %s is %s, want %s", c.Kind, c.Local, c.Zone, got.Format(time.RFC3339), want.Format(time.RFC3339))
		}
	}
	if len(vectors.Cases) == 0 {
		t.Error("the vectors hold no case")
	}
}

func TestNextClockTime(t *testing.T) {
	berlin := zoneFor("Europe/Berlin")
	weekdays := Days(0b0111110)
	for name, c := range map[string]struct {
		from, want string
		at         string
		days       Days
	}{
		"later today":              {"2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z", "10:00", 0},
		"exactly now is over":      {"2026-12-01T09:00:00Z", "2026-12-02T09:00:00Z", "10:00", 0},
		"over the weekend":         {"2026-12-04T10:00:00Z", "2026-12-07T09:00:00Z", "10:00", weekdays},
		"in a gap":                 {"2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "02:30", 0},
		"between two of a fold":    {"2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z", "02:30", 0},
		"the evening of next week": {"2026-12-01T22:30:00Z", "2026-12-08T22:30:00Z", "23:30", 1 << time.Tuesday},
	} {
		if got := nextClockTime(utc(c.from), clockAt(c.at), c.days, berlin); !got.Equal(utc(c.want)) {
			t.Errorf("%s: %s, want %s", name, got.Format(time.RFC3339), c.want)
		}
	}
}
