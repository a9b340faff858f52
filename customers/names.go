package customers

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

var (
	// ErrNoWord says that a search by name gives no word that is long enough.
	ErrNoWord = errors.New("a name is searched by its words, one of at least two letters")
	// ErrTooMany says that a search by name would read too much.
	ErrTooMany = errors.New("too many names begin so: add another word of the name")
)

// NoWords stands for the words of a name that has none, such as "???".
const NoWords = "-"

const (
	// longestWord is how many letters of a word are kept and compared.
	longestWord = 32
	// mostWords is how many words of a name are kept, and of a search compared.
	mostWords = 12
)

// Namesakes are the customers whose names have the words of a search, or words that begin
// with them.
type Namesakes struct {
	// People are profiles without what other tables say: those first who have every word
	// as it was given, then whom something happened with last.
	People []*Customer `json:"people"`
	// Matching is how many match; where More do, so many were counted.
	Matching int  `json:"matching"`
	More     bool `json:"more,omitempty"`
	// Unready says that names of before an upgrade are still being taken into the index.
	Unready bool `json:"unready,omitempty"`
}

// Seen is when something last happened with the customer that their profile tells of; zero
// where nothing did.
func (c *Customer) Seen() time.Time {
	return slices.MaxFunc([]time.Time{c.Contacted.LastAt, c.Engagement.WroteAt, c.Orders.LastAt, c.Cases.LastAt}, time.Time.Compare)
}

// NameWords are the words by which a first or a last name is found, folded as SoughtWords
// are. One with hyphens or apostrophes is found by its parts and as a whole.
func NameWords(name string) []string {
	var words []string
	for token := range strings.FieldsSeq(fold(name)) {
		for _, part := range strings.FieldsFunc(token, func(r rune) bool { return r != '\'' && apart(r) }) {
			words = append(words, strings.ReplaceAll(part, "'", ""))
			words = append(words, strings.FieldsFunc(part, apart)...)
		}
		words = append(words, strings.Join(strings.FieldsFunc(token, apart), ""))
	}
	if words = distinctWords(words); len(words) == 0 {
		return []string{NoWords}
	}
	return words
}

// SoughtWords are the words of a search by name, each the beginning of a word of the name;
// ErrNoWord where none is long enough.
func SoughtWords(text string) ([]string, error) {
	words := distinctWords(strings.FieldsFunc(strings.ReplaceAll(fold(text), "'", ""), apart))
	if !slices.ContainsFunc(words, longEnough) {
		return nil, ErrNoWord
	}
	return words, nil
}

// MayBeName reports whether what somebody looks for may be a name: it has letters, and is no
// mailbox.
func MayBeName(text string) bool {
	return strings.ContainsFunc(text, unicode.IsLetter) && !strings.Contains(text, "@")
}

// SoughtInIndex reports whether a word of a search is worth a look in an index: what
// begins with one letter is everything.
func SoughtInIndex(word string) bool { return longEnough(word) }

// longEnough: a sign of Chinese, Japanese or Korean is a word, or its most.
func longEnough(word string) bool {
	for n, r := range []rune(word) {
		if n > 0 || unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) {
			return true
		}
	}
	return false
}

func distinctWords(words []string) []string {
	var all []string
	for _, word := range words {
		if letters := []rune(word); len(letters) > longestWord {
			word = string(letters[:longestWord])
		}
		if word != "" && len(all) < mostWords && !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}

// apart reports whether a rune stands between words.
func apart(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) }

// apostrophes are what people write for one.
var apostrophes = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'", "ʻ", "'", "`", "'", "´", "'")

// fold makes alike what is one name to whoever types it: letters of either case, with
// accents, points and vowel marks or without.
func fold(text string) string {
	if ascii(text) {
		return apostrophes.Replace(strings.ToLower(text))
	}
	text = norm.NFKD.String(cases.Fold().String(norm.NFKD.String(apostrophes.Replace(text))))
	var plain strings.Builder
	for at, r := range text {
		switch as, otherwise := written[r]; {
		case otherwise:
			plain.WriteString(as)
		case norm.NFKD.PropertiesString(text[at:]).CCC() >= mark, unicode.Is(unicode.Cf, r):
		default:
			plain.WriteRune(r)
		}
	}
	return norm.NFC.String(plain.String())
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= unicode.MaxASCII })
}

// mark is the least combining class of what may be left out of a word. Below it lie signs
// that make another letter: the nukta and virama of India, the voicing of kana.
const mark = 10

// written are letters that no normalisation takes apart, as people write them who have
// them on no key.
var written = map[rune]string{
	'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŧ': "t",
	'ی': "ي", 'ى': "ي", 'ک': "ك", 'ـ': "", // Persian and Arabic keyboards differ in yeh and kaf
}
