package expression

import "rapport/campaigns/spelling"

// nearest finds the known name a misspelt one was meant to be: the one with the
// fewest letters added, left out, changed or swapped with their neighbour; ""
// when none is near.
func nearest(name string, known []string) string {
	return spelling.Nearest(name, known, max(1, min(3, len(name)/3)))
}
