package workers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"rapport/campaigns"
	"rapport/channels"
)

// TestOneThatCannotBeDoneKeepsNoOtherFromIt counts how often work is begun, and what
// is done.
func TestOneThatCannotBeDoneKeepsNoOtherFromIt(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(fmt.Sprint("panics: ", panics), func(t *testing.T) { oneKeepsNoOtherFromIt(t, panics) })
	}
}

func oneKeepsNoOtherFromIt(t *testing.T, panics bool) {
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
		err := isolateFailures(t.Context(), ids, func(_ context.Context, some []int) error {
			begun++
			for _, id := range c.bad {
				if slices.Contains(some, id) && panics {
					var none []int
					_ = none[id]
				}
				if slices.Contains(some, id) {
					return errBad
				}
			}
			for _, id := range some {
				done[id] = true
			}
			return nil
		})
		if (err != nil) != (len(c.bad) > 0) || err != nil && !errors.Is(err, errBad) && channels.StackIn(err) == nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(done) != c.done || begun > c.begunMost {
			t.Errorf("%s: %d are done, want %d; begun %d times, at most %d are needed", name, len(done), c.done, begun, c.begunMost)
		}
	}
}

// What is judged together stays together, whatever stands between.
func TestWhatIsAboutTheSameIsNotTakenApart(t *testing.T) {
	type visit struct{ id, about int64 }
	const unreadable = 4
	items := []visit{{1, 7}, {2, 8}, {3, 0}, {unreadable, 9}, {5, 7}, {6, 0}, {7, 9}, {8, 8}, {9, 7}}
	var done []int64
	err := isolateFailuresBy(t.Context(), items, func(v visit) int64 { return v.about }, func(_ context.Context, some []visit) error {
		of := map[int64]int{}
		for _, v := range some {
			of[v.about]++
		}
		for about, want := range map[int64]int{7: 3, 8: 2, 9: 2} {
			if of[about] != 0 && of[about] != want {
				t.Errorf("%d of %d about %d are done together", of[about], want, about)
			}
		}
		if slices.ContainsFunc(some, func(v visit) bool { return v.id == unreadable }) {
			return errors.New("bad")
		}
		if !slices.IsSortedFunc(some, func(a, b visit) int { return int(a.id - b.id) }) {
			t.Errorf("out of order: %v", some)
		}
		for _, v := range some {
			done = append(done, v.id)
		}
		return nil
	})
	slices.Sort(done)
	if err == nil || !slices.Equal(done, []int64{1, 2, 3, 5, 6, 8, 9}) {
		t.Errorf("done: %v, %v", done, err)
	}
}

// Without a workspace that can be read nothing can be done, of however few.
func TestWhatFailsForEverybodyIsTriedOnce(t *testing.T) {
	for _, strikesAll := range []error{campaigns.ErrStale, campaigns.ErrNoWorkspace} {
		begun := 0
		err := isolateFailures(t.Context(), []int{1, 2, 3}, func(context.Context, []int) error {
			begun++
			return fmt.Errorf("workspace 3: %w", strikesAll)
		})
		if !errors.Is(err, strikesAll) || begun != 1 {
			t.Errorf("%v: begun %d times, %v", strikesAll, begun, err)
		}
	}
}
