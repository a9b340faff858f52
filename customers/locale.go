package customers

import (
	"errors"

	"golang.org/x/text/language"
)

// IsLocale reports whether a text is a language tag (BCP 47; de_DE too) of a language
// that there is, whatever else it names.
func IsLocale(text string) bool {
	tag, err := language.Parse(text)
	var unknown language.ValueError
	if err != nil && !errors.As(err, &unknown) {
		return false
	}
	_, sure := tag.Base()
	return sure == language.Exact
}
