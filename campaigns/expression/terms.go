package expression

import (
	"fmt"
	"strings"
)

// term names a value so that two nodes with one name have one value at any
// moment; "" for a node whose values are not followed.
func term(n node) string {
	switch n := n.(type) {
	case literal:
		return fmt.Sprintf("%T(%v)", n.value, n.value)
	case consented:
		return fmt.Sprintf("consent(%q, %q)", n.topic, n.channel)
	case reachable:
		return fmt.Sprintf("reachable(%q)", n.channel)
	case property:
		return fmt.Sprintf("event%q", n.path)
	case named:
		return n.name()
	case happened:
		return "did(" + n.count.Key() + ")"
	case present:
		return "now()"
	case elapsed:
		return termOf("since "+n.period.String(), n.since)
	case anniversary:
		return termOf("anniversary", n.of)
	case minus:
		return termOf("-", n.operand)
	case arithmetic:
		return termOf(n.op, n.left, n.right)
	case inList:
		return termOf("in", n.operand, n.list)
	case textual:
		return termOf(n.op, n.left, n.right)
	case match:
		return termOf(fmt.Sprintf("matches %q", n.pattern), n.operand)
	}
	return ""
}

func termOf(operation string, operands ...node) string {
	names := make([]string, len(operands))
	for i, o := range operands {
		if names[i] = term(o); names[i] == "" {
			return ""
		}
	}
	return operation + "(" + strings.Join(names, "; ") + ")"
}

// bounds are what the fields with bounds can be.
var bounds = map[string]domain{
	"orders.count":    atLeast(0),
	"orders.returned": atLeast(0),
	"cases.open":      atLeast(0),
	"rfm.recency":     between(1, 5),
	"rfm.frequency":   between(1, 5),
	"rfm.monetary":    between(1, 5),
	"nps.score":       between(0, 10),
	"csat.last":       between(1, 5),
	"csat.average":    between(1, 5),
}

// possible is what a field can be at all.
func (f field) possible() domain {
	if d, bounded := bounds[f.path]; bounded {
		return d
	}
	if f.values != nil {
		return among(f.values)
	}
	return everything(f.typ)
}

// isWhole reports whether a term is never a fraction.
func isWhole(n node) bool {
	switch n := n.(type) {
	case fieldValue:
		return n.typ == Number && n.reach.whole
	case happened, pressure, elapsed, anniversary:
		return true
	}
	return false
}

// possible is what a node's value may be as far as its parts tell.
func (r *reasoner) possible(n node, f Facts) domain {
	switch n := n.(type) {
	case literal:
		return only(n.value)
	case fieldValue:
		return n.possible()
	case answerPart:
		if d, given := f.given[n.name()]; given {
			return d
		}
	case stepStatus:
		if d, given := f.given[n.name()]; given {
			return d
		}
		return among(n.statuses)
	case happened, pressure:
		return atLeast(0)
	case present:
		return everything(Time).known()
	case elapsed:
		return unlessUnknown(everything(Number), r.value(n.since, f))
	case anniversary:
		return unlessUnknown(between(0, longestYear), r.value(n.of, f))
	case minus:
		return r.calculated("-", literal{typ: Number, value: 0.0}, n.operand, f)
	case arithmetic:
		return r.calculated(n.op, n.left, n.right, f)
	case choice:
		return r.chosen(n, f)
	}
	if definite(n) {
		return everything(Bool).known()
	}
	return everything(n.kind())
}

const longestYear = 366

// unlessUnknown is what a computation gives that is known if and only if its
// operand is.
func unlessUnknown(result, operand domain) domain {
	result.unknown = operand.unknown || operand.rest || !operand.texts.empty()
	if operand.known().empty() {
		return domain{unknown: true}
	}
	return result
}

// calculated bounds the result of arithmetic. An event's property may be no
// number.
func (r *reasoner) calculated(op string, left, right node, f Facts) domain {
	a, b := r.value(left, f), r.value(right, f)
	unknown := a.unknown || b.unknown || !a.numeric() || !b.numeric()
	if op == "/" || op == "%" {
		unknown = unknown || op == "%" || len(meetSpans(b.numbers, []span{point(0)})) > 0
	}
	return domain{unknown: unknown, numbers: combined(op, a.numbers, b.numbers)}
}

// chosen is what either outcome of a choice may be, each where it is chosen.
func (r *reasoner) chosen(n choice, f Facts) domain {
	var d domain
	if then := r.assume(n.condition, true, f); !then.impossible {
		d = d.join(r.value(n.then, then))
	}
	if otherwise := r.assume(n.condition, false, f); !otherwise.impossible {
		d = d.join(r.value(n.otherwise, otherwise))
	}
	return d
}

// value is what a node's value may be.
func (r *reasoner) value(n node, f Facts) domain {
	if r.tired() {
		return everything(Any)
	}
	d := r.possible(n, f)
	if known, found := f.known[term(n)]; found {
		d = d.meet(known.domain)
	}
	if isWhole(n) {
		d.numbers = wholeOnly(d.numbers)
	}
	return d
}
