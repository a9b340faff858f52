package expression

import (
	"math"
	"time"
)

// happened is did(): how many times an event stands on the timeline.
type happened struct {
	leaf
	count Count
}

func (happened) kind() Type { return Number }

func (h happened) eval(m *Moment) any { return float64(m.Counts[h.count.Key()]) }

func (h happened) write(s *statement) {
	s.put("CAST((SELECT COUNT(*) FROM events e WHERE e.customer = c.id AND e.name = ")
	s.bind(h.count.Event)
	from, until := h.count.Span(time.UnixMilli(s.now).UTC())
	if !from.IsZero() {
		s.put(" AND e.at >= ")
		s.bind(from.UnixMilli())
	}
	if !until.IsZero() {
		s.put(" AND e.at < ")
		s.bind(until.UnixMilli())
	}
	s.put(") AS {real})")
}

// present is now().
type present struct{ leaf }

func (present) kind() Type         { return Time }
func (present) eval(m *Moment) any { return instant(m.Now) }
func (present) write(s *statement) { s.present() }

// elapsed is days_since() or hours_since(): whole periods, rounded down.
type elapsed struct {
	since  node
	period time.Duration
}

func (elapsed) kind() Type      { return Number }
func (e elapsed) parts() []node { return []node{e.since} }

func (e elapsed) eval(m *Moment) any {
	since, known := asInstant(e.since.eval(m))
	if !known {
		return nil
	}
	return math.Floor(float64(m.Now.UnixMilli()-since.UnixMilli()) / float64(e.period.Milliseconds()))
}

func (e elapsed) write(s *statement) {
	s.put("floor(CAST(")
	s.present()
	s.put(" - ")
	e.since.write(s)
	s.put(" AS {real}) / ")
	s.bind(float64(e.period.Milliseconds()))
	s.put(")")
}

// asInstant reads a time, or a text that is one, as an event may carry it.
func asInstant(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case string:
		return parseInstant(v)
	}
	return time.Time{}, false
}

// pressure is contacted.last_7d: sends begun in the last 7 × 24 hours.
type pressure struct{ leaf }

func (pressure) kind() Type   { return Number }
func (pressure) name() string { return "contacted.last_7d" }

func (pressure) eval(m *Moment) any {
	if m.Customer == nil {
		return nil
	}
	return float64(m.Customer.Contacted.Last7d)
}

func (pressure) write(s *statement) {
	s.put("CAST((SELECT COUNT(*) FROM deliveries d WHERE d.customer = c.id AND d.channel <> 'webhook' AND d.taken_at > ")
	s.bind(s.now - (7 * day).Milliseconds())
	s.put(" AND d.taken_at <= ")
	s.present()
	s.put(") AS {real})")
}
