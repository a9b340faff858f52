package workers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"rapport/channels"
	"rapport/deliveries"
)

// Limit is how many messages a second may leave on a channel: in all, and by each
// sender; 0 is no limit.
type Limit struct{ PerSecond, PerSender int }

// SharedLimits spaces sends by a bucket for each channel's provider and one for
// each sender, kept in Redis for all workers together.
type SharedLimits struct {
	Redis redis.UniversalClient
	// Limits are by channel; one that is missing is not limited.
	Limits    map[channels.Channel]Limit
	Telemetry Telemetry
	Log       *slog.Logger

	mu    sync.Mutex
	alone map[string]*rate.Limiter // kept to while Redis is away
}

// endless is a burst that is never used up.
const endless = 1 << 30

// bucket is one of the limits a message is under.
type bucket struct {
	name      string
	perSecond int
}

// buckets are the limits an origin is under, its own first: what that grants is
// little, so that little of the provider's is taken in vain.
func (l *SharedLimits) buckets(origin deliveries.Outlet) []bucket {
	limit := l.Limits[origin.Channel]
	var all []bucket
	if limit.PerSender > 0 {
		all = append(all, bucket{string(origin.Channel) + ":" + digest(origin), limit.PerSender})
	}
	if limit.PerSecond > 0 {
		all = append(all, bucket{string(origin.Channel), limit.PerSecond})
	}
	return all
}

// digest names an origin in Redis without its number or mailbox.
func digest(origin deliveries.Outlet) string {
	sum := sha256.Sum256([]byte(origin.String()))
	return hex.EncodeToString(sum[:8])
}

// Take implements Limiter. While Redis is away each worker keeps to the limits
// by itself rather than stand still.
func (l *SharedLimits) Take(ctx context.Context, origin deliveries.Outlet, n int) (granted int, again time.Duration) {
	for _, b := range l.buckets(origin) {
		if n, again = l.take(ctx, b, n); n == 0 {
			return 0, again
		}
	}
	return n, again
}

func (l *SharedLimits) take(ctx context.Context, b bucket, n int) (granted int, again time.Duration) {
	n = min(n, b.perSecond)
	key, limit := "rapport:rate:"+b.name, redis_rate.PerSecond(b.perSecond)
	shared := redis_rate.NewLimiter(l.Redis)
	ended := l.Telemetry.Metrics.Redis("limit")
	all, err := shared.AllowN(ctx, key, limit, n)
	ended(err)
	if err == nil && all.Allowed == 0 {
		// AllowAtMost would take the fraction of a message with it. So what
		// fits is reckoned from how long all of them would have to wait.
		short := int(math.Ceil(all.RetryAfter.Seconds() * float64(b.perSecond)))
		if n-short < 1 {
			return 0, all.RetryAfter - interval(b.perSecond)*time.Duration(n-1)
		}
		all, err = shared.AllowN(ctx, key, limit, n-short)
	}
	if err != nil {
		l.Log.Warn("the shared rate limit is out of reach; keeping to it alone", "limit", b.name, "error", err)
		return l.takeAlone(b, n)
	}
	return all.Allowed, interval(b.perSecond)
}

// Line implements Limiter. The line is a bucket nobody finds empty: how long it
// would take to fill again is how long the line is. It moves at nine tenths of
// the limit, so that what stood in it finds room although others come up. Who is
// under two limits stands in both lines and goes by the slower one.
func (l *SharedLimits) Line(ctx context.Context, origin deliveries.Outlet, n int) (first, apart time.Duration) {
	for _, b := range l.buckets(origin) {
		f, a := l.line(ctx, b, n)
		first, apart = max(first, f), max(apart, a)
	}
	return first, apart
}

func (l *SharedLimits) line(ctx context.Context, b bucket, n int) (first, apart time.Duration) {
	limit := redis_rate.Limit{Rate: 9 * b.perSecond, Period: 10 * time.Second, Burst: endless}
	apart = limit.Period / time.Duration(limit.Rate)
	line, err := redis_rate.NewLimiter(l.Redis).AllowN(ctx, "rapport:line:"+b.name, limit, n)
	if err != nil {
		return apart, apart
	}
	return max(line.ResetAfter-time.Duration(n-1)*apart, 0), apart
}

func (l *SharedLimits) takeAlone(b bucket, n int) (granted int, again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.alone[b.name]
	if own == nil {
		own = rate.NewLimiter(rate.Limit(b.perSecond), b.perSecond)
		if l.alone == nil {
			l.alone = map[string]*rate.Limiter{}
		}
		l.alone[b.name] = own
	}
	for granted < n && own.Allow() {
		granted++
	}
	return granted, interval(b.perSecond)
}

func interval(perSecond int) time.Duration { return time.Second / time.Duration(perSecond) }
