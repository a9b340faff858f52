package templates

import (
	"errors"
	"fmt"
	"html"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/values"
)

// usage is how many values a filter takes besides its input.
type usage struct {
	least, most int
	example     string
	// final says that nothing may be applied to its result in HTML.
	final bool
}

// allowedFilters are all the filters a template may use. Left out of the
// engine's own are those that show Go's insides (inspect, type), evaluate
// strings, or let lists grow.
var allowedFilters = map[string]usage{
	"abs": {}, "capitalize": {}, "ceil": {}, "compact": {}, "downcase": {}, "escape": {}, "escape_once": {},
	"first": {}, "floor": {}, "handleize": {}, "last": {}, "lstrip": {}, "reverse": {}, "rstrip": {}, "size": {},
	"strip": {}, "strip_html": {}, "strip_newlines": {}, "uniq": {}, "upcase": {}, "url_decode": {}, "url_encode": {},
	"newline_to_br": {final: true}, "raw": {final: true},
	"append":        {least: 1, most: 1, example: `append: "…"`},
	"at_least":      {least: 1, most: 1, example: "at_least: 1"},
	"at_most":       {least: 1, most: 1, example: "at_most: 10"},
	"date":          {least: 1, most: 1, example: `date: "%d.%m.%Y"`},
	"default":       {least: 1, most: 1, example: `default: "…"`},
	"divided_by":    {least: 1, most: 1, example: "divided_by: 2"},
	"join":          {most: 1, example: `join: ", "`},
	"map":           {least: 1, most: 1, example: `map: "name"`},
	"minus":         {least: 1, most: 1, example: "minus: 1"},
	"modulo":        {least: 1, most: 1, example: "modulo: 2"},
	"pluralize":     {least: 2, most: 2, example: `pluralize: "item", "items"`},
	"plus":          {least: 1, most: 1, example: "plus: 1"},
	"prepend":       {least: 1, most: 1, example: `prepend: "…"`},
	"remove":        {least: 1, most: 1, example: `remove: "…"`},
	"remove_first":  {least: 1, most: 1, example: `remove_first: "…"`},
	"remove_last":   {least: 1, most: 1, example: `remove_last: "…"`},
	"replace":       {least: 2, most: 2, example: `replace: "a", "b"`},
	"replace_first": {least: 2, most: 2, example: `replace_first: "a", "b"`},
	"replace_last":  {least: 2, most: 2, example: `replace_last: "a", "b"`},
	"round":         {most: 1, example: "round: 2"},
	"slice":         {least: 1, most: 2, example: "slice: 0, 3"},
	"sort":          {most: 1, example: `sort: "name"`},
	"sort_natural":  {most: 1, example: `sort_natural: "name"`},
	"split":         {least: 1, most: 1, example: `split: ","`},
	"sum":           {most: 1, example: `sum: "price"`},
	"times":         {least: 1, most: 1, example: "times: 2"},
	"truncate":      {most: 2, example: `truncate: 40, "…"`},
	"truncatewords": {most: 2, example: `truncatewords: 10, "…"`},
	"where":         {least: 1, most: 2, example: `where: "kind", "gift"`},
}

// Filters lists the filters a template may use, in alphabetical order.
func Filters() []string { return slices.Sorted(maps.Keys(allowedFilters)) }

// meansDefault reports whether a filter is default, or is misspelt and was to be: that
// is told, and not that a value is missing too.
func meansDefault(name string) bool {
	_, known := allowedFilters[name]
	return name == "default" || !known && nearest(name, Filters()) == "default"
}

// Filters the checker writes into templates; nobody else can.
const (
	filterRequired = "required"    // its input must have a value
	filterWhole    = "whole"       // a whole number becomes an integer
	filterURL      = "checked_url" // its input begins a URL
	filterList     = "listed"      // what a loop goes over
	filterShown    = "shown"       // its input can be written out
	filterAsk      = "asked_"      // and blank or empty: whether its input is that
)

var (
	errTooLong    = fmt.Errorf("a text of more than %d bytes", maxValue)
	errScheme     = errors.New("a link that is none of http, https, mailto, tel, sms")
	errNow        = errors.New("the present moment is not known to a template; bind it as a value")
	errNotWhole   = errors.New("not a whole number")
	errDateFormat = errors.New("a date format with a width")
	errNotDate    = errors.New("not a date")
	errNotNumber  = errors.New("not a number")
	errObject     = errors.New("a value with parts of its own; name one of them")
	errDivision   = errors.New("a division by zero")
)

