package workers_test

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/workers"
)

// cluster is masters, and replicas of them where it is created with some.
func cluster(t *testing.T, nodes int, create ...string) []*server {
	t.Helper()
	return clusterOf(t, nodes, func(args ...string) *server { return serve(t, args...) },
		func(s *server) redis.UniversalClient { return connect(t, "redis://"+s.address()) }, create...)
}

// clusterOf makes a cluster of servers that are started and spoken to in a way of
// their own.
func clusterOf(t *testing.T, nodes int, start func(args ...string) *server, speak func(*server) redis.UniversalClient, create ...string) []*server {
	t.Helper()
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("redis-cli is not installed")
	}
	var all []*server
	command := []string{"--cluster", "create"}
	for range nodes {
		node := start("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-config-file", "nodes.conf")
		all = append(all, node)
		command = append(command, node.address())
	}
	out, err := exec.Command(cli, append(append(command, "--cluster-yes"), create...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("create a cluster: %v\n%s", err, out)
	}
	for _, node := range all {
		client := speak(node)
		eventually(t, "every node finds every slot served", func() bool {
			info, err := client.ClusterInfo(t.Context()).Result()
			return err == nil && containsLine(info, "cluster_state:ok")
		})
		inStep(t, client)
	}
	return all
}

func addresses(servers []*server) (all []string) {
	for _, s := range servers {
		all = append(all, s.address())
	}
	return all
}

// ownerOf is the node of a cluster that keeps a queue.
func ownerOf(t *testing.T, client redis.UniversalClient, nodes []*server, queue string) *server {
	t.Helper()
	master, err := client.(*redis.ClusterClient).MasterForKey(t.Context(), "asynq:{"+queue+"}:pending")
	ok(t, err)
	at := slices.IndexFunc(nodes, func(s *server) bool { return s.address() == master.Options().Addr })
	return nodes[at]
}

// Texts go through four queues on several nodes; one node dies and its replica
// takes over.
func TestANodeOfAClusterDies(t *testing.T) {
	t.Parallel()
	nodes := cluster(t, 6, "--cluster-replicas", "1")
	client := opened(t, workers.Redis{Cluster: addresses(nodes[:2])})
	ok(t, workers.CheckRedis(t.Context(), client))
	b := works(t, open(t, files), client, 4)
	owners := map[*server]bool{}
	for _, part := range workers.QueueParts("sms", 4) {
		owners[ownerOf(t, client, nodes, part)] = true
	}
	if len(owners) < 2 {
		t.Fatal("one node alone keeps all parts of the queue")
	}
	victim := ownerOf(t, client, nodes, "sms.1")
	b.inWaves(20, 20, victim.kill)
	b.everybodyHasOne()
	for _, part := range workers.QueueParts("sms", 4) {
		if n, err := client.Get(t.Context(), "asynq:{"+part+"}:processed").Int(); err != nil || n == 0 {
			t.Errorf("nothing went through %s: %v", part, err)
		}
	}
}

// A node that has no replica hangs for a while: what is in its queues waits,
// nothing is lost and nothing doubled.
func TestANodeOfAClusterHangs(t *testing.T) {
	t.Parallel()
	nodes := cluster(t, 3)
	client := opened(t, workers.Redis{Cluster: addresses(nodes)})
	ok(t, workers.CheckRedis(t.Context(), client))
	b := works(t, open(t, files), client, 4)
	victim := ownerOf(t, client, nodes, "sms.1")
	b.inWaves(10, 40, func() {
		victim.signal(syscall.SIGSTOP)
		woken := time.AfterFunc(6*time.Second, func() { _ = victim.cmd.Process.Signal(syscall.SIGCONT) })
		t.Cleanup(func() { woken.Stop() })
	})
	b.everybodyHasOne()
}

func TestEveryMasterOfAClusterIsChecked(t *testing.T) {
	t.Parallel()
	nodes := cluster(t, 3)
	client := opened(t, workers.Redis{Cluster: addresses(nodes)})
	ok(t, workers.CheckRedis(t.Context(), client))
	last := connect(t, "redis://"+nodes[2].address())
	ok(t, last.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err())
	err := workers.CheckRedis(t.Context(), client)
	if err == nil || !strings.Contains(err.Error(), "allkeys-lru") || !strings.Contains(err.Error(), nodes[2].address()) {
		t.Errorf("got %v", err)
	}
}

// A command whose answer never came may have been done: it is not repeated.
func TestACommandWithoutAnAnswerIsNotRepeated(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer listener.Close()
	var done atomic.Int32
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go loneNode(connection, listener.Addr().(*net.TCPAddr).Port, &done)
		}
	}()
	client := opened(t, workers.Redis{Cluster: []string{listener.Addr().String()}})
	err = client.Incr(t.Context(), "rapport:test").Err()
	if err == nil || !strings.Contains(err.Error(), "no answer from Redis") {
		t.Errorf("got %v", err)
	}
	if n := done.Load(); n != 1 {
		t.Errorf("it was done %d times", n)
	}
}

// loneNode is a cluster of one that hangs up on whoever counts.
func loneNode(connection net.Conn, port int, done *atomic.Int32) {
	defer connection.Close()
	lines := bufio.NewScanner(connection)
	for lines.Scan() {
		switch strings.ToLower(lines.Text()) {
		case "hello", "client", "command":
			fmt.Fprint(connection, "-ERR unknown command\r\n")
		case "slots":
			fmt.Fprintf(connection, "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:%d\r\n$2\r\nid\r\n", port)
		case "incr":
			done.Add(1)
			return
		}
	}
}
