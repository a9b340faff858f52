package campaigns

import (
	"slices"
	"strings"

	"rapport/campaigns/spelling"
)

// longestWord is the longest text that can be a misspelt word; comparing longer
// ones only costs time.
const longestWord = 64

// nearest is the known word a writer most likely meant, or "" when none is
// close enough to be worth asking about.
func nearest(word string, known []string) string {
	if len(word) > longestWord {
		return ""
	}
	folded := fold(word)
	if other := otherWords[folded]; slices.Contains(known, other) {
		return other
	}
	sorted := slices.Sorted(slices.Values(known))
	words := make([]string, len(sorted))
	for i, name := range sorted {
		words[i] = fold(name)
	}
	i := slices.Index(words, spelling.Nearest(folded, words, 1))
	if i < 0 {
		i = slices.IndexFunc(words, func(w string) bool { // highest for high, dev for develop
			return len(w) > 3 && strings.HasPrefix(folded, w) || len(folded) > 3 && strings.HasPrefix(w, folded)
		})
	}
	if i < 0 {
		i = slices.Index(words, spelling.Nearest(folded, words, max(1, len([]rune(word))/3)))
	}
	if i < 0 {
		return ""
	}
	return sorted[i]
}

// otherWords are what other programs, and people, call what has another name
// here, folded.
var otherWords = map[string]string{
	"phone": "call", "voice": "call", "telephone": "call", "text": "sms", "mail": "email", "newsletter": "email",
	"notification": "push", "webpush": "push", "channel": "by", "channels": "by", "via": "by",
	"delay": "wait", "pause": "wait", "timezone": "zone", "tz": "zone", "language": "locale", "lang": "locale",
	"name": "title", "filter": "where", "condition": "where", "when": "if", "goto": "enter", "question": "ask", "abtest": "split",
}

// fold forgets case and the ways of joining words.
func fold(word string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(word))
}

// didYouMean is the mend for an unknown word: the nearest known one, or else
// all there are to choose from.
func didYouMean(word string, known []string, otherwise string) string {
	if match := nearest(word, known); match != "" {
		return "did you mean " + quote(match) + "?"
	}
	if otherwise != "" {
		return otherwise
	}
	return oneOf(known)
}

// oneOf lists what may be chosen.
func oneOf(known []string) string {
	switch len(known) {
	case 0:
		return "there is none yet"
	case 1:
		return "there is only " + quote(known[0])
	}
	return "choose " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
}

// quote puts a word of the writer's in quotation marks, shortened.
func quote(word string) string {
	runes := []rune(strings.Join(strings.Fields(word), " "))
	if len(runes) > 60 {
		runes = append(runes[:57], '…')
	}
	return `"` + string(runes) + `"`
}

// plural counts things in words: "1 field", "2 fields".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return itoa(n) + " " + thing + "s"
}
