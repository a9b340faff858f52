package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"rapport/channels"
)

// SharedLimits spaces sends by one bucket a channel, kept in Redis for all
// workers together.
type SharedLimits struct {
	Redis redis.UniversalClient
	// PerSecond is how many messages may leave on a channel; a channel that is
	// missing or 0 is not limited.
	PerSecond map[channels.Channel]int
	Log       *slog.Logger
}

// Wait implements Limiter. While Redis is away each worker keeps to the limit
// by itself rather than stand still.
func (l *SharedLimits) Wait(ctx context.Context, ch channels.Channel, n int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rate := l.PerSecond[ch]
	if rate == 0 {
		return nil
	}
	bucket := redis_rate.NewLimiter(l.Redis)
	for n > 0 {
		result, err := bucket.AllowAtMost(ctx, "rapport:rate:"+string(ch), redis_rate.PerSecond(rate), min(n, rate))
		pause := time.Second
		if err != nil {
			l.Log.Warn("the shared rate limit is out of reach; keeping to it alone", "channel", ch, "error", err)
			n -= min(n, rate)
		} else {
			n -= result.Allowed
			pause = max(result.RetryAfter, 0)
		}
		if n <= 0 && err == nil {
			return nil
		}
		if err := sleep(ctx, pause); err != nil {
			return fmt.Errorf("wait for the rate limit of %s: %w", ch, err)
		}
	}
	return nil
}

// sleep waits, or returns early with ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
