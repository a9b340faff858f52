package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"rapport/channels"
	"rapport/telemetry"
)

// Server takes tasks from Redis and hands them to the workers.
type Server struct {
	options ServerOptions
	server  *asynq.Server // once started
	mux     *asynq.ServeMux
	redis   redis.UniversalClient

	stopping  chan struct{}
	telemetry Telemetry

	witness *Witness // of the ledger that its tasks are of
	leaves  sync.Once
	others  chan struct{}
}

// ServerOptions size a worker process.
type ServerOptions struct {
	// Queues and their weights; nil is DefaultQueues. All parts of a queue are
	// served that Redis knows when the server starts.
	Queues map[string]int
	// Parts is over how many queues in Redis each channel is spread; 0 is 1.
	Parts int
	// Concurrency is how many tasks run at once; 0 is 8.
	Concurrency int
	// Poll is how long an idle worker waits before it looks again; 0 is 100 ms.
	Poll time.Duration
	// Grace is how long tasks may take to end at shutdown; 0 is 25 s. It is
	// longer than a provider call (10 s) and shorter than a pod's grace (45 s).
	Grace time.Duration
	// Turned is called every few seconds as long as tasks are taken, whether or
	// not Redis answers; nil tells nobody.
	Turned    func()
	Telemetry Telemetry
	Log       *slog.Logger
}

// turnsEvery is how often a server shows that it turns.
const turnsEvery = 5 * time.Second

// NewServer prepares a worker process over a Redis connection.
func NewServer(r redis.UniversalClient, o ServerOptions) *Server {
	if o.Queues == nil {
		o.Queues = DefaultQueues()
	}
	if o.Concurrency == 0 {
		o.Concurrency = 8
	}
	if o.Poll == 0 {
		o.Poll = 100 * time.Millisecond
	}
	if o.Grace == 0 {
		o.Grace = 25 * time.Second
	}
	return &Server{redis: r, options: o, telemetry: o.Telemetry, mux: asynq.NewServeMux(), stopping: make(chan struct{}), others: make(chan struct{})}
}

// handle registers what to do with one kind of task. An error is logged and
// not given back to Asynq, which would only repeat what the ledger repeats. At
// the end of one that moved something on the bell rings: that, or what came up
// meanwhile, may be due. What failed, or found nothing to do, is due as much as it
// was, and waits for the poll.
func handle[P any](s *Server, bell *Bell, log *slog.Logger, kind string, do func(ctx context.Context, payload P) (moved bool, err error)) {
	s.telemetry.Metrics.BeginsTask(kind)
	s.mux.HandleFunc(kind, func(ctx context.Context, task *asynq.Task) error {
		moved, others := false, false
		defer func() {
			if others { // the mark is theirs too
				s.giveBack(ctx, task)
			} else {
				s.unmark(ctx, task)
			}
			if moved {
				bell.Ring(ctx)
			}
		}()
		ctx, span := s.telemetry.Traces.Start(telemetry.FromHeaders(ctx, task.Headers()), "task "+kind)
		ended := s.telemetry.Metrics.Task(ctx, kind)
		var payload P
		if err := json.Unmarshal(task.Payload(), &payload); err != nil {
			log.ErrorContext(ctx, "a task cannot be read", "kind", kind, "error", err)
			ended("unreadable")
			span.End(err)
			return nil
		}
		some := false
		err := channels.Recovered(func() (err error) {
			some, err = do(ctx, payload)
			return err
		})
		moved = some && err == nil
		if err != nil {
			log.ErrorContext(ctx, "task ended early; the ledger takes it up again", append([]any{"kind", kind, "error", err}, channels.StackIn(err)...)...)
			ended("failed")
		} else {
			ended("done")
		}
		if others = errors.Is(err, ErrOthersRedis); others {
			s.leave()
		}
		span.End(err)
		return nil
	})
}

