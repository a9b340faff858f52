package customers

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNamesAreFoldedIntoWords(t *testing.T) {
	for name, want := range map[string]string{
		"Anna Maria": "anna maria", "MÜLLER": "muller", "Weiß": "weiss", "José": "jose", "Jose\u0301": "jose", "Łukasz Sørensen": "lukasz sorensen",
		"İpek Işık": "ipek isik", "Æther": "aether", "Фёдор Достоевский": "федор достоевскии", "Ανδρέας": "ανδρεασ",
		"عَلِيّ": "علي", "علی": "علي", "آرش": "ارش", "علی\u200cرضا": "عليرضا", "محـــمد": "محمد", "דָּוִד": "דוד", "김민준": "김민준", "がく": "がく", "王伟": "王伟",
		"Jean-Luc": "jean luc jeanluc", "O’Neil": "oneil o neil", "D'Arc-O'Neil": "darc d arc oneil o neil darconeil", "J. R.": "j r", "ＡＢＣ": "abc",
		"???": "-", "": "-", "\xff": "-", strings.Repeat("ü", 50): strings.Repeat("u", 32), strings.Repeat("a ", 50): "a",
	} {
		if got := strings.Join(NameWords(name), " "); got != want {
			t.Errorf("%q has the words %q, want %q", name, got, want)
		}
	}
	for _, none := range []string{"", "a", "a b", "- '", "Ü"} {
		if words, err := SoughtWords(none); !errors.Is(err, ErrNoWord) {
			t.Errorf("%q looks for %q, %v", none, words, err)
		}
	}
	for _, short := range []string{"an", "a bc", "王", "김"} {
		if _, err := SoughtWords(short); err != nil {
			t.Errorf("%q: %v", short, err)
		}
	}
}

// Whatever a name is, it is found as it is written, and its words are such as indexes take.
func FuzzNameWords(f *testing.F) {
	for _, seed := range []string{"Anna Karenina", "D'Arc-O’Neil", "ﷺ ㈱ ½", "İ", "a\u0301\u0301", "'' - x", "ẞ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		words := NameWords(name)
		for _, word := range words {
			if word == "" || word != NoWords && strings.ContainsFunc(word, apart) || len(word) > 4*longestWord {
				t.Errorf("%q has the word %q", name, word)
			}
		}
		sought, err := SoughtWords(name)
		if err != nil || len(words) == mostWords {
			return
		}
		for _, word := range sought {
			if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, word) }) {
				t.Errorf("%q has the words %q and is looked for by %q", name, words, word)
			}
		}
	})
}
