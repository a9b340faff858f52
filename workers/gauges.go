package workers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/telemetry"
)

const (
	// gaugedEvery is how often the scheduler that leads looks at what waits.
	gaugedEvery = 15 * time.Second
	// countLimit is how far what waits is counted: a look at a pile costs no more
	// than one at its first ten thousand.
	countLimit = 10_000
	// gaugeFor bounds a look: whoever watches must not hold up the work.
	gaugeFor = 5 * time.Second
)

// Gauges show what waits in the whole installation. The scheduler that leads looks
// on a timer, so that scrapes cost the database nothing, however many there are.
type Gauges struct {
	Gauge   deliveries.Gauge
	Queue   *Queue
	Outlets deliveries.Outlets
	// Providers are those that are configured, by channel.
	Providers map[channels.Channel]string
	// Recordings tells that they are fetched; those that stay at the provider, or that no
	// provider is there for, wait for nothing.
	Recordings bool
	Metrics    *telemetry.Metrics
	Now        func() time.Time

	looked time.Time
}

// Round looks at what waits, if it is time to. What cannot be read is left as it
// was and is trouble of the scheduler's.
func (g *Gauges) Round(ctx context.Context) error {
	now := g.Now()
	if g.Metrics == nil || now.Sub(g.looked) < gaugedEvery {
		return nil
	}
	g.looked = now
	ctx, cancel := context.WithTimeout(ctx, gaugeFor)
	defer cancel()
	var s telemetry.Standing
	ledger, queues, outlets := g.ledger(ctx, now, &s), g.queues(ctx, now, &s), g.outlets(ctx, &s)
	s.LedgerKnown, s.TasksKnown, s.OutletsKnown = ledger == nil, queues == nil, outlets == nil
	g.Metrics.Stands(s, countLimit, now)
	return errors.Join(ledger, queues, outlets)
}

func (g *Gauges) ledger(ctx context.Context, now time.Time, s *telemetry.Standing) error {
	levels, err := g.Gauge.Levels(ctx, now, countLimit)
	if err != nil {
		return err
	}
	show := func(l deliveries.Level) telemetry.Level {
		if l.Since.IsZero() {
			return telemetry.Level{Count: l.Count}
		}
		return telemetry.Level{Count: l.Count, Oldest: now.Sub(l.Since)}
	}
	all := func(levels map[channels.Channel]deliveries.Level) map[string]telemetry.Level {
		shown := make(map[string]telemetry.Level, len(levels))
		for ch, l := range levels {
			shown[string(ch)] = show(l)
		}
		return shown
	}
	s.Due, s.Unconfirmed = all(levels.Due), all(levels.Unconfirmed)
	s.Entries, s.Callbacks, s.Events = show(levels.Entries), show(levels.Callbacks), show(levels.Events)
	if g.Recordings {
		s.Recordings = show(levels.Recordings)
	}
	s.Shards, s.CasesOpen, s.CasesOverdue = levels.Shards, levels.CasesOpen, levels.Overdue
	return nil
}

func (g *Gauges) outlets(ctx context.Context, s *telemetry.Standing) error {
	all, err := g.Outlets.Health(ctx, "")
	if err != nil {
		return err
	}
	down := map[deliveries.Outlet]int{}
	for ch, provider := range g.Providers {
		down[deliveries.Outlet{Channel: ch, Provider: provider}] = 0
	}
	for _, h := range all {
		whole := deliveries.Outlet{Channel: h.Channel, Provider: h.Provider}
		if _, configured := down[whole]; configured && h.Down {
			down[whole]++
		}
	}
	for o, n := range down {
		s.Outlets = append(s.Outlets, telemetry.OutletDown{Channel: string(o.Channel), Provider: o.Provider, Down: n})
	}
	return nil
}

func (g *Gauges) queues(ctx context.Context, now time.Time, s *telemetry.Standing) error {
	s.QueuesPending, s.QueuesActive = map[string]telemetry.Level{}, map[string]int64{}
	standing, err := standingParts(ctx, g.Queue.redis, 1)
	if err != nil {
		return err
	}
	for queue, parts := range standing {
		var level telemetry.Level
		for _, part := range parts {
			pending, active, since, err := g.Queue.depth(ctx, part)
			if err != nil {
				return err
			}
			level.Count += pending
			s.QueuesActive[queue] += active
			if !since.IsZero() {
				level.Oldest = max(level.Oldest, now.Sub(since))
			}
		}
		s.QueuesPending[queue] = level
	}
	return nil
}

// depth counts the tasks of a queue and tells since when the oldest that nobody has
// begun waits, by the lists and the hash in which Asynq keeps them. A look that a
// worker overtakes finds no oldest.
func (q *Queue) depth(ctx context.Context, queue string) (pending, active int64, since time.Time, err error) {
	list := tasksOf(queue)
	if pending, err = q.redis.LLen(ctx, list+"pending").Result(); err == nil {
		active, err = q.redis.LLen(ctx, list+"active").Result()
	}
	if err != nil {
		return 0, 0, since, fmt.Errorf("count the tasks of queue %s: %w", queue, err)
	}
	oldest, err := q.redis.LIndex(ctx, list+"pending", -1).Result()
	if err == nil {
		var nanoseconds string
		if nanoseconds, err = q.redis.HGet(ctx, list+"t:"+oldest, "pending_since").Result(); err == nil {
			n, _ := strconv.ParseInt(nanoseconds, 10, 64) // else it is not known
			since = time.Unix(0, n)
		}
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, 0, since, fmt.Errorf("look at the oldest task of queue %s: %w", queue, err)
	}
	return pending, active, since, nil
}
