package campaigns

import (
	"slices"
	"testing"
	"time"

	"rapport/campaigns/zones"
	"rapport/customers"
)

// week is a rule of contact hours in the test's own words, and as it is read.
type week struct {
	name  string
	rule  openHours
	opens func(reading int) bool
}

func within(reading int, from, to ClockTime) bool {
	now := ClockTime(timeOfDay(reading))
	if from < to {
		return now >= from && now < to
	}
	return now >= from || now < to
}

// weeks are hours as shops have them, and hours that lie where clocks are set.
var weeks = []week{
	{
		"business hours",
		openHours{windows: []Window{clockWindow("09:00", "12:30"), clockWindow("14:30", "19:00")}, days: 0b0111110},
		func(r int) bool {
			return (within(r, 9*60, 12*60+30) || within(r, 14*60+30, 19*60)) && weekday(r) != time.Sunday && weekday(r) != time.Saturday
		},
	},
	{
		"the hour that is left out",
		openHours{windows: []Window{clockWindow("02:10", "02:50")}},
		func(r int) bool { return within(r, 2*60+10, 2*60+50) },
	},
	{
		"the first minutes of Sunday",
		openHours{windows: []Window{clockWindow("00:00", "00:20"), clockWindow("01:45", "03:15")}, days: 1 << time.Sunday},
		func(r int) bool {
			return (within(r, 0, 20) || within(r, 60+45, 3*60+15)) && weekday(r) == time.Sunday
		},
	},
	{
		"across midnight",
		openHours{windows: []Window{clockWindow("22:30", "01:30")}},
		func(r int) bool { return within(r, 22*60+30, 60+30) },
	},
	{
		"holidays",
		openHours{holidays: []Holiday{{Month: time.March, Day: 31}, {Month: time.October, Day: 26}, {Year: 2025, Month: time.November, Day: 2}}},
		func(r int) bool {
			year, month, day := date(r)
			return (month != time.March || day != 31) && (month != time.October || day != 26) &&
				(year != 2025 || month != time.November || day != 2)
		},
	},
}

// TestContactHoursAgreeWithEveryClock holds nextOpening against clocks read
// minute by minute: what it says is open is open, and nothing before it was.
func TestContactHoursAgreeWithEveryClock(t *testing.T) {
	inEveryZone(t, func(t *testing.T, c *clock) {
		for _, w := range weeks {
			proveOpenings(t, w, []*clock{c}, w.opens)
		}
	})
}

// TestEveryClockOfACountryIsOpen is the same for customers of whom only a country
// of several zones is known.
func TestEveryClockOfACountryIsOpen(t *testing.T) {
	for _, country := range zones.Countries() {
		names := zones.Of(country)
		if len(names) < 2 {
			continue
		}
		t.Run(country, func(t *testing.T) {
			t.Parallel()
			for _, s := range stretches(zoneFor(names[0])) {
				var clocks []*clock
				for _, name := range names {
					clocks = append(clocks, watch(zoneFor(name), s.from, s.to))
				}
				proveOpenings(t, weeks[0], clocks, weeks[0].opens)
			}
		})
	}
}

func proveOpenings(t *testing.T, w week, clocks []*clock, opens func(reading int) bool) {
	first := clocks[0]
	var shown []*time.Location
	for _, c := range clocks {
		shown = append(shown, c.zone)
	}
	end := len(first.shows)
	next := end // the next minute at which all are open
	for i := end - 1; i >= warmUp; i-- {
		open := !slices.ContainsFunc(clocks, func(c *clock) bool { return !opens(c.shows[i]) })
		if open {
			next = i
		}
		// Every minute around the edges of windows and changes, some others.
		edge := open != (next == i+1) || first.shows[i] != first.shows[i-1]+1
		if !edge && i%31 != 0 {
			continue
		}
		for _, seconds := range []time.Duration{0, 59 * time.Second} {
			at, want := first.at(i).Add(seconds), first.at(next)
			if open {
				want = at
			} else if next == end {
				continue // later than was watched
			}
			if got, found := nextOpening([]openHours{w.rule}, shown, at); !found || !got.Equal(want) {
				t.Fatalf("%s: from %s it opens at %s (%v), want %s", w.name, at.In(first.zone), got.In(first.zone), found, want.In(first.zone))
			}
		}
	}
}

// schedule is a cron expression and what it names, in the test's own words.
type schedule struct {
	cron  string
	names func(reading int) bool
}

