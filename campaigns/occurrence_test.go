package campaigns

import (
	"slices"
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

func broadcast(kind TriggerKind, cron string, zone string) *Campaign {
	c := ruleCampaign()
	c.Trigger = Trigger{Kind: kind, Cron: cron}
	if zone != "" {
		c.Trigger.Zone = zoneFor(zone)
	}
	return c
}

func stamps(times []time.Time) []string {
	texts := []string{}
	for _, at := range times {
		texts = append(texts, at.UTC().Format("01-02T15:04"))
	}
	return texts
}

func TestOccurrences(t *testing.T) {
	for name, c := range map[string]struct {
		cron, zone   string
		after, until string
		want         []string
	}{
		"weekly, in the workspace's zone": {"0 10 * * MON", "", "2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z", []string{"12-07T09:00", "12-14T09:00"}},
		"in its own zone":                 {"0 10 * * MON", "Asia/Tokyo", "2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z", []string{"12-07T01:00"}},
		"after is exclusive":              {"0 10 * * *", "UTC", "2026-12-01T10:00:00Z", "2026-12-02T10:00:00Z", []string{"12-02T10:00"}},
		"in a gap":                        {"30 2 * * *", "", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", []string{"03-29T01:00", "03-30T00:30"}},
		"in a fold once":                  {"30 2 * * *", "", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", []string{"10-25T00:30", "10-26T01:30"}},
		"between the two of a fold":       {"30 2 * * *", "", "2026-10-25T00:45:00Z", "2026-10-25T12:00:00Z", []string{}},
		"a gap hour is not run twice":     {"0 * * * *", "", "2026-03-28T23:00:00Z", "2026-03-29T02:00:00Z", []string{"03-29T00:00", "03-29T01:00", "03-29T02:00"}},
		"minutes of a gap are one":        {"*/20 2 * * *", "", "2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z", []string{"03-29T01:00"}},
		"a day that was left out":         {"0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-31T12:00:00Z", []string{"12-30T10:00"}},
		"a zone prefix is refused":        {"TZ=UTC 0 10 * * *", "", "2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z", []string{}},
		"nonsense is refused":             {"every monday", "", "2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z", []string{}},
		"a date that never comes":         {"0 0 31 2 *", "", "2026-12-01T00:00:00Z", "2036-12-15T00:00:00Z", []string{}},
	} {
		got := stamps(ruleShop().Occurrences(broadcast(Cron, c.cron, c.zone), utc(c.after), utc(c.until)))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestABroadcastHappensOnce(t *testing.T) {
	c := broadcast(Once, "", "")
	c.Trigger.Once = LocalTime{2026, time.December, 1, 10, 0}
	w, at := ruleShop(), utc("2026-12-01T09:00:00Z")
	if got := w.Occurrences(c, time.Time{}, at); !slices.Equal(got, []time.Time{at}) {
		t.Errorf("until its instant: %v", got)
	}
	if got := w.Occurrences(c, at, at.Add(time.Hour)); got != nil {
		t.Errorf("after its instant: %v", got)
	}
	if got := w.Occurrences(ruleCampaign(), time.Time{}, at); got != nil {
		t.Errorf("an event campaign occurs at %v", got)
	}
}

// What comes once is over when an apply no longer lets anybody in: at once, or when
// the last clock on earth has shown its moment.
func TestABroadcastThatComesOnceIsOver(t *testing.T) {
	c := broadcast(Once, "", "Europe/Berlin")
	c.Trigger.Once = LocalTime{2026, time.December, 1, 10, 0}
	at := utc("2026-12-01T09:00:00Z")
	for own, last := range map[bool]time.Time{false: at, true: utc("2026-12-01T22:00:00Z")} {
		c.Trigger.OwnClock = own
		for _, late := range []time.Duration{-time.Minute, time.Second, 2 * time.Second} {
			now := last.Add(late)
			enters := false
			for _, run := range ruleShop().Due(c, time.Time{}, utc(CountsFrom(now)), now.Add(time.Second)) {
				enters = enters || run.State == RunEntering
			}
			if over := ruleShop().Over(c, now); over != (late > time.Second) || over && enters {
				t.Errorf("by their own clocks %v, %s late: over is %v, entering %v", own, late, over, enters)
			}
		}
	}
	if ruleShop().Over(broadcast(Cron, "0 10 1 1 *", "UTC"), at) {
		t.Error("one that comes again is over")
	}
}

func TestOccurrencesOfAYearAreOnTheClock(t *testing.T) {
	for _, name := range sampleZones() {
		zone := zoneFor(name)
		all := ruleShop().Occurrences(broadcast(Cron, "30 2 * * *", name), utc("2026-01-01T12:00:00Z"), utc("2027-01-01T12:00:00Z"))
		if len(all) != 365 {
			t.Errorf("%s: %d daily occurrences in a year", name, len(all))
		}
		for _, at := range all {
			local := at.In(zone)
			start, _ := local.ZoneBounds()
			if local.Format("15:04") != "02:30" && !start.Equal(local) {
				t.Errorf("%s: runs at %s", name, local)
			}
		}
	}
}

func TestDueAfterADowntime(t *testing.T) {
	const daily, hourly = "0 10 * * *", "0 * * * *"
	for name, c := range map[string]struct {
		cron, misfire string
		last, now     string
		run, missed   []string
	}{
		"on time":                        {daily, "", "2026-12-01T10:00:00Z", "2026-12-02T10:00:20Z", []string{"12-02T10:00"}, []string{}},
		"nothing due":                    {daily, "", "2026-12-01T10:00:00Z", "2026-12-02T09:59:59Z", []string{}, []string{}},
		"missed by hours runs once":      {daily, "run_once", "2026-12-01T10:00:00Z", "2026-12-02T16:00:00Z", []string{"12-02T10:00"}, []string{}},
		"missed by hours, skip":          {daily, "skip", "2026-12-01T10:00:00Z", "2026-12-02T16:00:00Z", []string{}, []string{"12-02T10:00"}},
		"missed days ago":                {"0 10 1 * *", "", "2026-11-01T10:00:00Z", "2026-12-03T10:00:00Z", []string{}, []string{"12-01T10:00"}},
		"a row of them runs the last":    {hourly, "", "2026-12-02T10:00:00Z", "2026-12-02T13:30:00Z", []string{"12-02T13:00"}, []string{"12-02T11:00", "12-02T12:00"}},
		"one on time is enough":          {hourly, "", "2026-12-02T10:00:00Z", "2026-12-02T13:00:00Z", []string{"12-02T13:00"}, []string{"12-02T11:00", "12-02T12:00"}},
		"exactly a day ago":              {daily, "", "2026-12-01T10:00:00Z", "2026-12-03T09:59:00Z", []string{"12-02T10:00"}, []string{}},
		"several rounds of a quick cron": {"* * * * *", "skip", "2026-12-02T10:00:00Z", "2026-12-02T10:02:30Z", []string{"12-02T10:01", "12-02T10:02"}, []string{}},
	} {
		campaign := broadcast(Cron, c.cron, "UTC")
		campaign.Trigger.Misfire = c.misfire
		run, missed := sorted(ruleShop().Due(campaign, utc(c.last), time.Time{}, utc(c.now)))
		if !slices.Equal(stamps(run), c.run) || !slices.Equal(stamps(missed), c.missed) {
			t.Errorf("%s: runs %v and missed %v, want %v and %v", name, stamps(run), stamps(missed), c.run, c.missed)
		}
	}
}

func TestDueNeverListsAnEternity(t *testing.T) {
	hourly := broadcast(Cron, "0 * * * *", "UTC")
	for _, hourly.Trigger.OwnClock = range []bool{false, true} {
		if due := ruleShop().Due(hourly, time.Time{}, time.Time{}, noon); len(due) > 31*24 {
			t.Errorf("%d missed occurrences are listed", len(due))
		}
	}
}

// sorted tells the instants of the runs to enter from those of the missed ones.
func sorted(runs []Run) (entering, missed []time.Time) {
	for _, run := range runs {
		if run.State == RunEntering {
			entering = append(entering, run.At)
		} else {
			missed = append(missed, run.At)
		}
	}
	return entering, missed
}

// The reading is 09:00 of the fifth, which Kiritimati shows at 19:00 of the fourth
// and Baker Island 26 hours later: until then somebody's run is still to come.
func TestARunByOwnClocksIsDueUntilTheLastClockHasShownIt(t *testing.T) {
	const daily, at = "0 9 * * *", "12-04T19:00"
	for name, c := range map[string]struct {
		cron, misfire string
		last, seen    string
		now           string
		run           []string // with since, where it leaves somebody out
		missed        []string
	}{
		"on time":                      {daily, "", "2026-12-03T19:00:00Z", "2026-11-01T00:00:00Z", "2026-12-04T19:00:10Z", []string{at}, nil},
		"applied in time for Berlin":   {daily, "", "", "2026-12-05T07:00:00Z", "2026-12-05T07:00:01Z", []string{at + " since 12-05T07:00"}, nil},
		"applied in time for Baker":    {daily, "", "", "2026-12-05T20:59:59Z", "2026-12-05T21:00:00Z", []string{at + " since 12-05T20:59", "12-05T19:00 since 12-05T20:59"}, nil},
		"applied after the last clock": {"0 9 5 12 *", "", "", "2026-12-05T21:00:01Z", "2026-12-05T21:00:01Z", nil, nil},
		"resumed in time for Berlin":   {daily, "", "2026-12-03T19:00:00Z", "2026-12-05T07:00:00Z", "2026-12-05T07:00:01Z", []string{at + " since 12-05T07:00"}, nil},
		"down, caught up with":         {daily, "", "2026-12-03T19:00:00Z", "2026-11-01T00:00:00Z", "2026-12-05T07:00:00Z", []string{at}, nil},
		"down for a day and more":      {daily, "", "2026-12-03T19:00:00Z", "2026-11-01T00:00:00Z", "2026-12-05T20:00:00Z", []string{at + " since 12-04T20:00", "12-05T19:00"}, nil},
		"down, skipped where it passed": {
			daily, "skip", "2026-12-03T19:00:00Z", "2026-11-01T00:00:00Z", "2026-12-05T07:00:00Z",
			[]string{at + " since 12-05T06:55"},
			nil,
		},
		"down for days, skipped": {"0 9 5 12 *", "skip", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-12-07T00:00:00Z", nil, []string{at}},
	} {
		campaign := broadcast(Cron, c.cron, "")
		campaign.Trigger.OwnClock, campaign.Trigger.Misfire = true, c.misfire
		last := time.Time{}
		if c.last != "" {
			last = utc(c.last)
		}
		due := ruleShop().Due(campaign, last, utc(c.seen), utc(c.now))
		var run, missed []string
		for _, one := range due {
			text := stamps([]time.Time{one.At})[0]
			if !one.Since.IsZero() {
				text += " since " + stamps([]time.Time{one.Since})[0]
			}
			if one.State == RunEntering {
				run = append(run, text)
			} else {
				missed = append(missed, text)
			}
		}
		if !slices.Equal(run, c.run) || !slices.Equal(missed, c.missed) {
			t.Errorf("%s: runs %v and missed %v, want %v and %v", name, run, missed, c.run, c.missed)
		}
	}
}

// In Berlin it is the morning of the fifth when the audience of the fifth was
// found thirteen hours before, by the first clock on earth.
func TestABirthdayIsTodaysOnEveryClock(t *testing.T) {
	c := &Campaign{Trigger: Trigger{Kind: Cron, Cron: "0 9 * * *", OwnClock: true}}
	runs := ruleShop().Occurrences(c, utc("2026-12-04T12:00:00Z"), utc("2026-12-05T12:00:00Z"))
	if len(runs) != 1 || !runs[0].Equal(utc("2026-12-04T19:00:00Z")) {
		t.Fatalf("runs at %v", runs)
	}
	if judged := c.AudienceAt(runs[0]); !judged.Equal(runs[0]) || judged.Format(time.DateOnly) != "2026-12-05" {
		t.Errorf("the audience is judged as of %s", judged)
	}
	if starts := ruleShop().StartFor(c, runs[0], ann()); !starts.Equal(utc("2026-12-05T08:00:00Z")) {
		t.Errorf("in Berlin it starts at %s", starts)
	}
}

// A birthday is today's by the clock of the broadcast, which may be a day before or
// behind UTC, and by the workspace's for all else. What is counted in hours from a
// moment is not moved.
func TestABirthdayIsOfTheDayOnTheBroadcastsClock(t *testing.T) {
	const settings = "workspace: shop\nlocale: en\nzone: Pacific/Auckland\ncurrency: EUR\nbrand: {name: Shop}\ntopics: [{id: service, default: in}]\n"
	const rest = "topic: service\nstate: live\nexit: [{when: days_to_anniversary(born_on) == 1}]\nsteps: [{wait: 1d}]\n"
	w, problems := Load(map[string][]byte{
		settingsFile:            []byte(settings),
		"campaigns/here.yaml":   []byte("campaign: here\ntrigger: {cron: \"0 9 * * *\"}\naudience: {where: days_to_anniversary(born_on) == 0}\n" + rest),
		"campaigns/west.yaml":   []byte("campaign: west\ntrigger: {cron: \"0 20 * * *\", zone: America/Los_Angeles}\naudience: {where: days_to_anniversary(born_on) == 0}\n" + rest),
		"campaigns/own.yaml":    []byte("campaign: own\ntrigger: {cron: \"0 9 * * *\", zone: customer}\naudience: {where: days_to_anniversary(born_on) == 0 and hours_since(created_at) == 0}\n" + rest),
		"segments/jubilee.yaml": []byte("segment: jubilee\nwhere: days_to_anniversary(born_on) == 0\n"),
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for id, at := range map[string]string{"here": "2026-06-14T21:00:00Z", "west": "2026-06-16T03:00:00Z", "own": "2026-06-14T19:00:00Z"} {
		c, run := w.Campaigns[id], utc(at)
		if due := w.Occurrences(c, run.Add(-time.Hour), run); len(due) != 1 || !due[0].Equal(run) {
			t.Fatalf("%s runs at %v", id, due)
		}
		for day, want := range map[int]bool{14: false, 15: true, 16: false} {
			who := &customers.Customer{ID: "c1", BornOn: time.Date(1990, 6, day, 0, 0, 0, 0, time.UTC), CreatedAt: run.Add(-time.Minute)}
			if c.Belongs(who, nil, c.AudienceAt(run)) != want || c.Belongs(who, nil, run) != want {
				t.Errorf("%s, born on the %d.: belongs %v", id, day, !want)
			}
			where, args := c.Audience.Who.SQL(expression.SQLite, c.AudienceAt(run))
			if there, others := c.Audience.Who.SQL(expression.SQLite, time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)); where != there || len(args) != len(others) {
				t.Errorf("%s asks the database for another day:\n%s", id, where)
			}
		}
	}
	morning := utc("2026-06-14T21:00:00Z") // the fifteenth in Auckland
	born := &customers.Customer{ID: "c1", BornOn: time.Date(1990, 6, 16, 0, 0, 0, 0, time.UTC)}
	if _, leaves := w.Campaigns["west"].LeavesNow(Entry{}, born, nil, morning); !leaves {
		t.Error("an exit goes by another day than the workspace's")
	}
	m := Traveller{Customer: born}.moment(w.Campaigns["here"], morning)
	if !w.Campaigns["here"].Exits[0].When.Holds(m) || w.Segments["jubilee"].Who.Holds(expression.Moment{Now: w.Today(morning), Customer: born}) {
		t.Error("a condition goes by another day than the workspace's")
	}
}
