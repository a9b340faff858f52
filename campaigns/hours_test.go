package campaigns

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/campaigns/zones"
	"rapport/channels"
	"rapport/deliveries"
)

func TestNextOpening(t *testing.T) {
	lunchOff := []Window{clockWindow("09:00", "12:30"), clockWindow("14:30", "19:00")}
	weekdays := Days(0b0111110)
	for name, c := range map[string]struct {
		rules      []openHours
		zones      []string
		from, want string // want "": never
	}{
		"open":                      {[]openHours{{windows: lunchOff}}, []string{"Europe/Berlin"}, "2026-12-01T11:00:00Z", "2026-12-01T11:00:00Z"},
		"lunch":                     {[]openHours{{windows: lunchOff}}, []string{"Europe/Berlin"}, "2026-12-01T11:30:00Z", "2026-12-01T13:30:00Z"},
		"evening":                   {[]openHours{{windows: lunchOff}}, []string{"Europe/Berlin"}, "2026-12-01T18:00:00Z", "2026-12-02T08:00:00Z"},
		"weekend":                   {[]openHours{{windows: lunchOff, days: weekdays}}, []string{"Europe/Berlin"}, "2026-12-04T18:00:00Z", "2026-12-07T08:00:00Z"},
		"no rule":                   {nil, []string{"Europe/Berlin"}, "2026-12-01T03:00:00Z", "2026-12-01T03:00:00Z"},
		"days without windows":      {[]openHours{{days: 1 << time.Friday}}, []string{"Europe/Berlin"}, "2026-12-01T03:00:00Z", "2026-12-03T23:00:00Z"},
		"across midnight, before":   {[]openHours{{windows: []Window{clockWindow("22:00", "02:00")}}}, []string{"UTC"}, "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z"},
		"across midnight, after":    {[]openHours{{windows: []Window{clockWindow("22:00", "02:00")}}}, []string{"UTC"}, "2026-12-01T01:59:00Z", "2026-12-01T01:59:00Z"},
		"across midnight, closed":   {[]openHours{{windows: []Window{clockWindow("22:00", "02:00")}}}, []string{"UTC"}, "2026-12-01T02:00:00Z", "2026-12-01T22:00:00Z"},
		"two rules":                 {[]openHours{{windows: lunchOff}, {windows: []Window{clockWindow("12:00", "15:00")}}}, []string{"UTC"}, "2026-12-01T12:30:00Z", "2026-12-01T14:30:00Z"},
		"two rules that never meet": {[]openHours{{windows: lunchOff}, {windows: []Window{clockWindow("20:00", "21:00")}}}, []string{"UTC"}, "2026-12-01T12:30:00Z", ""},
		"every zone of a country":   {[]openHours{{windows: []Window{clockWindow("09:00", "20:00")}}}, zones.Of("US"), "2026-12-01T15:00:00Z", "2026-12-01T19:00:00Z"},
		"a window inside a gap":     {[]openHours{{windows: []Window{clockWindow("02:10", "02:50")}}}, []string{"Europe/Berlin"}, "2026-03-29T00:00:00Z", "2026-03-30T00:10:00Z"},
		"a window cut by a gap":     {[]openHours{{windows: []Window{clockWindow("02:30", "04:00")}}}, []string{"Europe/Berlin"}, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		"a window that comes twice": {[]openHours{{windows: []Window{clockWindow("02:00", "02:30")}}}, []string{"Europe/Berlin"}, "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"},
		"seconds before it closes":  {[]openHours{{windows: lunchOff}}, []string{"UTC"}, "2026-12-01T12:29:59Z", "2026-12-01T12:29:59Z"},
	} {
		var clocks []*time.Location
		for _, name := range c.zones {
			clocks = append(clocks, zoneFor(name))
		}
		got, found := nextOpening(c.rules, clocks, utc(c.from))
		if found != (c.want != "") || found && !got.Equal(utc(c.want)) {
			t.Errorf("%s: %s (%v), want %s", name, got.UTC().Format(time.RFC3339), found, c.want)
		}
	}
}

// sampleZones are every eighth of the zones of all countries, and those with
// the oddest clocks.
func sampleZones() []string {
	all := zones.Names()
	sample := []string{
		"Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Chatham", "America/Santiago", "Africa/Casablanca",
		"America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "Asia/Gaza", "America/Nuuk", "Asia/Tehran",
	}
	for i := 0; i < len(all); i += len(all) / 50 {
		sample = append(sample, all[i])
	}
	return sample
}

// openByTheMinute judges hours naively, by what a wall clock shows.
func openByTheMinute(windows []Window, days Days, t time.Time, zone *time.Location) bool {
	local := t.In(zone)
	now := ClockTime(local.Hour()*60 + local.Minute())
	inside := len(windows) == 0
	for _, w := range windows {
		if w.From < w.To {
			inside = inside || now >= w.From && now < w.To
		} else {
			inside = inside || now >= w.From || now < w.To
		}
	}
	return inside && (days == 0 || days&(1<<local.Weekday()) != 0)
}

func drawWindows(t *rapid.T, label string) []Window {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Window {
		from := rapid.IntRange(0, 1439).Draw(t, "from")
		to := rapid.IntRange(1, 1440).Draw(t, "to")
		if to == from {
			to++
		}
		return Window{ClockTime(from), ClockTime(to)}
	}), 0, 3).Draw(t, label)
}

