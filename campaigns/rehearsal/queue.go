package rehearsal

import (
	"cmp"
	"container/heap"
	"time"
)

// rank is the order in which things of one instant are done: what comes in from
// outside first, then production's order of one round (workers.Pump).
type rank int

const (
	fromOutside rank = iota // what the customers and the shop do
	occurring               // broadcasts, as workers.Schedule finds them
	reported                // what comes back, as workers.Reader reads it
	compared                // segments and exits that time alone may change
	travelling              // entries that are awake
	delivering              // deliveries that are due, lane by lane as store.Due lists them
)

// task is one thing to be done at an instant.
type task struct {
	at       time.Time
	rank     rank
	priority int   // of a delivery: the greater goes first
	number   int64 // in the order of planning, or of the row it is about
	do       func()
}

func (t task) compare(u task) int {
	return cmp.Or(t.at.Compare(u.at), cmp.Compare(t.rank, u.rank), cmp.Compare(u.priority, t.priority), cmp.Compare(t.number, u.number))
}

// queue is what is still to be done, a heap by time.
type queue []task

func (q *queue) add(t task) { heap.Push(q, t) }

// next takes the earliest task, unless it is later than an instant.
func (q *queue) next(until time.Time) (task, bool) {
	if len(*q) == 0 || (*q)[0].at.After(until) {
		return task{}, false
	}
	return heap.Pop(q).(task), true
}

// Len is for container/heap, as are the others below.
func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].compare(q[j]) < 0 }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push appends a task.
func (q *queue) Push(x any) { *q = append(*q, x.(task)) }

// Pop removes the last task.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = task{} // so that what it holds can be forgotten
	*q = old[:len(old)-1]
	return last
}
