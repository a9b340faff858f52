package expression

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"

	"rapport/campaigns/spelling"
)

// Doubts are what the source says and hardly means, in order of place: parts of
// conditions that ask for nothing, and "and" beside "or" without brackets. Those of
// the program's segments are their own.
func (p *Program) Doubts() []Problem { return p.doubts }

// doubt notes a part of a condition that is the same for everybody.
func (c *checker) doubt(part ast.Node, value node) {
	if _, joined := value.(logic); joined || !fixedValue(value) {
		return
	}
	c.doubts = append(c.doubts, Problem{
		Offset:  byteOffset(c.source, start(part)),
		Message: c.name(part) + " asks for nothing, and always comes out the same",
		Mend:    "name a field in it, or take it out",
	})
}

// numeral is a number as a marketer writes one, a comma for its point among them.
var numeral = regexp.MustCompile(`^-?[0-9]+([.,][0-9]+)?$`)

// doubtNumeral notes a number in quotes that is put in order with a value whose type
// only the event tells.
func (c *checker) doubtNumeral(n *ast.BinaryNode, left, right node) {
	at, value, other := n.Right, right, left
	if left.kind() == String {
		at, value, other = n.Left, left, right
	}
	l, _ := value.(literal)
	text, _ := l.value.(string)
	if other.kind() != Any || !numeral.MatchString(text) {
		return
	}
	mend := "write the number without quotes, with a point before its decimals and nothing between its thousands"
	if number, sure := numberOf(text); sure {
		mend = "write " + c.name(n.Left) + " " + n.Operator + " " + number
		if at == n.Left {
			mend = "write " + number + " " + n.Operator + " " + c.name(n.Right)
		}
	}
	c.doubts = append(c.doubts, Problem{
		Offset:  byteOffset(c.source, start(at)),
		Message: c.name(at) + " in quotes is a text: no number is more or less than it, and texts are ordered by their letters",
		Mend:    mend,
	})
}

// numberOf writes a numeral as a condition has it, where it is sure which number it is.
func numberOf(numeral string) (number string, sure bool) {
	if strings.ContainsAny(numeral, ".,") {
		if numeral, sure = spelling.Decimal(numeral); !sure {
			return "", false
		}
	}
	x, err := strconv.ParseFloat(numeral, 64)
	return strconv.FormatFloat(x, 'f', -1, 64), err == nil
}

// fixedValue reports whether a value is made of nothing but what is written.
func fixedValue(n node) bool {
	switch n.(type) {
	case literal:
		return true
	case segment:
		return false
	}
	return !plain(n) && !slices.ContainsFunc(n.parts(), func(part node) bool { return !fixedValue(part) })
}

// unbracketed finds each place of a source that can be parsed where "and" stands
// beside "or" without brackets.
func unbracketed(source string) (found []Problem) {
	tokens, err := lexer.Lex(file.NewSource(source))
	if err != nil {
		return nil
	}
	runes := []rune(source)
	chains := []chain{{}}
	for _, t := range tokens {
		last := &chains[len(chains)-1]
		switch {
		case t.Is(lexer.Operator, "and", "&&", "or", "||"):
			last.joints = append(last.joints, t)
		case t.Is(lexer.Bracket, "(", "[", "{"):
			chains = append(chains, chain{start: t.To})
		case t.Is(lexer.Bracket) && len(chains) > 1:
			found = append(found, last.doubts(source, runes, t.From)...)
			chains = chains[:len(chains)-1]
		case t.Is(lexer.Operator, ",", "?", ":", ";"):
			found = append(found, last.doubts(source, runes, t.From)...)
			*last = chain{start: t.To}
		case t.Is(lexer.EOF):
			found = append(found, last.doubts(source, runes, len(runes))...)
		}
	}
	return found
}

// chain is conditions in a row between two brackets, with what joins them.
type chain struct {
	start  int // in characters
	joints []lexer.Token
}

// longestMend is how long a source may be, in bytes, to be written out twice.
const longestMend = 300

func (c chain) doubts(source string, runes []rune, end int) []Problem {
	words, parts := make([]string, len(c.joints)), make([]string, 0, len(c.joints)+1)
	from, odd := c.start, -1
	for i, joint := range c.joints {
		words[i] = map[string]string{"&&": "and", "||": "or"}[joint.Value]
		if words[i] == "" {
			words[i] = joint.Value
		}
		if odd < 0 && words[i] != words[0] {
			odd = joint.From
		}
		parts = append(parts, strings.TrimSpace(string(runes[from:joint.From])))
		from = joint.To
	}
	if odd < 0 {
		return nil
	}
	parts = append(parts, strings.TrimSpace(string(runes[from:end])))
	mend := "put brackets around what belongs together"
	now, other := bracketed(parts, words, "and"), bracketed(parts, words, "or")
	if len(now)+len(other) <= longestMend {
		mend = fmt.Sprintf("write %s, as it is read now, or %s", now, other)
	}
	return []Problem{{
		Offset:  byteOffset(source, odd),
		Message: `"and" stands beside "or" without brackets, and binds more tightly`,
		Mend:    mend,
	}}
}

// bracketed writes a chain with brackets around what one of its words joins.
func bracketed(parts, words []string, inner string) string {
	var all strings.Builder
	for i, part := range parts {
		before, after := i > 0 && words[i-1] == inner, i < len(words) && words[i] == inner
		if after && !before {
			all.WriteByte('(')
		}
		all.WriteString(part)
		if before && !after {
			all.WriteByte(')')
		}
		if i < len(words) {
			all.WriteString(" " + words[i] + " ")
		}
	}
	return all.String()
}
