package workers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// OpenRedis connects to Redis by URL (redis://, rediss://, unix://) as the
// queue needs it: no command is ever repeated behind our back.
func OpenRedis(address string) (redis.UniversalClient, error) {
	options, err := redis.ParseURL(address)
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err // without the URL, whose password it would repeat
	}
	if err != nil {
		return nil, fmt.Errorf("read the Redis URL: %w", err)
	}
	options.MaxRetries = -1
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(options), nil
}

// UnfitRedis is a Redis that answers and must not be used; one that does not
// answer may be fit when it is back.
type UnfitRedis struct{ Reason string }

// Error implements error.
func (u *UnfitRedis) Error() string { return u.Reason }

// CheckRedis refuses a Redis that would lose tasks or cannot run them: older
// than 6.2, or one that evicts keys when its memory is full.
func CheckRedis(ctx context.Context, r redis.UniversalClient) error {
	server, err := r.Info(ctx, "server").Result()
	if err != nil {
		return fmt.Errorf("ask Redis for its version: %w", err)
	}
	if version := field(server, "redis_version"); !atLeast(version, 6, 2) {
		return &UnfitRedis{fmt.Sprintf("redis is version %s and 6.2 or newer is needed; upgrade it", version)}
	}
	memory, err := r.Info(ctx, "memory").Result()
	if err != nil {
		return fmt.Errorf("ask Redis for its memory policy: %w", err)
	}
	if policy := field(memory, "maxmemory_policy"); policy != "noeviction" {
		return &UnfitRedis{fmt.Sprintf("redis evicts keys (maxmemory-policy is %q) and would drop tasks; set `maxmemory-policy noeviction`", policy)}
	}
	return nil
}

// field reads one line of Redis' INFO.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, match := strings.CutPrefix(line, name+":"); match {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func atLeast(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	return errA == nil && errB == nil && (a > major || a == major && b >= minor)
}
