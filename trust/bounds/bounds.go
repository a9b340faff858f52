// Package bounds holds parsers to what an input may cost them: a second of the
// processor and 64 MB of memory, whatever it says. Every fuzz target watches each
// of its executions with it.
//
// It owns the measure, and nothing of what is measured.
package bounds

import (
	"fmt"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"
)

const (
	// Time is how long one input may keep the processor. It is the process's own,
	// so that a busy machine changes nothing; it counts the garbage collector's.
	Time = time.Second
	// Memory is how many bytes one input may allocate, whether or not they are
	// still in use at its end.
	Memory = 64 << 20
)

// Watch measures from now until what it returns is called, and fails the test
// beyond a bound: defer bounds.Watch(t)(). An input that comes to no end the fuzzer
// ends itself, after ten seconds.
func Watch(t testing.TB) func() {
	before := read()
	return func() {
		t.Helper()
		if c := read().since(before); c.time > Time || c.memory > Memory {
			t.Errorf("one input took %s; no more than %s is meant", c, cost{Time, Memory})
		}
	}
}

// cost is what the process used.
type cost struct {
	time   time.Duration
	memory uint64
}

func (c cost) since(before cost) cost { return cost{c.time - before.time, c.memory - before.memory} }

func (c cost) String() string {
	return fmt.Sprintf("%s of the processor and %.1f MB", c.time.Round(time.Millisecond), float64(c.memory)/(1<<20))
}

func read() cost {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(allocated)
	return cost{time.Duration(used.Utime.Nano() + used.Stime.Nano()), allocated[0].Value.Uint64()}
}
