package workers

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// handful is how many rows need no budget: what a customer waits for, such as the
// answer to a single event, does not stand behind a broadcast.
const handful = 20

// RowBudget bounds how many rows the tasks of a process have in memory at once, whole
// with their customers and their words: its memory follows from that, and not from
// how much waits. Nil has no bound.
type RowBudget struct {
	free *semaphore.Weighted
	most int64
}

// NewRowBudget is a budget of so many rows; 0 has no bound.
func NewRowBudget(rows int) *RowBudget {
	if rows <= 0 {
		return nil
	}
	return &RowBudget{free: semaphore.NewWeighted(int64(rows)), most: int64(rows)}
}

// take waits until so many rows more may be read, or until ctx ends. First come, first
// served. A request larger than the bound waits for all of it.
func (b *RowBudget) take(ctx context.Context, rows int) (release func(), err error) {
	if b == nil || rows <= handful {
		return func() {}, nil
	}
	n := min(int64(rows), b.most)
	if err := b.free.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { b.free.Release(n) }, nil
}
