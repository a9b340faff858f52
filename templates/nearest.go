package templates

import (
	"slices"
	"strings"

	"rapport/campaigns/spelling"
)

// maxListed is how many known words a message lists.
const maxListed = 12

// didYouMean is the mend for a wrong word: the nearest known one, or all of
// them where none is near.
func didYouMean(word string, known []string) string {
	sorted := slices.Sorted(slices.Values(known))
	best := spelling.Nearest(word, sorted, max(1, (len(word)+1)/3))
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(sorted) == 0 || len(sorted) > maxListed:
		return ""
	}
	return "known: " + strings.Join(sorted, ", ")
}
