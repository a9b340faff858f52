package campaigns

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"rapport/channels"
	"rapport/deliveries"
)

// Understand says what words mean that are spoken at a question of a delivery's
// call. c may be nil: then the question alone says what it expects.
func (c *Campaign) Understand(d deliveries.Delivery, q channels.CallQuestion, said string) channels.Spoken {
	if wantsNoCalls(said) {
		return channels.Spoken{Stop: true}
	}
	if q.Open() {
		return channels.Spoken{}
	}
	var ask *Ask
	if step := c.StepAt(d.Step); step != nil && step.Send != nil && step.asks(d, q.ID) {
		ask = step.Send.Ask
	}
	heard, understood := aloud(readerOf(q, ask), said)
	if !understood {
		return channels.Spoken{}
	}
	return channels.Spoken{Key: keyOf(heard, ask)}
}

// wantsNoCalls reports whether words said on a call are an opt-out as a whole.
func wantsNoCalls(said string) bool { return ParseWish(said).stops(channels.Call) == channels.Call }

// asks reports whether a question of a call's script is the step's own: the one
// of its name, or the first where none has it.
func (s *Step) asks(d deliveries.Delivery, question string) bool {
	if s.Send.Ask == nil || question == "" {
		return false
	}
	script := scriptOf(d)
	named := slices.ContainsFunc(script, func(q channels.CallQuestion) bool { return q.ID == s.ID })
	return question == s.ID || !named && len(script) > 0 && script[0].ID == question
}

// scriptOf is the questions of a delivery's call; none where it has none.
func scriptOf(d deliveries.Delivery) []channels.CallQuestion {
	if d.Content == nil || d.Content.Call == nil {
		return nil
	}
	return d.Content.Call.Questions
}

// readerOf is how answers to a question of a call are read: as the step's
// question where it is that, else by what keys it takes.
func readerOf(q channels.CallQuestion, ask *Ask) func(string) (reading, bool) {
	switch {
	case ask != nil:
		return ask.read
	case q.Expect == channels.ExpectYesNo:
		return readYesNo
	}
	return func(said string) (reading, bool) { return readScore(said, q.Low, q.High) }
}

// aloud reads what was said as it would be read on a text, and failing that by
// its last word: "I would say four", "ja, vier". A no before it means the
// contrary ("no one").
func aloud(read func(string) (reading, bool), said string) (reading, bool) {
	if heard, understood := read(said); understood {
		return heard, true
	}
	words := strings.FieldsFunc(said, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
	for len(words) > 1 && polite[folded(words[len(words)-1])] {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return reading{}, false
	}
	if len(words) > 1 {
		if yes, known := yesWords[folded(words[len(words)-2])]; known && !yes {
			return reading{}, false
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

// keyOf is the key that says the same as an answer.
func keyOf(heard reading, ask *Ask) string {
	switch {
	case ask != nil && ask.Scale == Choice:
		return strconv.Itoa(slices.Index(ask.Choices, heard.choice) + 1)
	case heard.choice == "yes":
		return "1"
	case heard.choice == "no":
		return "2"
	case heard.score != nil:
		return strconv.FormatFloat(*heard.score, 'f', -1, 64)
	}
	return ""
}

// hintsFor are the words that may answer a question of a call in the language of
// a tag, which help to recognise them; none where they are not known.
func hintsFor(q channels.CallQuestion, tag string) []string {
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

// agreement is yes and no, by language.
var agreement = map[string][]string{
	"en": {"yes", "no"}, "de": {"ja", "nein"}, "fr": {"oui", "non"}, "es": {"sí", "no"}, "it": {"sì", "no"},
	"pt": {"sim", "não"}, "nl": {"ja", "nee"}, "pl": {"tak", "nie"}, "ru": {"да", "нет"}, "uk": {"так", "ні"},
	"tr": {"evet", "hayır"}, "fa": {"بله", "نه"}, "ar": {"نعم", "لا"},
}
