package replytext

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// folded brings a text into the form words are compared in: compatible
// characters made one, lower case, no accents, nothing but letters and digits.
// Opt out, OPT-OUT and ＯＰＴＯＵＴ are the same.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mc, r) {
			return -1 // accents, marks of direction, punctuation, space, emoji
		}
		if value, digit := digitValue(r); digit {
			return '0' + rune(value)
		}
		if kin, has := kinLetters[r]; has {
			return kin
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
}

// kinLetters are letters that keyboards confuse: Arabic forms on a Persian
// keyboard, the Turkish dotless i.
var kinLetters = map[rune]rune{'ي': 'ی', 'ى': 'ی', 'ك': 'ک', 'ة': 'ه', 'ı': 'i'}

// digitValue reads a decimal digit of the scripts our customers write in.
func digitValue(r rune) (int, bool) {
	for _, zero := range [...]rune{'0', '٠', '۰', '०', '০', '๐', '０'} {
		if r >= zero && r <= zero+9 {
			return int(r - zero), true
		}
	}
	return 0, false
}

// Number reads a number in the digits of any script and nothing else, but
// for marks and symbols around it (keycap emoji, stars).
func Number(text string) (int, bool) {
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
