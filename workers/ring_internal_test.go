package workers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// The bell rings after what moved something on. Whatever failed, or found nothing to
// do, would be begun again at once, for ever.
func TestTheBellRingsWhereSomethingMoved(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	rings := &ringing{}
	client.AddHook(rings)
	for name, c := range map[string]struct {
		moved bool
		err   error
		rings int
	}{
		"moved":        {moved: true, rings: 1},
		"nothing":      {},
		"failed":       {moved: true, err: errors.New("it cannot be done")},
		"failed early": {err: errors.New("it cannot be done")},
	} {
		s := NewServer(client, ServerOptions{})
		handle(s, &Bell{Redis: client}, slog.New(slog.DiscardHandler), taskRead, func(context.Context, any) (bool, error) { return c.moved, c.err })
		rings.heard = 0
		if err := s.mux.ProcessTask(t.Context(), asynq.NewTask(taskRead, []byte("0"))); err != nil {
			t.Fatal(err)
		}
		if rings.heard != c.rings {
			t.Errorf("%s: the bell rang %d times, want %d", name, rings.heard, c.rings)
		}
	}
}

// ringing counts rings.
type ringing struct{ heard int }

func (r *ringing) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (r *ringing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (r *ringing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		if command.Name() == "publish" {
			r.heard++
		}
		return next(ctx, command)
	}
}