// addFilters replaces those of the engine's filters that could grow without
// bound, read the clock or escape twice, and adds ours.
func addFilters(engine *liquid.Engine, kind engineKind) {
	engine.RegisterFilter(filterRequired, required)
	engine.RegisterFilter(filterWhole, whole)
	engine.RegisterFilter(filterURL, checkedURL)
	engine.RegisterFilter("append", func(s, suffix string) (string, error) { return bounded(s, suffix) })
	engine.RegisterFilter("prepend", func(s, prefix string) (string, error) { return bounded(prefix, s) })
	engine.RegisterFilter("replace", func(s, from, to string) (string, error) { return replace(s, from, to, -1) })
	engine.RegisterFilter("replace_first", func(s, from, to string) (string, error) { return replace(s, from, to, 1) })
	addArithmetic(engine)
	addLists(engine)
	engine.RegisterFilter("date", dateFilter())
	engine.RegisterFilter("url_encode", func(s string) (string, error) { return within(url.QueryEscape(s)) })
	engine.RegisterFilter("url_decode", func(s string) (string, error) { return url.QueryUnescape(s) })
	engine.RegisterFilter("strip_html", func(s string) string { return markup.ReplaceAllString(unread.ReplaceAllString(s, ""), "") })
	engine.RegisterFilter("strip_newlines", strings.NewReplacer("\r\n", "", "\n", "").Replace)
	engine.RegisterFilter("escape", func(s string) string { return s })
	engine.RegisterFilter("escape_once", html.UnescapeString)
	engine.RegisterFilter("raw", func(v any) any { return v })
	switch kind {
	case plainText:
		engine.RegisterFilter("newline_to_br", func(s string) string { return s })
		engine.RegisterFilter("escape_once", func(s string) string { return s })
	case htmlText:
		engine.RegisterFilter("raw", func(v any) any { return values.SafeValue{Value: v} })
		engine.RegisterFilter("newline_to_br", func(s string) (any, error) {
			s, err := within(strings.ReplaceAll(html.EscapeString(s), "\n", "<br>"))
			return values.SafeValue{Value: s}, err
		})
	case markedText:
		engine.RegisterFilter("raw", func(s string) any { return values.SafeValue{Value: mark(s)} })
		engine.RegisterFilter("newline_to_br", func(s string) any {
			return values.SafeValue{Value: strings.ReplaceAll(escaped(s, kind), "\n", string(markBreak))}
		})
	}
}

var (
	markup = regexp.MustCompile(`<[^>]*>`)
	unread = regexp.MustCompile(`(?is)<script.*?</script>|<style.*?</style>|<!--.*?-->`)
)

// required passes a value on. Nil, the empty string and the zero time are no
// values: each would leave a hole in the message.
func required(v any, path string) (any, error) {
	switch value := v.(type) {
	case nil:
		return nil, &MissingField{path}
	case string:
		if value == "" {
			return nil, &MissingField{path}
		}
	case time.Time:
		if value.IsZero() {
			return nil, &MissingField{path}
		}
	}
	return v, nil
}

// whole turns a number without a fraction into an int, which is the only kind
// the engine counts with. Numbers from JSON are all fractions.
func whole(v any) (int, error) {
	switch n := v.(type) {
	case int:
		return n, nil
	case int64:
		return int(n), nil
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int(n), nil
		}
	}
	return 0, errNotWhole
}

// checkedURL refuses a URL that a mail client might run. A relative one is
// harmless.
func checkedURL(v any) (any, error) {
	inner := v
	if safe, ok := v.(values.SafeValue); ok {
		inner = safe.Value
	}
	if s, ok := inner.(string); ok && !safeURL(s) {
		return nil, errScheme
	}
	return v, nil
}

// safeURL reports whether a URL, or the beginning of one, is of a kind a
// message may carry.
func safeURL(s string) bool {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f { // browsers skip them inside a scheme
			return -1
		}
		return r
	}, html.UnescapeString(s))
	scheme, _, found := strings.Cut(s, ":")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "tel", "sms":
		return true
	}
	return false
}

func within(s string) (string, error) {
	if len(s) > maxValue {
		return "", errTooLong
	}
	return s, nil
}

func bounded(a, b string) (string, error) {
	if len(a)+len(b) > maxValue {
		return "", errTooLong
	}
	return a + b, nil
}

func replace(s, from, to string, n int) (string, error) {
	times := strings.Count(s, from)
	if n >= 0 {
		times = min(times, n)
	}
	if len(s)+times*(len(to)-len(from)) > maxValue {
		return "", errTooLong
	}
	return strings.Replace(s, from, to, n), nil
}

func join(list []any, separator func(string) string) (string, error) {
	between := separator(" ")
	var b strings.Builder
	for _, v := range list {
		if v == nil {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(between)
		}
		fmt.Fprint(&b, v)
		if b.Len() > maxValue {
			return "", errTooLong
		}
	}
	return b.String(), nil
}
