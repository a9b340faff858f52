package expression

import (
	"cmp"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"

	"rapport/campaigns/spelling"
)

// explainSyntax says in our words what the parser could not read.
func explainSyntax(source string, err error) *Problem {
	var mistake *file.Error
	if !errors.As(err, &mistake) {
		return &Problem{Message: err.Error()}
	}
	p := &Problem{Offset: byteOffset(source, mistake.From), Message: mistake.Message}
	token, unexpected := strings.CutPrefix(mistake.Message, "unexpected token ")
	switch {
	case token == "EOF":
		p.Offset = len(source)
		p.Message = "the expression ends too early"
		p.Mend = unclosed(source)
	case unexpected:
		p.explainToken(source, tokenText(token))
	case strings.HasPrefix(p.Message, "unrecognized character"):
		r, _ := utf8.DecodeRuneInString(source[p.Offset:])
		p.Message = strconv.QuoteRune(r) + " does not belong here"
		if spelling.IsCurlyQuote(r) {
			p.Mend = `write straight quotes: "`
		}
	case strings.HasPrefix(p.Message, "bad number syntax"):
		p.explainNumber(source)
	case strings.HasPrefix(p.Message, "literal not terminated"):
		p.Message, p.Mend = "a text in quotes is not closed", "close it on the same line"
	}
	return p
}

// explainToken explains a token the parser did not expect.
func (p *Problem) explainToken(source, token string) {
	p.Message = token + " does not fit here"
	p.Mend = cmp.Or(otherTongues[strings.ToLower(token)], mendWord(source[:p.Offset], token))
	before, after := source[:p.Offset], source[min(len(source), p.Offset+len(token)):]
	if token == "," {
		p.Mend = mendComma(before, after)
	}
	if token == ">" && strings.HasSuffix(source[:p.Offset], "<") {
		p.Message, p.Mend = "<> does not fit here", "write !="
	}
}

// mendWord knows what a word can be that nothing joins to what is before it.
func mendWord(before, word string) string {
	first, _ := utf8.DecodeRuneInString(word)
	switch {
	case !unicode.IsLetter(first):
		return ""
	case endsInDigit(strings.TrimSpace(before)):
		return "numbers stand without a unit: orders.total > 100"
	}
	return `join conditions with "and" or "or", and put text in quotes: city == "Bad Homburg"`
}

// durationForm is a number with a unit of time, as durations elsewhere in a
// campaign are written.
var durationForm = regexp.MustCompile(`[0-9]+[smhdw]\b`)

// explainNumber explains digits and letters that stand together.
func (p *Problem) explainNumber(source string) {
	p.Message = "a number and letters run together here"
	p.Mend = `an id with a hyphen stands in brackets: steps["wait-1"].status`
	start := p.Offset
	for start > 0 && source[start-1] >= '0' && source[start-1] <= '9' {
		start--
	}
	if loc := durationForm.FindStringIndex(source[start:]); loc != nil && loc[0] < p.Offset-start+1 {
		p.Offset = start
		p.Message = source[start+loc[0]:start+loc[1]] + " is a duration, and conditions count days or hours"
		p.Mend = "write days_since(orders.last_at) > 30, or hours_since(…)"
	}
}

// mendComma knows why a comma is written where none can stand.
func mendComma(before, after string) string {
	open := strings.LastIndexByte(before, '(')
	switch {
	case open >= 0 && strings.HasSuffix(strings.TrimSpace(before[:open]), " in"):
		return `write the list in brackets: in ["DE", "AT"]`
	case endsInDigit(before) && after != "" && after[0] >= '0' && after[0] <= '9':
		return "write numbers with a point and nothing between the thousands: 1000.50"
	}
	return ""
}

func endsInDigit(s string) bool { return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

// otherTongues are words of other languages and ours for them.
var otherTongues = map[string]string{
	"=":       "write == to compare",
	"===":     "write ==",
	"&":       "write and",
	"and":     "write and in lower case",
	"or":      "write or in lower case",
	"not":     "write not in lower case",
	"in":      "write in in lower case",
	"is":      "write ==",
	"und":     "write and",
	"et":      "write and",
	"y":       "write and",
	"oder":    "write or",
	"ou":      "write or",
	"nicht":   "write not",
	"like":    "write contains, startsWith or endsWith",
	"between": "write x >= low and x <= high",
	"has":     "write contains",
	"days":    "numbers stand without a unit: days_since(orders.last_at) > 30",
	"hours":   "numbers stand without a unit: hours_since(orders.last_at) > 48",
}

// tokenText takes the text out of the parser's Kind("text").
func tokenText(token string) string {
	if _, quoted, ok := strings.Cut(token, "("); ok {
		if text, err := strconv.Unquote(strings.TrimSuffix(quoted, ")")); err == nil {
			return text
		}
	}
	return token
}

func unclosed(source string) string {
	if strings.Count(source, "(") > strings.Count(source, ")") {
		return "close the parenthesis"
	}
	return "write what is missing at its end, such as the value that is compared with"
}
