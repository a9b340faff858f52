package spelling

import (
	"regexp"
	"strings"
)

// signed is a number with a comma or a point in it.
var signed = regexp.MustCompile(`^-?(\d+)[.,](\d+)$`)

// Decimal writes a number with a point where it has a comma before its decimals. It is
// not sure of one whose comma or point stands before three digits, which 1,000 and 1.000
// have where they mean a thousand.
func Decimal(text string) (point string, sure bool) {
	if parts := signed.FindStringSubmatch(text); parts == nil || len(parts[2]) == 3 {
		return "", false
	}
	return strings.Replace(text, ",", ".", 1), true
}
