package trust_test

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a Redis of the trial's own, which may be broken.
type redisServer struct {
	*process
	t      *trial
	dir    string
	port   string
	keeps  bool // writes an append-only file
	client *redis.Client
}

// startRedis starts one. A Redis that keeps its data writes an append-only file.
func (t *trial) startRedis(keeps bool) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("Redis: redis-server is not installed")
	}
	r := &redisServer{t: t, dir: t.TempDir(), port: t.freePort(), keeps: keeps}
	r.client = redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + r.port, MaxRetries: -1})
	t.Cleanup(func() { _ = r.client.Close() })
	r.start()
	return r
}

func (r *redisServer) url() string { return "redis://127.0.0.1:" + r.port + "/0" }

// start starts the server anew: empty, unless it keeps its data.
func (r *redisServer) start() {
	r.t.Helper()
	keep := "no"
	if r.keeps {
		keep = "yes"
	}
	r.process = r.t.launch(r.dir, exec.Command("redis-server", "--port", r.port, "--bind", "127.0.0.1", "--dir", r.dir,
		"--save", "", "--appendonly", keep, "--aof-load-truncated", "yes", "--maxmemory-policy", "noeviction"))
	r.t.wait(30*time.Second, "Redis answers", func() bool { return r.client.Ping(context.Background()).Err() == nil })
}

// restart kills the server and starts it again.
func (r *redisServer) restart() {
	r.t.Helper()
	r.kill()
	r.start()
}

// cut takes a part off the end of the newest append-only file, as a crash of
// the machine does.
func cut(path string, bytes int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, max(0, info.Size()-bytes))
}
