package expression

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
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
		if strings.ContainsRune("“”„‟«»‘’‚", r) {
			p.Mend = `write straight quotes: "`
		}
	case strings.HasPrefix(p.Message, "bad number syntax"):
		p.Message = "a number and letters run together here"
		p.Mend = `an id with a hyphen stands in brackets: steps["wait-1"].status`
	case strings.HasPrefix(p.Message, "literal not terminated"):
		p.Message, p.Mend = "a text in quotes is not closed", "close it on the same line"
	}
	return p
}

// explainToken explains a token the parser did not expect.
func (p *Problem) explainToken(source, token string) {
	p.Message = token + " does not fit here"
	p.Mend = otherTongues[strings.ToLower(token)]
	if token == ">" && strings.HasSuffix(source[:p.Offset], "<") {
		p.Message, p.Mend = "<> does not fit here", "write !="
	}
}

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
	"like":    "write contains, startsWith or endsWith",
	"between": "write x >= low and x <= high",
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
	return ""
}
