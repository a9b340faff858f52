package workers_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"rapport/telemetry"
	"rapport/workers"
)

func TestAQueueIsNamedByItsParts(t *testing.T) {
	for _, c := range []struct {
		queue string
		parts int
		want  string
	}{
		{"email", 0, "[email]"},
		{"email", 1, "[email]"},
		{"sms", 3, "[sms sms.1 sms.2]"},
		{"journey", 3, "[journey]"},
	} {
		if got := fmt.Sprint(workers.QueueParts(c.queue, c.parts)); got != c.want {
			t.Errorf("%s in %d: got %s", c.queue, c.parts, got)
		}
	}
}

// startServer serves all kinds of tasks until the test ends.
func (s *shop) startServer(o workers.ServerOptions) {
	s.t.Helper()
	o.Poll, o.Log = 5*time.Millisecond, s.log
	server := workers.NewServer(s.redis, o)
	s.worker().Serve(server)
	ok(s.t, server.Start())
	s.t.Cleanup(server.Stop)
}

// Four parts are asked as often as one queue of the same weight would be.
func TestPartsShareTheWeightOfTheirQueue(t *testing.T) {
	s := open(t, files)
	enqueue(t, s.redis, "deliver", "email.6", "[]") // of a time when there were more
	enqueue(t, s.redis, "deliver", "email.x", "[]") // not ours
	s.startServer(workers.ServerOptions{Queues: map[string]int{"email": 3, "journey": 8}, Parts: 4})
	var served map[string]int
	eventually(t, "the worker tells what it serves", func() bool {
		all, err := asynq.NewInspectorFromRedisClient(s.redis).Servers()
		if err == nil && len(all) == 1 {
			served = all[0].Queues
		}
		return served != nil
	})
	want := map[string]int{"email": 3, "email.1": 3, "email.2": 3, "email.3": 3, "email.6": 3, "journey": 40}
	if !maps.Equal(served, want) {
		t.Errorf("got %v, want %v", served, want)
	}
}

func TestThePumpSpreadsBatchesOverParts(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		s.pump.Parts = 3
		for n := range 6 {
			person := fmt.Sprint("p", n)
			s.person(person)
			s.plan(person, "Texted")
			s.round()
			s.plan(person, "Wrote")
			s.round()
		}
		for _, part := range slices.Concat(workers.QueueParts("sms", 3), workers.QueueParts("email", 3)) {
			if kinds, _ := s.queued(part); len(kinds) != 2 {
				t.Errorf("%s holds %d tasks, want a third of six", part, len(kinds))
			}
		}
	})
}

// Whoever looks at a queue sees all its parts as one.
func TestThePartsOfAQueueAreShownAsOne(t *testing.T) {
	s := open(t, files)
	for _, part := range []string{"sms", "sms.1", "sms.1", "sms.7", "email"} {
		enqueue(t, s.redis, "deliver", part, "[]")
	}
	metrics := telemetry.New(telemetry.Options{Now: s.clock})
	gauges := &workers.Gauges{Gauge: s.store, Queue: workers.OpenQueue(s.redis), Outlets: s.store.Outlets(), Metrics: metrics, Now: s.clock}
	ok(t, gauges.Round(t.Context()))
	page := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{`rapport_queue_tasks{queue="sms",state="pending"} 4`, `rapport_queue_tasks{queue="email",state="pending"} 1`} {
		if !strings.Contains(page.Body.String(), line) {
			t.Errorf("%s is not shown: %s", line, page.Body)
		}
	}
}

// From four parts to one and back: tasks in parts of the old setting are served,
// and those in parts that an old worker does not know come round by their lease.
func TestPartsMayChangeWhileTheyHoldTasks(t *testing.T) {
	t.Run("fewer", func(t *testing.T) {
		eachRedis(t, func(t *testing.T, s *shop) {
			s.pump.Parts = 4
			for n := range 8 {
				s.person(fmt.Sprint("p", n))
				s.plan(fmt.Sprint("p", n), "Texted")
				s.round()
			}
			s.startServer(workers.ServerOptions{Parts: 1})
			eventually(t, "all are sent", func() bool { return s.sent() == 8 })
		})
	})
	t.Run("more", func(t *testing.T) {
		eachRedis(t, func(t *testing.T, s *shop) {
			s.startServer(workers.ServerOptions{Parts: 1})
			s.pump.Parts = 4
			for n := range 8 {
				s.person(fmt.Sprint("p", n))
				s.plan(fmt.Sprint("p", n), "Texted")
				s.round()
			}
			eventually(t, "what is in the part it knows is sent", func() bool { return s.sent() == 2 })
			s.later(workers.UsualLease + time.Second)
			ok(t, s.mender.Round(t.Context()))
			s.round()
			eventually(t, "all are sent", func() bool { return s.sent() == 8 })
			if n := s.messages(); n != 8 {
				t.Errorf("%d messages went out, want 8", n)
			}
		})
	})
}

// What go-redis says comes by our log, and not as trouble of its own.
func TestGoRedisSpeaksThroughOurLog(t *testing.T) {
	var said bytes.Buffer
	workers.LogRedis(slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer workers.LogRedis(slog.New(slog.DiscardHandler))
	if connect(t, "redis://127.0.0.1:1").Ping(t.Context()).Err() == nil {
		t.Fatal("somebody answered")
	}
	if got := said.String(); !strings.Contains(got, "level=DEBUG") || !strings.Contains(got, "go-redis: ") || strings.Contains(got, "level=ERROR") {
		t.Errorf("got %s", got)
	}
}
