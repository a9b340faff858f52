package expression

import (
	"cmp"
	"math"
	"slices"
)

// span is the numbers from low to high. An open end is not among them; an
// infinite one is no bound.
type span struct {
	low, high         float64
	openLow, openHigh bool
}

// maxSpans is how many spans a set is kept in. Beyond it the set is made one
// span around all of them.
const maxSpans = 64

// line is every number.
func line() []span { return []span{{low: math.Inf(-1), high: math.Inf(1)}} }

func point(x float64) span { return span{low: x, high: x} }

// empty reports whether no number is in the span.
func (s span) empty() bool {
	return s.low > s.high || s.low == s.high && (s.openLow || s.openHigh)
}

// meet is the numbers in both spans.
func (s span) meet(t span) span {
	both := s
	if t.low > both.low || t.low == both.low && t.openLow {
		both.low, both.openLow = t.low, t.openLow
	}
	if t.high < both.high || t.high == both.high && t.openHigh {
		both.high, both.openHigh = t.high, t.openHigh
	}
	return both
}

// meetSpans is the numbers in both sets.
func meetSpans(a, b []span) []span {
	var both []span
	for _, s := range a {
		for _, t := range b {
			if m := s.meet(t); !m.empty() {
				both = append(both, m)
			}
		}
	}
	return joinSpans(both, nil)
}

// joinSpans is the numbers in either set: spans in order, apart from each other.
func joinSpans(a, b []span) []span {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(s, t span) int {
		return cmp.Or(cmp.Compare(s.low, t.low), compareFlags(s.openLow, t.openLow))
	})
	var joined []span
	for _, s := range all {
		last := len(joined) - 1
		if last < 0 || apart(joined[last], s) {
			joined = append(joined, s)
			continue
		}
		if s.high > joined[last].high || s.high == joined[last].high && !s.openHigh {
			joined[last].high, joined[last].openHigh = s.high, s.openHigh
		}
	}
	if len(joined) > maxSpans {
		return []span{hull(joined)}
	}
	return joined
}

// apart reports whether something lies between a span and one that begins no
// earlier.
func apart(s, t span) bool {
	return s.high < t.low || s.high == t.low && s.openHigh && t.openLow
}

func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// hull is the smallest span around a set that is not empty.
func hull(set []span) span {
	first, last := set[0], set[len(set)-1]
	return span{low: first.low, high: last.high, openLow: first.openLow, openHigh: last.openHigh}
}

// around is every number but one.
func around(x float64) []span {
	return []span{{low: math.Inf(-1), high: x, openHigh: true}, {low: x, high: math.Inf(1), openLow: true}}
}

// related is the numbers that stand in a relation (<, <=, >, >=) to some number
// of a set.
func related(op string, set []span) []span {
	if len(set) == 0 {
		return nil
	}
	whole := hull(set)
	switch op {
	case "<":
		return []span{{low: math.Inf(-1), high: whole.high, openHigh: true}}
	case "<=":
		return []span{{low: math.Inf(-1), high: whole.high, openHigh: whole.openHigh}}
	case ">":
		return []span{{low: whole.low, high: math.Inf(1), openLow: true}}
	}
	return []span{{low: whole.low, high: math.Inf(1), openLow: whole.openLow}}
}

// opposite is the relation that holds between two numbers when op does not, and
// turned the one that holds when they change sides.
var (
	opposite = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
	turned   = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}
)

// wholeOnly leaves out what lies between whole numbers.
func wholeOnly(set []span) []span {
	var kept []span
	for _, s := range set {
		if low := math.Ceil(s.low); low != s.low || s.openLow && !math.IsInf(low, 0) {
			if low == s.low {
				low++
			}
			s.low, s.openLow = low, false
		}
		if high := math.Floor(s.high); high != s.high || s.openHigh && !math.IsInf(high, 0) {
			if high == s.high {
				high--
			}
			s.high, s.openHigh = high, false
		}
		if !s.empty() {
			kept = append(kept, s)
		}
	}
	return kept
}

// combined is where the result of an operation on two numbers lies. It grows or
// falls evenly with each of them, so its bounds are among those of the corners;
// floats are rounded evenly too. Open ends are taken as closed.
func combined(op string, a, b []span) []span {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	left, right := hull(a), hull(b)
	if op == "%" || op == "/" && right.low <= 0 && right.high >= 0 {
		return line()
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range []float64{left.low, left.high} {
		for _, y := range []float64{right.low, right.high} {
			result := calculate(op, x, y)
			if math.IsNaN(result) { // infinity less itself, or times zero
				return line()
			}
			low, high = min(low, result), max(high, result)
		}
	}
	return []span{{low: low, high: high}}
}

func calculate(op string, x, y float64) float64 {
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	}
	return x / y
}
