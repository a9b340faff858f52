package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// newNode connects to one node of a cluster. The client of a whole cluster has
// reasons of its own to try again: a slot that moved, a node that refuses. It
// may; but a command whose answer never came may have been done, and a task
// taken twice is lost for the length of a lease.
func newNode(o *redis.Options) *redis.Client {
	node := redis.NewClient(o)
	node.AddHook(sentOnce{})
	return node
}

// sentOnce hides what the cluster's client would repeat a command for, where
// the command may have arrived.
type sentOnce struct{}

func (sentOnce) DialHook(next redis.DialHook) redis.DialHook { return next }

func (sentOnce) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error { return unrepeated(next(ctx, command)) }
}

func (sentOnce) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error { return unrepeated(next(ctx, commands)) }
}

// unrepeated passes on what a server answered and what never left: both may be
// tried again.
func unrepeated(err error) error {
	var answer redis.Error
	var network *net.OpError
	if err == nil || errors.As(err, &answer) || errors.As(err, &network) && network.Op == "dial" {
		return err
	}
	return noAnswer{err}
}

// noAnswer is an error of which go-redis cannot see the cause.
type noAnswer struct{ cause error }

func (e noAnswer) Error() string { return "no answer from Redis: " + e.cause.Error() }

// Is lets callers see that they gave up themselves.
func (e noAnswer) Is(target error) bool {
	return (target == context.Canceled || target == context.DeadlineExceeded) && errors.Is(e.cause, target)
}

// LogRedis takes what go-redis says into our log for the whole process, in
// place of standard error. It repeats itself while Redis is away, which the
// scheduler reports once: so all but a change of masters is for debugging.
func LogRedis(log *slog.Logger) { redis.SetLogger(redisLog{log}) }

type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	level := slog.LevelDebug
	if strings.HasPrefix(format, "sentinel: new master") {
		level = slog.LevelInfo
	}
	l.log.Log(ctx, level, "go-redis: "+strings.TrimSpace(fmt.Sprintf(format, args...)))
}
