package expression

import (
	"strconv"
	"time"

	"rapport/customers"
)

// Scope is what a condition may name where it stands.
type Scope struct {
	// Traits are the declared traits and their types.
	Traits map[string]Type
	// Topics are the known consent topics and whether each is in by default.
	Topics map[string]bool
	// Segments are the conditions of the known segments, compiled. In an
	// expression in_segment("id") stands for the segment's own condition; nil
	// means everybody.
	Segments map[string]*Program
	// Event allows event.<property>, inside event campaigns.
	Event bool
	// Answers lists ask ids for answers.<id>.score|choice|text, and Steps the
	// step ids for steps.<id>.status; nil outside journeys.
	Answers []string
	Steps   []string
	// Statuses are what steps.<id>.status of a step may be; a step that is not
	// listed may have any status there is.
	Statuses map[string][]string
	// MoneyScale is how many minor units make one of the workspace's currency;
	// 0 is 1.
	MoneyScale int64
	// Want is the type the whole must have; Any, or none, takes whatever it is.
	Want Type
}

// Type is the type of a value.
type Type string

// The types. Any is a value whose type only the moment tells (event
// properties).
const (
	Any    Type = "any"
	Bool   Type = "bool"
	Number Type = "number"
	String Type = "string"
	Time   Type = "time" // an instant; dates are midnight UTC
	List   Type = "list" // of strings
)

// nothing is the type of nil until something beside it has one.
const nothing Type = "nothing"

// words names a type in a sentence.
func (t Type) words() string {
	switch t {
	case Bool:
		return "true or false"
	case Number:
		return "a number"
	case String:
		return "a string"
	case Time:
		return "a time"
	case List:
		return "a list"
	case nothing:
		return "nil"
	}
	return "of a type only the event tells"
}

// Problem is one mistake in a condition.
type Problem struct {
	// Offset is where in the source, in bytes.
	Offset int
	// Message says what is wrong; Mend what would be right, and may be empty.
	Message string
	Mend    string
}

// Dialect is a database whose SQL a condition is compiled to.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Count is one did() a program uses: how often an event stands on the timeline.
// From is inclusive, Until exclusive; either may be zero.
type Count struct {
	Event string
	// Within is a rolling window ending now; 0 when From and Until are used.
	Within      time.Duration
	From, Until time.Time
}

// Key names the count: equal for two counts that are the same, and different
// otherwise.
func (k Count) Key() string {
	key := strconv.Quote(k.Event)
	switch {
	case k.Within > 0:
		key += " in " + k.Within.String()
	case !k.From.IsZero() || !k.Until.IsZero():
		key += " from " + stamp(k.From) + " until " + stamp(k.Until)
	}
	return key
}

// Span is the part of the timeline that counts at a moment, from inclusive,
// until exclusive; a zero time leaves that end open. A rolling window has no
// end: what is dated after now counts.
func (k Count) Span(now time.Time) (from, until time.Time) {
	if k.Within > 0 {
		return now.Add(-k.Within), time.Time{}
	}
	return k.From, k.Until
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "ever"
	}
	return t.UTC().Format(time.RFC3339)
}

// Moment is everything a condition is judged by in memory.
type Moment struct {
	Now      time.Time // its zone tells which day is today
	Customer *customers.Customer
	Event    map[string]any
	Answers  map[string]Answer
	Steps    map[string]string
	// Counts are the did() counts, by Count.Key.
	Counts map[string]int64
}

// Answer is what answers.<id> holds.
type Answer struct {
	Score  *float64
	Choice string
	Text   string
}
