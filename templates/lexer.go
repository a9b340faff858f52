package templates

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rapport/campaigns/spelling"
)

// Kinds of words of a Liquid expression.
type lexKind int

const (
	lexEnd      lexKind = iota
	lexText             // a string
	lexNumber           // an integer or a fraction
	lexConstant         // true, false, nil
	lexName             // an identifier
	lexKeyword          // an identifier followed by a colon
	lexProperty         // a dot and an identifier
	lexSign             // everything else, by its text
)

// lexeme is one word of an expression. start and end are byte offsets in it.
type lexeme struct {
	kind       lexKind
	text       string // the name, the sign, or a string's content
	start, end int
}

// syntaxError is a mistake in an expression, at a byte offset of it.
type syntaxError struct {
	offset  int
	message string
	mend    string
}

// lex cuts an expression into words, by the rules of the engine's own scanner.
// The last word is lexEnd.
func lex(text string) ([]lexeme, *syntaxError) {
	var words []lexeme
	for i := 0; i < len(text); {
		if strings.IndexByte(" \t\r\n\v\f", text[i]) >= 0 {
			i++
			continue
		}
		word, err := lexOne(text, i)
		if err != nil {
			return nil, err
		}
		words = append(words, word)
		i = word.end
	}
	return append(words, lexeme{kind: lexEnd, start: len(text), end: len(text)}), nil
}

func lexOne(text string, i int) (lexeme, *syntaxError) {
	rest := text[i:]
	switch c := rest[0]; {
	case c == '"' || c == '\'':
		return lexString(text, i)
	case isDigit(c), c == '-' && len(rest) > 1 && isDigit(rest[1]):
		end := numberEnd(rest)
		if _, err := strconv.ParseFloat(rest[:end], 64); err != nil || (end > 18 && !strings.Contains(rest[:end], ".")) {
			return lexeme{}, &syntaxError{offset: i, message: "the number is too large"}
		}
		return lexeme{kind: lexNumber, text: rest[:end], start: i, end: i + end}, nil
	case strings.HasPrefix(rest, ".."):
		return lexeme{kind: lexSign, text: "..", start: i, end: i + 2}, nil
	case c == '.':
		if n := nameLength(rest[1:]); n > 0 {
			return lexeme{kind: lexProperty, text: rest[1 : 1+n], start: i, end: i + 1 + n}, nil
		}
		return lexeme{}, &syntaxError{offset: i, message: "a dot must be followed by a name"}
	}
	for _, sign := range []string{"==", "!=", ">=", "<=", "<", ">", "|", ",", "(", ")", "[", "]", "="} {
		if strings.HasPrefix(rest, sign) {
			return lexeme{kind: lexSign, text: sign, start: i, end: i + len(sign)}, nil
		}
	}
	if n := nameLength(rest); n > 0 {
		return lexWord(rest[:n], strings.HasPrefix(rest[n:], ":"), i), nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	mend := ""
	if spelling.IsCurlyQuote(r) {
		mend = "write straight quotes: '…'"
	}
	return lexeme{}, &syntaxError{offset: i, message: "unexpected " + strconv.QuoteRune(r), mend: mend}
}

// lexWord sorts a name into its kind.
func lexWord(name string, colon bool, start int) lexeme {
	word := lexeme{kind: lexName, text: name, start: start, end: start + len(name)}
	switch {
	case colon:
		word.kind = lexKeyword
		word.end++
	case name == "true" || name == "false" || name == "nil":
		word.kind = lexConstant
	case name == "and" || name == "or" || name == "contains" || name == "in":
		word.kind = lexSign
	}
	return word
}

// lexString reads a quoted string. Only the double quotes know escapes.
func lexString(text string, start int) (lexeme, *syntaxError) {
	quote := text[start]
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote:
			return lexeme{kind: lexText, text: text[start+1 : i], start: start, end: i + 1}, nil
		}
	}
	return lexeme{}, &syntaxError{offset: start, message: "the quote is never closed"}
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func numberEnd(s string) int {
	i := 1
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
	}
	return i
}

// nameLength is how many bytes at the beginning of s are a name: letters of
// any script, digits, _ and -, and perhaps a question mark at the end.
func nameLength(s string) int {
	n := 0
	for i, r := range s {
		letter := unicode.IsLetter(r) || r == '_'
		if i > 0 {
			letter = letter || unicode.IsDigit(r) || unicode.IsMark(r) || r == '-'
		}
		if !letter || r == utf8.RuneError {
			break
		}
		n = i + utf8.RuneLen(r)
	}
	if n > 0 && strings.HasPrefix(s[n:], "?") {
		n++
	}
	return n
}
