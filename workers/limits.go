package workers

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"rapport/channels"
)

// Limit is how many messages a second may leave on a channel: in all, and by each
// sender; 0 is no limit.
type Limit struct{ PerSecond, PerSender int }

// SharedLimits spaces sends by one bucket a channel, kept in Redis for all
// workers together.
type SharedLimits struct {
	Redis redis.UniversalClient
	// Limits are by channel; one that is missing is not limited.
	Limits map[channels.Channel]Limit
	Log    *slog.Logger

	mu    sync.Mutex
	alone map[channels.Channel]*rate.Limiter // kept to while Redis is away
}

// endless is a burst that is never used up.
const endless = 1 << 30

// Take implements Limiter. While Redis is away each worker keeps to the limit
// by itself rather than stand still.
func (l *SharedLimits) Take(ctx context.Context, ch channels.Channel, n int) (granted int, again time.Duration) {
	perSecond := l.Limits[ch].PerSecond
	if perSecond <= 0 {
		return n, 0
	}
	n = min(n, perSecond)
	key, limit := "rapport:rate:"+string(ch), redis_rate.PerSecond(perSecond)
	bucket := redis_rate.NewLimiter(l.Redis)
	all, err := bucket.AllowN(ctx, key, limit, n)
	if err == nil && all.Allowed == 0 {
		// AllowAtMost would take the fraction of a message with it. So what
		// fits is reckoned from how long all of them would have to wait.
		short := int(math.Ceil(all.RetryAfter.Seconds() * float64(perSecond)))
		if n-short < 1 {
			return 0, all.RetryAfter - spacing(perSecond)*time.Duration(n-1)
		}
		all, err = bucket.AllowN(ctx, key, limit, n-short)
	}
	if err != nil {
		l.Log.Warn("the shared rate limit is out of reach; keeping to it alone", "channel", ch, "error", err)
		return l.takeAlone(ch, perSecond, n)
	}
	return all.Allowed, spacing(perSecond)
}

// Line implements Limiter. The line is a bucket nobody finds empty: how long it
// would take to fill again is how long the line is. It moves at nine tenths of
// the limit, so that what stood in it finds room although others come up.
func (l *SharedLimits) Line(ctx context.Context, ch channels.Channel, n int) (first, apart time.Duration) {
	limit := redis_rate.Limit{Rate: 9 * max(l.Limits[ch].PerSecond, 1), Period: 10 * time.Second, Burst: endless}
	apart = limit.Period / time.Duration(limit.Rate)
	line, err := redis_rate.NewLimiter(l.Redis).AllowN(ctx, "rapport:line:"+string(ch), limit, n)
	if err != nil {
		return apart, apart
	}
	return max(line.ResetAfter-time.Duration(n-1)*apart, 0), apart
}

func (l *SharedLimits) takeAlone(ch channels.Channel, perSecond, n int) (granted int, again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.alone[ch]
	if own == nil {
		own = rate.NewLimiter(rate.Limit(perSecond), perSecond)
		if l.alone == nil {
			l.alone = map[channels.Channel]*rate.Limiter{}
		}
		l.alone[ch] = own
	}
	for granted < n && own.Allow() {
		granted++
	}
	return granted, spacing(perSecond)
}

func spacing(perSecond int) time.Duration { return time.Second / time.Duration(perSecond) }

// sleep waits, or returns early when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
