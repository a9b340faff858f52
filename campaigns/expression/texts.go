package expression

import "slices"

// textSet is some texts, in order, or all others.
type textSet struct {
	words  []string
	others bool // all but the words
}

// maxWords is how many texts a set of all others leaves out at most.
const maxWords = 256

func (s textSet) empty() bool { return !s.others && len(s.words) == 0 }

func (s textSet) has(word string) bool {
	_, found := slices.BinarySearch(s.words, word)
	return found != s.others
}

// meet is the texts in both sets, or a little more.
func (s textSet) meet(t textSet) textSet {
	switch {
	case !s.others:
		return textSet{words: chosen(s.words, t.has)}
	case !t.others:
		return textSet{words: chosen(t.words, s.has)}
	}
	left := textSet{words: united(s.words, t.words), others: true}
	if len(left.words) > maxWords {
		return s
	}
	return left
}

// join is the texts in either set.
func (s textSet) join(t textSet) textSet {
	switch {
	case s.others && t.others:
		return textSet{words: chosen(s.words, func(w string) bool { return !t.has(w) }), others: true}
	case s.others:
		return textSet{words: chosen(s.words, func(w string) bool { return !t.has(w) }), others: true}
	case t.others:
		return t.join(s)
	}
	return textSet{words: united(s.words, t.words)}
}

func chosen(words []string, keep func(string) bool) []string {
	var kept []string
	for _, w := range words {
		if keep(w) {
			kept = append(kept, w)
		}
	}
	return kept
}

func united(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
