package campaigns

// readWait reads a pause, the next moment of a kind, or an event to wait for.
func (c *campaignReader) readWait(n node) *Wait {
	if n.kind() != aMap {
		return &Wait{For: n.duration()}
	}
	m := n.fields("")
	wait := &Wait{}
	if waitsForEvent(m) {
		c.readWaitFor(m, wait)
	} else {
		readWaitUntil(m, wait)
	}
	m.end()
	return wait
}

// waitsForEvent reports whether a wait is meant to end by an event: it names one,
// or has keys that belong to such a wait alone. Who writes "event" means "for".
func waitsForEvent(m *mapping) bool {
	for i, p := range m.entries {
		if p.key == "event" && !m.has("for") {
			p.problem(`unknown key "event"`, `did you mean "for"?`)
			m.entries[i].key = "for"
		}
	}
	return m.has("for") || !m.has("until") && (m.has("at_most") || m.has("where"))
}

func readWaitUntil(m *mapping, wait *Wait) {
	if until := m.need("until", `write the time of day to wait for, such as until: "10:00", or an event: {for: Order Completed, at_most: 3d}`); until.present() {
		clock := small(until, "a time of day such as \"10:00\"", parseClock)
		wait.Until = &clock
	}
	if days := m.get("days"); days.present() {
		wait.Days = readDays(days, wantDays)
	}
	wait.Zone, _ = m.get("zone").zoneOrCustomer()
}

// readWaitFor reads a wait for an event. Its condition sees the event that
// comes, not the one that began the journey.
func (c *campaignReader) readWaitFor(m *mapping, wait *Wait) {
	awaited := m.need("for", "name the event to wait for, such as \"for: Order Completed\"")
	if _, problem := parseDuration(awaited.raw()); problem == nil && awaited.kind() == aText {
		awaited.problem(`"for" names an event, and this is a duration`, "write wait: "+awaited.raw())
	} else {
		wait.Event = c.event(awaited)
	}
	scope := c.inside()
	scope.Event = true
	wait.Where = c.expression(m.get("where"), "a condition such as event.total >= 20", scope)
	wait.AtMost = m.need("at_most", "write how long to wait before the journey goes on without it, such as \"at_most: 3d\"").duration()
	for _, key := range []string{"until", "days", "zone"} {
		if p, found := m.pair(key); found {
			m.get(key)
			p.problem(quote(key)+" belongs to a wait for a time of day, and this waits for an event", "take it out, or make it a step of its own")
		}
	}
}
