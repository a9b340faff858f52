package templates

import (
	"slices"
	"strings"
)

// maxListed is how many known words a message lists.
const maxListed = 12

// didYouMean is the mend for a wrong word: the nearest known one, or all of
// them where none is near.
func didYouMean(word string, known []string) string {
	sorted := slices.Sorted(slices.Values(known))
	best, distance := "", max(1, (len(word)+1)/3)+1
	for _, candidate := range sorted {
		if d := editDistance(word, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(sorted) == 0 || len(sorted) > maxListed:
		return ""
	}
	return "known: " + strings.Join(sorted, ", ")
}

// editDistance counts the letters that must be added, dropped, changed or
// swapped with their neighbour to make one word of the other.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			cost := 1
			if from[i-1] == to[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
