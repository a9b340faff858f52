package campaigns

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"rapport/templates"
)

// Bounds of one YAML file. The parser is recursive and slow on maps of many
// thousand keys, so both are checked on the tokens, before it runs.
const (
	maxFileSize = 1 << 20
	maxTokens   = 20_000
	maxDepth    = 32
)

// source is one YAML file while it is read.
type source struct {
	file  string
	lines []string
	found *findings
}

// documents parses a file into its documents, which "---" separates. A syntax
// error, which the parser cannot read past, and everything we refuse in YAML
// (see refuse) are reported.
func documents(file string, content []byte, found *findings) []node {
	text := lineEnds.Replace(strings.TrimPrefix(string(content), "\ufeff"))
	src := &source{file: file, lines: strings.Split(text, "\n"), found: found}
	if src.unreadable(text) {
		return nil
	}
	parsed, problem := src.parse(text)
	if problem != nil {
		found.add(*problem)
		return nil
	}
	var roots []node
	for _, doc := range parsed.Docs {
		if root := src.node(doc.Body, "this document"); root.kind() != notThere {
			src.refuse(doc.Body, 0)
			roots = append(roots, root)
		}
	}
	return roots
}

// lineEnds makes every line end one character: the scanner miscounts lines that
// end otherwise.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// unreadable reports a file that no parser should be given.
func (s *source) unreadable(text string) bool {
	if len(text) > maxFileSize {
		s.problem(1, 1, "this file is larger than 1 MiB", "split it into several files")
		return true
	}
	for number, line := range s.lines {
		if !utf8.ValidString(line) {
			s.problem(number+1, firstInvalid(line), "this is not UTF-8 text", "save the file with the encoding UTF-8")
			return true
		}
		if i := strings.IndexFunc(line, invisible); i >= 0 {
			r, _ := utf8.DecodeRuneInString(line[i:])
			s.problem(number+1, utf8.RuneCountInString(line[:i])+1, fmt.Sprintf("there is an invisible character here (U+%04X)", r), mendInvisible(text))
			return true
		}
	}
	return false
}

// invisible reports whether a character is no text and YAML does not allow it,
// or marks the order of bytes where there is no more to mark (YAML 1.2 §5.1).
func invisible(r rune) bool {
	return r != '\t' && unicode.IsControl(r) && r != '\u0085' || r == '\ufeff'
}

// mendInvisible knows the file of which every other byte is nothing.
func mendInvisible(text string) string {
	if strings.Count(text, "\x00") > len(text)/4 {
		return "this looks like UTF-16: save the file with the encoding UTF-8"
	}
	return "remove it"
}

func firstInvalid(line string) int {
	column := 1
	for i, r := range line {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(line[i:]); size == 1 {
				return column
			}
		}
		column++
	}
	return column
}

// parse runs the YAML parser, whose panics on odd input become a problem too.
func (s *source) parse(text string) (file *ast.File, problem *Problem) {
	defer func() {
		if recover() != nil {
			problem = s.at(1, 1, "this file is not understood as YAML", "check its indentation and quotes")
		}
	}()
	if templates.TooDense(text, maxTokens) {
		return nil, s.tooLong()
	}
	tokens := lexer.Tokenize(text)
	if problem := s.tooMuch(tokens); problem != nil {
		return nil, problem
	}
	file, err := parser.Parse(withoutEmptyDocuments(tokens), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, s.syntaxProblem(err)
	}
	return file, nil
}

// withoutEmptyDocuments drops a "---" that another one follows: the parser
// would stop there and lose the rest of the file without a word.
func withoutEmptyDocuments(tokens token.Tokens) token.Tokens {
	var kept token.Tokens
	for _, tk := range tokens {
		if tk.Type == token.CommentType {
			continue
		}
		if last := len(kept) - 1; tk.Type == token.DocumentHeaderType && last >= 0 && kept[last].Type == token.DocumentHeaderType {
			kept[last] = tk
			continue
		}
		kept = append(kept, tk)
	}
	return kept
}

