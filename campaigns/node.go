package campaigns

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"rapport/campaigns/spelling"
)

// node is a cursor on one value of a YAML file. Its methods read the value as
// what the language wants there; a value of another shape is reported and read
// as nothing, so that reading goes on and finds the next mistake. Reading an
// absent value gives nothing and is no mistake.
type node struct {
	src          *source
	value        ast.Node
	label        string // what messages call it: its key in quotes
	line, column int
}

// kind is the shape of a value.
type kind int

const (
	notThere kind = iota
	aRefusal      // reported already, see source.refuse
	aBlank        // a key with nothing after it, null or ~
	aFlag
	aNumber
	aText
	aList
	aMap
)

func (s *source) node(value ast.Node, label string) node {
	n := node{src: s, value: value, label: label, line: 1, column: 1}
	switch v := value.(type) {
	case nil:
		return n
	case *ast.MappingNode:
		n.line, n.column = s.place(mappingStart(v))
	default:
		n.line, n.column = s.place(value.GetToken())
	}
	return n
}

// mappingStart is the brace, or the first key, of a map; the parser itself
// points to the first colon.
func mappingStart(m *ast.MappingNode) *token.Token {
	if m.IsFlowStyle || len(m.Values) == 0 {
		return m.Start
	}
	return m.Values[0].Key.GetToken()
}

func (n node) kind() kind {
	switch n.value.(type) {
	case nil, *ast.CommentGroupNode:
		return notThere
	case *ast.NullNode:
		return aBlank
	case *ast.BoolNode:
		return aFlag
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return aNumber
	case *ast.StringNode, *ast.LiteralNode:
		return aText
	case *ast.SequenceNode:
		return aList
	case *ast.MappingNode:
		return aMap
	}
	return aRefusal
}

// present reports whether there is a value to read.
func (n node) present() bool { return n.kind() != notThere }

// problem reports a mistake at the value.
func (n node) problem(message, mend string) {
	n.src.problem(n.line, n.column, message, mend)
}

// report reports what a parser of small values found, if anything. Curly quotes are
// letters to YAML, and the mistake where they stand around a value.
func (n node) report(m *mistake) {
	switch {
	case m == nil:
	case curlyQuoted(n.raw()):
		n.problem(n.label+" stands in curly quotes, which YAML takes for a part of it", `write straight quotes: "…"`)
	default:
		n.problem(m.message, m.mend)
	}
}

func curlyQuoted(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	return spelling.IsCurlyQuote(first) && spelling.IsCurlyQuote(last)
}

// raw is a scalar as it is written: 010 stays "010". Quotes and escapes are
// resolved.
func (n node) raw() string {
	switch v := n.value.(type) {
	case *ast.LiteralNode:
		return v.Value.Value
	case *ast.StringNode:
		return v.Value
	case ast.ScalarNode:
		return v.GetToken().Value
	}
	return ""
}