// drawMoment is any minute of two years, every third within a day of a clock
// change of the zone.
func drawMoment(t *rapid.T, zone *time.Location) time.Time {
	at := utc("2026-01-01T00:00:00Z").Add(time.Duration(rapid.IntRange(0, 2*365*24*60).Draw(t, "minute")) * time.Minute)
	if _, change := at.In(zone).ZoneBounds(); !change.IsZero() && rapid.IntRange(0, 2).Draw(t, "near a change") == 0 {
		at = change.Add(time.Duration(rapid.IntRange(-24*60, 24*60).Draw(t, "off")) * time.Minute)
	}
	return at
}

func TestNothingIsSentOutsideContactHours(t *testing.T) {
	sample := sampleZones()
	if len(sample) < 60 {
		t.Fatalf("only %d zones are sampled", len(sample))
	}
	for _, name := range sample {
		t.Run(name, func(t *testing.T) { rapid.Check(t, neverOutsideHours(name)) })
	}
}

// neverOutsideHours compares the judge with a wall clock read minute by minute.
func neverOutsideHours(name string) func(*rapid.T) {
	zone := zoneFor(name)
	return func(t *rapid.T) {
		now := drawMoment(t, zone)
		w, c := ruleShop(), ruleCampaign()
		w.Contact.Hours[channels.SMS] = drawWindows(t, "workspace hours")
		c.Contact.Hours = map[channels.Channel][]Window{channels.SMS: drawWindows(t, "campaign hours")}
		days := Days(rapid.IntRange(0, 127).Draw(t, "days"))
		w.Contact.Days = map[channels.Channel]Days{channels.SMS: days}
		open := func(at time.Time) bool {
			return openByTheMinute(w.Contact.Hours[channels.SMS], days, at, zone) &&
				openByTheMinute(c.Contact.Hours[channels.SMS], 0, at, zone)
		}
		customer := ann()
		customer.Zone = name
		d := sent("0", 0, channels.SMS, deliveries.Planned)
		d.ExpiresAt = now.Add(72 * time.Hour)

		v := w.Judge(Matter{Campaign: c, Delivery: d, Entry: ruleEntry(), Customer: customer}, now)
		if v.Go != open(now) {
			t.Fatalf("at %s in %s go is %v, want %v", now.In(zone), name, v.Go, open(now))
		}
		until := v.Until
		if v.Go {
			return
		}
		if until.IsZero() {
			until = d.ExpiresAt
		} else if !open(until) {
			t.Fatalf("waits from %s until %s, which is closed", now.In(zone), until.In(zone))
		}
		for at := now; at.Before(until); at = at.Add(time.Minute) {
			if open(at) {
				t.Fatalf("waits from %s until %s but %s is open", now.In(zone), until.In(zone), at.In(zone))
			}
		}
	}
}

func TestEveryZoneOfACountryMustBeOpen(t *testing.T) {
	w, c := ruleShop(), ruleCampaign()
	customer := ann()
	customer.Zone, customer.Country, customer.Phone = "", "US", "+12125550123"
	d := sent("0", 0, channels.SMS, deliveries.Planned)
	rapid.Check(t, func(t *rapid.T) {
		now := drawMoment(t, zoneFor("America/New_York"))
		d.ExpiresAt = now.Add(72 * time.Hour)
		v := w.Judge(Matter{Campaign: c, Delivery: d, Entry: ruleEntry(), Customer: customer}, now)
		for _, name := range zones.Of("US") {
			if hour := now.In(zoneFor(name)).Hour(); v.Go && (hour < 9 || hour >= 20) {
				t.Fatalf("sent at %d o'clock in %s", hour, name)
			}
		}
		if v.ZoneFrom != "every zone of US" {
			t.Fatalf("judged by %s from %s", v.Zone, v.ZoneFrom)
		}
	})
}

