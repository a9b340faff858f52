package templates

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// sheet is a YAML document being read: a front matter, a call script, a
// notification.
type sheet struct {
	src   *source
	found *problems
	// unread says that the text is no YAML, so that nothing is known to be
	// missing from it.
	unread bool
}

// entry is one value of a mapping and where its key stands.
type entry struct {
	node ast.Node
	at   origin
}

// words is a piece of text in YAML and where it stands.
type words struct {
	text string
	at   origin
}

// readSheet parses text, which stands in src from its first line on. It gives
// nil when it is no mapping.
func readSheet(src *source, text string, found *problems) (s *sheet, root ast.Node) {
	s = &sheet{src: src, found: found}
	file, err := parseYAML(text)
	if err != nil {
		at, message := origin{src: src}, err.Error()
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			at, message = s.origin(syntax.Token), syntax.Message
		}
		mend := ""
		if strings.Contains(message, "mapping value is not allowed") {
			mend = "put text that holds a colon in quotes"
		}
		found.at(at, mend, "not YAML: %s", message)
		s.unread = true
		return s, nil
	}
	if len(file.Docs) > 1 {
		found.at(s.origin(file.Docs[1].Start), "one file holds one template", "a second document begins")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return s, nil
	}
	return s, file.Docs[0].Body
}

// parseYAML turns the parser's panics into errors.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the parser gave up")
		}
	}()
	if TooDense(text, maxTokens) {
		return nil, errTooMuch
	}
	tokens := lexer.Tokenize(text)
	if err := tooMuch(tokens); err != nil {
		return nil, err
	}
	return parser.Parse(tokens, 0)
}

// Bounds of the YAML of a template. The parser is recursive, and slow on what is
// long, so both are checked on the tokens, before it runs.
const (
	maxTokens  = 10_000
	maxNesting = 32
)

var errTooMuch = errors.New("there is too much of it")

func tooMuch(tokens token.Tokens) error {
	switch {
	case len(tokens) > maxTokens:
		return errTooMuch
	case TooDeep(tokens, maxNesting) != nil:
		return errors.New("it is nested too deep")
	}
	return nil
}

// TooDense reports YAML that may be cut into far more than so many tokens: each costs
// some hundred bytes, whose sum would be felt before they could be counted. What has
// the look of structure within words counts too, so three times as many are let pass.
func TooDense(text string, tokens int) bool {
	signs := 0
	for i := range len(text) {
		switch text[i] {
		case '{', '}', '[', ']', ',', '\n':
			signs++
		case ':', '-', '?':
			if i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\n' {
				signs++
			}
		}
	}
	return signs > 3*tokens
}

// TooDeep is where YAML nests deeper than so many levels, by brackets or by the
// "- - -" and "? ? ?" that nest without any; nil when it does not. Nothing of it
// recurses, unlike the parser that it is there to guard.
func TooDeep(tokens token.Tokens, levels int) *token.Token {
	brackets, dashes, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			dashes, line = 0, tk.Position.Line
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		}
		if brackets > levels || dashes > levels {
			return tk
		}
	}
	return nil
}

func (s *sheet) origin(t *token.Token) origin {
	if t == nil || t.Position == nil {
		return origin{src: s.src}
	}
	return origin{src: s.src, offset: offsetOf(s.src.text, t.Position.Line, t.Position.Column)}
}

func (s *sheet) at(n ast.Node) origin { return s.origin(firstToken(n)) }

// firstToken is where a node begins; a mapping's own token is its first colon.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	case nil:
		return nil
	}
	return n.GetToken()
}

// mapping reads a mapping with the known keys; others are reported.
func (s *sheet) mapping(n ast.Node, known ...string) map[string]entry {
	out, _ := s.mappingWith(n, "", known...)
	return out
}

