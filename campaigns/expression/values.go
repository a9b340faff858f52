package expression

import (
	"encoding/json"
	"math"
	"time"
)

// What a number may be; beyond it is not known. The limits keep every sum and
// product the checker lets through inside the range of floats, where
// PostgreSQL would refuse the whole statement and SQLite give infinity.
const (
	largest  = 1e15
	smallest = 1e-15
)

// number is a known number, or nil when it is out of range.
func number(x float64) any {
	if a := math.Abs(x); a == 0 || a >= smallest && a <= largest {
		return x
	}
	return nil
}

// word is a known text, or nil when it is empty.
func word(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// instant is a known time in UTC to the millisecond, as databases hold it, or
// nil when it is zero.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// anything reads a value whose type nobody declared: a property of an event,
// decoded from JSON or set by a program. What is no value of the language is
// not known.
func anything(v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return word(v)
	case time.Time:
		return instant(v)
	case []string:
		return v
	case []any:
		return texts(v)
	}
	if x, ok := asFloat(v); ok {
		return number(x)
	}
	return nil
}

// texts keeps the texts of a list.
func texts(list []any) []string {
	kept := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			kept = append(kept, s)
		}
	}
	return kept
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case json.Number:
		x, err := v.Float64()
		return x, err == nil
	}
	return 0, false
}

// realSQL is the column x as a number in range, as number is for memory.
func realSQL(x string) string {
	return "CASE WHEN " + x + " BETWEEN 1e-15 AND 1e15 OR " + x + " BETWEEN -1e15 AND -1e-15 OR " + x + " = 0 THEN CAST(" + x + " AS {real}) END"
}
