package templates

import (
	"net/url"
	"strconv"
	"strings"
)

// hole is a value that is looked up, passes a few filters and is written. Values
// that are more than text and numbers are left to the engine.
type hole struct {
	path    []string
	filters []holeFilter
	engine  span
}

// holeFilter is a filter that a hole applies itself, with its argument.
type holeFilter struct{ name, argument string }

// holeFilters are the filters of holes, and whether they take an argument.
var holeFilters = map[string]bool{
	filterRequired: true, "default": true, filterShown: false, filterURL: false, "url_encode": false,
}

// holeOf reads an output: a *hole, a *fixed where it is a text in quotes, nil where
// it asks more.
func holeOf(code string, kind engineKind) part {
	words, failed := lex(code)
	if failed != nil {
		return nil
	}
	if len(words) == 2 && words[0].kind == lexText && plainly(code, words[0]) {
		return &fixed{text: escaped(words[0].text, kind)}
	}
	h := &hole{}
	rest, ok := h.read(code, words)
	if !ok || rest[0].kind != lexEnd {
		return nil
	}
	return h
}

// read takes a value and its filters off the words, and gives those behind them.
func (h *hole) read(code string, words []lexeme) (rest []lexeme, ok bool) {
	if is(words[0], "(") {
		if words, ok = h.read(code, words[1:]); !ok || !is(words[0], ")") {
			return nil, false
		}
		words = words[1:]
	} else if h.path, words = pathIn(words); h.path == nil {
		return nil, false
	}
	for is(words[0], "|") {
		name := words[1]
		takes, known := holeFilters[name.text]
		if !known || takes != (name.kind == lexKeyword) {
			return nil, false
		}
		f := holeFilter{name: name.text}
		words = words[2:]
		if takes {
			if words[0].kind != lexText || !plainly(code, words[0]) || is(words[1], ",") {
				return nil, false
			}
			f.argument, words = words[0].text, words[1:]
		}
		h.filters = append(h.filters, f)
	}
	return words, true
}

func is(word lexeme, sign string) bool { return word.kind == lexSign && word.text == sign }

// plainly reports whether a text in quotes says what it looks like.
func plainly(code string, word lexeme) bool {
	return code[word.start] == '\'' || !strings.Contains(word.text, `\`)
}

// pathOf reads a condition that is a path and no more; nil where it is not.
func pathOf(code string) []string {
	words, failed := lex(code)
	if failed != nil {
		return nil
	}
	path, rest := pathIn(words)
	if path == nil || rest[0].kind != lexEnd {
		return nil
	}
	return path
}

// pathIn reads a path such as customer.first_name. What lists and texts know of
// themselves is the engine's to say.
func pathIn(words []lexeme) (path []string, rest []lexeme) {
	if words[0].kind != lexName {
		return nil, nil
	}
	path = append(path, words[0].text)
	for words = words[1:]; words[0].kind == lexProperty; words = words[1:] {
		switch words[0].text {
		case "size", "first", "last":
			return nil, nil
		}
		path = append(path, words[0].text)
	}
	return path, words
}

// at looks a value up; known is false where the engine knows better what stands
// there.
func (b Bindings) at(path []string) (value any, known bool) {
	value = b[path[0]]
	for _, name := range path[1:] {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[name]
		case nil:
			return nil, true
		default:
			return nil, false
		}
	}
	return value, true
}

func (h *hole) write(r *run) error {
	value, known := r.values.at(h.path)
	if !known {
		return h.engine.write(r)
	}
	for _, f := range h.filters {
		text, isText := value.(string)
		switch f.name {
		case filterRequired:
			if value == nil || isText && text == "" {
				return &MissingField{f.argument}
			}
		case "default":
			if value == nil || value == false || isText && text == "" {
				value = f.argument
			}
		case filterURL:
			if isText && !safeURL(text) {
				return errScheme
			}
		case "url_encode":
			if !isText {
				return h.engine.write(r)
			}
			encoded, err := within(url.QueryEscape(text))
			if err != nil {
				return err
			}
			value = encoded
		}
	}
	switch value := value.(type) {
	case nil:
		return r.write("")
	case string:
		return r.write(escaped(value, r.kind))
	case int:
		return r.write(strconv.Itoa(value))
	case int64:
		return r.write(strconv.FormatInt(value, 10))
	case float64:
		return r.write(strconv.FormatFloat(value, 'f', -1, 64))
	}
	return h.engine.write(r)
}

// escaped is a text as a program of a kind writes it.
func escaped(text string, kind engineKind) string {
	if escaper := escapers[kind]; escaper != nil {
		return escaper.Replace(text)
	}
	return text
}
