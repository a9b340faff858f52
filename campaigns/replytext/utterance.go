package replytext

import "unicode"

// token is one word of a text with the clause it stands in. "/" and "-" before a
// number are words too.
type token struct {
	word   string
	clause int
}

const (
	slash = "/"
	minus = "-"
)

// utterance takes a text into words. Apostrophes, hyphens and points inside a word
// belong to it (don't, e-mail, s.t.o.p); other punctuation ends a clause.
func utterance(text string) []token {
	runes := []rune(text)
	var tokens []token
	clause, from := 0, -1
	end := func(to int) {
		if from >= 0 {
			tokens = append(tokens, token{string(runes[from:to]), clause})
		}
		from = -1
	}
	at := func(i int, is func(rune) bool) bool { return i >= 0 && i < len(runes) && is(runes[i]) }
	for i, r := range runes {
		switch {
		case inWord(r):
			if from < 0 {
				from = i
			}
		case joins(r) && from >= 0 && at(i-1, letter) && at(i+1, letter):
		case r == '/':
			end(i)
			tokens = append(tokens, token{slash, clause})
		case (r == '-' || r == '−') && from < 0 && at(i+1, unicode.IsDigit):
			tokens = append(tokens, token{minus, clause})
		default:
			end(i)
			if !unicode.IsSpace(r) || r == '\n' {
				clause++
			}
		}
	}
	end(len(runes))
	return tokens
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// inWord includes what joins and orders letters of other scripts.
func inWord(r rune) bool { return letter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Cf, r) }

func joins(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', '`', '´', '-', '‐', '‑', '.':
		return true
	}
	return false
}
