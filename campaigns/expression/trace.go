package expression

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Trace is how a condition was judged: the tree of its parts, each with its
// result and the values it saw.
type Trace struct {
	// Condition is this part in words of the language, its own parts included.
	Condition string `json:"condition"`
	Holds     bool   `json:"holds"`
	// Join says how Parts make the result: and, or, not, or the segment that they
	// are the condition of. "" for a comparison, which has Values instead.
	Join  string  `json:"join,omitempty"`
	Parts []Trace `json:"parts,omitempty"`
	// Values are what fields and functions of a comparison gave, each once, in the
	// order of the condition.
	Values []Seen `json:"values,omitempty"`
}

// Seen is a value that a comparison saw; nil where nothing is known.
type Seen struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Trace judges a condition as Holds does and keeps what it saw. All parts are
// judged, also those that cannot change the result any more.
func (p *Program) Trace(m Moment) Trace { return trace(asCondition(p.root), &m) }

func trace(n node, m *Moment) Trace {
	t := Trace{Condition: wording(n), Holds: n.eval(m) == true}
	switch n := n.(type) {
	case logic:
		t.Join = n.op
		for _, operand := range n.operands {
			t.Parts = append(t.Parts, trace(operand, m))
		}
	case negation:
		t.Join, t.Parts = "not", []Trace{trace(n.operand, m)}
	case segment:
		t.Join, t.Parts = n.id, []Trace{trace(n.root, m)}
	case truth:
		t.Values = seen(n.operand, m)
	default:
		t.Values = seen(n, m)
	}
	return t
}

// seen lists what fields and functions below a node gave.
func seen(n node, m *Moment) []Seen {
	var values []Seen
	note := func(value Seen) {
		if !slices.ContainsFunc(values, func(s Seen) bool { return s.Name == value.Name }) {
			values = append(values, value)
		}
	}
	if _, money := amount(n); money {
		return []Seen{{wording(n), n.eval(m)}}
	}
	switch n.(type) {
	case happened, elapsed, anniversary, present, consented, reachable, segment, named:
		return []Seen{{wording(n), n.eval(m)}}
	}
	for _, part := range n.parts() {
		for _, value := range seen(part, m) {
			note(value)
		}
	}
	return values
}

// wording writes a node in the language. It compiles to the same condition.
func wording(n node) string {
	switch n := n.(type) {
	case literal:
		return written(n.value)
	case logic:
		parts := make([]string, len(n.operands))
		for i, operand := range n.operands {
			parts[i] = wording(operand)
		}
		return "(" + strings.Join(parts, " "+n.op+" ") + ")"
	case negation:
		return "not (" + wording(n.operand) + ")"
	case truth:
		return wording(n.operand)
	case choice:
		return "(" + wording(n.condition) + " ? " + wording(n.then) + " : " + wording(n.otherwise) + ")"
	case equality:
		return operation(n.left, map[bool]string{true: "!=", false: "=="}[n.negated], n.right)
	case order:
		return operation(n.left, n.op, n.right)
	case textual:
		return operation(n.left, n.op, n.right)
	case arithmetic:
		if field, money := amount(n); money {
			return field.path
		}
		return "(" + operation(n.left, n.op, n.right) + ")"
	case minus:
		return "-" + operand(n.operand)
	case inList:
		return operation(n.operand, "in", n.list)
	case oneOf:
		values := make([]string, len(n.values))
		for i, value := range n.values {
			values[i] = written(value.value)
		}
		return operand(n.operand) + " in [" + strings.Join(values, ", ") + "]"
	case match:
		return operand(n.operand) + " matches " + strconv.Quote(strings.TrimPrefix(n.pattern.String(), "(?s)"))
	}
	return callWording(n)
}

// amount is the field that a division stands for: amounts are kept in minor
// units and read in major ones.
func amount(n node) (fieldValue, bool) {
	division, _ := n.(arithmetic)
	field, is := division.left.(fieldValue)
	return field, is && division.op == "/" && field.money
}

// callWording writes fields and functions.
func callWording(n node) string {
	switch n := n.(type) {
	case happened:
		return n.count.wording()
	case elapsed:
		name := "days_since"
		if n.period == time.Hour {
			name = "hours_since"
		}
		return name + "(" + wording(n.since) + ")"
	case anniversary:
		return "days_to_anniversary(" + wording(n.of) + ")"
	case present:
		return "now()"
	case consented:
		return fmt.Sprintf("consent(%q, %q)", n.topic, n.channel)
	case reachable:
		return fmt.Sprintf("reachable(%q)", n.channel)
	case segment:
		return fmt.Sprintf("in_segment(%q)", n.id)
	case trait:
		return pathWording("traits", n.key)
	case property:
		return pathWording("event", n.path...)
	case answerPart:
		return pathWording("answers", n.id, n.part)
	case stepStatus:
		return pathWording("steps", n.id, "status")
	case named:
		return n.name()
	}
	return "nil"
}

// wording is the did() that counts.
func (k Count) wording() string {
	args := []string{strconv.Quote(k.Event)}
	switch {
	case k.Within > 0:
		args = append(args, strconv.Quote(spell(k.Within)))
	case !k.From.IsZero() || !k.Until.IsZero():
		args = append(args, written(k.From), written(k.Until))
	}
	return "did(" + strings.Join(args, ", ") + ")"
}

// spell writes a duration as did() reads it.
func spell(d time.Duration) string {
	var b strings.Builder
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{7 * day, "w"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if whole := d / unit.length; whole > 0 && (unit.name != "w" || d%unit.length == 0) {
			fmt.Fprintf(&b, "%d%s", whole, unit.name)
			d -= whole * unit.length
		}
	}
	return b.String()
}

// pathWording writes a field by its path, in brackets where a part is no plain
// name.
func pathWording(root string, path ...string) string {
	for _, part := range path {
		if plainName(part) {
			root += "." + part
		} else {
			root += "[" + strconv.Quote(part) + "]"
		}
	}
	return root
}

func plainName(part string) bool {
	for i, r := range part {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return part != ""
}

func operation(left node, op string, right node) string {
	return operand(left) + " " + op + " " + operand(right)
}

// operand writes a side of an operation, in parentheses where it is itself one.
func operand(n node) string {
	switch n := n.(type) {
	case truth:
		return operand(n.operand)
	case equality, order, textual, oneOf, inList, match, negation:
		return "(" + wording(n) + ")"
	}
	return wording(n)
}

// written is a value as it stands in a source.
func written(value any) string {
	switch v := value.(type) {
	case nil:
		return "nil"
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		if v.Equal(v.Truncate(day)) {
			return v.UTC().Format(`"2006-01-02"`)
		}
		return v.UTC().Format(`"2006-01-02T15:04:05.999Z07:00"`)
	}
	return fmt.Sprint(value)
}
