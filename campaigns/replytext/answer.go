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

// Score takes a number or a word for one, alone or before a comment that
// punctuation sets apart: "4", "۴", "four", "4/5", "4 von 5", "2, it came late".
// "10 days late" and "4.5" are not scores.
func (l Languages) Score(raw string, low, high int) (Reading, bool) {
	head, comment := l.splitComment(raw, high)
	score, known := l.number(head)
	if !known || score < low || score > high {
		return Reading{}, false
	}
	value := float64(score)
	return Reading{Score: &value, Text: comment}, true
}

// YesNo takes the keys 1 and 2 (0 also means no) or a word.
func (l Languages) YesNo(raw string) (Reading, bool) { return l.yesNo(raw, l.answers) }

func (l Languages) yesNo(raw string, agrees func(string) (yes, known bool)) (Reading, bool) {
	yes, known := map[string]bool{"1": true, "2": false, "0": false}[folded(raw)]
	if !known {
		yes, known = agrees(raw)
	}
	head, comment := l.splitComment(raw, 1)
	if !known && comment != "" {
		yes, known = agrees(head)
	}
	if !known {
		return Reading{}, false
	}
	return agreed(yes, comment), true
}

func agreed(yes bool, comment string) Reading {
	score, choice := 0.0, "no"
	if yes {
		score, choice = 1, "yes"
	}
	return Reading{Score: &score, Choice: choice, Text: comment}
}

// ReadChoice takes a choice by its name, in any case and script form, or by its
// place in the order, alone or before a comment.
func ReadChoice(raw string, choices []string) (Reading, bool) {
	if choice, known := Chosen(raw, choices); known {
		return Reading{Choice: choice}, true
	}
	head, comment := Languages(nil).splitComment(raw, len(choices))
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
func (l Languages) splitComment(raw string, high int) (head, comment string) {
	raw = strings.TrimSpace(raw)
	cut := strings.IndexFunc(raw, func(r rune) bool {
		return r == '\n' || strings.ContainsRune(",.;:!-–—/()،؛", r)
	})
	if cut < 0 {
		return l.outOf(raw, high), ""
	}
	head, rest := raw[:cut], raw[cut:]
	tail := strings.TrimLeftFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	first := []rune(tail)
	switch {
	case len(first) == 0:
		return l.outOf(head, high), ""
	case rest[0] == '/':
		if total, is := Number(tail); is && total == high {
			return head, ""
		}
		return raw, ""
	case unicode.IsDigit(first[0]):
		return raw, "" // 4.5, 4-5, 2 3: two numbers are no score
	}
	return l.outOf(head, high), strings.TrimSpace(tail)
}

// outOf is the score of "4 of 5" and "4 out of 5"; any other text as it stands.
func (l Languages) outOf(text string, high int) string {
	fields := strings.Fields(text)
	if len(fields) == 4 && strings.EqualFold(fields[1], "out") {
		fields = append(fields[:1], fields[2:]...)
	}
	if len(fields) != 3 || !outOfWords[folded(fields[1])] {
		return text
	}
	if total, is := l.number(fields[2]); !is || total != high {
		return text
	}
	return fields[0]
}

// outOfWords stand between a score and the highest there is.
var outOfWords = foldSet("of von aus из از sur de di su em van op z na з من מתוך")