func TestHolidays(t *testing.T) {
	christmas := Holiday{Month: time.December, Day: 25}
	for name, c := range map[string]struct {
		spoil func(*plea)
		until string // "": it goes
	}{
		"everybody's, the next opening": {func(p *plea) { p.shop.Contact.Holidays = []Holiday{christmas} }, "2026-12-26T08:00:00Z"},
		"the campaign's":                {func(p *plea) { p.campaign.Contact.Holidays = []Holiday{christmas} }, "2026-12-26T08:00:00Z"},
		"both count": {func(p *plea) {
			p.shop.Contact.Holidays = []Holiday{christmas}
			p.campaign.Contact.Holidays = []Holiday{{Month: time.December, Day: 26}}
		}, "2026-12-27T08:00:00Z"},
		"a Sunday follows": {func(p *plea) {
			p.shop.Contact.Holidays = []Holiday{christmas, {Month: time.December, Day: 26}}
			p.shop.Contact.Days = map[channels.Channel]Days{channels.SMS: 0b1111110}
		}, "2026-12-28T08:00:00Z"},
		"of this year":    {func(p *plea) { p.shop.Contact.Holidays = []Holiday{{Year: 2026, Month: time.December, Day: 25}} }, "2026-12-26T08:00:00Z"},
		"of another year": {func(p *plea) { p.shop.Contact.Holidays = []Holiday{{Year: 2027, Month: time.December, Day: 25}} }, ""},
		"of the customer's country": {func(p *plea) {
			p.shop.Contact.Holidays = []Holiday{{Country: "DE", Month: time.December, Day: 25}}
		}, "2026-12-26T08:00:00Z"},
		"of another country": {func(p *plea) { p.shop.Contact.Holidays = []Holiday{{Country: "AT", Month: time.December, Day: 25}} }, ""},
		"of the number's country, where the profile names none": {func(p *plea) {
			p.customer.Country = ""
			p.shop.Contact.Holidays = []Holiday{{Country: "DE", Month: time.December, Day: 25}}
		}, "2026-12-26T08:00:00Z"},
		"a call": {func(p *plea) {
			p.delivery.Channel = channels.Call
			p.shop.Contact.Holidays = []Holiday{christmas}
		}, "2026-12-26T08:00:00Z"},
		"a push, which has no hours": {func(p *plea) {
			p.delivery.Channel = channels.Push
			p.shop.Contact.Holidays = []Holiday{christmas}
		}, "2026-12-25T23:00:00Z"},
		"e-mail": {func(p *plea) {
			p.delivery.Channel = channels.Email
			p.shop.Contact.Holidays = []Holiday{christmas}
		}, ""},
		"over on the customer's calendar already": {func(p *plea) {
			p.now = utc("2026-12-25T11:00:00Z")
			p.customer.Zone, p.shop.Contact.Hours = "Pacific/Auckland", nil
			p.shop.Contact.Holidays = []Holiday{christmas}
		}, ""},
		"still the day before on the customer's calendar": {func(p *plea) {
			p.customer.Zone, p.shop.Contact.Hours = "Pacific/Pago_Pago", nil
			p.shop.Contact.Holidays = []Holiday{{Month: time.December, Day: 24}}
		}, "2026-12-25T11:00:00Z"},
	} {
		p := smsPlea()
		p.now = utc("2026-12-25T10:59:00Z") // a Friday, and a minute to midnight in Auckland and Pago Pago
		p.delivery.ExpiresAt = p.now.Add(30 * 24 * time.Hour)
		c.spoil(p)
		got, until := p.judge(), ""
		if !got.Until.IsZero() {
			until = got.Until.UTC().Format(time.RFC3339)
		}
		if got.Go != (c.until == "") || until != c.until || !got.Go && got.Reason != deliveries.QuietHoursExpired {
			t.Errorf("%s: go %v, %s until %q; want %q", name, got.Go, got.Reason, until, c.until)
		}
	}
}
