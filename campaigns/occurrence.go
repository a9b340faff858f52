package campaigns

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"rapport/customers"
)

const (
	// punctual is how late the schedule may look at an occurrence that was not
	// missed: several of its rounds.
	punctual = 5 * time.Minute
	// misfireWindow is how long a missed occurrence is still worth running.
	misfireWindow = 24 * time.Hour
	// longestDowntime bounds how far back missed occurrences are listed.
	longestDowntime = 31 * 24 * time.Hour
)

// Occurrences lists the instants at which a broadcast runs, after exclusive,
// until inclusive, in order. A time of day that a clock change leaves out runs
// at the first instant after the gap; one that comes twice runs once, the first
// time. Whether the campaign is live is the caller's business.
func (w *Workspace) Occurrences(c *Campaign, after, until time.Time) []time.Time {
	zone := w.clockOf(c)
	switch c.Trigger.Kind {
	case Once:
		if at := w.Moment(c); at.After(after) && !at.After(until) {
			return []time.Time{at}
		}
	case Cron:
		return cronOccurrences(c.Trigger.Cron, zone, after, until)
	}
	return nil
}

// firstClock is ahead of every clock on earth: an occurrence that goes by each
// customer's own clock begins when it shows there.
var firstClock = time.FixedZone("UTC+14", 14*60*60)

// Reads is the clock by which an instant is written that a campaign is to begin
// at: the workspace's or, where the trigger goes by each customer's own clock, the
// first on earth to show it, so that each begins when theirs does.
func (w *Workspace) Reads(c *Campaign) *time.Location {
	if c.Trigger.OwnClock {
		return firstClock
	}
	return w.zone()
}

// clockOf is the clock whose readings are the campaign's occurrences.
func (w *Workspace) clockOf(c *Campaign) *time.Location {
	switch {
	case c.Trigger.OwnClock:
		return firstClock
	case c.Trigger.Zone != nil:
		return c.Trigger.Zone
	}
	return w.zone()
}

// schedule is when a broadcast runs, and by which clock, in words that are the same
// as long as that is; "" of any other campaign.
func (w *Workspace) schedule(c *Campaign) string {
	switch c.Trigger.Kind {
	case Once:
		return "once " + localWords(c.Trigger.Once) + " " + w.clockOf(c).String()
	case Cron:
		return "cron " + c.Trigger.Cron + " " + w.clockOf(c).String()
	}
	return ""
}

// Over reports whether the moment of a broadcast that comes once is past, on every
// customer's clock where it goes by theirs: applied now, nobody would enter.
func (w *Workspace) Over(c *Campaign, now time.Time) bool {
	if c.Trigger.Kind != Once {
		return false
	}
	at := w.Moment(c)
	if c.Trigger.OwnClock {
		at = at.Add(aroundTheEarth)
	}
	return at.Before(now.Add(-countsBefore))
}

// Moment is the one occurrence of a broadcast that comes once.
func (w *Workspace) Moment(c *Campaign) time.Time { return c.Trigger.Once.In(w.clockOf(c)) }

// OverWarnings are those of live broadcasts that come once and are over, unless they are live
// with the same moment in the workspace in force; nil is none.
func (w *Workspace) OverWarnings(inForce *Workspace, now time.Time) []Problem {
	var found findings
	for id, c := range w.Campaigns {
		if c.State != Live || !w.Over(c, now) {
			continue
		}
		if inForce != nil {
			if before := inForce.Campaigns[id]; before != nil && before.State == Live && inForce.schedule(before) == w.schedule(c) {
				continue
			}
		}
		found.add(c.OverWarning())
	}
	return found.sorted()
}

// OverWarning is the warning of a campaign whose moment is over.
func (c *Campaign) OverWarning() Problem {
	return Problem{
		Severity: Warning, File: c.File, Line: c.onceLine, Column: c.onceColumn,
		Message: "the moment of campaign " + c.ID + ", " + localWords(c.Trigger.Once) + ", is over: nobody will enter", Mend: "write one that is still to come",
	}
}

// StartFor is when an occurrence begins for a customer: at its instant or,
// where the trigger goes by each customer's own clock, when theirs shows what
// the first clock showed then.
func (w *Workspace) StartFor(c *Campaign, occurrence time.Time, cust *customers.Customer) time.Time {
	if !c.Trigger.OwnClock {
		return occurrence
	}
	zone, _ := w.ZoneOf(cust)
	return readingOf(occurrence, firstClock).In(zone)
}

// AudienceAt is the moment by which an audience is judged, in the zone whose day is
// today to it: the broadcast's or, where that goes by each customer's own clock, the
// first to show the reading, so that a birthday is today's wherever the customer is.
func (c *Campaign) AudienceAt(moment time.Time) time.Time {
	switch {
	case c.Trigger.OwnClock:
		return moment.In(firstClock)
	case c.Trigger.Zone != nil:
		return moment.In(c.Trigger.Zone)
	}
	return c.today(moment)
}

