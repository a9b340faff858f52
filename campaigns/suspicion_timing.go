package campaigns

import (
	"time"

	"rapport/channels"
)

// suspectTiming reports messages that hours, caps or their own expiry never or
// hardly ever let through.
func (c *campaignSuspicion) suspectTiming() {
	closed := map[channels.Channel]bool{}
	eachStep(c.campaign.Steps, c.root.at("steps"), func(step *Step, place node) {
		if step.Send == nil {
			return
		}
		for _, ch := range step.channels() {
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
	c.suspectBroadcastHours()
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
	for _, ch := range first.channels() {
		for _, at := range all {
			if opens, found := c.opening(ch, at); !found || opens.Sub(at) < first.expires() {
				return
			}
		}
	}
	c.warn(written(c.campaign.Steps, c.root.at("steps"))[0].at("expires"),
		"whenever this campaign runs, the hours are closed until long after this message is given up, "+spell(first.expires())+" later",
		"run it when the hours are open, or allow more hours")
}

// occurrences are some readings of the clock at which a broadcast runs.
func (c *campaignSuspicion) occurrences() []time.Time {
	if c.campaign.Trigger.Kind == Once {
		return []time.Time{c.campaign.Trigger.Once.In(time.UTC)}
	}
	const month = 31 * 24 * time.Hour
	return cronOccurrences(c.campaign.Trigger.Cron, time.UTC, someMonday, someMonday.Add(month))
}
