package expressiontest

import (
	"fmt"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// Conditions generates sources that compile in Scope without a mistake.
func Conditions() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return writer{t}.condition(3) }).Filter(short)
}

// short leaves room below the limits of an expression.
func short(source string) bool { return len(source) <= 3000 }

// Values generates sources of one value each: numbers, texts and times.
func Values() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		w := writer{t}
		return w.draw(func() string { return w.number(2) }, func() string { return w.text(2) }, func() string { return w.time(2) })
	}).Filter(short)
}

// writer draws sources, no deeper than it is told.
type writer struct{ t *rapid.T }

// draw takes one of several ways on.
func (w writer) draw(ways ...func() string) string {
	return ways[rapid.IntRange(0, len(ways)-1).Draw(w.t, "way")]()
}

func (w writer) pick(label string, words []string) string {
	return rapid.SampledFrom(words).Draw(w.t, label)
}

func (w writer) condition(depth int) string {
	if depth == 0 {
		return w.comparison(0)
	}
	part := func() string { return w.condition(depth - 1) }
	return w.draw(
		func() string { return w.comparison(depth - 1) },
		func() string { return w.comparison(depth - 1) },
		w.fact,
		func() string { return "(" + part() + " and " + part() + ")" },
		func() string { return "(" + part() + " or " + part() + ")" },
		func() string { return "not (" + part() + ")" },
		func() string { return "(" + part() + " ? " + part() + " : " + part() + ")" },
		func() string {
			return "(" + part() + ")" + w.pick("equality", []string{" == ", " != "}) + "(" + part() + ")"
		},
	)
}

// comparison compares values.
func (w writer) comparison(depth int) string {
	return w.draw(
		func() string { return w.number(depth) + w.order() + w.number(depth) },
		func() string { return w.text(depth) + w.order() + w.text(depth) },
		func() string { return w.time(depth) + w.order() + w.time(depth) },
		func() string { return w.time(depth) + w.order() + strconv.Quote(w.pick("date", dates)) },
		func() string { return w.closed() },
		func() string { return w.membership(depth) },
		func() string { return w.within(depth) },
		func() string { return w.known(depth) },
	)
}

func (w writer) order() string {
	return w.pick("order", []string{" == ", " != ", " < ", " <= ", " > ", " >= "})
}

// fact is a condition without operands.
func (w writer) fact() string {
	channel := strconv.Quote(w.pick("channel", []string{"email", "sms", "call", "push"}))
	return w.draw(
		func() string { return "reachable(" + channel + ")" },
		func() string {
			return "consent(" + strconv.Quote(w.pick("topic", []string{"service", "marketing"})) + ", " + channel + ")"
		},
		func() string {
			return "in_segment(" + strconv.Quote(w.pick("segment", []string{"buyers", "gold-buyers", "regulars"})) + ")"
		},
		func() string { return "traits.club" },
		func() string {
			return "traits.club" + w.pick("equality", []string{" == ", " != "}) + w.pick("bool", []string{"true", "false", "nil"})
		},
		func() string { return w.pick("bool", []string{"true", "false"}) },
	)
}

// closed compares a field that has a closed list of values.
func (w writer) closed() string {
	return w.draw(
		func() string {
			return "nps.group == " + strconv.Quote(w.pick("group", []string{"promoter", "passive", "detractor"}))
		},
		func() string {
			return "pyramid" + w.pick("in", []string{" in ", " not in "}) + list(rapid.SliceOfN(rapid.SampledFrom(pyramids), 1, 3).Draw(w.t, "pyramid"))
		},
	)
}

// membership asks whether a value is in a list.
func (w writer) membership(depth int) string {
	in := w.pick("in", []string{" in ", " not in "})
	return w.draw(
		func() string {
			return w.text(depth) + in + list(rapid.SliceOfN(rapid.SampledFrom(words), 1, 3).Draw(w.t, "words"))
		},
		func() string {
			return w.number(depth) + in + "[" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(numbers), 1, 3).Draw(w.t, "numbers"), ", ") + "]"
		},
		func() string {
			return w.time(depth) + in + list(rapid.SliceOfN(rapid.SampledFrom(dates), 1, 3).Draw(w.t, "dates"))
		},
		func() string { return w.text(depth) + in + "tags" },
		func() string { return "tags contains " + w.text(depth) },
	)
}

// within looks inside a text.
func (w writer) within(depth int) string {
	return w.draw(
		func() string {
			return w.text(depth) + w.pick("inside", []string{" contains ", " not contains ", " startsWith ", " endsWith "}) + w.draw(w.word, w.textField)
		},
		func() string { return w.text(depth) + " matches " + strconv.Quote(w.pick("pattern", patterns)) },
	)
}

// known asks whether a value is known.
func (w writer) known(depth int) string {
	value := w.draw(func() string { return w.number(depth) }, func() string { return w.text(depth) }, func() string { return w.time(depth) })
	return value + w.pick("equality", []string{" == nil", " != nil"})
}

func (w writer) number(depth int) string {
	leaf := func() string {
		return w.draw(
			func() string { return w.pick("number", numbers) },
			func() string { return w.pick("number field", numberFields) },
			w.did,
			func() string {
				return w.pick("since", []string{"days_since", "hours_since", "days_to_anniversary"}) + "(" + w.time(0) + ")"
			},
		)
	}
	if depth == 0 {
		return leaf()
	}
	part := func() string { return w.number(depth - 1) }
	return w.draw(leaf, leaf,
		func() string {
			return "(" + part() + w.pick("arithmetic", []string{" + ", " - ", " * ", " / "}) + part() + ")"
		},
		func() string { return "(" + w.whole() + " % " + w.whole() + ")" },
		func() string { return "(- " + part() + ")" },
		func() string { return "(" + w.condition(depth-1) + " ? " + part() + " : " + part() + ")" },
		func() string { return "(" + w.condition(depth-1) + " ? " + part() + " : nil)" },
	)
}

// whole is a whole number, for %.
func (w writer) whole() string {
	return w.draw(
		func() string { return w.pick("whole field", wholeFields) },
		func() string { return "(" + w.pick("whole field", wholeFields) + " - 7)" },
		func() string { return strconv.Itoa(rapid.IntRange(0, 5).Draw(w.t, "whole")) },
		w.did,
	)
}

func (w writer) did() string {
	event := strconv.Quote(w.pick("event", eventNames))
	return w.draw(
		func() string { return "did(" + event + ")" },
		func() string {
			return fmt.Sprintf("did(%s, %q)", event, w.pick("duration", []string{"90d", "1w", "36h", "1d12h"}))
		},
		func() string { return fmt.Sprintf(`did(%s, "2026-01-01", %q)`, event, w.pick("until", dates[2:])) },
	)
}

func (w writer) text(depth int) string {
	if depth == 0 {
		return w.draw(w.word, w.textField, w.textField)
	}
	return w.draw(w.word, w.textField, w.textField, func() string {
		return "(" + w.condition(depth-1) + " ? " + w.text(depth-1) + " : " + w.text(depth-1) + ")"
	})
}

func (w writer) word() string { return strconv.Quote(w.pick("word", words)) }

func (w writer) textField() string { return w.pick("text field", textFields) }

func (w writer) time(depth int) string {
	field := func() string { return w.pick("time field", timeFields) }
	if depth == 0 {
		return field()
	}
	return w.draw(field, field, func() string { return "now()" }, func() string {
		return "(" + w.condition(depth-1) + " ? " + w.time(depth-1) + " : " + strconv.Quote(w.pick("date", dates)) + ")"
	})
}

func list(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
