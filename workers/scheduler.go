package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rapport/campaigns"
)

const (
	// pollEvery bounds how long work waits when no ring told of it.
	pollEvery = time.Second
	// leadFor is how long a scheduler leads without saying so again. Another
	// takes over when it is silent for longer; two leading at once only do the
	// same work twice.
	leadFor = 15 * time.Second
)

// Scheduler keeps the work moving: occurrences, the pump, and what crashes
// left behind. Any number may run; one leads.
type Scheduler struct {
	Witness    *Witness
	Schedule   *Schedule
	Watcher    *Watcher
	Stager     *Stager
	Pump       *Pump
	Reconciler *Reconciler
	Decider    *Decider
	Sweeper    *Sweeper
	Retention  *Retention
	Keeper     *Keeper
	Facts      Facts
	Bell       *Bell
	// Gauges show what waits; nil shows nothing.
	Gauges    *Gauges
	Telemetry Telemetry
	// Holder names this process among schedulers.
	Holder string
	// ReconcileEvery is how often leases and doubts are looked at; 0 is 30 s.
	ReconcileEvery time.Duration
	// Turned is called as long as the loop turns, whether or not it can do its
	// work; nil tells nobody.
	Turned func()
	Now    func() time.Time
	Log    *slog.Logger

	trouble string // what was told last
}

// Run leads, or waits to lead, until ctx ends or Redis turns out to be another
// installation's, which is ErrOthersRedis. Every ring runs the pump and lets looks at
// segments go on; the rest of the work is done on the poll.
func (s *Scheduler) Run(ctx context.Context) error {
	defer s.resign(ctx)
	rings := s.Bell.Listen(ctx)
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var reconciled time.Time
	leads, trouble := s.lead(ctx)
	polled := true
	every := s.ReconcileEvery
	if every == 0 {
		every = 30 * time.Second
	}
	fit := false // whether the ledger is as new as what was seen of it
	for {
		s.turned()
		if leads && polled {
			err := s.Witness.Advance(ctx)
			if errors.Is(err, ErrOthersRedis) {
				return err
			}
			fit, trouble = err == nil, errors.Join(trouble, err)
		}
		if leads && polled && fit {
			trouble = errors.Join(trouble, s.Upkeep(ctx))
			if s.Now().Sub(reconciled) >= every {
				reconciled = s.Now()
				trouble = errors.Join(trouble, s.Reconciler.Round(ctx))
			}
			if s.Gauges != nil {
				trouble = errors.Join(trouble, s.Gauges.Round(ctx))
			}
		}
		if leads && fit {
			_, err := s.Pump.Round(ctx)
			trouble = errors.Join(trouble, err, s.Watcher.HandOver(ctx))
		}
		// A turn that the bell rings does only a part of the work: it may begin
		// trouble, and never ends it.
		if polled || s.trouble == "" {
			s.tell(ctx, trouble)
		}
		s.Telemetry.Metrics.Turned(leads, s.trouble == "")
		trouble = nil
		select {
		case <-ctx.Done():
			return nil
		case <-rings:
			polled = false
		case <-poll.C:
			polled = true
			leads, trouble = s.lead(ctx)
		}
	}
}

// Upkeep notices a Redis that came back empty, records the occurrences that have
// come, decides splits, ends the journeys whose exits have come to hold, and
// starts what looks at segments, stages and recordings, and forgets what is no longer needed.
func (s *Scheduler) Upkeep(ctx context.Context) error {
	err := s.Reconciler.Refill(ctx)
	for _, round := range []func(context.Context) error{s.Schedule.Round, s.Decider.Round, s.Sweeper.Round, s.Watcher.Round, s.Stager.Round, s.Keeper.Round, s.Retention.Round} {
		s.turned() // a round may take its time
		// Without a workspace nothing is scheduled, but answers are still read.
		if done := round(ctx); !errors.Is(done, campaigns.ErrNoWorkspace) {
			err = errors.Join(err, done)
		}
	}
	return err
}

func (s *Scheduler) turned() {
	if s.Turned != nil {
		s.Turned()
	}
}

func (s *Scheduler) lead(ctx context.Context) (bool, error) {
	now := s.Now()
	leads, err := s.Facts.Lease(ctx, "scheduler", s.Holder, now, now.Add(leadFor))
	if err != nil {
		return false, fmt.Errorf("ask for the lead among schedulers: %w", err)
	}
	return leads, nil
}

// resign lets another scheduler lead at once.
func (s *Scheduler) resign(ctx context.Context) {
	hint, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintTimeout)
	defer cancel()
	now := s.Now()
	_, _ = s.Facts.Lease(hint, "scheduler", s.Holder, now, now) // else the lead ends by itself
	s.Telemetry.Metrics.Resigned()
}

// tell logs trouble when it begins, changes and ends, not on every turn.
func (s *Scheduler) tell(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	now := ""
	if err != nil {
		now = err.Error()
	}
	switch now {
	case s.trouble:
	case "":
		s.Log.Info("the scheduler works again")
	default:
		s.Log.Error("the scheduler cannot do all of its work and keeps trying", "error", err)
	}
	s.trouble = now
}
