package workers_test

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"rapport/workers"
)

// The master is killed while texts are in flight: sentinels name another, and
// everything goes on by itself.
func TestAMasterBehindSentinelsDies(t *testing.T) {
	t.Parallel()
	master := serve(t, "--requirepass", "serve", "--masterauth", "serve")
	for range 2 {
		replica := serve(t, "--requirepass", "serve", "--masterauth", "serve", "--replicaof", "127.0.0.1 "+master.port)
		inStep(t, connect(t, "redis://:serve@"+replica.address()))
	}
	sentinels := watch(t, master, "port", "requirepass watch\n", "sentinel sentinel-pass watch\nsentinel auth-pass shop serve\n")
	client := opened(t, workers.Redis{
		Sentinel: workers.Sentinel{Master: "shop", Addresses: sentinels, Password: "watch"}, Password: "serve",
	})
	asked := opened(t, workers.Redis{URL: "redis://:watch@" + sentinels[0]})
	acquainted(t, asked, "2")
	ok(t, workers.CheckRedis(t.Context(), client))
	b := works(t, open(t, files), client, 1)
	b.inWaves(20, 20, master.kill)
	b.everybodyHasOne()
	server, err := client.Info(t.Context(), "replication").Result()
	ok(t, err)
	if !containsLine(server, "role:master") {
		t.Errorf("it speaks to no master: %s", server)
	}
}

// watch starts three sentinels over a master and its replicas. They listen by that
// directive; lines of their file stand before and after those about the master.
func watch(t *testing.T, master *server, listen, before, after string) (addresses []string) {
	t.Helper()
	for range 3 {
		port := freePort(t)
		file := written(t, "sentinel.conf", fmt.Sprintf(`%s %s
bind 127.0.0.1
dir %s
%ssentinel monitor shop 127.0.0.1 %s 2
sentinel down-after-milliseconds shop 1000
sentinel failover-timeout shop 4000
%s`, listen, port, t.TempDir(), before, master.port, after))
		addresses = append(addresses, serveAt(t, port, file, "--sentinel").address())
	}
	return addresses
}

// acquainted waits until a sentinel knows the master's replicas and the others.
func acquainted(t *testing.T, asked redis.UniversalClient, replicas string) {
	t.Helper()
	eventually(t, "the sentinels know the replicas and each other", func() bool {
		shop, err := asked.Do(t.Context(), "SENTINEL", "MASTER", "shop").Result()
		if err != nil {
			return false
		}
		known := shop.(map[any]any)
		return known["num-slaves"] == replicas && known["num-other-sentinels"] == "2"
	})
}