// tooMuch guards the parser, whose time grows with the square of what is long
// and whose stack grows with what is deep.
func (s *source) tooMuch(tokens token.Tokens) *Problem {
	if len(tokens) > maxTokens {
		return s.tooLong()
	}
	if tk := templates.TooDeep(tokens, maxDepth); tk != nil {
		return s.at(tk.Position.Line, tk.Position.Column, tooDeep, flatten)
	}
	return nil
}

func (s *source) tooLong() *Problem {
	return s.at(1, 1, "this file is too long to be read", "split it into several files")
}

const (
	tooDeep = "this is nested more than 32 levels deep"
	flatten = "write it flatter"
)

// refuse reports what is YAML but has no place in a workspace: names for
// values (anchors, aliases, merge keys), tags, keys that are no words or stand
// twice, and nesting too deep to follow.
func (s *source) refuse(value ast.Node, depth int) {
	if depth > maxDepth {
		s.problemAt(value, tooDeep, flatten)
		return
	}
	switch v := value.(type) {
	case *ast.MappingNode:
		s.refuseKeys(v)
		for _, pair := range v.Values {
			s.refuse(pair.Value, depth+1)
		}
	case *ast.SequenceNode:
		for _, item := range v.Values {
			s.refuse(item, depth+1)
		}
	case *ast.AnchorNode, *ast.AliasNode:
		s.problemAt(value, "anchors (&) and aliases (*) are not used here", "write the value out where it is needed")
	case *ast.TagNode:
		s.problemAt(value, "tags such as "+quote(v.Start.Value)+" are not used here", "write the value alone; quotes make it text")
	case *ast.DirectiveNode:
		s.problemAt(value, "directives (%) are not used here", "remove the line")
	}
}

func (s *source) refuseKeys(m *ast.MappingNode) {
	first := map[string]int{}
	for _, pair := range m.Values {
		line, column := s.place(pair.Key.GetToken())
		switch pair.Key.(type) {
		case *ast.MergeKeyNode:
			s.problem(line, column, "merge keys (<<) are not used here", "write the keys out")
			continue
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		default:
			s.problem(line, column, "this is no key", `a key is a word with a colon after it, such as "title:"`)
			continue
		}
		key := pair.Key.GetToken().Value
		if before, twice := first[key]; twice {
			s.problem(line, column, fmt.Sprintf("%s appears twice here, first on line %d", quote(key), before), "keep one of them")
			continue
		}
		first[key] = line
	}
}

func (s *source) at(line, column int, message, mend string) *Problem {
	return &Problem{File: s.file, Line: line, Column: column, Message: message, Mend: mend}
}

func (s *source) problem(line, column int, message, mend string) {
	s.found.add(*s.at(line, column, message, mend))
}

func (s *source) problemAt(value ast.Node, message, mend string) {
	line, column := s.place(value.GetToken())
	s.problem(line, column, message, mend)
}

// place is where a token stands. The scanner's columns go astray after tabs
// and on folded lines; there the token's own text tells.
func (s *source) place(tk *token.Token) (line, column int) {
	if tk == nil || tk.Position == nil {
		return 1, 1
	}
	line, column = tk.Position.Line, tk.Position.Column
	if line < 1 || line > len(s.lines) {
		return max(line, 1), max(column, 1)
	}
	written := s.lines[line-1]
	text, _, _ := strings.Cut(strings.TrimSpace(tk.Origin), "\n")
	if text == "" || len(written) > maxLine || strings.HasPrefix(skip(written, column-1), text) {
		return line, column
	}
	if i := strings.Index(written, text); i >= 0 {
		column = utf8.RuneCountInString(written[:i]) + 1
	}
	return line, column
}

// maxLine is the longest line in which columns are corrected: finding them
// costs time for every value in it.
const maxLine = 4096

