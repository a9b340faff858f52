package sandbox

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// Next is the instant of the next planned callback or visit.
func (s *Sandbox) Next() (time.Time, bool) { return s.plan.next() }

// slice is how far apart two acts may be to be under way at once. What lies
// further apart happens strictly in order, whichever messages it belongs to.
const slice = time.Minute

// Play performs everything due by now, in order: several messages at once, each
// message's own acts one after the other. It returns how many acts it
// performed. A callback that is refused or finds nobody is no error: it is
// counted, and repeated where the provider would repeat it. An error is a
// context that ended or a target the sandbox must not contact.
func (s *Sandbox) Play(ctx context.Context, now time.Time) (int, error) {
	s.playing.Lock()
	defer s.playing.Unlock()
	now = now.UTC()
	played := 0
	for ctx.Err() == nil {
		first, any := s.plan.next()
		if !any || first.After(now) {
			return played, s.outside.refusal()
		}
		until := now
		if end := first.Add(slice); end.Before(now) {
			until = end
		}
		played += s.round(ctx, s.plan.due(until), until, now)
	}
	return played, errors.Join(context.Cause(ctx), s.outside.refusal())
}

// round performs the next due acts of each story and plans what remains.
func (s *Sandbox) round(ctx context.Context, due []*story, until, now time.Time) int {
	var events []*mailEvent
	var crowd errgroup.Group
	crowd.SetLimit(s.options.Concurrency)
	played := 0
	for _, st := range due {
		acts := st.take(until)
		played += len(acts)
		if acts[0].event != nil {
			for _, a := range acts {
				events = append(events, a.event)
			}
			continue
		}
		crowd.Go(func() error {
			for i, a := range acts {
				if ctx.Err() != nil {
					st.add(acts[i:]...)
					break
				}
				st.add(a.do(ctx)...)
			}
			return nil
		})
	}
	for batch := range batches(events) {
		crowd.Go(func() error {
			s.postEvents(ctx, batch, now, 1)
			return nil
		})
	}
	_ = crowd.Wait() // no act returns an error
	s.plan.add(due...)
	return played
}

// Run plays in real time, by the sandbox's clock, until ctx ends. A target it
// must not contact is counted as a failure.
func (s *Sandbox) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		case <-s.plan.changed:
		}
		if _, err := s.Play(ctx, s.now()); err != nil && !errors.Is(err, ErrForeign) {
			return err
		}
		if next, any := s.Next(); any {
			timer.Reset(max(next.Sub(s.now()), 0))
		}
	}
}
