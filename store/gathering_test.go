package store

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestWritesThatComeTogetherShareATransaction lets one write begin, others come
// meanwhile, and looks at what is written after it.
func TestWritesThatComeTogetherShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written [][]int
		hold := make(chan struct{})
		write := func(_ context.Context, some []*gathered[int]) error {
			var values []int
			for _, one := range some {
				values = append(values, one.what)
			}
			slices.Sort(values)
			written = append(written, values)
			if len(written) == 1 {
				<-hold
			}
			return nil
		}
		g := gathering[int]{most: 3, apart: func(error) bool { return true }}
		join := func(n int) chan error {
			ended := make(chan error, 1)
			go func() { ended <- g.join(t.Context(), n, write) }()
			synctest.Wait()
			return ended
		}
		ends := []chan error{join(1), join(2), join(3), join(4), join(5)}
		for n, end := range ends {
			select {
			case <-end:
				t.Errorf("write %d ended before its transaction", n+1)
			default:
			}
		}
		close(hold)
		for n, end := range ends {
			if err := <-end; err != nil {
				t.Errorf("write %d: %v", n+1, err)
			}
		}
		if want := [][]int{{1}, {2, 3, 4}, {5}}; !slices.EqualFunc(written, want, slices.Equal) {
			t.Errorf("written together were %v, want %v", written, want)
		}
		if err := g.join(t.Context(), 6, write); err != nil || len(written) != 4 {
			t.Errorf("a later write: %v, %v", err, written)
		}
	})
}

// What is large is not written together with much else, and waits for nobody's leave.
func TestWhatIsHeavyIsWrittenByItself(t *testing.T) {
	g := gathering[int]{most: 10, size: func(n int) int { return n }, heavy: 5}
	for _, n := range []int{2, 3, 1, 9, 5, 1} {
		g.waiting = append(g.waiting, &gathered[int]{what: n})
	}
	var written [][]int
	for some := g.next(); len(some) > 0; some = g.next() {
		var values []int
		for _, one := range some {
			values = append(values, one.what)
		}
		written = append(written, values)
	}
	if want := [][]int{{2, 3}, {1}, {9}, {5}, {1}}; !slices.EqualFunc(written, want, slices.Equal) {
		t.Errorf("written together were %v, want %v", written, want)
	}
}

// TestOneThatCannotBeWrittenKeepsOutNoOther fails whatever holds a 2.
func TestOneThatCannotBeWrittenKeepsOutNoOther(t *testing.T) {
	for name, test := range map[string]struct {
		apart bool
		ends  []bool // with an error
		calls int
	}{
		"the fault of one":      {true, []bool{false, false, true, false}, 5},
		"the fault of no write": {false, []bool{false, true, true, true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken, hold, calls := errors.New("broken"), make(chan struct{}), 0
				write := func(_ context.Context, some []*gathered[int]) error {
					if calls++; calls == 1 {
						<-hold
					}
					if slices.ContainsFunc(some, func(one *gathered[int]) bool { return one.what == 2 }) {
						return broken
					}
					return nil
				}
				g := gathering[int]{most: 10, apart: func(error) bool { return test.apart }}
				var ends []chan error
				for n := range 4 {
					end := make(chan error, 1)
					ends = append(ends, end)
					go func() { end <- g.join(t.Context(), n, write) }()
					synctest.Wait()
				}
				close(hold)
				for n, end := range ends {
					if err := <-end; (err != nil) != test.ends[n] {
						t.Errorf("write %d ended with %v", n, err)
					}
				}
				if calls != test.calls {
					t.Errorf("%d transactions, want %d", calls, test.calls)
				}
			})
		})
	}
}

func TestWhoStopsWaitingDoesNotStopTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold, written := make(chan struct{}), false
		g := gathering[int]{most: 10, apart: func(error) bool { return true }}
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() {
			end <- g.join(ctx, 1, func(ctx context.Context, _ []*gathered[int]) error {
				<-hold
				written = ctx.Err() == nil
				return nil
			})
		}()
		synctest.Wait()
		cancel()
		if err := <-end; !errors.Is(err, context.Canceled) {
			t.Errorf("who stopped waiting hears %v", err)
		}
		close(hold)
		synctest.Wait()
		if !written {
			t.Error("the write was stopped")
		}
	})
}

// TestADatabaseThatDoesNotAnswerHoldsNobodyUpForEver lets a write hang: those who
// wait hear of it, none is tried by itself, and whoever left is not written.
func TestADatabaseThatDoesNotAnswerHoldsNobodyUpForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written [][]int
		write := func(ctx context.Context, some []*gathered[int]) error {
			var values []int
			for _, one := range some {
				values = append(values, one.what)
			}
			written = append(written, values)
			if len(written) < 3 {
				<-ctx.Done()
			}
			return ctx.Err()
		}
		g := gathering[int]{most: 3, apart: func(error) bool { return true }}
		join := func(ctx context.Context, n int) chan error {
			ended := make(chan error, 1)
			go func() { ended <- g.join(ctx, n, write) }()
			synctest.Wait()
			return ended
		}
		began := time.Now()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first, second, leaving, third := join(t.Context(), 1), join(t.Context(), 2), join(impatient, 3), join(t.Context(), 4)
		for n, end := range []chan error{leaving, first, second, third} {
			if err := <-end; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("write %d: %v", n, err)
			}
		}
		if took := time.Since(began); took != 2*writeFor {
			t.Errorf("that took %s", took)
		}
		if err := g.join(t.Context(), 5, write); err != nil {
			t.Errorf("a later write: %v", err)
		}
		if want := [][]int{{1}, {2, 4}, {5}}; !slices.EqualFunc(written, want, slices.Equal) {
			t.Errorf("written together were %v, want %v", written, want)
		}
	})
}
