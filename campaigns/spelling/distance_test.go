package spelling

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "wait", 4},
		{"wait", "", 4},
		{"template", "template", 0},
		{"tempalte", "template", 1}, // a swap
		{"templat", "template", 1},
		{"templates", "template", 1},
		{"temqlate", "template", 1},
		{"ca", "abc", 3}, // a letter is swapped or added beside, not both
		{"müsli", "musli", 1},
		{"branch", "split", 6},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
