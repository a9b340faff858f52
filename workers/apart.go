package workers

import (
	"context"
	"errors"
)

// failuresBorne is how many parts of a batch may fail before the rest is left: one
// that cannot be done costs nine, for its batch and each half down to it.
const failuresBorne = 40

// apart does work for all items at once, and where that fails for each half by
// itself, down to single ones: one that cannot be done keeps no other from it. Its
// error is that of those that failed by themselves. Work must bear being done again.
func apart[T any](ctx context.Context, items []T, do func(context.Context, []T) error) error {
	failures := 0
	var each func([]T) error
	each = func(some []T) error {
		err := do(ctx, some)
		if err == nil {
			return nil
		}
		if failures++; len(some) < 2 || failures >= failuresBorne || ctx.Err() != nil {
			return err
		}
		return errors.Join(each(some[:len(some)/2]), each(some[len(some)/2:]))
	}
	return each(items)
}
