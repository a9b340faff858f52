package campaigns

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/campaigns/zones"
	"rapport/channels"
	"rapport/customers"
)

// suspectTiming reports messages that hours, caps or their own expiry never or
// hardly ever let through.
func (c *campaignSuspicion) suspectTiming() {
	used, closed := map[channels.Channel]bool{}, map[channels.Channel]bool{}
	eachStep(c.campaign.Steps, c.root.at("steps"), func(step *Step, place node) {
		if step.Send == nil {
			return
		}
		for _, ch := range step.channels() {
			used[ch] = true
			switch {
			case c.neverOpen(ch):
				closed[ch] = true
			case len(step.channels()) == 1: // others take over where there are some
				c.expiresClosed(step, place, ch)
			}
		}
	})
	for _, ch := range channels.All() {
		if closed[ch] {
			c.warn(c.root.at("contact"), "the hours of this campaign and those of rapport.yaml never allow "+string(ch)+" at the same time", "let them overlap")
		}
	}
	c.suspectZones(c.campaign, c.root, func(ch channels.Channel) bool { return used[ch] && !closed[ch] })
	c.suspectBroadcastHours()
	c.suspectSchedule()
	c.suspectOwnClock()
	c.suspectCaps(c.campaign.Steps, c.root.at("steps"))
}

// someMonday is where a week of hours is looked at; any would do.
var someMonday = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

func (c *campaignSuspicion) neverOpen(ch channels.Channel) bool {
	_, opens := c.opening(ch, someMonday)
	return !opens
}

func (c *campaignSuspicion) opening(ch channels.Channel, at time.Time) (time.Time, bool) {
	return nextOpening(c.workspace.hoursFor(c.campaign, ch), []*time.Location{at.Location()}, at)
}

// suspectZones reports hours that leave no moment for those of a country with several
// zones of whom no better is known: all of its clocks must be open for them. A campaign
// is reported for what its own hours add.
func (s *suspicion) suspectZones(c *Campaign, root node, asked func(channels.Channel) bool) {
	by := map[string][]string{} // channels, by the countries
	for _, ch := range channels.All() {
		if !asked(ch) {
			continue
		}
		var shut []string
		for _, country := range s.countriesOf(c, ch) {
			if s.shutIn(country, c, ch) && (c.ID == "" || !s.shutIn(country, &Campaign{}, ch)) {
				shut = append(shut, country)
			}
		}
		if len(shut) > 0 {
			countries := strings.Join(shut, ", ")
			by[countries] = append(by[countries], string(ch))
		}
	}
	for _, countries := range slices.Sorted(maps.Keys(by)) {
		at := root.at("contact", "hours")
		if len(by[countries]) == 1 {
			at = root.at("contact", "hours", by[countries][0])
		}
		s.warn(at, "customers of "+countries+" whose zone is not known are never contacted by "+strings.Join(by[countries], ", ")+
			": no moment is open in all the zones of their country",
			"give their zone when they are imported (zone), or allow hours without a break that all those zones share")
	}
}

// countriesOf are those in which a channel may reach somebody, as far as they are
// named: the listed ones or, of a channel without a list, the workspace's own.
func (s *suspicion) countriesOf(c *Campaign, ch channels.Channel) []string {
	everywhere, listed := s.workspace.Contact.Countries[ch]
	narrower, narrows := c.Contact.Countries[ch]
	switch {
	case narrows && (listed || ch == channels.SMS || ch == channels.Call):
		return slices.DeleteFunc(slices.Clone(narrower), func(country string) bool { return !slices.Contains(everywhere, country) })
	case narrows:
		return narrower
	case listed:
		return everywhere
	case ch == channels.SMS || ch == channels.Call:
		return nil
	}
	return []string{zones.Country(s.workspace.zone().String())}
}

// shutIn reports whether hours leave no moment of a summer's or a winter's weeks in
// which all the clocks of a country are open.
func (s *suspicion) shutIn(country string, c *Campaign, ch channels.Channel) bool {
	var clocks []*time.Location
	for _, name := range zones.Of(country) {
		if zone, known := zones.Named(name); known {
			clocks = append(clocks, zone)
		}
	}
	rules := s.workspace.hoursFor(c, ch)
	if len(clocks) < 2 || len(rules) == 0 {
		return false
	}
	_, winter := nextOpening(rules, clocks, someMonday)
	_, summer := nextOpening(rules, clocks, someMonday.AddDate(0, 6, 0))
	return !winter && !summer
}

// expiresClosed reports a message that is given up while it waits for the
// longest time that is closed in a week. Broadcasts choose their hour and are
// looked at by themselves.
func (c *campaignSuspicion) expiresClosed(step *Step, place node, ch channels.Channel) {
	closed := c.longestClosed(ch)
	if c.campaign.Trigger.Broadcast() || closed <= step.expires() {
		return
	}
	c.warn(place.at("expires"), string(ch)+" is closed for up to "+spell(closed)+", and a message that waits so long is given up after "+spell(step.expires()),
		`write a longer "expires:", or allow more hours`)
}

func (s *Step) expires() time.Duration {
	if s.Send.Expires > 0 {
		return s.Send.Expires
	}
	return defaultExpires
}

