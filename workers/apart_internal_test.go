package workers

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// TestOneThatCannotBeDoneKeepsNoOtherFromIt counts how often work is begun, and what
// is done.
func TestOneThatCannotBeDoneKeepsNoOtherFromIt(t *testing.T) {
	errBad := errors.New("bad")
	ids := make([]int, 500)
	for i := range ids {
		ids[i] = i
	}
	for name, c := range map[string]struct {
		bad       []int
		done      int
		begunMost int
	}{
		"none": {nil, 500, 1},
		"one":  {[]int{77}, 499, 19},
		"two":  {[]int{0, 499}, 498, 36},
		"all":  {ids, 0, 49}, // and the rest is left
	} {
		done, begun := map[int]bool{}, 0
		err := apart(t.Context(), ids, func(_ context.Context, some []int) error {
			begun++
			for _, id := range c.bad {
				if slices.Contains(some, id) {
					return errBad
				}
			}
			for _, id := range some {
				done[id] = true
			}
			return nil
		})
		if (err != nil) != (len(c.bad) > 0) || err != nil && !errors.Is(err, errBad) {
			t.Errorf("%s: %v", name, err)
		}
		if len(done) != c.done || begun > c.begunMost {
			t.Errorf("%s: %d are done, want %d; begun %d times, at most %d are needed", name, len(done), c.done, begun, c.begunMost)
		}
	}
}
