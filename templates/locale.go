package templates

import (
	"strings"

	"golang.org/x/text/language"
)

// canonicalLocale gives a BCP 47 tag in its usual writing (fa-IR); ok is false
// when it is none.
func canonicalLocale(tag string) (canonical string, ok bool) {
	parsed, err := language.Parse(tag)
	if err != nil || tag == "" {
		return "", false
	}
	return parsed.String(), true
}

// Fallbacks lists where to look for a locale: itself, then less and less of it.
func Fallbacks(locale string) []string {
	if canonical, ok := canonicalLocale(locale); ok {
		locale = canonical
	}
	var chain []string
	for locale != "" {
		chain = append(chain, locale)
		cut := strings.LastIndexByte(locale, '-')
		if cut < 0 {
			break
		}
		locale = locale[:cut]
	}
	return chain
}

// direction is rtl or ltr by the script a locale is written in.
func direction(locale string) string {
	tag, err := language.Parse(locale)
	if err != nil {
		return "ltr"
	}
	script, _ := tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg", "Aran":
		return "rtl"
	}
	return "ltr"
}
