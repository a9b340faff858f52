package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/store"
	"rapport/telemetry"
	"rapport/workers"
)

// triesEvery is how often a process that cannot begin yet tries again.
const triesEvery = time.Second

// await assembles an installation as soon as the servers it leans on are there
// and the schema is. It gives nil when ctx ends before that, and an error where
// waiting would not help. Metrics tell meanwhile which servers are away.
func (h *health) await(ctx context.Context, b *backing, u use, m *telemetry.Metrics, log *slog.Logger) (*installation, error) {
	tick := time.NewTicker(triesEvery)
	defer tick.Stop()
	for {
		i, lacks, err := begin(ctx, b, u, m, h.Now, log)
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

// begin tries once, and asks both servers whatever the first says. Without an
// installation and without an error it says what is lacking.
func begin(ctx context.Context, b *backing, u use, m *telemetry.Metrics, clock func() time.Time, log *slog.Logger) (*installation, finding, error) {
	redisErr := bounded(ctx, lookFor, func(ctx context.Context) error { return workers.CheckRedis(ctx, b.Redis) })
	m.Reached("redis", redisErr == nil)
	var unfitRedis *workers.UnfitRedis
	if errors.As(redisErr, &unfitRedis) {
		return nil, finding{}, redisErr
	}
	var s *store.Store
	var schema store.Schema
	err := bounded(ctx, lookFor+store.SilentHosts(b.DSN), func(ctx context.Context) (err error) {
		if s, err = store.Open(ctx, b.DSN); err != nil {
			return err
		}
		if err = s.Writable(ctx); err != nil {
			return err
		}
		schema, err = s.Schema(ctx)
		return err
	})
	m.Reached("database", err == nil)
	var unfit *store.Unfit
	if errors.As(err, &unfit) || errors.Is(err, store.ErrInUse) {
		return nil, finding{}, err
	}
	lacksRedis := redisErr != nil && u == asWork
	var others error
	if u == asWork && redisErr == nil && err == nil && len(schema.Pending) == 0 {
		b.gate.Ledger, b.gate.Redis, b.gate.Now = s, b.Redis, clock
		others = askOwner(ctx, &b.gate)
	}
	if !lacksRedis && err == nil && len(schema.Pending) == 0 && others == nil {
		return b.furnish(s, clock, log), finding{}, nil
	}
	if s != nil {
		_ = s.Close() // it is opened anew
	}
	switch {
	case lacksRedis:
		return nil, away(redisErr, reachRedis), nil
	case err != nil:
		return nil, storeAway(err), nil
	case others != nil:
		return nil, othersRedis(others), nil
	}
	return nil, pending(schema), nil
}

// whoseRedis is workers.ErrOthersRedis where a Redis is another installation's. Who took
// a task there and left it alone would have taken it from that one.
func whoseRedis(ctx context.Context, s *store.Store, r redis.UniversalClient, clock func() time.Time) error {
	return askOwner(ctx, &workers.Witness{Ledger: s, Redis: r, Now: clock})
}

func askOwner(ctx context.Context, witness *workers.Witness) error {
	err := bounded(ctx, lookFor, witness.Check)
	if errors.Is(err, workers.ErrOthersRedis) {
		return err
	}
	return nil // anything else is the checks' to tell
}

// bounded asks a server within a time.
func bounded(ctx context.Context, most time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return ask(ctx)
}