// mappingWith is mapping where one key is needed. told says that a message about an
// unknown key tells already that it is missing, because it is what may be meant.
func (s *sheet) mappingWith(n ast.Node, needed string, known ...string) (out map[string]entry, told bool) {
	out = map[string]entry{}
	pairs := s.pairs(n)
	missing := needed != "" && !slices.ContainsFunc(pairs, func(v *ast.MappingValueNode) bool { return keyOf(v) == needed })
	for _, v := range pairs {
		key := keyOf(v)
		at := s.origin(v.Key.GetToken())
		if !contains(known, key) {
			meant := nearest(key, known)
			if missing && meant == "" && !told {
				s.found.at(at, "write "+needed+" for it if that is meant; "+didYouMean(key, known), "unknown key %s, and %s is missing", key, needed)
			} else {
				s.found.at(at, didYouMean(key, known), "unknown key %s", key)
			}
			told = told || missing && (meant == "" || meant == needed)
			continue
		}
		if _, twice := out[key]; twice {
			s.found.at(at, "keep one of them", "%s stands here twice", key)
			continue
		}
		out[key] = entry{node: v.Value, at: at}
	}
	return out, told
}

func keyOf(pair *ast.MappingValueNode) string { return strings.Trim(pair.Key.String(), `"'`) }

// pairs are the keys and values of a mapping as written.
func (s *sheet) pairs(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	s.found.at(s.at(n), "write key: value", "expected keys and values")
	return nil
}

func contains(list []string, word string) bool {
	for _, known := range list {
		if known == word {
			return true
		}
	}
	return false
}

// text reads a text; a number is taken as it is written.
func (s *sheet) text(e entry) words {
	switch n := e.node.(type) {
	case nil, *ast.NullNode:
	case *ast.StringNode:
		return words{n.Value, s.exact(n.GetToken(), n.Value)}
	case *ast.LiteralNode:
		return words{n.Value.Value, s.origin(n.Start)}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return words{n.GetToken().Value, s.at(n)}
	default:
		s.found.at(s.at(n), "write a text in quotes", "expected a text")
	}
	if e.at.src == nil {
		return words{at: origin{src: s.src}}
	}
	return words{at: e.at}
}

// exact finds a text in the file as it was written. Where quoting changed it,
// all of it is said to stand where it begins.
func (s *sheet) exact(t *token.Token, text string) origin {
	at := s.origin(t)
	for _, skip := range []int{0, 1} {
		if rest := s.src.text[min(at.offset+skip, len(s.src.text)):]; text != "" && strings.HasPrefix(rest, text) {
			return origin{src: s.src, offset: at.offset + skip, exact: true}
		}
	}
	return at
}

// number reads a whole number from low to high.
func (s *sheet) number(e entry, low, high int) int {
	if e.node == nil {
		return low
	}
	w := s.text(e)
	n, err := strconv.Atoi(w.text)
	if err != nil || n < low || n > high {
		s.found.at(s.at(e.node), fmt.Sprintf("write a number from %d to %d", low, high), "%q is not such a number", w.text)
		return low
	}
	return n
}

// yes reads true or false; nothing is false.
func (s *sheet) yes(e entry) bool {
	if e.node == nil {
		return false
	}
	switch w := s.text(e); w.text {
	case "true", "false":
		return w.text == "true"
	default:
		s.found.at(s.at(e.node), "write true or false", "%q is neither true nor false", w.text)
	}
	return false
}

// duration reads a length of time such as 90s or 2m.
func (s *sheet) duration(e entry, most time.Duration) time.Duration {
	if e.node == nil {
		return 0
	}
	w := s.text(e)
	d, err := time.ParseDuration(w.text)
	if err != nil || d <= 0 || d > most {
		s.found.at(s.at(e.node), fmt.Sprintf("write for example 60s, at most %v", most), "%q is not such a length of time", w.text)
		return 0
	}
	return d
}

// list reads a list.
func (s *sheet) list(e entry) []ast.Node {
	switch n := e.node.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.SequenceNode:
		return n.Values
	}
	s.found.at(s.at(e.node), "write a list", "expected a list")
	return nil
}

// offsetOf is the byte offset of a line and a column of characters, both
// counted from 1.
func offsetOf(text string, line, column int) int {
	offset := 0
	for ; line > 1; line-- {
		end := strings.IndexByte(text[offset:], '\n')
		if end < 0 {
			return len(text)
		}
		offset += end + 1
	}
	for i := range text[offset:] {
		if column <= 1 {
			return offset + i
		}
		column--
	}
	return len(text)
}
