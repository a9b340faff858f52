package expression

// nearest finds the known name a misspelt one was meant to be: the one with the
// fewest letters added, left out, changed or swapped with their neighbour; ""
// when none is near.
func nearest(name string, known []string) string {
	best, fewest := "", 1+max(1, min(3, len(name)/3))
	for _, k := range known {
		if d := distance([]rune(name), []rune(k)); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

// distance is Damerau and Levenshtein's, each swap counted once.
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
