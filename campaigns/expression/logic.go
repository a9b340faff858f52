package expression

// logic is and or or over two conditions or more.
type logic struct {
	op       string // "and", "or"
	operands []node // definite
}

func (l logic) kind() Type    { return Bool }
func (l logic) parts() []node { return l.operands }

func (l logic) eval(m *Moment) any {
	decided := l.op == "or"
	for _, o := range l.operands {
		if o.eval(m) == decided {
			return decided
		}
	}
	return !decided
}

// write halves a long chain again and again, because SQLite limits how deep an
// expression may be, and a chain without parentheses is as deep as it is long.
func (l logic) write(s *statement) {
	if len(l.operands) == 1 {
		l.operands[0].write(s)
		return
	}
	middle := len(l.operands) / 2
	s.put("(")
	logic{op: l.op, operands: l.operands[:middle]}.write(s)
	s.put(map[string]string{"and": " AND ", "or": " OR "}[l.op])
	logic{op: l.op, operands: l.operands[middle:]}.write(s)
	s.put(")")
}

// negation is not.
type negation struct{ operand node } // definite

func (n negation) kind() Type    { return Bool }
func (n negation) parts() []node { return []node{n.operand} }

func (n negation) eval(m *Moment) any { return n.operand.eval(m) != true }

func (n negation) write(s *statement) {
	s.put("(NOT ")
	n.operand.write(s)
	s.put(")")
}

// truth makes a condition of a value that may be not known: true if it is true,
// false otherwise.
type truth struct{ operand node }

func (t truth) kind() Type    { return Bool }
func (t truth) parts() []node { return []node{t.operand} }

func (t truth) eval(m *Moment) any { return t.operand.eval(m) == true }

func (t truth) write(s *statement) {
	s.put("(")
	t.operand.write(s)
	s.put(" IS TRUE)")
}

// asCondition gives a node that is always true or false: n itself where it
// already is.
func asCondition(n node) node {
	if definite(n) {
		return n
	}
	if t := n.kind(); t != Bool && t != Any {
		return literal{typ: Bool, value: false}
	}
	return truth{n}
}

// definite reports whether n is true or false and never not known.
func definite(n node) bool {
	switch n := n.(type) {
	case logic, negation, truth, equality, order, oneOf, inList, textual, match, consented, reachable, segment:
		return true
	case literal:
		return n.typ == Bool && n.value != nil
	}
	return false
}

// choice is condition ? then : otherwise.
type choice struct {
	condition       node // definite
	then, otherwise node
	typ             Type
}

func (c choice) kind() Type    { return c.typ }
func (c choice) parts() []node { return []node{c.condition, c.then, c.otherwise} }

func (c choice) eval(m *Moment) any {
	if c.condition.eval(m) == true {
		return c.then.eval(m)
	}
	return c.otherwise.eval(m)
}

func (c choice) write(s *statement) {
	s.put("CASE WHEN ")
	c.condition.write(s)
	s.put(" THEN ")
	c.then.write(s)
	s.put(" ELSE ")
	c.otherwise.write(s)
	s.put(" END")
}
