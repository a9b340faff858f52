package workers_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"rapport/workers"
)

// guarded are servers that speak TLS alone, to whoever shows a certificate, and
// know nobody but users of their own.
type guarded struct {
	certificates []string    // of a server, as its arguments
	shown        []string    // what redis-cli shows
	worker       *tls.Config // what a worker shows and trusts
}

func guard(t *testing.T) *guarded {
	t.Helper()
	ours := authority(t)
	certificate, key := ours.issue(t, "redis.internal")
	mine, err := tls.X509KeyPair(bytesOf(ours.issue(t, "worker")))
	ok(t, err)
	trusted := x509.NewCertPool()
	trusted.AddCert(ours.certificate)
	ca, cert, secret := written(t, "ca.pem", ours.pem), written(t, "cert.pem", certificate), written(t, "key.pem", key)
	return &guarded{
		certificates: []string{
			"--tls-auth-clients", "yes", "--tls-replication", "yes", "--tls-cluster", "yes",
			"--tls-ca-cert-file", ca, "--tls-cert-file", cert, "--tls-key-file", secret,
		},
		shown:  []string{"--tls", "--cacert", ca, "--cert", cert, "--key", secret},
		worker: &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{mine}, ServerName: "redis.internal"},
	}
}

// knowing is a server's arguments for its users.
func (g *guarded) knowing(t *testing.T, users ...string) []string {
	t.Helper()
	all := "user default off\nuser operator on >operator ~* &* +@all\n" + strings.Join(users, "\n") + "\n"
	return slices.Concat(g.certificates, []string{"--aclfile", written(t, "users.acl", all)})
}

// serve starts a server.
func (g *guarded) serve(t *testing.T, args ...string) *server {
	t.Helper()
	port := freePort(t)
	return serveAt(t, port, append([]string{
		"--port", "0", "--tls-port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0", "--dir", t.TempDir(),
	}, args...)...)
}

// operator connects to one server by itself, as who may do anything.
func (g *guarded) operator(t *testing.T, address string) redis.UniversalClient {
	t.Helper()
	return opened(t, workers.Redis{URL: "rediss://operator:operator@" + address, TLS: g.worker})
}

// documented reads the users that the page on Redis tells: the program's first, then
// those of servers among themselves. The program's may do more on a cluster, and asks
// sentinels as one that may do what they want.
func documented(t *testing.T) (users []string, onCluster, atSentinels string) {
	t.Helper()
	read, err := os.ReadFile("../docs/operations/redis.md")
	ok(t, err)
	page := strings.ReplaceAll(string(read), ">PASSWORD", ">serve")
	users = regexp.MustCompile(`(?m)^user .*$`).FindAllString(page, -1)
	cluster := regexp.MustCompile("On a cluster it needs `([^`]+)` too").FindStringSubmatch(page)
	sentinels := regexp.MustCompile("What sentinels want of a user of theirs:\\s+`([^`]+)`").FindStringSubmatch(page)
	if len(users) != 3 || !strings.HasPrefix(users[0], "user rapport ") || cluster == nil || sentinels == nil {
		t.Fatalf("the page does not tell all users, but %q, %q, %q", users, cluster, sentinels)
	}
	return users, cluster[1], sentinels[1]
}

// needed reports what a rule allows and no server was ever asked for, but for what
// is asked for at times.
func needed(t *testing.T, rule string, atTimes []string, servers ...redis.Cmdable) {
	t.Helper()
	var used strings.Builder
	for _, s := range servers {
		said, err := s.Info(t.Context(), "commandstats").Result()
		ok(t, err)
		used.WriteString(said)
	}
	for _, allowed := range regexp.MustCompile(`\+([\w|-]+)`).FindAllStringSubmatch(rule, -1) {
		if name := allowed[1]; !strings.Contains(used.String(), "cmdstat_"+name+":") && !slices.Contains(atTimes, name) {
			t.Errorf("+%s is not needed", name)
		}
	}
}

// denied reports what a server refused anybody.
func denied(t *testing.T, operator redis.UniversalClient) {
	t.Helper()
	refused, err := operator.ACLLog(t.Context(), 10).Result()
	ok(t, err)
	for _, r := range refused {
		t.Errorf("%s may not use %s %s", r.Username, r.Reason, r.Object)
	}
}

// nothingDenied holds what was logged to what the user may do.
func (b *busy) nothingDenied() {
	b.t.Helper()
	for _, denial := range []string{"NOPERM", "NOAUTH", "WRONGPASS", "can't run this command", "can't access at least one"} {
		if strings.Contains(b.said.String(), denial) {
			b.t.Errorf("something was denied:\n%s", b.said)
		}
	}
}

