package channels_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rapport/channels"
)

// crowd counts who is on the way.
type crowd struct {
	mu        sync.Mutex
	now, most int
	done      []int
}

func (c *crowd) pass(i int, took time.Duration) {
	c.mu.Lock()
	c.now++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	time.Sleep(took)
	c.mu.Lock()
	c.now--
	c.done = append(c.done, i)
	c.mu.Unlock()
}

func (c *crowd) send(took time.Duration) func(i int) (channels.Receipt, error) {
	return func(i int) (channels.Receipt, error) {
		c.pass(i, took)
		return channels.Receipt{Segments: i}, nil
	}
}

// begun counts the messages that were not too late.
func begun(results []channels.Result) int {
	n := 0
	for _, result := range results {
		if !errors.Is(result.Err, channels.ErrLate) {
			n++
		}
	}
	return n
}

func TestAsManyAreOnTheirWayAsTheProviderIsSlow(t *testing.T) {
	for _, c := range []struct {
		name    string
		n       int
		answer  time.Duration
		most    int
		within  time.Duration
		howMany string
	}{
		{"at once", 1000, time.Millisecond, 16, 70 * time.Millisecond, "few connections are enough"},
		{"slowly", 1000, time.Second, 256, 4*time.Second + 100*time.Millisecond, "no more than have a connection"},
		{"slowly, and there are few", 100, time.Second, 100, time.Second + 50*time.Millisecond, "each has one"},
		{"nothing", 0, 0, 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var crowd crowd
				start := time.Now()
				results := channels.Abreast(nil, c.n, crowd.send(c.answer))
				if begun := begun(results); begun != c.n {
					t.Errorf("%d of %d have begun", begun, c.n)
				}
				for i, result := range results {
					if result.Receipt.Segments != i {
						t.Fatalf("%d has the result of %d", i, result.Receipt.Segments)
					}
				}
				if took := time.Since(start); took > c.within {
					t.Errorf("it took %s, want at most %s", took, c.within)
				}
				if crowd.most != c.most {
					t.Errorf("%d were on their way at once, want %d: %s", crowd.most, c.most, c.howMany)
				}
				slices.Sort(crowd.done)
				for i, done := range crowd.done {
					if done != i {
						t.Fatalf("%d is done in the place of %d", done, i)
					}
				}
				if len(crowd.done) != c.n {
					t.Errorf("%d of %d are done", len(crowd.done), c.n)
				}
			})
		})
	}
}

func TestNothingBeginsWhenItIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(late) })
		var crowd crowd
		begun := begun(channels.Abreast(late, 1000, crowd.send(3*time.Second)))
		slices.Sort(crowd.done)
		if begun != 512 || len(crowd.done) != begun || crowd.done[begun-1] != begun-1 {
			t.Errorf("%d have begun and %d are done, want the first two times 256", begun, len(crowd.done))
		}
	})
}

// A message that panics is in doubt, and the others are sent.
func TestOneThatPanicsEndsNoOther(t *testing.T) {
	results := channels.Abreast(nil, 100, func(i int) (channels.Receipt, error) {
		if i == 33 {
			var none []int
			return channels.Receipt{Segments: none[i]}, nil
		}
		return channels.Receipt{Segments: i}, nil
	})
	for i, result := range results {
		switch evidence := channels.Classify(result.Err); {
		case i != 33 && (evidence != channels.Accepted || result.Receipt.Segments != i):
			t.Errorf("%d: %+v", i, result)
		case i == 33 && (evidence != channels.Ambiguous || channels.StackIn(result.Err) == nil):
			t.Errorf("the one that panicked: %+v", result)
		}
	}
}

// What panicked is told without what it was about.
func TestAPanicTellsNobodysAddress(t *testing.T) {
	err := channels.Recovered(func() error { panic(errors.New("no mailbox: ann@home.example")) })
	if err == nil || strings.Contains(err.Error(), "ann") || !strings.Contains(err.Error(), "*errors.errorString") {
		t.Errorf("got %v", err)
	}
	if stack := fmt.Sprint(channels.StackIn(fmt.Errorf("read: %w", err))...); !strings.Contains(stack, "abreast_test.go") || strings.Contains(stack, "ann@") {
		t.Errorf("the stack: %s", stack)
	}
}
