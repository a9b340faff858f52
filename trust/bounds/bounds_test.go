package bounds

import (
	"strings"
	"testing"
)

// recorded is a test whose failures are kept instead.
type recorded struct {
	testing.TB
	failures []string
}

func (r *recorded) Helper() {}

func (r *recorded) Errorf(string, ...any) { r.failures = append(r.failures, "failed") }

var kept [][]byte

func TestMemoryBeyondTheBoundIsSeen(t *testing.T) {
	for size, fails := range map[int]bool{1 << 10: false, Memory / 2: false, Memory + 1<<20: true} {
		r := &recorded{TB: t}
		end := Watch(r)
		for range 16 {
			kept = append(kept, make([]byte, size/16))
		}
		kept = nil
		end()
		if (len(r.failures) > 0) != fails {
			t.Errorf("%d bytes: %v", size, r.failures)
		}
	}
}

func TestTimeBeyondTheBoundIsSeen(t *testing.T) {
	r := &recorded{TB: t}
	end := Watch(r)
	for start := read(); read().since(start).time <= Time; {
		if strings.Count(strings.Repeat("a", 1000), "a") != 1000 {
			t.Fatal("unreachable")
		}
	}
	end()
	if len(r.failures) == 0 {
		t.Error("more than a second of the processor was let pass")
	}
}
