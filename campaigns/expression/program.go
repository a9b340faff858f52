package expression

import (
	"slices"
	"strings"
	"time"
)

// Program is a checked condition, or another checked expression. It is never
// changed after it was made and may be used by many goroutines.
type Program struct {
	source string
	root   node
	doubts []Problem
}

// String is the source it was compiled from.
func (p *Program) String() string { return p.source }

// Holds judges a condition for one customer. An expression that is no condition
// never holds.
func (p *Program) Holds(m Moment) bool {
	holds, _ := asCondition(p.root).eval(&m).(bool)
	return holds
}

// Eval computes the value in memory: bool, float64, string, time.Time (UTC),
// []string, or nil when it is not known.
func (p *Program) Eval(m Moment) any { return p.root.eval(&m) }

// SQL writes a condition for a database: a boolean that is never NULL, over the
// table customers aliased c, with placeholders $1, $2, … for args. A placeholder
// may stand more than once. now is the moment it is judged at, and its zone tells
// which day is today. Programs that are InMemoryOnly, or no conditions, select nobody.
func (p *Program) SQL(d Dialect, now time.Time) (where string, args []any) {
	if p.InMemoryOnly() {
		return "FALSE", nil
	}
	s := &statement{dialect: d, now: now.UnixMilli(), today: dayOf(now)}
	asCondition(p.root).write(s)
	return s.text.String(), s.args
}

// InMemoryOnly reports whether the program names what no row of customers
// holds: the triggering event, answers or steps.
func (p *Program) InMemoryOnly() bool {
	only := false
	walk(p.root, func(n node) {
		switch n.(type) {
		case property, answerPart, stepStatus:
			only = true
		}
	})
	return only
}

// Counts lists each did() the program uses once, those of its segments among
// them.
func (p *Program) Counts() []Count {
	var counts []Count
	walk(p.root, func(n node) {
		if did, ok := n.(happened); ok && !slices.Contains(counts, did.count) {
			counts = append(counts, did.count)
		}
	})
	return counts
}

// Fields lists the fields the program names, sorted, those of its segments among
// them: orders.count, traits.favourite, event.total, steps.csat.status.
func (p *Program) Fields() []string {
	var fields []string
	walk(p.root, func(n node) {
		if f, ok := n.(named); ok {
			fields = append(fields, f.name())
		}
	})
	slices.Sort(fields)
	return slices.Compact(fields)
}

// Topics lists the topics whose consent the program asks about, sorted, those of
// its segments among them.
func (p *Program) Topics() []string {
	var topics []string
	walk(p.root, func(n node) {
		if c, ok := n.(consented); ok {
			topics = append(topics, c.topic)
		}
	})
	slices.Sort(topics)
	return slices.Compact(topics)
}

// Constant reports whether the program names nothing that could change it: only
// values that are written in it.
func (p *Program) Constant() bool {
	constant := true
	walk(p.root, func(n node) {
		if _, written := n.(literal); plain(n) && !written {
			constant = false
		}
	})
	return constant
}

// Compared lists the texts that the program compares a field with, those of its
// segments among them.
func (p *Program) Compared(field string) []string {
	var found []string
	isField := func(n node) bool { f, ok := n.(named); return ok && f.name() == field }
	note := func(n node) {
		if l, ok := n.(literal); ok && l.typ == String && l.value != nil {
			found = append(found, l.value.(string))
		}
	}
	walk(p.root, func(n node) {
		switch n := n.(type) {
		case equality:
			if isField(n.left) || isField(n.right) {
				note(n.left)
				note(n.right)
			}
		case oneOf:
			if isField(n.operand) {
				for _, value := range n.values {
					note(value)
				}
			}
		}
	})
	return found
}

// Takes lists as what types the program takes a field, those of its segments among
// them: Number where it is compared with one or reckoned with, Bool where it stands
// as a condition. One that is only compared with nil is taken as none.
func (p *Program) Takes(field string) []Type {
	var types []Type
	note := func(n node, as Type) {
		if f, ok := n.(named); ok && f.name() == field && as != nothing && as != Any {
			types = append(types, as)
		}
	}
	walk(p.root, func(n node) {
		switch n := n.(type) {
		case equality:
			note(n.left, n.right.kind())
			note(n.right, n.left.kind())
		case order:
			note(n.left, n.right.kind())
			note(n.right, n.left.kind())
		case oneOf:
			for _, value := range n.values {
				note(n.operand, value.typ)
			}
		case inList:
			note(n.operand, String)
		case textual:
			note(n.left, String)
			note(n.right, String)
		case match:
			note(n.operand, String)
		case arithmetic:
			note(n.left, Number)
			note(n.right, Number)
		case minus:
			note(n.operand, Number)
		case truth:
			note(n.operand, Bool)
		}
	})
	slices.Sort(types)
	return slices.Compact(types)
}

// And joins conditions: all must hold. Those that are nil are left out; nil when
// none is left.
func And(programs ...*Program) *Program {
	var sources []string
	var nodes []node
	var last *Program
	for _, p := range programs {
		if p == nil {
			continue
		}
		last = p
		sources = append(sources, "("+p.source+")")
		nodes = append(nodes, asCondition(p.root))
	}
	if len(nodes) < 2 {
		return last
	}
	return &Program{source: strings.Join(sources, " and "), root: logic{op: "and", operands: nodes}}
}

// Not turns a condition round. Not of nil, which means everybody, selects nobody.
func Not(p *Program) *Program {
	if p == nil {
		return &Program{source: "false", root: literal{typ: Bool, value: false}}
	}
	return &Program{source: "not (" + p.source + ")", root: negation{asCondition(p.root)}}
}
