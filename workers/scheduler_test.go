package workers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"rapport/deliveries"
	"rapport/telemetry"
	"rapport/workers"
)

// scheduler is one among several.
func (s *shop) scheduler(holder string) *workers.Scheduler {
	return &workers.Scheduler{
		Schedule: s.schedule, Watcher: s.watcher, Stager: s.stager, Pump: s.pump, Reconciler: s.mender, Decider: s.decider, Sweeper: s.sweeper, Keeper: &workers.Keeper{}, Retention: s.retention(0), Facts: s.store, Bell: &workers.Bell{Redis: s.redis},
		Holder: holder, Now: s.clock, Log: s.log,
	}
}

// retention forgets callbacks after a time.
func (s *shop) retention(callbacks time.Duration) *workers.Retention {
	return &workers.Retention{
		Inbox: s.store, ForgetTraffic: s.store.ForgetTraffic, ForgetMessages: s.store.ForgetMessages, PrepareTimeline: s.store.PrepareTimeline, PrepareNames: s.store.PrepareNames, ForgetTimeline: s.store.ForgetTimeline,
		Callbacks: callbacks, Now: s.clock,
	}
}

// leading is a scheduler that works until it is stopped, whatever ended it before.
func leading(s *workers.Scheduler) func(context.Context) {
	return func(ctx context.Context) { _ = s.Run(ctx) }
}

// running runs things until the test, or stop, ends them.
func running(t *testing.T, run ...func(context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, run := range run {
		all.Go(func() { run(ctx) })
	}
	stop = func() { cancel(); all.Wait() }
	t.Cleanup(stop)
	return stop
}

// eventually waits for a condition. The limit only ends a test that hangs.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-limit.C:
			t.Fatalf("waited in vain until %s", what)
		case <-look.C:
		}
	}
}

// From an event to the provider and back into the ledger, through Redis, by
// rings of the bell alone.
func TestARingGetsWorkDone(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		server := workers.NewServer(s.redis, workers.ServerOptions{Poll: 5 * time.Millisecond, Log: s.log})
		s.worker().Serve(server)
		ok(t, server.Start())
		defer server.Stop()
		running(t, leading(s.scheduler("one")))
		for n := range 10 {
			id := fmt.Sprintf("p%d", n)
			s.person(id)
			s.happen(id, "Wrote")
			s.happen(id, "Texted")
		}
		bell := &workers.Bell{Redis: s.redis}
		bell.Ring(t.Context())
		eventually(t, "all is sent and every journey over", func() bool { return s.sent() == 20 && s.idle() })
		s.happen("ann", "Nudged") // the same tasks again
		bell.Ring(t.Context())
		eventually(t, "what came later is sent too", func() bool { return s.sent() == 21 && s.idle() })
		if n := s.messages(); n != 21 {
			t.Errorf("%d messages went out, want 21", n)
		}
	})
}

// messages counts what was handed over; letters that are alike and due together
// leave in one request.
func (s *shop) messages() int {
	n := 0
	for _, got := range s.provider.requests() {
		n++
		if strings.HasSuffix(got.URL.Path, "/mail/send") {
			var m struct{ Personalizations []struct{} }
			ok(s.t, json.Unmarshal([]byte(got.body), &m))
			n += len(m.Personalizations) - 1
		}
	}
	return n
}

// sent counts the deliveries that are sent.
func (s *shop) sent() int {
	n := 0
	for _, d := range s.ledger() {
		if d.Status == deliveries.Sent {
			n++
		}
	}
	return n
}

// idle reports whether nothing is to be done.
func (s *shop) idle() bool {
	waiting, err := s.store.Summary().Backlog(context.WithoutCancel(s.ctx()), s.clock())
	return err == nil && waiting.Idle()
}

func TestTheLeadChangesHandsWhenTheLeaderIsSilent(t *testing.T) {
	s := open(t, files)
	lead := func(holder string) bool {
		leads, err := s.store.Lease(s.ctx(), "scheduler", holder, s.clock(), s.clock().Add(15*time.Second))
		ok(t, err)
		return leads
	}
	if !lead("the silent one") {
		t.Fatal("nobody leads, and one may not")
	}
	s.plan("ann", "Texted")
	running(t, leading(s.scheduler("the other")))
	bell := &workers.Bell{Redis: s.redis}
	rings := bell.Listen(t.Context())
	eventually(t, "the bell is heard", func() bool {
		bell.Ring(t.Context())
		return len(rings) == 1
	})
	s.stands(deliveries.Planned, "")
	s.later(16 * time.Second)
	eventually(t, "the other hands over what is due", func() bool { return s.only().Status == deliveries.Queued })
	if lead("the silent one") {
		t.Error("two lead at once")
	}
}

func TestAnEndingSchedulerHandsOverTheLead(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	stop := running(t, leading(s.scheduler("one")))
	eventually(t, "it leads", func() bool { return s.only().Status == deliveries.Queued })
	stop()
	leads, err := s.store.Lease(s.ctx(), "scheduler", "two", s.clock(), s.clock().Add(15*time.Second))
	ok(t, err)
	if !leads {
		t.Error("the next one waits until the lead ends by itself")
	}
}

