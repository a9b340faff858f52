package workers_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/workers"
)

// eachRedis runs a check on the Redis inside the process and, where
// RAPPORT_TEST_REDIS names one, on a real one, whose database 15 it empties.
func eachRedis(t *testing.T, check func(t *testing.T, s *shop)) {
	t.Helper()
	t.Run("inside", func(t *testing.T) { check(t, open(t, files)) })
	t.Run("real", func(t *testing.T) {
		address := os.Getenv("RAPPORT_TEST_REDIS")
		if address == "" {
			t.Skip("RAPPORT_TEST_REDIS names no Redis")
		}
		if !strings.Contains(address, "://") {
			address = "redis://" + address
		}
		s := open(t, files)
		options, err := redis.ParseURL(address)
		ok(t, err)
		options.DB = 15
		client := redis.NewClient(options)
		ok(t, client.FlushDB(s.ctx()).Err())
		t.Cleanup(func() {
			client.FlushDB(context.Background())
			client.Close()
		})
		s.redis, s.mini = client, nil
		s.wire()
		check(t, s)
	})
}

// speaks is a server that knows nothing but INFO.
func speaks(t *testing.T, info string) redis.UniversalClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go answerInfo(connection, info)
		}
	}()
	return connect(t, "redis://"+listener.Addr().String()+"?protocol=2")
}

func answerInfo(connection net.Conn, info string) {
	defer connection.Close()
	lines := bufio.NewScanner(connection)
	for lines.Scan() {
		switch strings.ToLower(lines.Text()) {
		case "info":
			fmt.Fprintf(connection, "$%d\r\n%s\r\n", len(info), info)
		case "hello", "client", "maint_notifications":
			fmt.Fprint(connection, "-ERR unknown command\r\n")
		}
	}
}

func TestARedisThatWouldLoseTasksIsRefused(t *testing.T) {
	info := func(version, policy string) string {
		return "# Server\r\nredis_version:" + version + "\r\n# Memory\r\nmaxmemory_policy:" + policy + "\r\n"
	}
	for _, c := range []struct{ info, problem string }{
		{info("6.2.0", "noeviction"), ""},
		{info("7.4.1", "noeviction"), ""},
		{info("10.0.0", "noeviction"), ""},
		{info("6.0.16", "noeviction"), "redis is version 6.0.16 and 6.2 or newer is needed; upgrade it"},
		{info("5.9", "noeviction"), "redis is version 5.9 and 6.2"},
		{info("", "noeviction"), "redis is version  and"},
		{info("7.2.4", "allkeys-lru"), `redis evicts keys (maxmemory-policy is "allkeys-lru") and would drop tasks; set`},
		{info("7.2.4", "volatile-ttl"), "volatile-ttl"},
		{info("7.2.4", ""), `maxmemory-policy is ""`},
	} {
		err := workers.CheckRedis(t.Context(), speaks(t, c.info))
		switch {
		case c.problem == "" && err != nil:
			t.Errorf("%q: %v", c.info, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%q: got %v, want %s", c.info, err, c.problem)
		}
	}
}

func TestARealRedisIsChecked(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	socket := filepath.Join(t.TempDir(), "redis.sock")
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	ok(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	client := connect(t, "unix://"+socket)
	ready, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for client.Ping(ready).Err() != nil {
		if ready.Err() != nil {
			t.Fatal("redis-server does not answer")
		}
	}
	ok(t, workers.CheckRedis(t.Context(), client))
	ok(t, client.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err())
	if err := workers.CheckRedis(t.Context(), client); err == nil || !strings.Contains(err.Error(), "allkeys-lru") {
		t.Errorf("one that evicts keys: %v", err)
	}
}

func TestARedisURLThatIsNoneNamesNoPassword(t *testing.T) {
	for _, url := range []string{"http://:secret@host", "redis://:secret@host:port", "redis://:secret@host/db"} {
		if _, err := workers.OpenRedis(url); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
}