// Sentinels want TLS and a user as their servers do. The master is killed, and the
// documented users suffice to find the next one.
func TestAGuardedMasterBehindSentinelsDies(t *testing.T) {
	t.Parallel()
	hosts := guard(t)
	users, _, atSentinels := documented(t)
	args := append(hosts.knowing(t, users...), "--masteruser", "replica", "--masterauth", "serve")
	master := hosts.serve(t, args...)
	replica := hosts.serve(t, append(args, "--replicaof", "127.0.0.1 "+master.port)...)
	inStep(t, hosts.operator(t, replica.address()))
	sentinels := watch(t, master, "port 0\ntls-port", lines(hosts.knowing(t, "user rapport on >watch "+atSentinels)),
		"sentinel sentinel-user operator\nsentinel sentinel-pass operator\nsentinel auth-user shop sentinel\nsentinel auth-pass shop serve\n")
	asked := hosts.operator(t, sentinels[0])
	acquainted(t, asked, "1")
	client := opened(t, workers.Redis{
		Sentinel: workers.Sentinel{Master: "shop", Addresses: sentinels, Username: "rapport", Password: "watch"},
		Username: "rapport", Password: "serve", TLS: hosts.worker,
	})
	ok(t, workers.CheckRedis(t.Context(), client))
	b := works(t, open(t, files), client, 1)
	b.inWaves(10, 20, master.kill)
	b.everybodyHasOne()
	b.nothingDenied()
	for _, address := range append(sentinels, replica.address()) {
		denied(t, hosts.operator(t, address))
	}
	server, err := hosts.operator(t, replica.address()).Info(t.Context(), "replication").Result()
	ok(t, err)
	if !containsLine(server, "role:master") {
		t.Errorf("the replica is no master: %s", server)
	}
}

// lines are a server's arguments as lines of its file.
func lines(args []string) string {
	var text strings.Builder
	for pair := range slices.Chunk(args, 2) {
		text.WriteString(strings.TrimPrefix(pair[0], "--") + " " + pair[1] + "\n")
	}
	return text.String()
}

// A cluster's nodes want TLS and a user, also while a slot moves from one to another.
func TestAGuardedCluster(t *testing.T) {
	t.Parallel()
	hosts := guard(t)
	users, onCluster, _ := documented(t)
	args := hosts.knowing(t, users[0]+" "+onCluster)
	nodes := clusterOf(t, 3, func(more ...string) *server { return hosts.serve(t, append(args, more...)...) },
		func(s *server) redis.UniversalClient { return hosts.operator(t, s.address()) }, append(hosts.shown, "--user", "operator", "--pass", "operator")...)
	client := opened(t, workers.Redis{Cluster: addresses(nodes[:1]), Username: "rapport", Password: "serve", TLS: hosts.worker})
	ok(t, workers.CheckRedis(t.Context(), client))
	b := works(t, open(t, files), client, 4)
	b.inWaves(4, 20, func() {})
	b.everybodyHasOne()

	slot, move := moves(t, hosts, client, nodes, "rapport:moving")
	if err := client.Set(t.Context(), "rapport:moving", "there", 0).Err(); err != nil {
		t.Errorf("while slot %d moves, nothing can be written in it: %v", slot, err)
	}
	move()
	if at, err := client.Get(t.Context(), "rapport:moving").Result(); err != nil || at != "there" {
		t.Errorf("slot %d has moved, and what was written meanwhile is %q: %v", slot, at, err)
	}
	b.nothingDenied()
	var all []redis.Cmdable
	for _, s := range nodes {
		operator := hosts.operator(t, s.address())
		denied(t, operator)
		all = append(all, operator)
	}
	needed(t, onCluster, nil, all...)
}

// moves begins to move a key's slot to another node, and returns what ends it.
func moves(t *testing.T, hosts *guarded, client redis.UniversalClient, nodes []*server, key string) (slot int64, end func()) {
	t.Helper()
	owner, err := client.(*redis.ClusterClient).MasterForKey(t.Context(), key)
	ok(t, err)
	var from, to redis.UniversalClient
	for _, s := range nodes {
		if node := hosts.operator(t, s.address()); s.address() == owner.Options().Addr {
			from = node
		} else {
			to = node
		}
	}
	slot, err = from.ClusterKeySlot(t.Context(), key).Result()
	ok(t, err)
	id := func(of redis.UniversalClient) string {
		name, err := of.Do(t.Context(), "CLUSTER", "MYID").Text()
		ok(t, err)
		return name
	}
	ok(t, to.Do(t.Context(), "CLUSTER", "SETSLOT", slot, "IMPORTING", id(from)).Err())
	ok(t, from.Do(t.Context(), "CLUSTER", "SETSLOT", slot, "MIGRATING", id(to)).Err())
	return slot, func() {
		for _, node := range []redis.UniversalClient{to, from} {
			ok(t, node.Do(t.Context(), "CLUSTER", "SETSLOT", slot, "NODE", id(to)).Err())
		}
	}
}
