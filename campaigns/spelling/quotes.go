package spelling

import "strings"

// IsCurlyQuote reports whether a sign is a quotation mark as word processors write it,
// which quotes nothing in a condition or a template.
func IsCurlyQuote(r rune) bool { return strings.ContainsRune("“”„‟«»‘’‚", r) }
