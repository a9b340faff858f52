package expression

import (
	"strconv"
	"strings"
	"time"
)

// node is one operation of a compiled expression. Each kind of node computes its
// value and writes its SQL side by side, because the two must agree.
type node interface {
	kind() Type
	// eval gives bool, float64, string, time.Time or []string, or nil for what
	// is not known.
	eval(m *Moment) any
	// write appends SQL that needs no parentheses around it. It repeats its
	// operands only where they are leaves, or the text would grow without bound.
	write(s *statement)
	// parts are the operands.
	parts() []node
}

// named is a leaf that stands for a field.
type named interface{ name() string }

// walk visits n and all below it, segments included.
func walk(n node, visit func(node)) {
	visit(n)
	for _, part := range n.parts() {
		walk(part, visit)
	}
}

// size measures a tree: how deep it is and how many values it holds.
func size(n node) (depth, weight int) {
	weight = 1
	if m, ok := n.(oneOf); ok {
		weight += len(m.values)
	}
	for _, part := range n.parts() {
		d, w := size(part)
		depth = max(depth, d)
		weight += w
	}
	return depth + 1, weight
}

// leaf is embedded by nodes without operands.
type leaf struct{}

func (leaf) parts() []node { return nil }

// literal is a value written in the source: bool, float64, string, time.Time or
// nil.
type literal struct {
	leaf
	typ   Type
	value any
}

func (l literal) kind() Type       { return l.typ }
func (l literal) eval(*Moment) any { return l.value }

func (l literal) write(s *statement) {
	switch v := l.value.(type) {
	case bool:
		s.put(strings.ToUpper(strconv.FormatBool(v)))
	case time.Time:
		s.bind(v.UnixMilli())
	case nil:
		s.null(l.typ)
	default:
		s.bind(v)
	}
}

// broken stands where a mistake was reported, so that one mistake is reported
// once.
type broken struct{ leaf }

func (broken) kind() Type         { return Any }
func (broken) eval(*Moment) any   { return nil }
func (broken) write(s *statement) { s.null(Any) }

func isBroken(n node) bool {
	_, ok := n.(broken)
	return ok
}

// isNil reports whether n is the word nil or an empty text.
func isNil(n node) bool {
	l, ok := n.(literal)
	return ok && l.value == nil
}

// plain reports whether n is a leaf that may be written twice.
func plain(n node) bool { return len(n.parts()) == 0 }
