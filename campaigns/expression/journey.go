package expression

import "strings"

// inMemory is embedded by leaves that no row of customers holds; a program that
// has one is never asked for SQL.
type inMemory struct{ leaf }

func (inMemory) write(s *statement) { s.null(Any) }

// property is event.<property>.
type property struct {
	inMemory
	path []string
}

func (property) kind() Type     { return Any }
func (p property) name() string { return "event." + strings.Join(p.path, ".") }

func (p property) eval(m *Moment) any {
	var value any = m.Event
	for _, key := range p.path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[key]
	}
	return anything(value)
}

// answerPart is answers.<id>.score, .choice or .text.
type answerPart struct {
	inMemory
	id, part string
}

func (a answerPart) kind() Type {
	if a.part == "score" {
		return Number
	}
	return String
}

func (a answerPart) name() string { return "answers." + a.id + "." + a.part }

func (a answerPart) eval(m *Moment) any {
	answer := m.Answers[a.id]
	switch a.part {
	case "choice":
		return word(answer.Choice)
	case "text":
		return word(answer.Text)
	}
	if answer.Score == nil {
		return nil
	}
	return number(*answer.Score)
}

// answerParts are what an answer has.
var answerParts = []string{"score", "choice", "text"}

// stepStatus is steps.<id>.status; not known while the step was not reached.
type stepStatus struct {
	inMemory
	id       string
	statuses []string // what it may be
}

func (stepStatus) kind() Type           { return String }
func (n stepStatus) name() string       { return "steps." + n.id + ".status" }
func (n stepStatus) eval(m *Moment) any { return word(m.Steps[n.id]) }

// stepStatuses are those of steps about which no more is known: a delivery's (deliveries.Status), then those of asks and waits.
var stepStatuses = []string{
	"planned", "queued", "sending", "sent", "delivered", "opened", "clicked", "answered",
	"skipped", "failed", "bounced", "complained", "unsubscribed", "expired", "unconfirmed",
	"unanswered", "waited", "happened", "timed_out",
}

// segment is in_segment(id): the segment's own condition.
type segment struct {
	id   string
	root node // definite
}

func (segment) kind() Type           { return Bool }
func (n segment) parts() []node      { return []node{n.root} }
func (n segment) eval(m *Moment) any { return n.root.eval(m) }
func (n segment) write(s *statement) { n.root.write(s) }
