package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"rapport/store"
	"rapport/workers"
)

// triesEvery is how often a process that cannot begin yet tries again.
const triesEvery = time.Second

// await assembles an installation as soon as the servers it leans on are there
// and the schema is. It gives nil when ctx ends before that, and an error where
// waiting would not help.
func (h *health) await(ctx context.Context, b *backing, u use, log *slog.Logger) (*installation, error) {
	tick := time.NewTicker(triesEvery)
	defer tick.Stop()
	for {
		i, lacks, err := begin(ctx, b, u, h.Now, log)
		if err != nil || i != nil {
			return i, err
		}
		if ctx.Err() == nil {
			h.waits(lacks.Problem, lacks.Mend)
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-tick.C:
		}
	}
}

// begin tries once. Without an installation and without an error it says what is
// lacking.
func begin(ctx context.Context, b *backing, u use, clock func() time.Time, log *slog.Logger) (*installation, finding, error) {
	if err := bounded(ctx, func(ctx context.Context) error { return workers.CheckRedis(ctx, b.Redis) }); err != nil {
		var unfit *workers.UnfitRedis
		switch {
		case errors.As(err, &unfit):
			return nil, finding{}, err
		case u == asWork:
			return nil, away(err, reachRedis), nil
		}
	}
	var s *store.Store
	var schema store.Schema
	err := bounded(ctx, func(ctx context.Context) (err error) {
		if s, err = store.Open(ctx, b.DSN); err != nil {
			return err
		}
		schema, err = s.Schema(ctx)
		return err
	})
	var unfit *store.Unfit
	if errors.As(err, &unfit) || errors.Is(err, store.ErrInUse) {
		return nil, finding{}, err
	}
	if err == nil && len(schema.Pending) == 0 {
		return b.furnish(s, clock, log), finding{}, nil
	}
	if s != nil {
		_ = s.Close() // it is opened anew
	}
	if err != nil {
		return nil, away(err, reachStore), nil
	}
	return nil, pending(schema), nil
}

// bounded asks a server within the time of one look.
func bounded(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	return ask(ctx)
}
