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
	if best := nearest(word, known); best != "" {
		return "did you mean " + best + "?"
	}
	if len(known) == 0 || len(known) > maxListed {
		return ""
	}
	return "known: " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// nearest is the known word that a wrong one most likely stands for; "" where none
// is near.
func nearest(word string, known []string) string {
	return spelling.Nearest(word, slices.Sorted(slices.Values(known)), max(1, (len(word)+1)/3))
}