// giveBack puts a task that was taken from another installation into its queue again.
// One that cannot be put comes round by its lease.
func (s *Server) giveBack(ctx context.Context, task *asynq.Task) {
	hint, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintTimeout)
	defer cancel()
	queue, _ := asynq.GetQueueName(ctx) // which every task has
	options := []asynq.Option{asynq.Queue(queue), asynq.MaxRetry(0)}
	if ends, has := ctx.Deadline(); has {
		options = append(options, asynq.Timeout(max(time.Until(ends).Round(time.Second), time.Second)))
	}
	again := asynq.NewTaskWithHeaders(task.Type(), task.Payload(), task.Headers())
	if _, err := asynq.NewClientFromRedisClient(s.redis).EnqueueContext(hint, again, options...); err != nil {
		s.options.Log.WarnContext(ctx, "a task of another installation could not be given back; it waits there for its lease", "kind", task.Type(), "error", err)
	}
}

// unmark lets the same task be put again.
func (s *Server) unmark(ctx context.Context, task *asynq.Task) {
	hint, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintTimeout)
	defer cancel()
	s.redis.Del(hint, markOf(task.Type(), task.Payload()))
}

// Start begins to take tasks.
func (s *Server) Start() error {
	o := s.options
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	standing, err := standingParts(ctx, s.redis, o.Parts)
	if err != nil { // what is in others comes round by its lease
		o.Log.Warn("only the queues of the setting are served", "error", err)
	}
	turned := func(away error) {
		if o.Turned != nil {
			o.Turned()
		}
		if away == nil {
			s.look()
		}
	}
	s.server = asynq.NewServerFromRedisClient(s.redis, asynq.Config{
		Concurrency: o.Concurrency, Queues: weigh(o.Queues, standing),
		TaskCheckInterval: o.Poll, DelayedTaskCheckInterval: time.Minute,
		ShutdownTimeout: o.Grace, Logger: asynqLog{o.Log}, LogLevel: asynq.WarnLevel,
		HealthCheckInterval: turnsEvery, HealthCheckFunc: turned, JanitorInterval: time.Hour, // no completed task is kept
	})
	if err := s.server.Start(s.mux); err != nil {
		return fmt.Errorf("start taking tasks: %w", err)
	}
	return nil
}

// startTimeout bounds how long Redis may take to say which queues there are.
const startTimeout = 10 * time.Second

// look finds out whose Redis is before a task does.
func (s *Server) look() {
	ctx, cancel := context.WithTimeout(context.Background(), turnsEvery)
	defer cancel()
	if errors.Is(s.witness.Check(ctx), ErrOthersRedis) {
		s.leave()
	}
}

// leave takes no more tasks from a Redis that is another installation's.
func (s *Server) leave() {
	s.leaves.Do(func() {
		s.server.Stop()
		close(s.others)
	})
}

// OthersRedis is closed when Redis turns out to be another installation's. No task is
// taken from then on; the server is to be stopped.
func (s *Server) OthersRedis() <-chan struct{} { return s.others }

// Stopping is closed when the server begins to stop: whoever has more than one
// thing left to do gives it back.
func (s *Server) Stopping() <-chan struct{} { return s.stopping }

// Stop takes no more tasks and waits for those under way, up to the grace. It is
// called once.
func (s *Server) Stop() {
	close(s.stopping)
	if s.server == nil {
		return // it never began
	}
	s.server.Stop()
	s.server.Shutdown()
}

// asynqLog hands Asynq's own words to slog. Asynq repeats itself while Redis is
// away, so its errors are warnings here: the pump reports the state once. Nothing is
// ever retried, so that it says "Retry exhausted" of every task whose time is over,
// which "task ended early" tells with more.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any) {
	level, text := slog.LevelWarn, fmt.Sprint(args...)
	if strings.HasPrefix(text, "Retry exhausted for task") {
		level = slog.LevelDebug
	}
	l.log.Log(context.Background(), level, text)
}
func (l asynqLog) Error(args ...any) { l.log.Warn(fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...)) }
