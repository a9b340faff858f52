package replytext

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Languages are the BCP 47 tags of what a customer speaks, the likeliest first.
// English is understood besides, but for words that mean something else in theirs.
type Languages []string

// Any is the tag of a language that is not known (BCP 47 calls it undetermined): words of
// every language are understood that are none of another.
const Any = "und"

// english is what everybody is taken to know some words of.
const english = "en"

// vocabulary is what the words of one language mean, folded.
type vocabulary struct {
	numbers map[string]int // those above every scale too
	agrees  map[string]bool
	answers map[string]bool // agrees, of a text that is nothing else
	denies  map[string]bool // makes the contrary of what stands beside it
	leads   map[string]bool // stands before a time or an amount: "until five"
	article map[string]bool // a number that stands before others as an article: "um cinco"
	other   map[string]bool // an English word that means something else here

	contrary map[string]bool // an English word that may mean the contrary here
}

func (v vocabulary) others() map[string]bool { return v.other }

// vocabularies are those of the languages, English last.
func (l Languages) vocabularies() []vocabulary {
	known := make([]vocabulary, 0, len(l)+1)
	var seen []string
	for _, tag := range append(slices.Clone(l), english) {
		language, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
		if words, has := tongues[language]; has && !slices.Contains(seen, language) {
			known, seen = append(known, words), append(seen, language)
		}
	}
	return known
}

// number is the number that a text is, in digits or as a word.
func (l Languages) number(text string) (int, bool) {
	if n, is := Number(text); is {
		return n, true
	}
	return lookUp(l, text, func(v vocabulary) map[string]int { return v.numbers }, vocabulary.others)
}

// HoldsNumber reports whether a text has a digit or a word for a number that is no article.
func (l Languages) HoldsNumber(text string) bool {
	return strings.ContainsFunc(text, unicode.IsDigit) || slices.ContainsFunc(utterance(text), func(w token) bool {
		_, is := l.number(w.word)
		return is && !l.article(w.word)
	})
}

// agrees reports whether a word is a yes, where it is that or a no.
func (l Languages) agrees(text string) (yes, known bool) {
	return lookUp(l, text, func(v vocabulary) map[string]bool { return v.agrees }, vocabulary.others)
}

// answers reports whether a word that is a whole answer in writing is a yes, where it is
// that or a no: words count that among others mean something else.
func (l Languages) answers(text string) (yes, known bool) {
	return lookUp(l, text, func(v vocabulary) map[string]bool { return v.answers },
		func(v vocabulary) map[string]bool { return v.contrary })
}

// denies reports whether a word makes the contrary of what stands beside it. A no does.
func (l Languages) denies(text string) bool {
	if yes, known := l.agrees(text); known {
		return !yes
	}
	return l.any(text, func(v vocabulary) map[string]bool { return v.denies })
}

// leads reports whether a word stands before a time or an amount.
func (l Languages) leads(text string) bool {
	return l.any(text, func(v vocabulary) map[string]bool { return v.leads })
}

func (l Languages) article(text string) bool {
	return l.any(text, func(v vocabulary) map[string]bool { return v.article })
}

func (l Languages) any(text string, list func(vocabulary) map[string]bool) bool {
	_, listed := lookUp(l, text, list, vocabulary.others)
	return listed
}

// lookUp is what the first language says of a word that has it in a list. Where it means
// something else in a language, those after it are not asked.
func lookUp[V any](l Languages, text string, list func(vocabulary) map[string]V, otherwise func(vocabulary) map[string]bool) (said V, has bool) {
	word := wordKey(text)
	for _, v := range l.vocabularies() {
		if said, has = list(v)[word]; has {
			return said, true
		}
		if otherwise(v)[word] {
			break
		}
	}
	return said, false
}

// wordKey is folded, but for the Persian nine: without its vowel it is written like no.
func wordKey(word string) string {
	const nine = "ن\u064fه"
	if strings.Contains(norm.NFKD.String(word), nine) {
		return nine
	}
	return folded(word)
}
