package workers

import (
	"context"
	"errors"

	"rapport/campaigns"
	"rapport/channels"
)

// failuresBorne is how many parts of a batch may fail before the rest is left: one
// that cannot be done costs nine, for its batch and each half down to it.
const failuresBorne = 40

// isolateFailures does work for all items at once, and where that fails for each half
// by itself, down to single ones: one that cannot be done, or panics, keeps no other
// from it. Its error is that of those that failed by themselves. Work must bear being done
// again.
func isolateFailures[T any](ctx context.Context, items []T, do func(context.Context, []T) error) error {
	return isolateFailuresBy(ctx, items, func(T) int64 { return 0 }, do)
}

// isolateFailuresBy does the same, and takes no items apart that are about the same,
// whatever that is; 0 is nothing.
func isolateFailuresBy[T any](ctx context.Context, items []T, about func(T) int64, do func(context.Context, []T) error) error {
	failures := 0
	var each func([]T) error
	each = func(some []T) error {
		err := channels.Recovered(func() error { return do(ctx, some) })
		if err == nil || strikesAll(err) {
			return err
		}
		one, other := halves(some, about)
		if failures++; len(other) == 0 || failures >= failuresBorne || ctx.Err() != nil {
			return err
		}
		return errors.Join(each(one), each(other))
	}
	return each(items)
}

// strikesAll reports whether an error would fail any item alike, so that splitting
// cannot help.
func strikesAll(err error) bool {
	return errors.Is(err, campaigns.ErrStale) || errors.Is(err, campaigns.ErrNoWorkspace)
}

// halves cuts items in two, each in their order. What is about the same goes with
// the first of it; where all is, there is no other half.
func halves[T any](items []T, about func(T) int64) (one, other []T) {
	places, group := map[int64]int{}, 0
	groups := make([]int, len(items)) // which each belongs to, by the order in which they begin
	for i, item := range items {
		of := about(item)
		place, begun := places[of]
		if !begun || of == 0 {
			place = group
			places[of] = place
			group++
		}
		groups[i] = place
	}
	for i, item := range items {
		if groups[i] < (group+1)/2 {
			one = append(one, item)
		} else {
			other = append(other, item)
		}
	}
	return one, other
}