// A scheduler tells of trouble when it begins and when it ends, not in between.
func TestTroubleIsToldOnce(t *testing.T) {
	s := open(t, files)
	s.mini.SetError("LOADING Redis is loading the dataset in memory")
	turns := &turns{Facts: s.store}
	scheduler := s.scheduler("one")
	scheduler.Facts = turns
	running(t, leading(scheduler))
	eventually(t, "it tried three times", func() bool { return turns.n.Load() > 3 })
	s.mini.SetError("")
	eventually(t, "its end is told", func() bool { return s.told("works again") == 1 })
	if n := s.told("cannot do all of its work"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// A turn that the bell rings skips most of the work, and so cannot say that
// what failed works again: on a busy shop the alert would never fire.
func TestTroubleLastsThroughTheRings(t *testing.T) {
	s := open(t, files)
	turns := &turns{Facts: s.store}
	turns.refused.Store(true)
	metrics := telemetry.New(telemetry.Options{Now: s.clock})
	scheduler := s.scheduler("one")
	scheduler.Facts, scheduler.Telemetry.Metrics = turns, metrics
	turned := make(chan bool, 1000)
	scheduler.Turned = func() { turned <- sampleOf(t, metrics, "rapport_scheduler_troubled") == "1" }
	running(t, leading(scheduler))
	<-turned
	bell := &workers.Bell{Redis: s.redis}
	for rung := 0; turns.n.Load() < 3 || rung < 10; rung++ {
		bell.Ring(t.Context())
		if troubled := <-turned; !troubled {
			t.Fatalf("after %d turns, %d of them polled, no trouble is shown", rung, turns.n.Load())
		}
	}
	if began, ended := s.told("cannot do all of its work"), s.told("works again"); began != 1 || ended != 0 {
		t.Errorf("told %d times that it began and %d times that it ended", began, ended)
	}
	turns.refused.Store(false)
	eventually(t, "its end is told", func() bool { return s.told("works again") == 1 })
}

// turns counts how often somebody asked for the lead, and may refuse to answer.
type turns struct {
	workers.Facts
	n       atomic.Int32
	refused atomic.Bool
}

func (c *turns) Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	c.n.Add(1)
	if c.refused.Load() {
		return false, errors.New("the ledger is refused")
	}
	return c.Facts.Lease(ctx, name, holder, now, until)
}

// A task nobody can read, and one that fails, hurt nobody else.
func TestAServerSurvivesBadTasks(t *testing.T) {
	s := open(t, files)
	server := workers.NewServer(s.redis, workers.ServerOptions{Poll: 5 * time.Millisecond, Log: s.log})
	s.worker().Serve(server)
	enqueue(t, s.redis, "deliver", "sms", `"not a list"`)
	enqueue(t, s.redis, "enter", "journey", `{"Run": 9, "Campaign": "gone", "Of": 1}`)
	s.plan("ann", "Texted")
	s.round()
	ok(t, server.Start())
	defer server.Stop()
	eventually(t, "the good one is done", func() bool { return s.only().Status == deliveries.Sent })
	eventually(t, "the bad ones are told of", func() bool {
		return s.told("a task cannot be read") == 1 && s.told("task ended early") == 1
	})
}

// Asynq names a task by a number that nobody knows, and a retry that there never is.
func TestAsynqsWordsOnATaskWhoseTimeIsOverAreKeptBack(t *testing.T) {
	s := open(t, files)
	server := workers.NewServer(s.redis, workers.ServerOptions{Poll: 5 * time.Millisecond, Log: s.log})
	s.worker().Serve(server)
	_, err := asynq.NewClientFromRedisClient(s.redis).EnqueueContext(t.Context(), asynq.NewTask("deliver", []byte("[]")),
		asynq.Queue("sms"), asynq.MaxRetry(0), asynq.Deadline(time.Now().Add(-time.Minute)))
	ok(t, err)
	ok(t, server.Start())
	defer server.Stop()
	inspect := asynq.NewInspectorFromRedisClient(s.redis)
	eventually(t, "it has ended", func() bool {
		ended, err := inspect.ListArchivedTasks("sms")
		return err == nil && len(ended) == 1
	})
	for line := range strings.Lines(s.said.String()) {
		if strings.Contains(line, "Retry exhausted") && !strings.Contains(line, "DEBUG") {
			t.Errorf("the log says %s", line)
		}
	}
}

func enqueue(t *testing.T, r redis.UniversalClient, kind, queue, payload string) {
	t.Helper()
	_, err := asynq.NewClientFromRedisClient(r).EnqueueContext(t.Context(), asynq.NewTask(kind, []byte(payload)), asynq.Queue(queue))
	ok(t, err)
}

// told counts how often something was logged.
func (s *shop) told(what string) int { return strings.Count(s.said.String(), what) }
