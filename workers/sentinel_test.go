package workers_test

import (
	"fmt"
	"testing"

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
	var sentinels []string
	for range 3 {
		port := freePort(t)
		file := written(t, "sentinel.conf", fmt.Sprintf(`port %s
bind 127.0.0.1
dir %s
requirepass watch
sentinel sentinel-pass watch
sentinel monitor shop 127.0.0.1 %s 2
sentinel auth-pass shop serve
sentinel down-after-milliseconds shop 1000
sentinel failover-timeout shop 4000
`, port, t.TempDir(), master.port))
		sentinels = append(sentinels, serveAt(t, port, file, "--sentinel").address())
	}
	client := opened(t, workers.Redis{
		Sentinel: workers.Sentinel{Master: "shop", Addresses: sentinels, Password: "watch"}, Password: "serve",
	})
	asked := opened(t, workers.Redis{URL: "redis://:watch@" + sentinels[0]})
	eventually(t, "the sentinels know the replicas and each other", func() bool {
		shop, err := asked.Do(t.Context(), "SENTINEL", "MASTER", "shop").Result()
		if err != nil {
			return false
		}
		known := shop.(map[any]any)
		return known["num-slaves"] == "2" && known["num-other-sentinels"] == "2"
	})
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