var schedules = []schedule{
	{"0 10 * * MON", func(r int) bool { return timeOfDay(r) == 10*60 && weekday(r) == time.Monday }},
	{"30 2 * * *", func(r int) bool { return timeOfDay(r) == 2*60+30 }},
	{"*/20 0-3 * * *", func(r int) bool { return timeOfDay(r)%20 == 0 && timeOfDay(r) < 4*60 }},
	{"0 * * * *", func(r int) bool { return r%60 == 0 }},
	{"59 23 * * SAT,SUN", func(r int) bool {
		return timeOfDay(r) == 23*60+59 && (weekday(r) == time.Saturday || weekday(r) == time.Sunday)
	}},
	{"5 0 1 * *", func(r int) bool {
		_, _, day := date(r)
		return timeOfDay(r) == 5 && day == 1
	}},
}

// TestOccurrencesAgreeWithEveryClock: nothing is run twice or left out where
// clocks are set, however often the schedule looks.
func TestOccurrencesAgreeWithEveryClock(t *testing.T) {
	inEveryZone(t, func(t *testing.T, c *clock) {
		w := ruleShop()
		from, end := c.at(warmUp-1), c.at(len(c.shows)-1)
		for _, s := range schedules {
			campaign := broadcast(Cron, s.cron, "")
			campaign.Trigger.Zone = c.zone
			want := c.instants(c.fires(s.names))
			if got := w.Occurrences(campaign, from, end); !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("%s in %s from %s: %v, want %v", s.cron, c.zone, from, stamps(got), stamps(want))
			}
			var looks []time.Time
			for last := from; last.Before(end); {
				next := last.Add(7*time.Hour + 13*time.Minute)
				if next.After(end) {
					next = end
				}
				looks = append(looks, w.Occurrences(campaign, last, next)...)
				last = next
			}
			if !slices.EqualFunc(looks, want, time.Time.Equal) {
				t.Fatalf("%s in %s from %s, looked at again and again: %v, want %v", s.cron, c.zone, from, stamps(looks), stamps(want))
			}
		}
	})
}

func (c *clock) instants(minutes []int) []time.Time {
	var all []time.Time
	for _, minute := range minutes {
		all = append(all, c.at(minute))
	}
	return all
}

// TestOwnClocksAgreeWithEveryClock: where a campaign goes by each customer's
// clock, an occurrence begins when theirs comes to the reading, once.
func TestOwnClocksAgreeWithEveryClock(t *testing.T) {
	campaign := ruleCampaign()
	campaign.Trigger = Trigger{Kind: Cron, OwnClock: true}
	inEveryZone(t, func(t *testing.T, c *clock) {
		w, customer := ruleShop(), &customers.Customer{Zone: c.zone.String()}
		for reading := c.reached[warmUp] + 1; reading <= c.reached[len(c.reached)-1]; reading += 17 {
			occurrence := time.Unix(int64(reading)*60, 0).Add(-14 * time.Hour) // when the first clock shows it
			want := c.at(c.reaches(reading))
			if got := w.StartFor(campaign, occurrence, customer); !got.Equal(want) {
				t.Fatalf("what the first clock shows at %s begins in %s at %s, want %s", occurrence.UTC(), c.zone, got.In(c.zone), want.In(c.zone))
			}
			year, month, day := date(reading)
			local := LocalTime{year, month, day, timeOfDay(reading) / 60, timeOfDay(reading) % 60}
			if got := local.In(c.zone); !got.Equal(want) {
				t.Fatalf("%v in %s is %s, want %s", local, c.zone, got.In(c.zone), want.In(c.zone))
			}
		}
	})
}

// TestWaitsAgreeWithEveryClock: "until 02:30" ends when the clock next comes to
// it on one of the days.
func TestWaitsAgreeWithEveryClock(t *testing.T) {
	inEveryZone(t, func(t *testing.T, c *clock) {
		for _, wait := range []struct {
			at   ClockTime
			days Days
		}{{10 * 60, 0}, {2*60 + 30, 0}, {15, 0}, {0, 1 << time.Sunday}, {23*60 + 45, 0b1000001}} {
			fires := c.fires(func(r int) bool {
				return timeOfDay(r) == int(wait.at) && (wait.days == 0 || wait.days&(1<<weekday(r)) != 0)
			})
			for i := warmUp; i < len(c.shows); i += 23 {
				later, _ := slices.BinarySearch(fires, i+1)
				if later == len(fires) {
					break // it ends later than was watched
				}
				from, want := c.at(i), c.at(fires[later])
				if got := nextClockTime(from, wait.at, wait.days, c.zone); !got.Equal(want) {
					t.Fatalf("until %s from %s ends at %s, want %s", wait.at.sinceMidnight(), from.In(c.zone), got.In(c.zone), want.In(c.zone))
				}
			}
		}
	})
}
