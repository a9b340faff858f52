package expression

import (
	"strconv"
	"strings"
	"time"
)

// statement is the SQL being written. Everything that comes from a source goes
// through bind; put takes only words of this package.
type statement struct {
	dialect Dialect
	now     int64     // Unix milliseconds
	today   time.Time // midnight UTC of the date it is
	text    strings.Builder
	args    []any
	// clock is the placeholder of now, "" until it is used.
	clock string
}

// put appends SQL. {real} stands for the dialect's 64-bit float.
func (s *statement) put(words ...string) {
	for _, w := range words {
		s.text.WriteString(strings.ReplaceAll(w, "{real}", s.real()))
	}
}

// bind appends a placeholder for a value: int64, float64 or string.
func (s *statement) bind(value any) { s.put(s.hold(value)) }

// hold keeps a value and returns its placeholder, which may be put more than
// once. PostgreSQL is told the type, which it could not always infer.
func (s *statement) hold(value any) string {
	s.args = append(s.args, value)
	place := "$" + strconv.Itoa(len(s.args))
	if s.dialect != Postgres {
		return place
	}
	switch value.(type) {
	case int64:
		return "CAST(" + place + " AS bigint)"
	case float64:
		return "CAST(" + place + " AS double precision)"
	}
	return "CAST(" + place + " AS text)"
}

// present appends the placeholder of now in milliseconds.
func (s *statement) present() {
	if s.clock == "" {
		s.clock = s.hold(s.now)
	}
	s.put(s.clock)
}

// null appends a NULL of a type.
func (s *statement) null(t Type) {
	columns := map[Type]string{Bool: "boolean", Number: "double precision", String: "text", Time: "bigint"}
	column, typed := columns[t]
	if s.dialect != Postgres || !typed {
		s.put("NULL")
		return
	}
	s.put("CAST(NULL AS ", column, ")")
}

func (s *statement) real() string {
	if s.dialect == Postgres {
		return "double precision"
	}
	return "REAL"
}