// meaning is the value in one line, whatever its layout, its comments and the
// order of its keys.
func (n node) meaning() string {
	var parts []string
	switch v := n.value.(type) {
	case *ast.MappingNode:
		for _, entry := range v.Values {
			parts = append(parts, quote(entry.Key.GetToken().Value)+": "+n.src.node(entry.Value, "").meaning())
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	case *ast.SequenceNode:
		for _, item := range v.Values {
			parts = append(parts, n.src.node(item, "").meaning())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if n.kind() == aText {
		return quote(n.raw())
	}
	return n.raw()
}

// what names the value in a message.
func (n node) what() string {
	switch n.value.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode:
		return "a map"
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return n.raw()
	}
	return "the text " + quote(n.raw())
}

// is reports whether the value has one of the shapes wanted, and tells the
// writer when it has another. want completes the mend: "a duration such as 24h".
func (n node) is(want string, shapes ...kind) bool {
	have := n.kind()
	if have == notThere || have == aRefusal {
		return false
	}
	for _, shape := range shapes {
		if have == shape {
			return true
		}
	}
	if have == aBlank {
		n.problem(n.label+" has no value", "write "+want+" after it, or remove the key")
	} else {
		n.problem(n.label+" is "+n.what(), "write "+want)
	}
	return false
}

// text reads words. Numbers and the like must be quoted, so that nothing is
// lost from 007 or +49.
func (n node) text() string { return n.textAs("text") }

// textAs reads words that are something. want completes the mend.
func (n node) textAs(want string) string {
	if n.kind() == aFlag || n.kind() == aNumber {
		n.problem(n.label+" is "+n.what()+", which YAML does not take as text", "put it in quotes: "+strconv.Quote(n.raw()))
		return ""
	}
	if !n.is(want, aText) {
		return ""
	}
	text := strings.TrimSpace(n.raw())
	if text == "" {
		n.problem(n.label+" is empty", "write text, or remove the key")
	}
	return text
}

// identifiers name things in files, addresses of pages and the database.
var identifier = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// id reads a name that other places refer to.
func (n node) id() string {
	text := n.text()
	if text == "" {
		return ""
	}
	if len(text) > 64 {
		n.problem(n.label+" is longer than 64 characters", "choose a shorter name")
	} else if !identifier.MatchString(text) {
		n.problem(n.label+" is "+quote(text)+", which cannot be a name", "use small letters, digits and hyphens, such as "+quote(slug(text)))
	}
	return text
}

// stepID reads a name that conditions use: a hyphen in it would be a minus.
func (n node) stepID() string {
	text := n.text()
	if text != "" && !wordForm.MatchString(text) {
		n.problem(n.label+" is "+quote(text)+", which conditions cannot name", "use small letters, digits and _, such as "+quote(strings.ReplaceAll(slug(text), "-", "_")))
	}
	return text
}

var notInIdentifier = regexp.MustCompile(`[^a-z0-9]+`)

// slug is the identifier nearest to a text.
func slug(text string) string {
	name := strings.Trim(notInIdentifier.ReplaceAllString(strings.ToLower(text), "-"), "-0123456789")
	if name == "" || len(name) > 64 {
		return "order-follow-up"
	}
	return name
}

// choice reads one of a few words; absent is the first choice's fallback.
func choice[T ~string](n node, fallback T, known ...T) T {
	if !n.present() {
		return fallback
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	if !n.is("one of "+strings.Join(names, ", "), aText, aNumber, aFlag) {
		return fallback
	}
	for _, k := range known {
		if string(k) == n.raw() {
			return k
		}
	}
	n.problem(n.label+" is "+quote(n.raw()), didYouMean(n.raw(), names, ""))
	return fallback
}

// small reads a scalar with one of the parsers of small values.
func small[T any](n node, want string, parse func(string) (T, *mistake)) (value T) {
	if !n.is(want, aText, aNumber) {
		return value
	}
	value, problem := parse(strings.TrimSpace(n.raw()))
	n.report(problem)
	return value
}

// whole reads a whole number from low to high.
func (n node) whole(low, high, fallback int) int {
	if !n.present() {
		return fallback
	}
	want := fmt.Sprintf("a whole number from %d to %d", low, high)
	if !n.is(want, aNumber) {
		return fallback
	}
	value, problem := parseDecimal(n.raw())
	if problem != nil {
		n.report(problem)
		return fallback
	}
	if value != float64(int(value)) || int(value) < low || int(value) > high {
		n.problem(n.label+" is "+n.raw(), "write "+want)
		return fallback
	}
	return int(value)
}

// items reads a list.
func (n node) items(want string) []node {
	if !n.is(want, aList) {
		return nil
	}
	sequence := n.value.(*ast.SequenceNode)
	items := make([]node, len(sequence.Values))
	for i, value := range sequence.Values {
		items[i] = n.src.node(value, "an entry of "+n.label)
	}
	return items
}

// plain reads data as it is: text, numbers, flags, and lists and maps of them.
func (n node) plain() any {
	switch n.kind() {
	case aFlag:
		return n.raw() == "true"
	case aNumber:
		value, problem := parseDecimal(n.raw())
		n.report(problem)
		return value
	case aText:
		return n.raw()
	case aList:
		values := []any{}
		for _, item := range n.items("a list") {
			values = append(values, item.plain())
		}
		return values
	case aMap:
		values := map[string]any{}
		for _, pair := range n.pairs("a map") {
			values[pair.key] = pair.value.plain()
		}
		return values
	case aBlank:
		n.is("a value", aText)
	}
	return nil
}
