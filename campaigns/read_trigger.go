package campaigns

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"rapport/campaigns/expression"
)

// triggerOptions are the keys beside a trigger's own, with the triggers they
// belong to.
var triggerOptions = map[string][]TriggerKind{
	"where": {OnEvent}, "delay": {OnEvent, OnSegment}, "on": {OnSegment}, "zone": {Once, Cron}, "misfire": {Once, Cron},
}

// readTrigger reads what makes customers enter.
func (c *campaignReader) readTrigger(n node) Trigger {
	m := n.fields("one of {event: …}, {once: …}, {cron: …}, {segment: …} or {manual: true}")
	// Until the kind is known the conditions may name an event: one mistake
	// here must not make others of what is right.
	c.campaign.Trigger.Kind = OnEvent
	trigger := Trigger{
		Kind:  triggerKind(m),
		Event: c.event(m.get("event")),
		Once:  small(m.get("once"), "a date such as 2026-12-01 10:00", parseInstant),
		Cron:  small(m.get("cron"), `a schedule such as "0 10 * * MON"`, parseCron),
	}
	if once := m.get("once"); once.present() {
		c.campaign.onceLine, c.campaign.onceColumn = once.line, once.column
	}
	if manual := m.get("manual"); manual.present() {
		manual.yes("true")
	}
	if segment := m.get("segment"); segment.present() {
		trigger.Segment, _ = c.segment(segment)
		trigger.On = Entering
	}
	trigger.On = choice(m.get("on"), trigger.On, Entering, Leaving)
	trigger.Where = c.readTriggerWhere(m.get("where"))
	trigger.Delay = m.get("delay").duration()
	trigger.Zone, trigger.OwnClock = m.get("zone").zoneOrCustomer()
	trigger.Misfire = choice(m.get("misfire"), "run_once", "run_once", "skip")
	m.end()
	checkTriggerOptions(m, trigger.Kind)
	if trigger.Kind != "" {
		c.campaign.Trigger.Kind = trigger.Kind
	}
	return trigger
}

// triggerKind is the one kind that is written, or "" and a problem.
func triggerKind(m *mapping) TriggerKind {
	var kinds []TriggerKind
	for _, kind := range []TriggerKind{OnEvent, Once, Cron, OnSegment, Manual} {
		if m.has(string(kind)) {
			kinds = append(kinds, kind)
		}
	}
	switch {
	case len(kinds) == 1:
		return kinds[0]
	case len(kinds) > 1:
		m.problem("a campaign has one trigger, and this has both "+quote(string(kinds[0]))+" and "+quote(string(kinds[1])), "keep one of them")
		return kinds[0]
	case m.open():
		m.problem("nothing starts this campaign", `write one of "event:", "once:", "cron:", "segment:" or "manual: true" in the trigger`)
	}
	return ""
}

// checkTriggerOptions reports options that mean nothing for this trigger.
func checkTriggerOptions(m *mapping, kind TriggerKind) {
	if kind == "" {
		return
	}
	for _, p := range m.entries {
		belongs, option := triggerOptions[p.key]
		if option && !slices.Contains(belongs, kind) {
			p.problem(quote(p.key)+" means nothing beside "+quote(string(kind)), "it belongs to "+joined(belongs)+"; take it out")
		}
	}
}

func joined(kinds []TriggerKind) string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = quote(string(kind))
	}
	return strings.Join(names, " and ")
}

// readTriggerWhere reads a condition on the event.
func (c *campaignReader) readTriggerWhere(n node) *expression.Program {
	scope := c.outside()
	scope.Event = true
	c.assured = append(c.assured, assures(n)...)
	return c.expression(n, "a condition such as event.total >= 20", scope)
}

var (
	// assurable finds the fields of events and answers that a condition names.
	assurable = regexp.MustCompile(`\b(?:event|answers)(?:\.\w+)+`)
	// evasive finds what may let a condition hold without the fields it names: two
	// sides that are both not known are equal.
	evasive = regexp.MustCompile(`\b(?:or|not|nil|null)\b|\|\||\?|!|==`)
	// certain find comparisons that only a known field passes: with a value, or for
	// difference from what is not known, which an empty text is too. What is compared
	// with false may be a comparison itself, so there it must be a field.
	certain = func() []*regexp.Regexp {
		const begin, end, field = `(^|\(|\band\b|&&)\s*`, `\s*($|\)|\band\b|&&)`, `[\w.]+`
		const value = "(?:\"[^\"]+\"|'[^']+'|`[^`]+`|-?[0-9.]+|true)"
		return []*regexp.Regexp{
			regexp.MustCompile("!=\\s*(?:nil\\b|\"\"|''|``)()()"), regexp.MustCompile(`==\s*` + value + end + `()`), regexp.MustCompile(begin + value + `\s*==()`),
			regexp.MustCompile(begin + field + `\s*==\s*false` + end), regexp.MustCompile(begin + `false\s*==\s*` + field + end),
		}
	}()
)

// assures lists the fields a condition names: without them it does not hold.
func assures(n node) []string {
	rest := n.raw()
	for _, comparison := range certain {
		rest = comparison.ReplaceAllString(rest, " $1 $2 ")
	}
	if evasive.MatchString(rest) {
		return nil
	}
	return assurable.FindAllString(n.raw(), -1)
}

// cronFields are the fields of a schedule, for messages.
var cronFields = [...]struct{ name, span string }{
	{"minute", "0 to 59"},
	{"hour", "0 to 23"},
	{"day of the month", "1 to 31"},
	{"month", "1 to 12 or JAN to DEC"},
	{"day of the week", "0 to 6 or SUN to SAT"},
}

// parseCron checks a schedule of five fields. The library panics on TZ=, and
// knows other forms that are none of the language.
func parseCron(text string) (string, *mistake) {
	fields := strings.Fields(text)
	switch {
	case strings.Contains(text, "TZ="):
		return "", wrong("a schedule names no time zone", `write it in "zone:" beside "cron:"`)
	case strings.HasPrefix(text, "@"):
		return "", wrong(quote(text)+" is not a schedule here", `write its five fields: minute, hour, day, month, weekday, such as "0 10 * * *" for every day at ten`)
	case len(fields) != len(cronFields):
		return "", wrong(quote(text)+" has "+plural(len(fields), "field")+", and a schedule has five", `write minute, hour, day, month, weekday, such as "0 10 * * MON"`)
	}
	for i, field := range fields {
		alone := [...]string{"*", "*", "*", "*", "*"}
		alone[i] = field
		if _, err := cron.ParseStandard(strings.Join(alone[:], " ")); err != nil {
			return "", wrong(quote(field)+" is no "+cronFields[i].name+" of a schedule", "write *, or numbers from "+cronFields[i].span)
		}
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return "", wrong(quote(text)+" is not a schedule", `write it such as "0 10 * * MON"`)
	}
	if schedule.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return "", wrong(quote(text)+" is a day that never comes", "choose a day that the month has")
	}
	return text, nil
}

// parseAgain reads whether a customer may enter again.
func parseAgain(text string) (Again, *mistake) {
	switch text {
	case "never", "always":
		return Again{Mode: text}, nil
	}
	span, found := strings.CutPrefix(text, "after ")
	if !found {
		return Again{}, wrong(quote(text)+" does not say when a customer may enter again", "write never, always or after 30d")
	}
	after, problem := parseDuration(strings.TrimSpace(span))
	return Again{Mode: "after", After: after}, problem
}
