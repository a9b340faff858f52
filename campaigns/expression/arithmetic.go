package expression

import "math"

// arithmetic is + - * / or %. Its operands' reaches were checked, so no result
// overflows; dividing by zero gives nothing known.
type arithmetic struct {
	op          string
	left, right node
}

func (a arithmetic) kind() Type    { return Number }
func (a arithmetic) parts() []node { return []node{a.left, a.right} }

func (a arithmetic) eval(m *Moment) any {
	left, leftKnown := a.left.eval(m).(float64)
	right, rightKnown := a.right.eval(m).(float64)
	if !leftKnown || !rightKnown {
		return nil
	}
	switch a.op {
	case "+":
		return left + right
	case "-":
		return left - right
	case "*":
		return left * right
	case "/":
		if right == 0 {
			return nil
		}
		return left / right
	}
	return remainder(left, right)
}

// remainder takes whole numbers; an event's property may be another.
func remainder(left, right float64) any {
	if right == 0 || left != math.Trunc(left) || right != math.Trunc(right) {
		return nil
	}
	return math.Mod(left, right)
}

func (a arithmetic) write(s *statement) {
	switch a.op {
	case "/":
		s.put("(")
		a.left.write(s)
		s.put(" / NULLIF(")
		a.right.write(s)
		s.put(", 0))")
	case "%":
		s.put("CAST(CAST(")
		a.left.write(s)
		s.put(" AS bigint) % NULLIF(CAST(")
		a.right.write(s)
		s.put(" AS bigint), 0) AS {real})")
	default:
		s.put("(")
		a.left.write(s)
		s.put(" ", a.op, " ")
		a.right.write(s)
		s.put(")")
	}
}

// minus is a number's opposite.
type minus struct{ operand node }

func (n minus) kind() Type    { return Number }
func (n minus) parts() []node { return []node{n.operand} }

func (n minus) eval(m *Moment) any {
	if x, known := n.operand.eval(m).(float64); known {
		return -x
	}
	return nil
}

func (n minus) write(s *statement) {
	s.put("(- ")
	n.operand.write(s)
	s.put(")")
}
