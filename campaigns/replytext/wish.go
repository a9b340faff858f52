package replytext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rapport/channels"
)

// Wish is what a customer who writes back wants of us as a sender.
type Wish string

// The wishes. A text that is none of them is an ordinary reply.
const (
	NoWish Wish = ""
	Stop   Wish = "stop"
	Start  Wish = "start"
	Help   Wish = "help"
	// Yes lifts a stop where there is one; otherwise it is a plain yes.
	Yes Wish = "yes"
	// NoCalls, NoTexts and NoMails name the channel they mean, on whichever they are said.
	NoCalls Wish = "no calls"
	NoTexts Wish = "no texts"
	NoMails Wish = "no mails"
	// NoWriting means what is written: on a call, texts.
	NoWriting Wish = "no writing"
)

// Stops is the channel by which a wish wants nothing more: a plain STOP by the one it
// is said on. "" is none.
func (w Wish) Stops(saidOn channels.Channel) channels.Channel {
	switch w {
	case Stop:
		return saidOn
	case NoCalls:
		return channels.Call
	case NoTexts:
		return channels.SMS
	case NoMails:
		return channels.Email
	case NoWriting:
		if saidOn == channels.Call {
			return channels.SMS
		}
		return saidOn
	}
	return ""
}

// longestWish is the longest text, in bytes, that may be a wish in several words.
const longestWish = 400

// ParseWish reads a reply. Only a message that is a wish as a whole is one, in any
// case, script form, accent and punctuation, with letters that look alike, and with
// what is polite or said twice around it: "please don't stop" is not a stop. A question
// is one only in the very words that are listed, and "no more emails?" is none.
func ParseWish(text string) Wish {
	words := utterance(text)
	asked := strings.ContainsAny(text, questionMarks)
	missed := asked && len(words) > 0 && none[folded(words[0].word)] // "no more emails?"
	if wish, known := wishes[folded(text)]; known && !missed {
		return wish
	}
	if asked || len(text) > longestWish {
		return NoWish
	}
	for _, alphabet := range []map[rune]rune{nil, inLatin, inCyrillic} {
		if wish := wishIn(spelled(words, alphabet)); wish != NoWish {
			return wish
		}
	}
	return signed(text)
}

// wishIn is what words ask for together, or each of their clauses.
func wishIn(words []token) Wish {
	if wish := phrase(words); wish != NoWish {
		return wish
	}
	wish := NoWish
	for _, clause := range clauses(words) {
		switch next := phrase(clause); {
		case next == NoWish, next == Start, next == Help:
			return NoWish
		case wish == NoWish, wish == next, next == Stop:
			wish = next
		case wish != Stop: // of two channels: a person reads it
			return NoWish
		}
	}
	return wish
}

// phrase is what one phrase asks for, without what is polite or said twice in it.
func phrase(words []token) Wish {
	said := spoken(words)
	if wish := wishes[strings.Join(said, "")]; wish != NoWish && wish != Yes { // "yes please" is an answer
		return wish
	}
	return phrases[core(said)]
}

// spoken is words folded, without what is polite or said twice.
func spoken(words []token) (said []string) {
	for _, w := range withoutPolite(words) {
		for _, word := range plain(w.word) {
			if !courtesy[word] && (len(said) == 0 || said[len(said)-1] != word) {
				said = append(said, word)
			}
		}
	}
	return said
}

// core is the words that say what is meant.
func core(said []string) string {
	noMore := len(said) > 1 && none[said[0]] && (said[0] != "no" || more[said[1]]) // "no me envíe más correos" has a verb
	var meant []string
	whom := false
	for _, word := range said {
		whom = whom || transitive[word]
		switch {
		case whom && (word == "me" || word == "us"):
			meant = append(meant, "me")
		case !fillers[word] && (noMore || !more[word]):
			meant = append(meant, word)
		}
	}
	return strings.Join(meant, " ")
}

// withoutPolite leaves out the words that are polite.
func withoutPolite(words []token) []token {
	var rest []token
	for i := 0; i < len(words); i++ {
		if n := politeAt(words[i:]); n > 0 {
			i += n - 1
			continue
		}
		rest = append(rest, words[i])
	}
	return rest
}

// politeAt is how many of the words at the beginning are polite.
func politeAt(words []token) int {
	for _, phrase := range politePhrases {
		if len(words) >= len(phrase) && slices.EqualFunc(words[:len(phrase)], phrase, func(w token, word string) bool { return folded(w.word) == word }) {
			return len(phrase)
		}
	}
	if len(words) > 0 && polite[folded(words[0].word)] {
		return 1
	}
	return 0
}

// plain is a word folded, a contraction in two; nothing where it is no word.
func plain(word string) []string {
	switch word = folded(word); word {
	case "":
		return nil
	case "dont":
		return []string{"do", "not"}
	}
	return []string{word}
}

// clauses cuts words at punctuation and at words that join.
func clauses(words []token) [][]token {
	var cut [][]token
	for i, w := range words {
		joint := joints[folded(w.word)]
		if i == 0 || joint || words[i-1].clause != w.clause {
			cut = append(cut, nil)
		}
		if !joint {
			cut[len(cut)-1] = append(cut[len(cut)-1], w)
		}
	}
	return slices.DeleteFunc(cut, func(clause []token) bool {
		return len(spoken(clause)) == 0
	})
}

// signed is a wish that stands above its writer's name.
func signed(text string) Wish {
	head, below, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if name := strings.TrimLeft(below, "-–—~ \r\n"); name == "" || !isName(name, longestName) {
		return NoWish
	}
	return StrongWish(head)
}

// StrongWish is the wish of a text that is about nothing else, whatever stands beside
// it. Words that may be about a thing ("cancel", "basta"), and questions, have none.
func StrongWish(text string) Wish {
	if strings.ContainsAny(text, questionMarks) {
		return NoWish
	}
	return phrases[core(spoken(utterance(text)))]
}

// longestName is how many words a name below a letter has at most.
const longestName = 3

// isName reports whether a text looks like a name: a few capitalised words, and nothing
// that names do not have. None is one.
func isName(text string, longest int) bool {
	words := strings.Fields(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // marks of direction
			return -1
		}
		return r
	}, text))
	return len(words) <= longest && !slices.ContainsFunc(words, func(w string) bool {
		first, _ := utf8.DecodeRuneInString(w)
		return !unicode.IsUpper(first) || strings.ContainsFunc(w, func(r rune) bool { return !letter(r) && !strings.ContainsRune(".,-'’", r) })
	})
}
