package expression

import (
	"regexp"
	"strings"
)

// textual is contains, startsWith or endsWith on text. Its right side is plain.
// On a property of an event that turns out to be a list, contains looks for the
// whole text in it.
type textual struct {
	op          string
	left, right node
}

func (t textual) kind() Type    { return Bool }
func (t textual) parts() []node { return []node{t.left, t.right} }

func (t textual) eval(m *Moment) any {
	part, known := t.right.eval(m).(string)
	if !known {
		return false
	}
	switch whole := t.left.eval(m).(type) {
	case string:
		switch t.op {
		case "startsWith":
			return strings.HasPrefix(whole, part)
		case "endsWith":
			return strings.HasSuffix(whole, part)
		}
		return strings.Contains(whole, part)
	case []string:
		return t.op == "contains" && holds(whole, part)
	}
	return false
}

// write looks for the first place: LIKE would fold case on SQLite and read % and
// _ in the text.
func (t textual) write(s *statement) {
	if t.op == "endsWith" {
		t.writeEnd(s)
		return
	}
	s.put(map[Dialect]string{SQLite: "((instr(", Postgres: "((strpos("}[s.dialect])
	t.left.write(s)
	s.put(", ")
	t.right.write(s)
	s.put(map[string]string{"contains": ") > 0) IS TRUE)", "startsWith": ") = 1) IS TRUE)"}[t.op])
}

func (t textual) writeEnd(s *statement) {
	s.put(map[Dialect]string{SQLite: "((substr(", Postgres: "((right("}[s.dialect])
	t.left.write(s)
	s.put(map[Dialect]string{SQLite: ", -length(", Postgres: ", length("}[s.dialect])
	t.right.write(s)
	s.put(")) = ")
	t.right.write(s)
	s.put(") IS TRUE)")
}

// match is matches.
type match struct {
	operand node
	pattern *regexp.Regexp
	// postgres is the same pattern in PostgreSQL's words.
	postgres string
}

func (t match) kind() Type    { return Bool }
func (t match) parts() []node { return []node{t.operand} }

func (t match) eval(m *Moment) any {
	text, known := t.operand.eval(m).(string)
	return known && t.pattern.MatchString(text)
}

func (t match) write(s *statement) {
	s.put("((")
	t.operand.write(s)
	if s.dialect == Postgres {
		s.put(` COLLATE "C" ~ `)
		s.bind(t.postgres)
	} else {
		s.put(" REGEXP ")
		s.bind(t.pattern.String())
	}
	s.put(") IS TRUE)")
}