// skip is text without its first n characters.
func skip(text string, n int) string {
	for ; n > 0 && text != ""; n-- {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// syntaxProblem words the parser's complaint for people who do not know it.
func (s *source) syntaxProblem(err error) *Problem {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return s.at(1, 1, "this file is not understood as YAML", "check its indentation and quotes")
	}
	line, column := s.place(syntax.GetToken())
	if problem := s.familiarMistake(syntax.GetMessage(), line, column); problem != nil {
		return problem
	}
	for _, w := range syntaxWords {
		if strings.Contains(syntax.GetMessage(), w.theirs) {
			return s.at(line, column, w.message, w.mend)
		}
	}
	return s.at(line, column, "this is not understood as YAML: "+syntax.GetMessage(), "check the indentation and quotes here and in the line above")
}

// familiarMistake knows, by the text around it, mistakes that many make and
// that the parser words for somebody else.
func (s *source) familiarMistake(theirs string, line, column int) *Problem {
	if line > len(s.lines) {
		return nil
	}
	here := s.lines[line-1]
	before := strings.TrimSuffix(here, skip(here, column-1))
	switch {
	case strings.HasPrefix(skip(here, max(0, column-2)), "{{"), strings.HasSuffix(strings.TrimSpace(before), "{{"):
		return s.at(line, max(1, column-1), "a value cannot begin with {{ as it is", `put it in quotes: "{{ … }}"`)
	case strings.Contains(theirs, "mapping value is not allowed") && strings.Count(here, ":") < 2 && line < len(s.lines) && indent(s.lines[line]) > indent(here):
		return s.at(line+1, indent(s.lines[line])+1, "this line is indented deeper than the line above it", "indent it like its neighbours")
	case strings.Contains(theirs, "invalid header option"): // > and | begin a text of several lines
		return s.at(line, column, "YAML reads the sign "+quote(skip(here, column-1)[:1])+" here as the beginning of a longer text", "put the whole condition in single quotes, such as 'event.total >= 100'")
	case !strings.Contains(theirs, "value is not allowed"):
		return nil
	case strings.HasSuffix(strings.TrimSpace(before), `"`), strings.HasSuffix(strings.TrimSpace(before), "'"):
		return s.at(line, column, "text goes on after its closing quote", "put all of it in one pair of quotes")
	case strings.TrimSpace(before) == "":
		return s.at(line, column, "this line is indented like none above it", "indent it like its neighbours")
	}
	return nil
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

type syntaxWord struct{ theirs, message, mend string }

// syntaxWords translates what goccy/go-yaml 1.19 says.
var syntaxWords = []syntaxWord{
	{"mapping value is not allowed", "a colon stands where no key can be", "indent the line like its neighbours, or put text that holds a colon in quotes"},
	{"end character of double-quoted", `the text that begins here with " has no end`, `add the closing "`},
	{"end character of single-quoted", "the text that begins here with ' has no end", "add the closing '"},
	{"sequence end token ']'", "the list that begins here with [ has no end", "add the closing ]"},
	{"',' or ']' must be specified", "this list is not closed before the next key", "separate its values with commas and close it with ]"},
	{"mapping end token '}'", "the map that begins here with { has no end", "add the closing }"},
	{"',' or '}' must be specified", "this map is not closed before the next key", "separate its keys with commas and close it with }"},
	{"could not find flow map content", "the map that begins here with { has no end", "add the closing }"},
	{"'[' character corresponding", "this ] closes nothing", "remove it, or open the list with ["},
	{"'{' character corresponding", "this } closes nothing", "remove it, or open the map with {"},
	{"cannot start any token", "a tab stands where spaces are expected", "indent with spaces only"},
	{"is a reserved character", "text cannot begin with this sign", "put the text in quotes"},
	{"block sequence entries are not allowed", `a list cannot begin with "- " behind a key`, `put each "- " on a line of its own, or write the list as [a, b]`},
	{"non-map value is specified", "this line has no key", `write it as "key: value", indented like its neighbours`},
	{"unexpected key name", "this line has no colon", `write it as "key: value", indented like its neighbours`},
	{"value is not allowed in this context", "a value stands where none can be", "check the indentation and quotes here and in the line above"},
	{"directive", "text cannot begin with %", "put the text in quotes"},
	{"could not find alias", "anchors (&) and aliases (*) are not used here", "put text that begins with * or & in quotes"},
	{"could not find anchor", "anchors (&) and aliases (*) are not used here", "put text that begins with * or & in quotes"},
	{"undefined a", "anchors (&) and aliases (*) are not used here", "put text that begins with * or & in quotes"},
}
