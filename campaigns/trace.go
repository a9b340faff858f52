package campaigns

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// within is where the byte at an offset of a scalar's text stands in the file.
// The text is followed through the file as it was written: quotes, escapes and
// folded lines make the two differ.
func (n node) within(offset int) (line, column int) {
	t := tracer{lines: n.src.lines}
	t.goTo(n.line, n.column)
	if _, block := n.value.(*ast.LiteralNode); block {
		t.goTo(n.line+1, 1) // the text begins below its | or >
	} else if t.style = n.value.GetToken().Type; t.quoted() {
		t.advance(1)
	}
	for i, r := range n.raw() {
		if r != ' ' && r != '\n' {
			t.skipSpace()
		}
		if i >= offset {
			break
		}
		t.pass(r)
	}
	return t.line, t.column
}

// tracer walks over a scalar in the file, character by character of its text.
type tracer struct {
	lines        []string
	line, column int
	rest         string // of the line
	style        token.Type
}

func (t *tracer) quoted() bool {
	return t.style == token.DoubleQuoteType || t.style == token.SingleQuoteType
}

func (t *tracer) goTo(line, column int) {
	t.line, t.column, t.rest = line, column, ""
	if line <= len(t.lines) {
		t.rest = skip(t.lines[line-1], column-1)
	}
}

func (t *tracer) advance(characters int) {
	t.column += characters
	t.rest = skip(t.rest, characters)
}

// skipSpace goes to the next character that is not blank, over line ends too.
func (t *tracer) skipSpace() {
	for {
		word := strings.TrimLeft(t.rest, " \t")
		joins := word == `\` && t.style == token.DoubleQuoteType // the line goes on in the next
		if word != "" && !joins || t.line >= len(t.lines) {
			t.advance(len(t.rest) - len(word))
			return
		}
		t.goTo(t.line+1, 1)
	}
}

// pass goes over what was written for one character of the text.
func (t *tracer) pass(r rune) {
	switch {
	case t.rest == "" && (r == ' ' || r == '\n') && t.line < len(t.lines): // a folded or kept line end
		t.goTo(t.line+1, 1)
	case t.style == token.DoubleQuoteType && strings.HasPrefix(t.rest, `\`):
		t.advance(escapeLength(t.rest))
	case t.style == token.SingleQuoteType && strings.HasPrefix(t.rest, "''"):
		t.advance(2)
	case strings.HasPrefix(t.rest, string(r)):
		t.advance(1)
	}
}

// escapeLength is how many characters an escape in double quotes takes
// (YAML 1.2 §5.7).
func escapeLength(escape string) int {
	length := 2
	if len(escape) > 1 {
		switch escape[1] {
		case 'x':
			length = 4
		case 'u':
			length = 6
		case 'U':
			length = 10
		}
	}
	return min(length, utf8.RuneCountInString(escape))
}
