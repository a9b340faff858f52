package console

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rapport/deliveries"
)

// counting makes funnels that take a while and count how often they were made.
type counting struct {
	deliveries.Summary
	takes time.Duration
	made  int
}

func (c *counting) Funnels(context.Context, time.Time) ([]deliveries.Funnel, error) {
	c.made++
	time.Sleep(c.takes)
	return []deliveries.Funnel{{Entered: int64(c.made)}}, nil
}

// Sums that take long are made once for all who ask, and kept for a while; quick
// ones are made each time.
func TestSumsThatTakeLongAreMadeSeldom(t *testing.T) {
	for takes, want := range map[time.Duration][3]int64{time.Minute: {1, 1, 2}, time.Millisecond: {1, 2, 3}} {
		synctest.Test(t, func(t *testing.T) {
			var s sums
			summary := &counting{takes: takes}
			look := func(want int64) {
				t.Helper()
				began := time.Now()
				all, at, err := s.funnels(t.Context(), summary, time.Now)
				if err != nil || all[0].Entered != want || at.After(began) {
					t.Errorf("where they take %s: %v as of %s, %v; want those made the %d. time", takes, all, at, err, want)
				}
			}
			var together sync.WaitGroup
			for range 5 {
				together.Go(func() { look(want[0]) })
			}
			together.Wait()
			look(want[1])
			time.Sleep(11 * time.Minute)
			look(want[2])
		})
	}
}
