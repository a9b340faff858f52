package expression

// maxReasoning bounds how many nodes are looked at to learn from one condition.
// Beyond it nothing more is learnt.
const maxReasoning = 10_000

// reasoner learns facts from conditions.
type reasoner struct{ left int }

func (r *reasoner) tired() bool {
	r.left--
	return r.left < 0
}

// assume adds to the facts that a condition holds or does not. What it cannot
// follow it leaves out, so the facts stay true.
func (r *reasoner) assume(n node, holds bool, f Facts) Facts {
	if f.impossible || r.tired() {
		return f
	}
	switch n := n.(type) {
	case literal:
		if (n.value == true) != holds {
			f.impossible, f.conflict = true, ""
		}
		return f
	case logic:
		return r.logic(n, holds, f)
	case negation:
		return r.assume(n.operand, !holds, f)
	case segment:
		return r.assume(n.root, holds, f)
	case truth:
		return r.truth(n.operand, holds, f)
	case equality:
		return r.equality(n, holds, f)
	case order:
		return r.order(n, holds, f)
	case oneOf:
		return r.oneOf(n, holds, f)
	case inList, textual, match, consented, reachable:
		return r.flag(n, holds, f)
	}
	return f
}

// logic follows the operands one after the other where all must agree, and side
// by side where one is enough.
func (r *reasoner) logic(n logic, holds bool, f Facts) Facts {
	if (n.op == "and") == holds {
		for _, o := range n.operands {
			f = r.assume(o, holds, f)
		}
		return f
	}
	any := Facts{impossible: true}
	for i, o := range n.operands {
		one := r.assume(o, holds, f)
		if i == 0 || !one.impossible {
			any = any.Or(one)
		}
	}
	return any
}

// truth follows a value that may be not known and then counts as false.
func (r *reasoner) truth(n node, holds bool, f Facts) Facts {
	chosen, isChoice := n.(choice)
	if !isChoice {
		return r.flag(n, holds, f)
	}
	then := r.assume(asCondition(chosen.then), holds, r.assume(chosen.condition, true, f))
	otherwise := r.assume(asCondition(chosen.otherwise), holds, r.assume(chosen.condition, false, f))
	return then.Or(otherwise)
}

// flag learns that a term is true, or is anything else.
func (r *reasoner) flag(n node, holds bool, f Facts) Facts {
	had := r.value(n, f)
	d := had
	if holds {
		d = had.meet(domain{yes: true})
	} else {
		d.yes = false
	}
	return f.learn(n, d, flagConflict(n, holds))
}

func (r *reasoner) equality(n equality, holds bool, f Facts) Facts {
	same := holds != n.negated
	if l, isLiteral := n.right.(literal); isLiteral && definite(n.left) && l.typ == Bool && l.value != nil {
		return r.assume(n.left, (l.value == true) == same, f)
	}
	left, right, followed := r.sides(n.left, n.right, f)
	if !followed {
		return f
	}
	if !same {
		f = f.learn(n.left, left.without(right), otherwiseConflict(n.left, left, right))
		return f.learn(n.right, right.without(left), otherwiseConflict(n.right, right, left))
	}
	if n.left.kind() == Any { // a time in an event may equal a text
		both := left.meet(right)
		both.rest = left.rest && !right.texts.empty()
		return f.learn(n.left, both, conflict(n.left, left, right))
	}
	both := left.meet(right)
	f = f.learn(n.left, both, conflict(n.left, left, right))
	return f.learn(n.right, both, conflict(n.right, right, left))
}

// sides are the values of two sides that are compared; followed is false where
// one may be read as something else, as a text of an event beside a time.
func (r *reasoner) sides(left, right node, f Facts) (l, rr domain, followed bool) {
	_, isLiteral := right.(literal)
	if right.kind() == Any || left.kind() == Any && !isLiteral {
		return l, rr, false
	}
	return r.value(left, f), r.value(right, f), true
}

func (r *reasoner) order(n order, holds bool, f Facts) Facts {
	left, right, followed := r.sides(n.left, n.right, f)
	if !followed || !right.numeric() {
		return f
	}
	if holds {
		l := domain{numbers: meetSpans(left.numbers, related(n.op, right.numbers))}
		f = f.learn(n.left, l, conflict(n.left, left, domain{numbers: related(n.op, right.numbers)}))
		if n.left.kind() == Any {
			return f
		}
		rr := domain{numbers: meetSpans(right.numbers, related(turned[n.op], left.numbers))}
		return f.learn(n.right, rr, conflict(n.right, right, domain{numbers: related(turned[n.op], left.numbers)}))
	}
	op := opposite[n.op]
	if !right.unknown {
		l := left
		l.numbers = meetSpans(left.numbers, related(op, right.numbers))
		f = f.learn(n.left, l, conflict(n.left, left, domain{numbers: related(op, right.numbers)}))
	}
	if left.unknown || !left.numeric() {
		return f
	}
	rr := right
	rr.numbers = meetSpans(right.numbers, related(turned[op], left.numbers))
	return f.learn(n.right, rr, conflict(n.right, right, domain{numbers: related(turned[op], left.numbers)}))
}

func (r *reasoner) oneOf(n oneOf, holds bool, f Facts) Facts {
	had := r.value(n.operand, f)
	listed := anyOf(n.values)
	d := had
	if holds {
		d = had.meet(listed)
		d.rest = had.rest && !listed.texts.empty()
	} else {
		for _, l := range n.values {
			d = d.without(only(l.value))
		}
	}
	if holds {
		return f.learn(n.operand, d, conflict(n.operand, had, listed))
	}
	return f.learn(n.operand, d, otherwiseConflict(n.operand, had, listed))
}
