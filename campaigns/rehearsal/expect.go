package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
)

// judge finds the first expectation that was not met; nil when there is none.
// Mistakes in messages come before all: nobody expects them.
func (w *World) judge(test campaigns.Test, lines []Line) *Unmet {
	if i := slices.IndexFunc(lines, func(l Line) bool { return l.Kind == Mistaken }); i >= 0 {
		l := lines[i]
		return &Unmet{Line: test.Line, Column: 1, At: i, Instead: fmt.Sprintf("the %s %q cannot be written: %s", l.Channel, l.Name, l.Reason)}
	}
	m := matching{world: w, lines: lines, used: make([]bool, len(lines)), latest: test.Start, zone: test.Zone}
	for _, e := range test.Expect {
		if unmet := m.meet(e); unmet != nil {
			unmet.Expected, unmet.Line, unmet.Column = e.Words, e.Line, e.Column
			return unmet
		}
	}
	return nil
}

// matching compares expectations with what happened, in the order of time.
type matching struct {
	world  *World
	lines  []Line
	used   []bool    // lines that met an expectation
	latest time.Time // of what was met last
	zone   *time.Location
}

func (m *matching) meet(e campaigns.Expectation) *Unmet {
	switch {
	case e.Kind == campaigns.ExpectStatus:
		return m.stands(e)
	case e.Never:
		if i := slices.IndexFunc(m.lines, func(l Line) bool { return m.fits(e, l) && m.timely(e, l) }); i >= 0 {
			return &Unmet{At: i, Instead: "it happened all the same"}
		}
		return nil
	}
	for i, l := range m.lines {
		if !m.used[i] && !l.At.Before(m.latest) && m.fits(e, l) && m.timely(e, l) {
			m.used[i], m.latest = true, l.At
			return nil
		}
	}
	return m.instead(e)
}

// instead says what happened in the place of what was expected: the same at
// another time, or before its turn, or something else about it, or nothing.
func (m *matching) instead(e campaigns.Expectation) *Unmet {
	for i, l := range m.lines {
		if m.used[i] || !m.fits(e, l) {
			continue
		}
		if l.At.Before(m.latest) {
			return &Unmet{At: i, Instead: "it happened before what is expected above it"}
		}
		return &Unmet{At: i, Instead: "it happened on " + l.At.In(m.zone).Format("Mon 2006-01-02 at 15:04")}
	}
	for i, l := range m.lines {
		if !m.used[i] && m.resembles(e, l) {
			return &Unmet{At: i, Instead: l.Words(m.zone)}
		}
	}
	return &Unmet{At: -1, Instead: "nothing of the kind happened"}
}

// resembles reports whether a line is what became of the thing expected: the
// message that was skipped, the case in another queue.
func (m *matching) resembles(e campaigns.Expectation, l Line) bool {
	if l.Delivery != nil && (e.Kind == campaigns.ExpectSent || e.Kind == campaigns.ExpectSkipped || e.Kind == campaigns.ExpectFailed) {
		about := l.Kind == WasSkipped || l.Kind == WasFailed || l.Kind == WentOut
		return about && e.Message.Is(*l.Delivery, m.stepOf(l))
	}
	e.Name, e.Value, e.Says, e.Priority, e.Reason = "", nil, "", "", ""
	return l.Delivery == nil && l.Kind != Happened && m.fits(e, l)
}

func (m *matching) stepOf(l Line) *campaigns.Step {
	return m.world.ledger[l.Delivery.ID-1].campaign().StepAt(l.Delivery.Step)
}

// timely reports whether a line lies within the expectation's bounds.
func (m *matching) timely(e campaigns.Expectation, l Line) bool {
	return !l.At.Before(e.From) && (e.Until.IsZero() || l.At.Before(e.Until)) &&
		!l.At.Before(m.latest.Add(e.Later)) && (e.Within == 0 || !l.At.After(m.latest.Add(e.Within)))
}

// kindOf is the kind of line that meets a kind of expectation.
var kindOf = map[campaigns.ExpectationKind]Kind{
	campaigns.ExpectSent: WentOut, campaigns.ExpectSkipped: WasSkipped, campaigns.ExpectFailed: WasFailed,
	campaigns.ExpectCase: CaseOpened, campaigns.ExpectTag: Tagged, campaigns.ExpectSet: WasSet, campaigns.ExpectPoints: PointsAdded,
	campaigns.ExpectConsent: Consented, campaigns.ExpectGoal: GoalReached, campaigns.ExpectEvent: Happened, campaigns.ExpectEntry: Entered,
}

// fits reports whether a line is what is expected, its time aside.
func (m *matching) fits(e campaigns.Expectation, l Line) bool {
	if l.Kind != kindOf[e.Kind] || e.Customer != "" && e.Customer != l.Customer {
		return false
	}
	switch e.Kind {
	case campaigns.ExpectSent:
		return e.Message.Is(*l.Delivery, m.stepOf(l)) && strings.Contains(words(l.Content), e.Says)
	case campaigns.ExpectSkipped, campaigns.ExpectFailed:
		return e.Message.Is(*l.Delivery, m.stepOf(l)) && (e.Reason == "" || e.Reason == l.Reason)
	case campaigns.ExpectCase:
		return (e.Name == "" || e.Name == l.Case.Queue) && (e.Priority == "" || e.Priority == string(l.Case.Priority)) && strings.Contains(l.Case.Title, e.Says)
	case campaigns.ExpectPoints:
		return e.Value == nil || e.Value == l.Number
	case campaigns.ExpectConsent:
		return (e.Message.Channel == "" || e.Message.Channel == l.Channel) && named(e, l)
	}
	return named(e, l)
}

func named(e campaigns.Expectation, l Line) bool {
	return (e.Name == "" || e.Name == "any" || e.Name == l.Name) && (e.Value == nil || e.Value == l.Value)
}

// words are all that a message says, for expectations about it.
func words(c *channels.Content) string {
	switch {
	case c == nil:
		return ""
	case c.Email != nil:
		return c.Email.Subject + "\n" + c.Email.Preheader + "\n" + c.Email.Text
	case c.SMS != nil:
		return c.SMS.Text
	case c.Push != nil:
		return c.Push.Title + "\n" + c.Push.Body
	case c.Call != nil:
		said := []string{c.Call.Say}
		for _, q := range c.Call.Questions {
			said = append(said, q.Say)
		}
		return strings.Join(append(said, c.Call.Bye), "\n")
	case c.Webhook != nil:
		return c.Webhook.URL + "\n" + string(c.Webhook.Body)
	}
	return ""
}

// stands compares where a step or a journey is at the end with what is
// expected. Of several journeys one must stand so.
func (m *matching) stands(e campaigns.Expectation) *Unmet {
	instead := "no journey began"
	for _, j := range m.world.journeys {
		if e.Customer != "" && e.Customer != j.Customer {
			continue
		}
		status, why := string(j.State), j.Why
		if e.Name != "" {
			status, why = m.world.traveller(j).Status(j.campaign, e.Name), ""
		}
		if status == e.Value && (e.Reason == "" || e.Reason == why) {
			return nil
		}
		instead = strings.TrimSuffix(fmt.Sprintf("it is %s (%s)", orUnreached(status), why), " ()")
	}
	return &Unmet{At: -1, Instead: instead}
}

func orUnreached(status string) string {
	if status == "" {
		return "not reached"
	}
	return status
}
