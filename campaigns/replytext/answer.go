package replytext

import (
	"strings"
	"unicode"
)

// Reading is an answer as its scale understands it.
type Reading struct {
	Score  *float64
	Choice string
	Text   string // the customer's own words beside the score
}

// ReadScore takes a number or a word for one, alone or before a comment that
// punctuation sets apart: "4", "۴", "four", "4/5", "2, it came late". "10 days
// late" and "4.5" are not scores.
func ReadScore(raw string, low, high int) (Reading, bool) {
	head, comment := splitComment(raw, high)
	score, known := Number(head)
	if !known {
		score, known = numberWords[folded(head)]
	}
	if !known || score < low || score > high {
		return Reading{}, false
	}
	value := float64(score)
	return Reading{Score: &value, Text: comment}, true
}

// ReadYesNo takes the keys 1 and 2 (0 also means no) or a word.
func ReadYesNo(raw string) (Reading, bool) {
	yes, known := map[string]bool{"1": true, "2": false, "0": false}[folded(raw)]
	if !known {
		yes, known = yesWords[folded(raw)]
	}
	head, comment := splitComment(raw, 1)
	if !known && comment != "" {
		yes, known = yesWords[folded(head)]
	}
	if !known {
		return Reading{}, false
	}
	score, choice := 0.0, "no"
	if yes {
		score, choice = 1, "yes"
	}
	return Reading{Score: &score, Choice: choice, Text: comment}, true
}

// ReadChoice takes a choice by its name, in any case and script form, or by its
// place in the order, alone or before a comment.
func ReadChoice(raw string, choices []string) (Reading, bool) {
	if choice, known := Chosen(raw, choices); known {
		return Reading{Choice: choice}, true
	}
	head, comment := splitComment(raw, len(choices))
	choice, known := Chosen(head, choices)
	return Reading{Choice: choice, Text: comment}, known && comment != ""
}

// Chosen is the choice that a text names.
func Chosen(text string, choices []string) (string, bool) {
	name := folded(text)
	for _, choice := range choices {
		if folded(choice) == name {
			return choice, true
		}
	}
	if place, is := Number(text); is && place >= 1 && place <= len(choices) {
		return choices[place-1], true
	}
	return "", false
}

// splitComment cuts a reply at the first punctuation or line break. A score
// written out of the highest ("4/5", "4 of 5") is a score.
func splitComment(raw string, high int) (head, comment string) {
	raw = strings.TrimSpace(raw)
	cut := strings.IndexFunc(raw, func(r rune) bool {
		return r == '\n' || strings.ContainsRune(",.;:!-–—/()،؛", r)
	})
	if cut < 0 {
		return outOf(raw, high), ""
	}
	head, rest := raw[:cut], raw[cut:]
	tail := strings.TrimLeftFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	first := []rune(tail)
	switch {
	case len(first) == 0:
		return outOf(head, high), ""
	case rest[0] == '/':
		if total, is := Number(tail); is && total == high {
			return head, ""
		}
		return raw, ""
	case unicode.IsDigit(first[0]):
		return raw, "" // 4.5, 4-5, 2 3: two numbers are no score
	}
	return outOf(head, high), strings.TrimSpace(tail)
}

// outOf drops "of 5" and "out of 5" behind a number.
func outOf(text string, high int) string {
	fields := strings.Fields(text)
	n := len(fields)
	if n < 3 || !strings.EqualFold(fields[n-2], "of") {
		return text
	}
	if total, is := Number(fields[n-1]); !is || total != high {
		return text
	}
	return strings.TrimSuffix(strings.Join(fields[:n-2], " "), " out")
}