// today is a moment in the zone whose day is today to all but an audience: the
// workspace's.
func (c *Campaign) today(moment time.Time) time.Time {
	if c.zone == nil {
		return moment.UTC()
	}
	return moment.In(c.zone)
}

// Today is a moment in the workspace's zone, whose day is today to its segments.
func (w *Workspace) Today(moment time.Time) time.Time { return moment.In(w.zone()) }

// cronOccurrences asks the cron library for readings of an even clock and
// places each by our own rule: the library itself skips what falls into a gap
// and repeats what comes twice.
func cronOccurrences(expression string, zone *time.Location, after, until time.Time) []time.Time {
	schedule, known := cronSchedule(expression)
	if !known {
		return nil
	}
	var found []time.Time
	last := after
	for reading := even(after, zone); ; {
		reading = schedule.Next(reading)
		if reading.IsZero() {
			return found
		}
		at := readingOf(reading, time.UTC).In(zone)
		if at.After(until) {
			return found
		}
		if at.After(last) {
			found, last = append(found, at), at
		}
	}
}

// cronSchedule reads a standard five-field expression. Zone prefixes, which
// make the library panic, and @every, which has no wall clock, are not known.
func cronSchedule(expression string) (*cron.SpecSchedule, bool) {
	if strings.Contains(expression, "TZ=") {
		return nil, false
	}
	parsed, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, false
	}
	schedule, wall := parsed.(*cron.SpecSchedule)
	if wall {
		schedule.Location = time.UTC
	}
	return schedule, wall
}

// even is the reading of a zone's clock at an instant, written as if it were UTC.
func even(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// Due lists the runs that are to be recorded now: the occurrences since the last
// recorded one, but not from before the campaign went live, those to
// run now and those that were missed, to be recorded as such.
//
// What is at most five minutes old was not missed and runs. Of older ones, when
// nothing runs anyway and the trigger's misfire is not skip, the latest runs if
// it is at most 24 h old: a program that was down catches up with one broadcast,
// never with a row of them.
func (w *Workspace) Due(c *Campaign, last, seen, now time.Time) []Run {
	if c.Trigger.OwnClock {
		return w.dueByOwnClocks(c, last, seen, now)
	}
	all := w.Occurrences(c, notBefore(last, listedSince(c, seen, now)), now)
	fresh := len(all)
	for fresh > 0 && !all[fresh-1].Before(now.Add(-punctual)) {
		fresh--
	}
	catchesUp := fresh == len(all) && fresh > 0 && c.Trigger.Misfire != "skip" &&
		!all[fresh-1].Before(now.Add(-misfireWindow))
	if catchesUp {
		fresh--
	}
	runs := make([]Run, len(all))
	for i, at := range all {
		runs[i] = Run{Campaign: c.ID, Version: c.Version, At: at, State: RunMissed}
		if i >= fresh {
			runs[i].State = RunEntering
		}
	}
	return runs
}

// aroundTheEarth is how long after the first clock, UTC+14, the last one, UTC-12,
// shows the same.
const aroundTheEarth = 26 * time.Hour

// dueByOwnClocks asks the rule of Due of every clock: on each the reading is an
// occurrence of its own. A run that is recorded late is still to come for those
// whose clock has not shown the reading yet; it is missed when every clock has.
func (w *Workspace) dueByOwnClocks(c *Campaign, last, seen, now time.Time) []Run {
	all := w.Occurrences(c, notBefore(last, listedSince(c, seen.Add(-aroundTheEarth), now)), now)
	runs := make([]Run, len(all))
	for i, at := range all {
		since := now.Add(-punctual)
		if c.Trigger.Misfire != "skip" {
			since = now.Add(-misfireWindow)
			if i+1 < len(all) { // on clocks that have shown the next reading too, it is the one to catch up with
				since = notBefore(since, now.Add(at.Sub(all[i+1])+time.Millisecond))
			}
			since = earlier(since, now.Add(-punctual))
		}
		run := Run{Campaign: c.ID, Version: c.Version, At: at, State: RunEntering}
		switch since = notBefore(since, seen); {
		case since.After(at.Add(aroundTheEarth)):
			run.State = RunMissed
		case since.After(at):
			run.Since = since
		}
		runs[i] = run
	}
	return runs
}

// listedSince bounds how far back a repeated trigger's occurrences are listed.
func listedSince(c *Campaign, seen, now time.Time) time.Time {
	if c.Trigger.Kind == Cron {
		return notBefore(seen, now.Add(-longestDowntime))
	}
	return seen
}

func notBefore(t, bound time.Time) time.Time {
	if t.Before(bound) {
		return bound
	}
	return t
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
