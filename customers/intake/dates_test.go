package intake

import (
	"strings"
	"testing"
	"time"

	"rapport/trust/bounds"
)

func TestTheOrderOfAColumnOfDates(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		want   Order
		wrong  string
	}{
		"one value decides for all shapes":     {values: []string{"01-02-22", "01/13/2022", "", "soon"}, want: MDY},
		"day first":                            {values: []string{"1.2.2022", "13.1.2022"}, want: DMY},
		"with a time of day":                   {values: []string{"01/02/2022 10:00", "01/13/2022 3:04 PM"}, want: MDY},
		"the same either way":                  {values: []string{"05/05/2022"}, want: MDY},
		"years first say nothing":              {values: []string{"2022-01-13", "2022/02/03"}, want: MDY},
		"no dates":                             {values: []string{"ann", "1.5", "1/2"}, want: MDY},
		"undecidable":                          {values: []string{"01-02-22", "03-04-22"}, wrong: `the dates in column "Ordered" can be read day first or month first; say which with --dates dmy or mdy`},
		"contradictory":                        {values: []string{"13/01/2022", "01/13/2022", "14/01/2022"}, wrong: `column "Ordered" writes some dates day first (2) and some month first (1); say which with --dates dmy or mdy, and the others are reported`},
		"what is no date has no say":           {values: []string{"32/33/2022", "01/13/2022"}, want: MDY},
		"ambiguous ones beside years first":    {values: []string{"2022-01-13", "01/02/2022"}, wrong: "--dates"},
		"an instant of our own beside the day": {values: []string{"2022-01-13T10:00:00Z", "13/01/2022"}, want: DMY},
	} {
		var column dateColumn
		for _, value := range c.values {
			column.learn(value)
		}
		got, err := column.order("Ordered")
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, want %q", name, err, c.wrong)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestADateIsReadInTheOrderAndZoneGiven(t *testing.T) {
	zone := func(name string) *time.Location {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return zone
	}
	berlin, saoPaulo := zone("Europe/Berlin"), zone("America/Sao_Paulo")
	for _, c := range []struct {
		text  string
		order Order
		zone  *time.Location
		want  string // RFC 3339; "" for no date
	}{
		{"01-02-22", MDY, time.UTC, "2022-01-02T00:00:00Z"},
		{"01-02-22", DMY, time.UTC, "2022-02-01T00:00:00Z"},
		{"22-01-31", YMD, time.UTC, "2022-01-31T00:00:00Z"},
		{"04/08/1900", MDY, time.UTC, "1900-04-08T00:00:00Z"},
		{"2022-01-31", MDY, time.UTC, "2022-01-31T00:00:00Z"},
		{"2022/1/31", DMY, time.UTC, "2022-01-31T00:00:00Z"},
		{" 31.12.2022 ", DMY, berlin, "2022-12-30T23:00:00Z"},
		{"02/29/2024", MDY, time.UTC, "2024-02-29T00:00:00Z"},
		{"02/29/2023", MDY, time.UTC, ""},
		{"31/12/2022", MDY, time.UTC, ""},
		{"0/1/2022", MDY, time.UTC, ""},
		{"01/01/36", MDY, time.UTC, "2036-01-01T00:00:00Z"},
		{"01/01/37", MDY, time.UTC, "1937-01-01T00:00:00Z"},
		{"01/01/022", MDY, time.UTC, ""},
		{"01/01/0022", MDY, time.UTC, ""},
		{"0022-01-01", MDY, time.UTC, ""},
		{"01/02/2022 15:04", MDY, berlin, "2022-01-02T14:04:00Z"},
		{"01/02/2022 3:04:05 pm", MDY, berlin, "2022-01-02T14:04:05Z"},
		{"2022-01-02 15:04:05.250", MDY, berlin, "2022-01-02T14:04:05.25Z"},
		{"2022-01-02T15:04:05+01:00", MDY, saoPaulo, "2022-01-02T14:04:05Z"},
		{"2022-01-02T15:04:05.5+0100", MDY, saoPaulo, "2022-01-02T14:04:05.5Z"},
		{"2022-01-02 15:04:05 UTC", MDY, berlin, "2022-01-02T15:04:05Z"},
		{"2022-01-02 15:04:05 XYZ", MDY, berlin, ""},
		{"2022-03-27 02:30", MDY, berlin, "2022-03-27T01:30:00Z"}, // the clocks leave it out
		{"2022-03-27 15:00", MDY, berlin, "2022-03-27T13:00:00Z"}, // a day of 23 hours
		{"2018-11-04", YMD, saoPaulo, "2018-11-04T03:00:00Z"},     // midnight is left out
		{"2022-10-30 02:30", MDY, berlin, "2022-10-30T00:30:00Z"}, // the first of two
		{"2022-01-02T25:00", MDY, berlin, ""},
		{"tomorrow", MDY, time.UTC, ""},
		{"1-2", MDY, time.UTC, ""},
		{"-1-2-2022", MDY, time.UTC, ""},
		{"", MDY, time.UTC, ""},
	} {
		at, ok := parseDate(c.text, c.order, c.zone, 2036)
		got := ""
		if ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%q read %s in %s is %q, want %q", c.text, c.order, c.zone, got, c.want)
		}
	}
}

// What was read is a moment in years of four digits, and reads the same when it
// is written down as such.
func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"01-02-22", "13.1.2022 10:00", "2022-01-02T15:04:05+01:00", "2022-01-02 3:04 PM", "1/1/1", "٠١/٠٢/٢٢", "9999-12-31"} {
		f.Add(seed, uint8(1), uint8(0))
	}
	zones := []*time.Location{time.UTC, time.FixedZone("east", 14*3600)}
	f.Fuzz(func(t *testing.T, text string, order, zone uint8) {
		defer bounds.Watch(t)()
		orders := []Order{Auto, MDY, DMY, YMD}
		at, ok := parseDate(text, orders[int(order)%len(orders)], zones[int(zone)%len(zones)], 2036)
		if !ok {
			return
		}
		if at.Location() != time.UTC || at.Year() < 999 || at.Year() > 10000 {
			t.Fatalf("%q is read as %s", text, at)
		}
		if again, ok := parseDate(at.Format("2006-01-02T15:04:05.999999999"), Auto, time.UTC, 2036); at.Year() > 999 && at.Year() < 10000 && (!ok || !again.Equal(at)) {
			t.Fatalf("%s reads as %s", at, again)
		}
	})
}
