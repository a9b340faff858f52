package console

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"rapport/deliveries"
)

// sums are the funnels that people look at. They count everything there ever was,
// which takes minutes where that is a billion messages: they are made once for all
// who ask meanwhile, and kept for ten times as long as that took.
type sums struct {
	making singleflight.Group

	mu    sync.Mutex
	made  []deliveries.Funnel
	at    time.Time // when they were asked for
	until time.Time // when they are made anew
}

const (
	// quick is how long funnels may take to be made anew each time.
	quick = 200 * time.Millisecond
	// longestSums ends what takes so long that it holds up the database.
	longestSums = 30 * time.Minute
)

// funnels are the sums, and as of when they hold. Who stops waiting does not stop
// them.
func (s *sums) funnels(ctx context.Context, summary deliveries.Summary, now func() time.Time) (all []deliveries.Funnel, at time.Time, err error) {
	if all, at, kept := s.kept(now()); kept {
		return all, at, nil
	}
	result := s.making.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestSums)
		defer cancel()
		began := now()
		made, err := summary.Funnels(ctx, began)
		if err != nil {
			return nil, err
		}
		s.keep(made, began, now())
		return nil, nil
	})
	select {
	case <-ctx.Done():
		return nil, at, ctx.Err()
	case r := <-result:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.made, s.at, r.Err
	}
}

func (s *sums) kept(now time.Time) (all []deliveries.Funnel, at time.Time, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made, s.at, now.Before(s.until)
}

func (s *sums) keep(made []deliveries.Funnel, began, ended time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made, s.at, s.until = made, began, ended
	if took := ended.Sub(began); took > quick {
		s.until = ended.Add(10 * took)
	}
}
