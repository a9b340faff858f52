package expression

import (
	"strings"
	"time"
)

// trait is traits.<name>. A value that is not of the declared type is not known.
type trait struct {
	leaf
	key string
	typ Type // Bool, Number, String or Time
}

func (t trait) kind() Type   { return t.typ }
func (t trait) name() string { return "traits." + t.key }

func (t trait) eval(m *Moment) any {
	if m.Customer == nil {
		return nil
	}
	value := m.Customer.Traits[t.key]
	switch t.typ {
	case Bool:
		if b, ok := value.(bool); ok {
			return b
		}
	case String:
		s, _ := value.(string)
		return word(s)
	case Number:
		if x, ok := milliseconds(value); ok {
			return number(x)
		}
	case Time:
		if x, ok := milliseconds(value); ok && x >= -largest && x <= largest {
			return time.UnixMilli(int64(x)).UTC()
		}
	}
	return nil
}

// milliseconds reads a number, or a date as the database keeps it.
func milliseconds(v any) (float64, bool) {
	if t, ok := v.(time.Time); ok {
		return float64(t.UnixMilli()), !t.IsZero()
	}
	return asFloat(v)
}

func (t trait) write(s *statement) {
	if s.dialect == Postgres {
		t.writePostgres(s)
		return
	}
	path := s.hold(`$."` + t.key + `"`)
	typ := "json_type(c.traits, " + path + ")"
	value := "json_extract(c.traits, " + path + ")"
	switch t.typ {
	case Bool:
		s.put("CASE ", typ, " WHEN 'true' THEN 1 WHEN 'false' THEN 0 END")
	case String:
		s.put("CASE ", typ, " WHEN 'text' THEN NULLIF(", value, ", '') END")
	case Number:
		s.put("CASE WHEN ", typ, " IN ('integer', 'real') THEN ", realSQL(value), " END")
	case Time:
		s.put("CASE WHEN ", typ, " IN ('integer', 'real') AND ", value, " BETWEEN -1e15 AND 1e15 THEN CAST(", value, " AS INTEGER) END")
	}
}

func (t trait) writePostgres(s *statement) {
	key := s.hold(t.key)
	typ := "jsonb_typeof(c.traits -> " + key + ")"
	value := "(c.traits ->> " + key + ")"
	switch t.typ {
	case Bool:
		s.put("CASE WHEN ", typ, " = 'boolean' THEN ", value, "::boolean END")
	case String:
		s.put("CASE WHEN ", typ, " = 'string' THEN NULLIF(", value, ", '') END")
	case Number:
		s.put("CASE WHEN ", typ, " = 'number' THEN ", realSQL(value+"::numeric"), " END")
	case Time:
		s.put("CASE WHEN ", typ, " = 'number' THEN CASE WHEN ", value, "::numeric BETWEEN -1e15 AND 1e15 THEN trunc(", value, "::numeric)::bigint END END")
	}
}

// traitType reports whether a trait may be declared so.
func traitType(t Type) bool { return t == Bool || t == Number || t == String || t == Time }

// traitKey reports whether a name can stand in a JSON path, which is quoted.
func traitKey(name string) bool { return name != "" && !strings.ContainsAny(name, "\"\\\x00") }
