package workers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Redis says where Redis is: a URL, or sentinels, or some nodes of a cluster.
type Redis struct {
	URL                string // redis://, rediss:// or unix://
	Sentinel           Sentinel
	Cluster            []string
	Username, Password string // not of a URL, which has its own
	Database           int    // behind sentinels
	TLS                *tls.Config
}

// Sentinel is a group of servers, of which sentinels say who is master.
type Sentinel struct {
	Master             string
	Addresses          []string
	Username, Password string // of the sentinels
}

// OpenRedis connects to one server by URL (redis://, rediss://, unix://).
func OpenRedis(address string) (redis.UniversalClient, error) { return Redis{URL: address}.Open() }

// Open connects as the queue needs it: no command that may have reached Redis is
// ever repeated behind our back.
func (r Redis) Open() (redis.UniversalClient, error) {
	switch {
	case len(r.Cluster) > 0:
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: r.Cluster, Username: r.Username, Password: r.Password, TLSConfig: r.TLS, DisableIdentity: true,
			MaxRetries: never, NewClient: newNode, MaintNotificationsConfig: noNotifications(), ClusterStateReloadInterval: slotsKnownFor,
		}), nil
	case r.Sentinel.Master != "":
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: r.Sentinel.Master, SentinelAddrs: r.Sentinel.Addresses,
			SentinelUsername: r.Sentinel.Username, SentinelPassword: r.Sentinel.Password,
			Username: r.Username, Password: r.Password, DB: r.Database, TLSConfig: r.TLS, DisableIdentity: true,
			MaxRetries: never, // and never notifications of maintenance
		}), nil
	}
	options, err := redis.ParseURL(r.URL)
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err // without the URL, whose password it would repeat
	}
	if err != nil {
		return nil, fmt.Errorf("read the Redis URL: %w", err)
	}
	if r.TLS != nil {
		name := r.TLS.ServerName
		if name == "" && options.TLSConfig != nil {
			name = options.TLSConfig.ServerName
		}
		options.TLSConfig = r.TLS.Clone()
		options.TLSConfig.ServerName = name
	}
	options.DisableIdentity, options.MaxRetries, options.MaintNotificationsConfig = true, never, noNotifications()
	return redis.NewClient(options), nil
}

const (
	// never is go-redis' number for no retries.
	never = -1
	// slotsKnownFor is how long a client goes by what it knows of a cluster's
	// nodes. A dead one sends nobody to its successor, so this is what a failover
	// costs on top of the cluster's own time.
	slotsKnownFor = 2 * time.Second
)

func noNotifications() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// UnfitRedis is a Redis that answers and must not be used; one that does not
// answer may be fit when it is back.
type UnfitRedis struct{ Reason string }

// Error implements error.
func (u *UnfitRedis) Error() string { return u.Reason }

// CheckRedis refuses a Redis that would lose tasks or cannot run them: older
// than 6.2, or one that evicts keys when its memory is full. Of a cluster it asks
// every master.
func CheckRedis(ctx context.Context, r redis.UniversalClient) error {
	cluster, is := r.(*redis.ClusterClient)
	if !is {
		return checkServer(ctx, r)
	}
	return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		if err := checkServer(ctx, master); err != nil {
			return fmt.Errorf("the cluster's master at %s: %w", master.Options().Addr, err)
		}
		return nil
	})
}

func checkServer(ctx context.Context, r redis.Cmdable) error {
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
