package campaigns

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/campaigns/zones"
	"rapport/channels"
)

func TestNextClosing(t *testing.T) {
	lunchOff := []Window{clockWindow("09:00", "12:30"), clockWindow("14:30", "19:00")}
	night := []Window{clockWindow("22:00", "02:00")}
	for name, c := range map[string]struct {
		rules      []openHours
		zones      []string
		from, want string // want "": not within a day
	}{
		"lunch":                    {[]openHours{{windows: lunchOff}}, []string{"Europe/Berlin"}, "2026-12-01T11:00:00Z", "2026-12-01T11:30:00Z"},
		"no rule":                  {nil, []string{"Europe/Berlin"}, "2026-12-01T03:00:00Z", ""},
		"across midnight":          {[]openHours{{windows: night}}, []string{"UTC"}, "2026-12-01T23:00:00Z", "2026-12-02T02:00:00Z"},
		"until a Saturday":         {[]openHours{{days: Days(0b0111110)}}, []string{"UTC"}, "2026-12-04T20:00:00Z", "2026-12-05T00:00:00Z"},
		"not before a Saturday":    {[]openHours{{days: Days(0b0111110)}}, []string{"UTC"}, "2026-12-01T20:00:00Z", ""},
		"until a holiday":          {[]openHours{{holidays: []Holiday{{Month: 12, Day: 25}}}}, []string{"UTC"}, "2026-12-24T20:00:00Z", "2026-12-25T00:00:00Z"},
		"two rules":                {[]openHours{{windows: lunchOff}, {windows: []Window{clockWindow("12:00", "15:00")}}}, []string{"UTC"}, "2026-12-01T14:30:00Z", "2026-12-01T15:00:00Z"},
		"windows that touch":       {[]openHours{{windows: []Window{clockWindow("09:00", "12:00"), clockWindow("12:00", "15:00")}}}, []string{"UTC"}, "2026-12-01T10:00:00Z", "2026-12-01T15:00:00Z"},
		"every zone of a country":  {[]openHours{{windows: []Window{clockWindow("09:00", "20:00")}}}, zones.Of("US"), "2026-12-01T20:00:00Z", "2026-12-02T01:00:00Z"},
		"the hour that is missing": {[]openHours{{windows: []Window{clockWindow("01:00", "02:30")}}}, []string{"Europe/Berlin"}, "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
		"the hour that comes twice": {
			[]openHours{{windows: []Window{clockWindow("01:00", "03:00")}}}, []string{"Europe/Berlin"}, "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z",
		},
	} {
		var clocks []*time.Location
		for _, name := range c.zones {
			clocks = append(clocks, zoneFor(name))
		}
		got := nextClosing(c.rules, clocks, utc(c.from))
		if got.IsZero() != (c.want == "") || c.want != "" && !got.Equal(utc(c.want)) {
			t.Errorf("%s: %s, want %s", name, got.UTC().Format(time.RFC3339), c.want)
		}
	}
}

// Between a moment that is open and its closing all are open, and the closing is not.
func TestEverythingIsOpenUntilItsClosing(t *testing.T) {
	sample := sampleZones()
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.IntRange(0, 24*60-1)
		rules := []openHours{{
			windows: []Window{{ClockTime(minute.Draw(t, "from")), ClockTime(minute.Draw(t, "to"))}},
			days:    Days(rapid.IntRange(1, 127).Draw(t, "days")),
		}}
		if rules[0].windows[0].From == rules[0].windows[0].To {
			t.Skip("no window")
		}
		zone := []*time.Location{zoneFor(rapid.SampledFrom(sample).Draw(t, "zone"))}
		at, found := nextOpening(rules, zone, utc("2026-01-01T00:00:00Z").Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "minute"))*time.Minute))
		if !found {
			t.Skip("it never opens")
		}
		closing := nextClosing(rules, zone, at)
		open := func(at time.Time) bool {
			opening, found := nextOpening(rules, zone, at)
			return found && opening.Equal(at)
		}
		end := closing
		if closing.IsZero() {
			end = at.Add(closeAhead)
		}
		for m := at; m.Before(end); m = m.Add(7 * time.Minute) {
			if !open(m) {
				t.Fatalf("from %s to %s: closed at %s", at, closing, m)
			}
		}
		if !closing.IsZero() && open(closing) {
			t.Fatalf("from %s: open at %s", at, closing)
		}
	})
}

func TestATextArrivesInHoursAndInTime(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*plea)
		want  string // "": whenever
	}{
		"hours":                {func(p *plea) { p.shop.Contact.Hours = hours(clockWindow("09:00", "14:00")) }, "2026-12-01T13:00:00Z"},
		"the campaign's":       {func(p *plea) { p.campaign.Contact.Hours = hours(clockWindow("09:00", "14:00")) }, "2026-12-01T13:00:00Z"},
		"neither":              {func(*plea) {}, ""},
		"expiry":               {func(p *plea) { p.delivery.ExpiresAt = utc("2026-12-01T12:30:00Z") }, "2026-12-01T12:30:00Z"},
		"what is late is sent": {func(p *plea) { p.delivery.ExpiresAt = utc("2026-12-01T11:00:00Z") }, ""},
		"an answer, too":       {func(p *plea) { ofNoCampaign(p); p.shop.Contact.Hours = hours(clockWindow("09:00", "14:00")) }, "2026-12-01T13:00:00Z"},
		"but in a conversation": {func(p *plea) {
			ofNoCampaign(p)
			p.customer.Engagement.WroteAt = noon.Add(-time.Hour)
			p.shop.Contact.Hours = hours(clockWindow("09:00", "14:00"))
		}, ""},
		"an e-mail is not kept": {func(p *plea) { p.delivery.Channel = channels.Email; p.delivery.ExpiresAt = utc("2026-12-01T12:30:00Z") }, ""},
	} {
		p := smsPlea()
		p.shop.Contact, p.campaign.Contact = ContactRules{}, ContactRules{}
		p.delivery.ExpiresAt = time.Time{}
		c.spoil(p)
		got := p.shop.ArriveBy(Matter{Campaign: p.campaign, Delivery: p.delivery, Customer: p.customer}, p.now)
		if got.IsZero() != (c.want == "") || c.want != "" && !got.Equal(utc(c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func ofNoCampaign(p *plea) { p.delivery.Campaign, p.delivery.Entry, p.delivery.Case = "", 0, 1 }

func hours(windows ...Window) map[channels.Channel][]Window {
	return map[channels.Channel][]Window{channels.SMS: windows}
}
