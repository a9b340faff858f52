package templates

import (
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/filters"
	"github.com/osteele/liquid/values"
)

// shelf collects the engine's own filters by name.
type shelf map[string]any

// AddFilter implements filters.FilterDictionary.
func (s shelf) AddFilter(name string, fn any) { s[name] = fn }

// addArithmetic replaces the filters that calculate with fractions. Numbers
// from JSON are all fractions: the engine's divided_by would cut 49.5 to 49
// first, and its minus make 7.8999999999999995 of 10.1 and 2.2.
func addArithmetic(engine *liquid.Engine) {
	standard := shelf{}
	filters.AddStandardFilters(standard)
	for _, name := range []string{"plus", "minus", "times"} {
		calculate := standard[name].(func(a, b any) any)
		engine.RegisterFilter(name, func(a, b any) any { return tidy(calculate(a, b)) })
	}
	engine.RegisterFilter("modulo", func(a, b float64) any { return tidy(math.Mod(a, b)) })
	engine.RegisterFilter("divided_by", dividedBy)
}

// flat is a list without lists in it.
func flat(list []any) []any {
	var out []any
	for _, item := range list {
		if inner, ok := item.([]any); ok {
			out = append(out, flat(inner)...)
		} else {
			out = append(out, item)
		}
	}
	return out
}

// tidy drops the digits of a fraction that only binary arithmetic has put
// there.
func tidy(v any) any {
	f, ok := v.(float64)
	if !ok {
		return v
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 12, 64), 64)
	if err != nil {
		return v
	}
	return rounded
}

// dividedBy divides whole numbers without a rest and fractions with one.
func dividedBy(a, b any) (any, error) {
	n, okA := integer(a)
	m, okB := integer(b)
	if okA && okB {
		if m == 0 {
			return nil, errDivision
		}
		return n / m, nil
	}
	x, errA := fraction(a)
	y, errB := fraction(b)
	if errA != nil || errB != nil {
		return nil, errNotNumber
	}
	if y == 0 {
		return nil, errDivision
	}
	return tidy(x / y), nil
}

func fraction(v any) (float64, error) {
	switch n := v.(type) {
	case float64:
		return n, nil
	case string:
		return strconv.ParseFloat(n, 64)
	}
	n, ok := integer(v)
	if !ok {
		return 0, errNotNumber
	}
	return float64(n), nil
}

func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// dateFilter is the engine's date, without its view of the clock and without
// widths in formats, which could ask for gigabytes of padding. A number is a
// Unix time in seconds, shown in UTC.
func dateFilter() any {
	standard := shelf{}
	filters.AddStandardFilters(standard)
	format := standard["date"].(func(time.Time, func(string) string) (string, error))
	return func(v any, layout func(string) string) (string, error) {
		if longWidth.MatchString(layout("")) {
			return "", errDateFormat
		}
		t, err := asTime(v)
		if err != nil {
			return "", err
		}
		return format(t, layout)
	}
}

var longWidth = regexp.MustCompile(`%[^A-Za-z%]*[0-9]{3}`)

func asTime(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case int:
		return time.Unix(int64(v), 0).UTC(), nil
	case int64:
		return time.Unix(v, 0).UTC(), nil
	case float64:
		return time.Unix(int64(v), 0).UTC(), nil
	case string:
		if v == "now" || v == "today" {
			return time.Time{}, errNow
		}
		if seconds, err := strconv.ParseInt(v, 10, 64); err == nil {
			return time.Unix(seconds, 0).UTC(), nil
		}
		if t, err := values.ParseDate(v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errNotDate
}
