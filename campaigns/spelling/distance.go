// Package spelling tells how far two words are apart, so that a mistake can name
// the word that was probably meant, or the number.
package spelling

// Nearest is the known word that takes the fewest changes to write, none where every
// one takes more than `most`; the first of several.
func Nearest(word string, known []string, most int) (nearest string) {
	from := []rune(word)
	for _, candidate := range known {
		if d := within(from, candidate, most); d <= most {
			nearest, most = candidate, d-1
		}
	}
	return nearest
}

// within is the distance of two words where it is at most that, and more than that
// otherwise: words that differ more in length need not be compared.
func within(from []rune, word string, most int) int {
	to := []rune(word)
	if apart := max(len(from)-len(to), len(to)-len(from)); apart > most {
		return apart
	}
	return distance(from, to)
}

// Distance counts the letters that must be added, left out, changed or swapped with
// their neighbour to make one word of the other (Damerau-Levenshtein, optimal string
// alignment: each swap counts once).
func Distance(a, b string) int { return distance([]rune(a), []rune(b)) }

// usual is how many letters a word has at most whose comparison needs no memory of
// its own.
const usual = 63

func distance(from, to []rune) int {
	var rows [3][usual + 1]int
	before, last, row := rows[0][:], rows[1][:], rows[2][:]
	if len(to) > usual {
		before, last, row = make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	}
	for j := range to {
		last[j+1] = j + 1
	}
	for i := 1; i <= len(from); i++ {
		row[0] = i
		for j := 1; j <= len(to); j++ {
			change := 1
			if from[i-1] == to[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}
