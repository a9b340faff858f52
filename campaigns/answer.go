package campaigns

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// reading is an answer as its scale understands it.
type reading struct {
	score  *float64
	choice string
	text   string // the customer's own words beside the score
}

// read understands what was pressed, chosen or written as an answer on the
// question's scale. An answer outside the scale is none.
func (a *Ask) read(raw string) (reading, bool) {
	switch a.Scale {
	case CSAT5:
		return readScore(raw, 1, 5)
	case NPS:
		return readScore(raw, 0, 10)
	case YesNo:
		return readYesNo(raw)
	case Choice:
		return readChoice(raw, a.Choices)
	case Text:
		words := strings.TrimSpace(raw)
		return reading{text: words}, words != ""
	}
	return reading{}, false
}

// readChoice takes a choice by its name, in any case and script form, or by its
// place in the order, alone or before a comment.
func readChoice(raw string, choices []string) (reading, bool) {
	if choice, known := chosen(raw, choices); known {
		return reading{choice: choice}, true
	}
	head, comment := splitComment(raw, len(choices))
	choice, known := chosen(head, choices)
	return reading{choice: choice, text: comment}, known && comment != ""
}

// chosen is the choice that a text names.
func chosen(text string, choices []string) (string, bool) {
	name := folded(text)
	for _, choice := range choices {
		if folded(choice) == name {
			return choice, true
		}
	}
	if place, is := wholeNumber(text); is && place >= 1 && place <= len(choices) {
		return choices[place-1], true
	}
	return "", false
}

// readScore takes a number or a word for one, alone or before a comment that
// punctuation sets apart: "4", "۴", "four", "4/5", "2, it came late". "10 days
// late" and "4.5" are not scores.
func readScore(raw string, low, high int) (reading, bool) {
	head, comment := splitComment(raw, high)
	score, known := wholeNumber(head)
	if !known {
		score, known = numberWords[folded(head)]
	}
	if !known || score < low || score > high {
		return reading{}, false
	}
	value := float64(score)
	return reading{score: &value, text: comment}, true
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
		if total, is := wholeNumber(tail); is && total == high {
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
	if total, is := wholeNumber(fields[n-1]); !is || total != high {
		return text
	}
	return strings.TrimSuffix(strings.Join(fields[:n-2], " "), " out")
}

// wholeNumber reads a number in the digits of any script and nothing else, but
// for marks and symbols around it (keycap emoji, stars).
func wholeNumber(text string) (int, bool) {
	text = strings.TrimFunc(norm.NFKD.String(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-−+", r)
	})
	n, digits := 0, 0
	for _, r := range text {
		value, is := digitValue(r)
		if digits++; !is || digits > 3 {
			return 0, false
		}
		n = n*10 + value
	}
	return n, digits > 0
}

// readYesNo takes the keys 1 and 2 (0 also means no) or a word.
func readYesNo(raw string) (reading, bool) {
	yes, known := map[string]bool{"1": true, "2": false, "0": false}[folded(raw)]
	if !known {
		yes, known = yesWords[folded(raw)]
	}
	head, comment := splitComment(raw, 1)
	if !known && comment != "" {
		yes, known = yesWords[folded(head)]
	}
	if !known {
		return reading{}, false
	}
	score, choice := 0.0, "no"
	if yes {
		score, choice = 1, "yes"
	}
	return reading{score: &score, choice: choice, text: comment}, true
}

var yesWords = foldYes(
	[]string{
		"yes", "y", "yeah", "yep", "sure", "ja", "jawohl", "jo", "oui", "sí", "sim", "si", "tak", "да", "так",
		"evet", "بله", "بلی", "آره", "اره", "نعم", "हाँ", "כן", "是", "はい",
	},
	[]string{
		"no", "n", "nope", "nein", "nee", "non", "não", "nie", "нет", "ні", "hayır", "نه", "خیر", "نخیر", "لا",
		"नहीं", "לא", "否", "不", "いいえ",
	},
)

func foldYes(yes, no []string) map[string]bool {
	words := map[string]bool{}
	for _, word := range yes {
		words[folded(word)] = true
	}
	for _, word := range no {
		words[folded(word)] = false
	}
	return words
}

// numerals are the numbers of the scales in words, from zero, by language.
var numerals = map[string][]string{
	"en": {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"},
	"de": {"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"},
	"fr": {"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"},
	"es": {"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"},
	"it": {"zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci"},
	"pt": {"zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"},
	"nl": {"nul", "één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien"},
	"pl": {"zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć", "dziesięć"},
	"uk": {"нуль", "один", "два", "три", "чотири", "п'ять", "шість", "сім", "вісім", "дев'ять", "десять"},
	"he": {"אפס", "אחת", "שתיים", "שלוש", "ארבע", "חמש", "שש", "שבע", "שמונה", "תשע", "עשר"},
	"ru": {"ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"},
	"fa": {"صفر", "یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه", "ده"},
	"ar": {"صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"},
	"tr": {"sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz", "on"},
}

// numberWords are all of them, folded.
var numberWords = func() map[string]int {
	numbers := map[string]int{}
	for _, words := range numerals {
		for n, word := range words {
			numbers[folded(word)] = n
		}
	}
	return numbers
}()

// cheerful reports whether a text is nothing, or nothing but smiles: nobody needs to
// answer it.
func cheerful(text string) bool {
	return strings.Trim(text, " \n\r\t!.,"+smiles) == ""
}

// smiles are signs of content, with the modifiers of skin and shape.
const smiles = "🙂😀😃😄😁😊☺😉😍🥰😘🤗😎🤩🥳👍👏🙏👌💪🎉❤♥💕💖💚💙🧡💛💜🖤🤍✅✨⭐🌟🌹🌸💐\uFE0F\u200D🏻🏼🏽🏾🏿"
