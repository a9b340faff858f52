package campaigns

import (
	"regexp"
	"strings"

	"rapport/campaigns/replytext"
)

// read understands what was pressed, chosen or written as an answer on the
// question's scale, in the words of some languages. An answer outside the scale is none.
func (a *Ask) read(raw string, in replytext.Languages) (replytext.Reading, bool) {
	if (a.Scale == CSAT5 || a.Scale == NPS) && dateFirst.MatchString(raw) {
		return replytext.Reading{}, false
	}
	switch a.Scale {
	case CSAT5:
		if heard, understood := in.Score(raw, 1, 5); understood {
			return heard, true
		}
		return readStars(raw, in)
	case NPS:
		return in.Score(raw, 0, 10)
	case YesNo:
		return in.YesNo(raw)
	case Choice:
		return replytext.ReadChoice(raw, a.Choices)
	case Text:
		words := strings.TrimSpace(raw)
		return replytext.Reading{Text: words}, !wordless(words)
	}
	return replytext.Reading{}, false
}

// hear understands what was said on a call as an answer on the question's scale.
func (a *Ask) hear(said string, in replytext.Languages) (replytext.Reading, bool) {
	switch a.Scale {
	case CSAT5:
		return in.ScoreAloud(said, 1, 5)
	case NPS:
		return in.ScoreAloud(said, 0, 10)
	case YesNo:
		return in.YesNoAloud(said)
	case Choice:
		return in.ChoiceAloud(said, a.Choices)
	}
	return a.read(said, in)
}

// dateFirst is a date at the beginning of a text, by its year: "1. December 2026" is no
// score, "2. Bestellung 4711" is one.
var dateFirst = regexp.MustCompile(`^\s*\p{Nd}{1,2}\.? ?\p{L}+\.?,? (19|20)[0-9]{2}(\P{Nd}|$)`)

// readStars takes one to five stars, before words or alone: "⭐⭐", "★★☆☆☆ late". Words
// that hold a number may be another answer: "⭐: 5 out of 5".
func readStars(raw string, in replytext.Languages) (replytext.Reading, bool) {
	words := strings.TrimLeft(raw, " \n\t⭐★🌟☆"+shapes)
	stars := 0
	for _, r := range raw[:len(raw)-len(words)] {
		if strings.ContainsRune("⭐★🌟", r) {
			stars++
		}
	}
	if stars < 1 || stars > 5 || strings.ContainsAny(words, "⭐★🌟☆") || in.HoldsNumber(words) {
		return replytext.Reading{}, false
	}
	score := float64(stars)
	return replytext.Reading{Score: &score, Text: strings.TrimLeft(words, " ,.;:!-–—\n")}, true
}

// shapes choose between the picture and the letter of a sign.
const shapes = "\uFE0E\uFE0F"
