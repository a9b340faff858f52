package workers

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// handful is how many rows need no room: what a customer waits for, such as the
// answer to a single event, does not stand behind a broadcast.
const handful = 20

// Room bounds how many rows the tasks of a process have in memory at once, whole
// with their customers and their words: its memory follows from that, and not from
// how much waits. Nil has no bound.
type Room struct {
	rows *semaphore.Weighted
	most int64
}

// NewRoom has room for so many rows; 0 has no bound.
func NewRoom(rows int) *Room {
	if rows <= 0 {
		return nil
	}
	return &Room{rows: semaphore.NewWeighted(int64(rows)), most: int64(rows)}
}

// enter waits until there is room for so many rows more, or until ctx ends. First come,
// first served. A request larger than the bound waits for all of it.
func (r *Room) enter(ctx context.Context, rows int) (release func(), err error) {
	if r == nil || rows <= handful {
		return func() {}, nil
	}
	n := min(int64(rows), r.most)
	if err := r.rows.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { r.rows.Release(n) }, nil
}
