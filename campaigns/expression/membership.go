package expression

import "slices"

// oneOf is x in [a, b, …]: text, numbers, times or booleans of one type, all
// known.
type oneOf struct {
	operand node
	values  []literal
}

func (o oneOf) kind() Type    { return Bool }
func (o oneOf) parts() []node { return []node{o.operand} }

func (o oneOf) eval(m *Moment) any {
	v := o.operand.eval(m)
	return v != nil && slices.ContainsFunc(o.values, func(l literal) bool { return same(v, l.value) })
}

func (o oneOf) write(s *statement) {
	s.put("((")
	o.operand.write(s)
	s.put(" IN (")
	for i, v := range o.values {
		if i > 0 {
			s.put(", ")
		}
		v.write(s)
	}
	s.put(")) IS TRUE)")
}

// inList is x in tags, and tags contains x.
type inList struct{ operand, list node }

func (l inList) kind() Type    { return Bool }
func (l inList) parts() []node { return []node{l.operand, l.list} }

func (l inList) eval(m *Moment) any {
	text, known := l.operand.eval(m).(string)
	list, isList := l.list.eval(m).([]string)
	return known && isList && holds(list, text)
}

func (l inList) write(s *statement) {
	if s.dialect == Postgres {
		s.put("((")
		l.list.write(s)
		s.put(" @> to_jsonb(")
		l.operand.write(s)
		s.put(")) IS TRUE)")
		return
	}
	s.put("EXISTS (SELECT 1 FROM json_each(")
	l.list.write(s)
	s.put(") AS t WHERE t.value = ")
	l.operand.write(s)
	s.put(")")
}

func holds(list []string, text string) bool { return slices.Contains(list, text) }
