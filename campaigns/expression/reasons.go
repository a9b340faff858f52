package expression

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// conflict says that a term cannot be what is asked for.
func conflict(n node, had, asked domain) string {
	name := title(n)
	switch {
	case name == "":
		return ""
	case had.empty():
		return name + " cannot be what is asked for"
	case !had.texts.others && len(had.texts.words) > mostListed:
		return name + " is never " + asked.words(n.kind())
	}
	return fmt.Sprintf("%s is %s, and %s is asked for", name, had.words(n.kind()), asked.words(n.kind()))
}

// otherwiseConflict says that a term cannot be anything but what it must not be.
func otherwiseConflict(n node, had, refused domain) string {
	name := title(n)
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%s is %s, and anything but %s is asked for", name, had.words(n.kind()), refused.words(n.kind()))
}

func flagConflict(n node, holds bool) string {
	name := title(n)
	switch {
	case name == "":
		return ""
	case holds:
		return name + " does not hold, and is asked for"
	}
	return name + " holds, and the opposite is asked for"
}

// title is how a term is called in a sentence; "" where it has no short name.
func title(n node) string {
	switch n := n.(type) {
	case consented, reachable:
		return term(n)
	case named:
		return n.name()
	case happened:
		return "did(" + strconv.Quote(n.count.Event) + ", …)"
	case elapsed:
		period := "hours_since"
		if n.period == day {
			period = "days_since"
		}
		return called(period, n.since)
	case anniversary:
		return called("days_to_anniversary", n.of)
	case arithmetic: // money in major units
		if f, isField := n.left.(fieldValue); isField && f.money {
			return f.name()
		}
	}
	return ""
}

func called(function string, of node) string {
	if name := title(of); name != "" {
		return function + "(" + name + ")"
	}
	return ""
}

// words says what a domain holds: "1 to 5", "more than 3 or not known".
func (d domain) words(t Type) string {
	var parts []string
	for _, s := range d.numbers {
		parts = append(parts, s.words(t))
	}
	switch {
	case d.texts.others && len(d.texts.words) == 0:
		parts = append(parts, "any text")
	case d.texts.others:
		parts = append(parts, "anything but "+listed(d.texts.words))
	case len(d.texts.words) > 0:
		parts = append(parts, listed(d.texts.words))
	}
	for _, flag := range []struct {
		there bool
		word  string
	}{{d.yes, "true"}, {d.no, "false"}, {d.rest, "something else"}, {d.unknown, "not known"}} {
		if flag.there {
			parts = append(parts, flag.word)
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, " or ")
}

// mostListed is how many texts a sentence lists.
const mostListed = 4

func listed(words []string) string {
	quoted := make([]string, 0, mostListed+1)
	for _, w := range words[:min(mostListed, len(words))] {
		quoted = append(quoted, strconv.Quote(w))
	}
	if len(words) > mostListed {
		quoted = append(quoted, "…")
	}
	return strings.Join(quoted, ", ")
}

func (s span) words(t Type) string {
	low, high := figure(s.low, t), figure(s.high, t)
	above, below := "at least ", "at most "
	if s.openLow {
		above = "more than "
	}
	if s.openHigh {
		below = "less than "
	}
	switch {
	case math.IsInf(s.low, -1) && math.IsInf(s.high, 1):
		return "any " + map[bool]string{true: "time", false: "number"}[t == Time]
	case math.IsInf(s.low, -1):
		return below + high
	case math.IsInf(s.high, 1):
		return above + low
	case s.low == s.high:
		return low
	case !s.openLow && !s.openHigh:
		return low + " to " + high
	}
	return above + low + " and " + below + high
}

func figure(x float64, t Type) string {
	if t != Time || math.IsInf(x, 0) {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	at := time.UnixMilli(int64(x)).UTC()
	if at.Equal(at.Truncate(day)) {
		return at.Format(time.DateOnly)
	}
	return at.Format("2006-01-02 15:04")
}
