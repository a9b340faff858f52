package replytext

import (
	"strings"
	"unicode"

	"rapport/channels"
)

// Aloud reads what was said as it would be read on a text, and failing that by
// its last word: "I would say four", "ja, vier". A no before it means the
// contrary ("no one").
func Aloud(read func(string) (Reading, bool), said string) (Reading, bool) {
	if heard, understood := read(said); understood {
		return heard, true
	}
	words := strings.FieldsFunc(said, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
	for len(words) > 1 && polite[folded(words[len(words)-1])] {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return Reading{}, false
	}
	if len(words) > 1 {
		if yes, known := yesWords[folded(words[len(words)-2])]; known && !yes {
			return Reading{}, false
		}
	}
	return read(words[len(words)-1])
}

// polite are words that end a spoken answer and say nothing, folded.
var polite = func() map[string]bool {
	words := map[string]bool{}
	for _, word := range []string{
		"please", "thanks", "bitte", "danke", "merci", "gracias", "grazie", "obrigado", "obrigada", "proszę", "dziękuję",
		"пожалуйста", "спасибо", "дякую", "lütfen", "teşekkürler", "لطفا", "ممنون", "شكرا", "points", "punkte", "stars", "sterne",
	} {
		words[folded(word)] = true
	}
	return words
}()

// HintsFor are the words that may answer a question of a call in the language of
// a tag, which help to recognise them; none where they are not known.
func HintsFor(q channels.CallQuestion, tag string) []string {
	language, _, _ := strings.Cut(tag, "-")
	switch q.Expect {
	case channels.ExpectDigits:
		if words := numerals[language]; q.High < len(words) {
			return words[q.Low : q.High+1]
		}
	case channels.ExpectYesNo:
		return agreement[language]
	}
	return nil
}
