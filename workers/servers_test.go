package workers_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/workers"
)

// server is a real Redis, or one of its sentinels.
type server struct {
	t    *testing.T
	port string
	cmd  *exec.Cmd
	once sync.Once
}

func (s *server) address() string { return "127.0.0.1:" + s.port }

// serve starts redis-server on a free port, keeping nothing. Where it is not
// installed the test is skipped.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	port := freePort(t)
	return serveAt(t, port, append([]string{
		"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0", "--dir", t.TempDir(),
	}, args...)...)
}

func serveAt(t *testing.T, port string, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	s := &server{t: t, port: port, cmd: exec.Command("redis-server", args...)}
	var said bytes.Buffer
	s.cmd.Stdout = &said
	ok(t, s.cmd.Start())
	t.Cleanup(s.kill)
	eventually(t, "redis-server listens", func() bool {
		connection, err := net.Dial("tcp", s.address())
		if err == nil {
			connection.Close()
		}
		return err == nil
	})
	return s
}

func (s *server) kill() {
	s.once.Do(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	})
}

// inStep waits until a replica has what its master has; a master's is always true.
func inStep(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	eventually(t, "every replica is in step", func() bool {
		info, err := client.Info(t.Context(), "replication").Result()
		return err == nil && (containsLine(info, "role:master") || containsLine(info, "master_link_status:up"))
	})
}

func (s *server) signal(sig syscall.Signal) { ok(s.t, s.cmd.Process.Signal(sig)) }

func freePort(t *testing.T) string {
	t.Helper()
	for { // a cluster's bus is 10000 further on
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		ok(t, err)
		listener.Close()
		_, port, _ := strings.Cut(listener.Addr().String(), ":")
		if len(port) < 5 || port < "50000" {
			return port
		}
	}
}

// opened connects to Redis in any of its shapes.
func opened(t *testing.T, r workers.Redis) redis.UniversalClient {
	t.Helper()
	client, err := r.Open()
	ok(t, err)
	t.Cleanup(func() { ok(t, client.Close()) })
	return client
}

// busy is a shop whose parts run by themselves, on a clock that goes, while
// people get their texts.
type busy struct {
	*shop
	people int
}

// works starts a worker and a scheduler on a Redis and lets texts take a while
// at the provider, so that some are always in flight.
func works(t *testing.T, s *shop, r redis.UniversalClient, parts int) *busy {
	t.Helper()
	s.redis = r
	s.wire()
	s.pump.Parts, s.pump.Lease, s.pump.Call = parts, 4*time.Second, time.Second
	s.courier.Lease, s.courier.Call, s.courier.Window = 4*time.Second, time.Second, 10
	s.courier.Limits = &workers.SharedLimits{Redis: r, Limits: map[channels.Channel]workers.Limit{channels.SMS: {PerSecond: 1000}}, Log: s.log}
	s.provider.does(func(http.ResponseWriter, request) bool {
		time.Sleep(20 * time.Millisecond) // the provider's own time
		return false
	})
	taker := workers.NewServer(r, workers.ServerOptions{Parts: parts, Poll: 10 * time.Millisecond, Grace: 5 * time.Second, Log: s.log})
	s.worker().Serve(taker)
	ok(t, taker.Start())
	t.Cleanup(taker.Stop)
	scheduler := s.scheduler("one")
	scheduler.ReconcileEvery = 500 * time.Millisecond
	running(t, leading(scheduler), s.goes)
	return &busy{shop: s}
}

// goes lets the shop's clock go.
func (s *shop) goes(ctx context.Context) {
	const step = 10 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.later(step)
		}
	}
}

// texts makes more people, each of whom is to get one text.
func (b *busy) texts(people int) {
	b.t.Helper()
	var all []customers.Customer
	var events []customers.Event
	for n := b.people; n < b.people+people; n++ {
		id := fmt.Sprintf("c%04d", n)
		all = append(all, customers.Customer{ID: id, Phone: fmt.Sprintf("+4915112%06d", n), Country: "DE", Zone: "Europe/Berlin"})
		events = append(events, customers.Event{Customer: id, Name: "Texted", At: b.clock(), ReceivedAt: b.clock(), Key: "text " + id, Live: true})
	}
	b.people += people
	_, err := b.store.PutCustomers(b.ctx(), b.clock(), all)
	ok(b.t, err)
	_, err = b.store.Append(b.ctx(), events)
	ok(b.t, err)
	(&workers.Bell{Redis: b.redis}).Ring(b.ctx())
}

// inWaves makes people bit by bit, and does something once some have their text
// and others have not.
func (b *busy) inWaves(waves, people int, midway func()) {
	b.t.Helper()
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Log(b.said.String())
		}
	})
	for wave := range waves {
		b.texts(people)
		before := b.people - people/2
		eventually(b.t, "a wave is on its way", func() bool { return len(b.provider.requests()) >= min(before, wave*people+1) })
		if wave == waves/2 {
			midway()
		}
	}
}

// everybodyHasOne waits until all is sent and judges by what the provider got.
func (b *busy) everybodyHasOne() {
	b.t.Helper()
	eventually(b.t, "everybody has their text", func() bool { return len(b.provider.requests()) >= b.people && b.idle() })
	copies := map[string]int{}
	for _, got := range b.provider.requests() {
		to := strings.Split(strings.SplitN(got.body, "To=", 2)[1], "&")[0]
		copies[to]++
	}
	for to, n := range copies {
		if n != 1 {
			b.t.Errorf("%d copies went to %s", n, to)
		}
	}
	if len(copies) != b.people {
		b.t.Errorf("%d of %d people have their text", len(copies), b.people)
	}
	standing := map[deliveries.Status]int{}
	for _, d := range b.ledger() {
		standing[d.Status]++
	}
	if standing[deliveries.Sent] != b.people || len(standing) != 1 {
		b.t.Errorf("the ledger says %v of %d people", standing, b.people)
	}
}

// written writes a file for a server.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	ok(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func containsLine(text, line string) bool {
	for got := range strings.Lines(text) {
		if strings.TrimSpace(got) == line {
			return true
		}
	}
	return false
}