// longestClosed is the longest time of a week in which a channel is closed. It
// begins where a window ends, or at midnight.
func (c *campaignSuspicion) longestClosed(ch channels.Channel) (longest time.Duration) {
	ends := []ClockTime{0}
	for _, rule := range c.workspace.hoursFor(c.campaign, ch) {
		for _, window := range rule.spans() {
			ends = append(ends, window.To)
		}
	}
	for day := range 7 {
		for _, end := range ends {
			closes := someMonday.AddDate(0, 0, day).Add(end.sinceMidnight())
			if opens, found := c.opening(ch, closes); found {
				longest = max(longest, opens.Sub(closes))
			}
		}
	}
	return longest
}

// suspectBroadcastHours reports a broadcast whose first message is given up
// before its hours come, at whatever occurrence.
func (c *campaignSuspicion) suspectBroadcastHours() {
	if !c.campaign.Trigger.Broadcast() || len(c.campaign.Steps) == 0 || c.campaign.Steps[0].Send == nil {
		return
	}
	first := &c.campaign.Steps[0]
	all := c.occurrences()
	if len(all) == 0 {
		return
	}
	once := c.campaign.Trigger.Kind == Once
	for _, ch := range first.channels() {
		rules := c.workspace.hoursFor(c.campaign, ch)
		if once { // of other broadcasts the dates are not known
			rules = c.workspace.hoursOf(c.campaign, &customers.Customer{}, ch)
		}
		for _, at := range all {
			if opens, found := nextOpening(rules, []*time.Location{at.Location()}, at); !found || opens.Sub(at) < first.expires() {
				return
			}
		}
	}
	at, late := written(c.campaign.Steps, c.root.at("steps"))[0].at("expires"), " until long after this message is given up, "+spell(first.expires())+" later"
	if once {
		c.warn(at, "when this campaign runs, hours and holidays leave no moment"+late, `run it on another day, write a longer "expires:", or allow more hours`)
		return
	}
	c.warn(at, "whenever this campaign runs, the hours are closed"+late, "run it when the hours are open, or allow more hours")
}

// stillNight is when nobody is up late any more and few are up yet: hours from one
// evening that last so long are easily those of the day the wrong way round.
const stillNight ClockTime = 5 * 60

// suspectNights reports hours in which texts or calls wake people: those that go on
// through a whole night.
func (s *suspicion) suspectNights(rules ContactRules, root node) {
	for _, ch := range []channels.Channel{channels.SMS, channels.Call} {
		for _, window := range rules.Hours[ch] {
			if window.From < window.To || window.To < stillNight {
				continue
			}
			s.warn(root.at("contact", "hours", string(ch)), "these hours for "+string(ch)+" are at night, from "+clockWords(window.From)+" to "+clockWords(window.To)+" of the next morning",
				"write "+strconv.Quote(clockWords(window.To)+"-"+clockWords(window.From))+" if the day is meant")
			break
		}
	}
}

// suspectSchedule reports what a schedule says beside what it seems to say: every
// minute of some hours, and a day of the month or of the week where both are named.
func (c *campaignSuspicion) suspectSchedule() {
	if c.campaign.Trigger.Kind != Cron {
		return
	}
	fields := strings.Fields(c.campaign.Trigger.Cron)
	minute, hour, day, weekday := fields[0], fields[1], fields[2], fields[4]
	open := func(field string) bool { return field == "*" || field == "*/1" || field == "?" }
	at := c.root.at("trigger", "cron")
	switch {
	case open(minute) && open(hour):
		c.warn(at, "this runs every minute, 1440 times a day", `write the minute and the hour, such as "0 10 `+strings.Join(fields[2:], " ")+`"`)
	case open(minute):
		c.warn(at, "this runs every minute of those hours, 60 times in each", `write the minute, such as "0 `+strings.Join(fields[1:], " ")+`"`)
	}
	if !open(day) && !open(weekday) {
		c.warn(at, "a day of the month beside a day of the week means either: this runs on "+quote(day)+" of the month, and on every "+quote(weekday)+" too",
			"write * for one of the two")
	}
}

// suspectOwnClock reports a broadcast on the customers' own clocks that comes again
// before the last clocks on earth have come to the end of the run before. It is
// entered as the first clock shows its time, and those who are still in the one
// before are not let in.
func (c *campaignSuspicion) suspectOwnClock() {
	const soon = 2 * 24 * time.Hour
	t, again := c.campaign.Trigger, c.campaign.Entry.Again
	returns := again.Mode == "always" || again.Mode == "after" && again.After < soon
	if t.Kind != Cron || !t.OwnClock || !returns || !comesWithin(t.Cron, soon) {
		return
	}
	c.warn(c.root.at("trigger", "zone"),
		"who belongs to two runs in a row and lives far in the west (UTC-10 and beyond) misses the second: it is entered when UTC+14 shows its time, and they are still in the first",
		"let it run every two days or less often, or name one zone")
}

// comesWithin reports whether a schedule ever comes twice within less than a time.
func comesWithin(schedule string, span time.Duration) bool {
	last := someMonday
	for month := range 12 { // the first will do for most
		from := someMonday.AddDate(0, month, 0)
		for i, at := range cronOccurrences(schedule, time.UTC, from, from.AddDate(0, 1, 0)) {
			if (month > 0 || i > 0) && at.Sub(last) < span {
				return true
			}
			last = at
		}
	}
	return false
}

// occurrences are some readings of the clock at which a broadcast runs.
func (c *campaignSuspicion) occurrences() []time.Time {
	if c.campaign.Trigger.Kind == Once {
		return []time.Time{c.campaign.Trigger.Once.In(time.UTC)}
	}
	const month = 31 * 24 * time.Hour
	return cronOccurrences(c.campaign.Trigger.Cron, time.UTC, someMonday, someMonday.Add(month))
}
