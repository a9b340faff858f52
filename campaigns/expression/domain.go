package expression

import (
	"math"
	"time"
)

// domain is what a value may be. It may hold more than the value can be, and
// never less.
type domain struct {
	unknown bool
	numbers []span // and times, in milliseconds
	texts   textSet
	yes, no bool
	// rest is what is not told apart here: lists, and the times that an event
	// may carry.
	rest bool
}

// everything is what a value of a type may be.
func everything(t Type) domain {
	d := domain{unknown: true}
	switch t {
	case Bool:
		d.yes, d.no = true, true
	case Number, Time:
		d.numbers = line()
	case String:
		d.texts.others = true
	case List:
		d.rest = true
	case Any:
		d.numbers, d.texts.others, d.yes, d.no, d.rest = line(), true, true, true, true
	}
	return d
}

// only is the one value of a literal.
func only(value any) domain {
	switch v := value.(type) {
	case bool:
		return domain{yes: v, no: !v}
	case float64:
		return domain{numbers: []span{point(v)}}
	case string:
		return domain{texts: textSet{words: []string{v}}}
	case time.Time:
		return domain{numbers: []span{point(float64(v.UnixMilli()))}}
	}
	return domain{unknown: true}
}

// anyOf is one of some known literals.
func anyOf(values []literal) (d domain) {
	for _, l := range values {
		one := only(l.value)
		d.numbers = append(d.numbers, one.numbers...)
		d.texts.words = append(d.texts.words, one.texts.words...)
		d.yes, d.no = d.yes || one.yes, d.no || one.no
	}
	d.numbers, d.texts.words = joinSpans(d.numbers, nil), united(d.texts.words, nil)
	return d
}

// atLeast is the known numbers from low on.
func atLeast(low float64) domain {
	return domain{numbers: []span{{low: low, high: math.Inf(1)}}}
}

// between is a number from low to high, or not known.
func between(low, high float64) domain {
	return domain{unknown: true, numbers: []span{{low: low, high: high}}}
}

// among is one of some texts, or not known.
func among(words []string) domain {
	return domain{unknown: true, texts: textSet{words: united(words, nil)}}
}

func (d domain) empty() bool {
	return !d.unknown && len(d.numbers) == 0 && d.texts.empty() && !d.yes && !d.no && !d.rest
}

func (d domain) meet(e domain) domain {
	return domain{
		unknown: d.unknown && e.unknown, numbers: meetSpans(d.numbers, e.numbers), texts: d.texts.meet(e.texts),
		yes: d.yes && e.yes, no: d.no && e.no, rest: d.rest && e.rest,
	}
}

func (d domain) join(e domain) domain {
	return domain{
		unknown: d.unknown || e.unknown, numbers: joinSpans(d.numbers, e.numbers), texts: d.texts.join(e.texts),
		yes: d.yes || e.yes, no: d.no || e.no, rest: d.rest || e.rest,
	}
}

// without takes out what e is, where that is one value.
func (d domain) without(e domain) domain {
	values := 0
	for _, there := range []bool{e.unknown, e.yes, e.no, len(e.numbers) > 0, !e.texts.empty(), e.rest} {
		if there {
			values++
		}
	}
	switch {
	case values != 1:
	case e.unknown:
		d.unknown = false
	case e.yes:
		d.yes = false
	case e.no:
		d.no = false
	case len(e.numbers) == 1 && e.numbers[0].low == e.numbers[0].high:
		d.numbers = meetSpans(d.numbers, around(e.numbers[0].low))
	case !e.texts.others && len(e.texts.words) == 1:
		d.texts = d.texts.meet(textSet{words: e.texts.words, others: true})
	}
	return d
}

// known is the domain without what is not known.
func (d domain) known() domain {
	d.unknown = false
	return d
}

// numeric reports whether the value is a number or a time, if it is known.
func (d domain) numeric() bool { return d.texts.empty() && !d.yes && !d.no && !d.rest }
