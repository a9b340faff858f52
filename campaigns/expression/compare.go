package expression

import (
	"strings"
	"time"
)

// equality is == or !=. What is not known equals only what is not known.
type equality struct {
	negated     bool
	left, right node
}

func (e equality) kind() Type    { return Bool }
func (e equality) parts() []node { return []node{e.left, e.right} }

func (e equality) eval(m *Moment) any {
	return same(e.left.eval(m), e.right.eval(m)) != e.negated
}

func (e equality) write(s *statement) {
	s.put("(")
	e.left.write(s)
	switch {
	case isNil(e.right) && e.negated:
		s.put(" IS NOT NULL)")
		return
	case isNil(e.right):
		s.put(" IS NULL)")
		return
	case e.negated:
		s.put(" IS DISTINCT FROM ")
	default:
		s.put(" IS NOT DISTINCT FROM ")
	}
	e.right.write(s)
	s.put(")")
}

// same compares two values, nil among them. A text beside a time is read as
// one: only properties of events get here with a text that is not a literal.
func same(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	difference, comparable := compare(a, b)
	return comparable && difference == 0
}

// order is < <= > or >=; false when a side is not known.
type order struct {
	op          string
	left, right node
}

func (o order) kind() Type    { return Bool }
func (o order) parts() []node { return []node{o.left, o.right} }

func (o order) eval(m *Moment) any {
	left, right := o.left.eval(m), o.right.eval(m)
	if _, isBool := left.(bool); isBool {
		return false
	}
	difference, comparable := compare(left, right)
	if !comparable {
		return false
	}
	switch o.op {
	case "<":
		return difference < 0
	case "<=":
		return difference <= 0
	case ">":
		return difference > 0
	}
	return difference >= 0
}

func (o order) write(s *statement) {
	s.put("((")
	o.left.write(s)
	if s.dialect == Postgres && o.left.kind() == String {
		s.put(` COLLATE "C"`) // by bytes, whatever the database's language
	}
	s.put(" ", o.op, " ")
	o.right.write(s)
	s.put(") IS TRUE)")
}

// compare orders two known values of one type. Values of different types, and
// lists, cannot be compared.
func compare(a, b any) (difference int, comparable bool) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return compareNumbers(a, b), true
		}
	case string:
		switch b := b.(type) {
		case string:
			return strings.Compare(a, b), true
		case time.Time:
			if at, ok := parseInstant(a); ok {
				return at.Compare(b), true
			}
		}
	case time.Time:
		switch b := b.(type) {
		case time.Time:
			return a.Compare(b), true
		case string:
			if at, ok := parseInstant(b); ok {
				return a.Compare(at), true
			}
		}
	case bool:
		if b, ok := b.(bool); ok {
			if a == b {
				return 0, true
			}
			return 1, true
		}
	}
	return 0, false
}

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
