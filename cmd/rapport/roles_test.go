package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/sandbox"
	"rapport/store"
	"rapport/store/storetest"
	"rapport/store/storetest/fresh"
	"rapport/telemetry"
	"rapport/workers"
)

func openTestRedis(t *testing.T, address string) redis.UniversalClient {
	t.Helper()
	client, err := workers.OpenRedis(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// operated is a role with a port for whatever runs it.
type operated struct {
	*process
	t    *testing.T
	port string
}

func (r *rig) operate(args ...string) *operated {
	r.t.Helper()
	o := &operated{t: r.t, port: "127.0.0.1:" + freePort(r.t)}
	r.t.Setenv("RAPPORT_OPS_LISTEN", o.port)
	o.process = r.start(args...)
	r.t.Cleanup(func() { o.signal(syscall.SIGKILL) })
	return o
}

// ask asks the port. Status 0: nobody answers.
func (o *operated) ask(path string) (status int, text string) {
	answer, err := http.Get("http://" + o.port + path)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	raw, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(raw)
}

// becomes waits until the process is ready, or is not because of something. It
// lives all the while.
func (o *operated) becomes(status int, because string) {
	o.t.Helper()
	var got int
	var text string
	defer func() {
		if o.t.Failed() {
			o.t.Logf("the last answer: %d %s\n%s", got, text, o.stderr)
		}
	}()
	eventually(o.t, 30*time.Second, "it answers as expected: "+because, func() bool {
		got, text = o.ask("/readyz")
		return got == status && strings.Contains(text, because)
	})
	var read struct {
		Ready  bool
		Checks []finding
	}
	if err := json.Unmarshal([]byte(text), &read); err != nil || read.Ready != (status == http.StatusOK) {
		o.t.Errorf("the answer is no JSON that says so: %v", err)
	}
	for _, f := range read.Checks {
		if !f.OK && (f.Problem == "" || f.Mend == "") {
			o.t.Errorf("%s lacks what is wrong or what would mend it", f.Name)
		}
	}
	if alive, text := o.ask("/healthz"); alive != http.StatusOK {
		o.t.Errorf("meanwhile it is not alive: %d %s", alive, text)
	}
}

// stays reports whether all answers of some time have a status.
func (o *operated) stays(looks time.Duration, status int) bool {
	o.t.Helper()
	until := time.Now().Add(looks)
	for time.Now().Before(until) {
		if got, _ := o.ask("/readyz"); got != status {
			return false
		}
		time.Sleep(triesEvery / 10)
	}
	return true
}

// ends waits until the process has ended by itself, with a code and some last words.
func (o *operated) ends(code int, says string) {
	o.t.Helper()
	ended := make(chan struct{})
	go func() { defer close(ended); _ = o.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		o.t.Error("it goes on")
		_ = o.cmd.Process.Kill()
		<-ended
	}
	if got := o.cmd.ProcessState.ExitCode(); got != code || !strings.Contains(o.stderr.String(), says) {
		o.t.Errorf("it ended with %d, want %d and %q\n%s", got, code, says, o.stderr)
	}
}

func TestARedisThatBeginsToEvictMakesUnready(t *testing.T) {
	r := newRig(t, storetest.Postgres(t), sandbox.Behaviour{})
	r.useRedis()
	r.fill(mixed, 1, "Go")
	server := openTestRedis(t, r.redis.url())
	policy := func(name string) {
		if err := server.ConfigSet(t.Context(), "maxmemory-policy", name).Err(); err != nil {
			t.Fatal(err)
		}
	}
	worker, web := r.operate("worker"), r.operate("web")
	worker.becomes(http.StatusOK, "redis")
	web.becomes(http.StatusOK, "redis")
	policy("allkeys-lru")
	worker.becomes(http.StatusServiceUnavailable, "noeviction")
	web.becomes(http.StatusServiceUnavailable, "noeviction")
	policy("noeviction")
	worker.becomes(http.StatusOK, "redis")
	web.becomes(http.StatusOK, "redis")
	r.redis.kill()
	worker.becomes(http.StatusServiceUnavailable, "connection refused")
	web.becomes(http.StatusOK, "connection refused") // it takes in and keeps what comes all the same
	r.redis.start()
	worker.becomes(http.StatusOK, "redis")
	worker.signal(syscall.SIGTERM)
	web.signal(syscall.SIGTERM)
	policy("volatile-ttl")
	_, refusal, code := rapport(t, "scheduler", "--config", r.configPath())
	if code != 1 || !strings.Contains(refusal, "noeviction") {
		t.Errorf("at start: exit %d, %s", code, refusal)
	}
}

// Who came second to a Redis takes nothing there, and says whose it is not.
func TestARoleWaitsWhereRedisIsAnotherInstallations(t *testing.T) {
	r := newRig(t, storetest.Postgres(t), sandbox.Behaviour{})
	r.useRedis()
	r.fill(mixed, 1, "Go")
	server := openTestRedis(t, r.redis.url())
	belongs := func() {
		t.Helper()
		if err := server.Set(t.Context(), "rapport:installation", "another", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	belongs()
	const ours = "ours"
	s, err := store.Open(t.Context(), r.dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NameInstallation(t.Context(), ours); errors.Join(err, s.Close()) != nil {
		t.Fatal(err)
	}
	scheduler, worker := r.operate("scheduler"), r.operate("worker")
	scheduler.becomes(http.StatusServiceUnavailable, "belongs to another installation")
	worker.becomes(http.StatusServiceUnavailable, "belongs to another installation")
	if keys, err := server.Keys(t.Context(), "*").Result(); err != nil || len(keys) != 1 {
		t.Errorf("there is %q now (%v)", keys, err)
	}
	wants(t, 1, "fail  redis     this Redis belongs to another installation", "doctor", "--config", r.configPath(), "--domain", "127.0.0.1", "--dns", "127.0.0.1:1")
	if err := server.Del(t.Context(), "rapport:installation").Err(); err != nil {
		t.Fatal(err)
	}
	if looks := 3 * triesEvery; !scheduler.stays(looks, http.StatusServiceUnavailable) {
		t.Error("it took a Redis that came back empty to whom it belongs to")
	}
	if err := server.Set(t.Context(), "rapport:installation", ours, 0).Err(); err != nil {
		t.Fatal(err)
	}
	scheduler.becomes(http.StatusOK, "ledger")
	worker.becomes(http.StatusOK, "ledger")
	wants(t, 1, "ok    redis     is there", "doctor", "--config", r.configPath(), "--domain", "127.0.0.1", "--dns", "127.0.0.1:1")
	belongs()
	for _, role := range []*operated{scheduler, worker} {
		role.ends(1, workers.ErrOthersRedis.Error()+"; "+othersRedis(workers.ErrOthersRedis).Mend)
	}
}

// An `up` beside whose Redis another was told that it is its own takes no more either.
func TestUpEndsWhereRedisIsAnotherInstallations(t *testing.T) {
	r := newRig(t, "", sandbox.Behaviour{})
	r.useRedis()
	t.Setenv("RAPPORT_REDIS", r.redis.url())
	data := t.TempDir()
	up := &operated{process: startUp(t, data, "127.0.0.1:"+freePort(t)), t: t}
	if err := openTestRedis(t, r.redis.url()).Set(t.Context(), "rapport:installation", "another", 0).Err(); err != nil {
		t.Fatal(err)
	}
	mend := workers.ErrOthersRedis.Error() + "; " + othersRedis(workers.ErrOthersRedis).Mend
	up.ends(1, mend)
	t.Setenv("RAPPORT_LISTEN", "127.0.0.1:"+freePort(t))
	wants(t, 1, mend, "up", "--data", data)
}

func TestARoleWaitsForItsServersAndTheSchema(t *testing.T) {
	dsn := storetest.Postgres(t)
	through := newRelay(t, dsn)
	r := newRig(t, through.dsn, sandbox.Behaviour{})
	r.useRedis()
	r.redis.kill()
	scheduler, web := r.operate("scheduler"), r.operate("web")
	reaches := func(redis, database int) {
		t.Helper()
		_, metrics := scheduler.ask("/metrics")
		for dependency, up := range map[string]int{"redis": redis, "database": database} {
			if want := fmt.Sprintf("\nrapport_dependency_up{dependency=%q} %d\n", dependency, up); !strings.Contains(metrics, want) {
				t.Errorf("while it waits nothing tells %q", strings.TrimSpace(want))
			}
		}
	}
	scheduler.becomes(http.StatusServiceUnavailable, "Redis")
	reaches(0, 0)
	r.redis.start()
	scheduler.becomes(http.StatusServiceUnavailable, "database")
	web.becomes(http.StatusServiceUnavailable, "database")
	reaches(1, 0)
	through.open()
	scheduler.becomes(http.StatusServiceUnavailable, "rapport migrate")
	reaches(1, 1)
	if out, errOut, code := rapport(t, "migrate", "--config", r.configPath()); code != 0 {
		t.Fatal(out, errOut)
	}
	scheduler.becomes(http.StatusOK, "schema")
	web.becomes(http.StatusOK, "schema")
	through.close()
	scheduler.becomes(http.StatusServiceUnavailable, "store")
	through.open()
	scheduler.becomes(http.StatusOK, "store")
	scheduler.signal(syscall.SIGTERM)
	if code := scheduler.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it left with %d\n%s", code, scheduler.stderr)
	}
}

// The first of two hosts takes connections and says nothing, as a machine does that
// hangs; connecting takes longer than a look may.
func TestARoleStartsBesideASilentHost(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dsn, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	dsn.Host = silent.Addr().String() + "," + dsn.Host
	query := dsn.Query()
	query.Set("connect_timeout", fmt.Sprint(int(lookFor.Seconds())+1))
	query.Set("target_session_attrs", "read-write")
	query.Set("sslmode", "disable")
	dsn.RawQuery = query.Encode()
	r := newRig(t, dsn.String(), sandbox.Behaviour{})
	r.useRedis()
	r.fill(mixed, 1, "Go")
	r.operate("web").becomes(http.StatusOK, "store")
}

// A standby answers whatever it is asked and takes nothing: a role that has none but
// it is not ready, and the database counts as away.
func TestADatabaseThatCannotBeWrittenMakesUnready(t *testing.T) {
	if os.Getenv(fresh.Pooled) != "" {
		t.Skip("a pooler passes on no default_transaction_read_only")
	}
	dsn := storetest.Postgres(t)
	r := newRig(t, dsn, sandbox.Behaviour{})
	r.useRedis()
	r.fill(mixed, 1, "Go")
	standby := dsn + "&default_transaction_read_only=on"
	s, err := store.Open(t.Context(), standby)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := telemetry.New(telemetry.Options{Version: "test", Now: time.Now})
	working := &installation{Store: s, Metrics: m}
	if f := working.askStore(t.Context()); f.OK || !strings.Contains(f.Problem, "read-only") || f.Mend != writeStore {
		t.Errorf("one that works already finds %+v", f)
	}
	const reached = "\nrapport_dependency_up{dependency=\"database\"} 0"
	if metrics := scrape(t, m); !strings.Contains(metrics, reached) {
		t.Error("the metrics of one that works already tell that the database is reached")
	}
	t.Setenv("RAPPORT_STORE", standby)
	web := r.operate("web")
	web.becomes(http.StatusServiceUnavailable, "read-only")
	if _, metrics := web.ask("/metrics"); !strings.Contains(metrics, reached) {
		t.Error("the metrics of one that wants to start tell that the database is reached")
	}
}

func TestTheDoorsDrain(t *testing.T) {
	r := newRig(t, storetest.Postgres(t), sandbox.Behaviour{})
	r.useRedis()
	r.fill(mixed, 1, "Go")
	t.Setenv("RAPPORT_OPS_DRAIN", "3s")
	web := r.operate("web")
	web.becomes(http.StatusOK, "store")
	if err := web.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	web.becomes(http.StatusServiceUnavailable, "draining")
	answer, err := http.Get("http://" + r.address + "/healthz")
	if err != nil {
		t.Fatalf("the doors are shut before anybody could notice: %v", err)
	}
	answer.Body.Close()
	if !answer.Close {
		t.Error("the connection is kept for further requests")
	}
	_ = web.cmd.Wait()
	if code := web.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it left with %d\n%s", code, web.stderr)
	}
}

// Whoever waits to start leaves at once, and a second signal ends any wait.
func TestASecondSignalEndsTheDrain(t *testing.T) {
	r := newRig(t, storetest.Postgres(t), sandbox.Behaviour{})
	r.useRedis()
	waiting := r.operate("worker")
	waiting.becomes(http.StatusServiceUnavailable, "rapport migrate")
	waiting.signal(syscall.SIGTERM)
	if code := waiting.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("one that waits to start leaves with %d", code)
	}
	r.fill(mixed, 1, "Go")
	t.Setenv("RAPPORT_OPS_DRAIN", "25s")
	web := r.operate("web")
	web.becomes(http.StatusOK, "store")
	if err := web.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	web.becomes(http.StatusServiceUnavailable, "draining")
	web.signal(syscall.SIGTERM)
	if status, ours := web.cmd.ProcessState.Sys().(syscall.WaitStatus); !ours || !status.Signaled() {
		t.Errorf("it went on draining and left with %s", web.cmd.ProcessState)
	}
}

func TestUpAnswersProbesOfThisMachine(t *testing.T) {
	address := "127.0.0.1:" + freePort(t)
	up := &operated{process: startUp(t, t.TempDir(), address), t: t, port: address}
	up.becomes(http.StatusOK, "schema")
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "shop.example"
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("a stranger's name for this machine gets %d", answer.StatusCode)
	}
}

// relay lies between the roles and PostgreSQL, and can be shut.
type relay struct {
	t      *testing.T
	target string // of the server
	addr   string
	dsn    string // through the relay

	mu       sync.Mutex
	listener net.Listener
	pairs    []net.Conn
}

// newRelay is one that is shut.
func newRelay(t *testing.T, dsn string) *relay {
	t.Helper()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, target: address.Host, addr: "127.0.0.1:" + freePort(t)}
	address.Host = r.addr
	r.dsn = address.String()
	t.Cleanup(r.close)
	return r
}

func (r *relay) open() {
	r.t.Helper()
	listener, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	r.listener = listener
	r.mu.Unlock()
	go func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", r.target)
			if err != nil {
				_ = here.Close()
				continue
			}
			r.mu.Lock()
			r.pairs = append(r.pairs, here, there)
			r.mu.Unlock()
			go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
			go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
		}
	}()
}

// close shuts the relay and cuts what goes through it.
func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != nil {
		_ = r.listener.Close()
	}
	for _, connection := range r.pairs {
		_ = connection.Close()
	}
	r.listener, r.pairs = nil, nil
}
