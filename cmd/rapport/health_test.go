package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"rapport/config"
	"rapport/sandbox"
	"rapport/store"
	"rapport/store/storetest"
)

var noLog = slog.New(slog.NewTextHandler(io.Discard, nil))

// troubles are the names of what keeps a process from its work.
func troubles(h *health) (names []string) {
	_, findings := h.Ready()
	for _, f := range findings {
		if f.holdsUp() {
			names = append(names, f.Name)
		}
	}
	return names
}

// assembled is an embedded installation of a configuration, by a clock.
func assembled(t *testing.T, c config.Config, clock func() time.Time) *installation {
	t.Helper()
	e, err := embed(t.Context(), &options{data: t.TempDir()}, c, now, sandbox.Lifelike(), 1, noLog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	i, err := assembleMigrated(t.Context(), e.backing, clock, noLog)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestAClockThatIsWrongMakesUnready(t *testing.T) {
	i := assembled(t, config.Defaults(), now)
	for offset, want := range map[time.Duration][]string{
		0: nil, 4 * time.Second: nil, -4 * time.Second: nil, 7 * time.Second: {"clock"}, -7 * time.Second: {"clock"},
	} {
		i.Now = func() time.Time { return now().Add(offset) }
		i.Health.Look(t.Context(), i.checks(asWork))
		if got := troubles(i.Health); !slices.Equal(got, want) {
			t.Errorf("a clock that is %s off: %v", offset, got)
		}
	}
}

func TestAServerWhoseClockIsWrongMakesUnready(t *testing.T) {
	inside := miniredis.RunT(t)
	i := assembled(t, config.Defaults(), now)
	address := inside.Addr()
	i.Redis = openTestRedis(t, "redis://"+address)
	inside.SetTime(now().Add(-10 * time.Second))
	i.Health.Look(t.Context(), i.checks(asWork))
	if got := troubles(i.Health); !slices.Equal(got, []string{"clock"}) {
		t.Errorf("got %v", got)
	}
	inside.Close() // what does not answer has no clock that could be wrong
	i.Health.Look(t.Context(), i.checks(asWork))
	if got := troubles(i.Health); !slices.Equal(got, []string{"redis"}) {
		t.Errorf("without Redis: %v", got)
	}
	i.Health.Look(t.Context(), i.checks(asHint))
	if ready, findings := i.Health.Ready(); !ready || !strings.Contains(findings[2].Problem, address) {
		t.Errorf("doors without Redis: ready %t, %+v", ready, findings)
	}
}

// A scheduler that judges long conditions, as it may, is not taken for dead.
func TestASchedulerMayTakeAsLongAsItsConditions(t *testing.T) {
	for conditions, wants := range map[time.Duration]time.Duration{
		0: 5 * time.Minute, time.Minute: 5 * time.Minute, 10 * time.Minute: 20 * time.Minute,
	} {
		c := config.Defaults()
		c.ConditionTimeout = conditions
		at := now()
		i := assembled(t, c, func() time.Time { return at })
		i.scheduler()
		at = at.Add(wants)
		if dead := i.Health.Dead(); dead != "" {
			t.Errorf("%s for a condition: after %s %s is taken for dead", conditions, wants, dead)
		}
		at = at.Add(time.Second)
		if dead := i.Health.Dead(); dead != "the scheduler's loop" {
			t.Errorf("%s for a condition: after more than %s it is not taken for dead", conditions, wants)
		}
	}
}

// A workspace in force that cannot be read keeps every role from its work that
// begins with it, and doors that were open not.
func TestAWorkspaceThatCannotBeReadMakesUnready(t *testing.T) {
	e, err := embed(t.Context(), &options{data: t.TempDir()}, config.Defaults(), now, sandbox.Lifelike(), 1, noLog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	worker, err := assembleMigrated(t.Context(), e.backing, now, noLog)
	if err != nil {
		t.Fatal(err)
	}
	role := func() *installation { return wire(e.backing, worker.Store, now, noLog) }
	looks := func(when string, i *installation, redis use, want ...string) {
		t.Helper()
		i.Health.Look(t.Context(), i.checks(redis))
		if got := troubles(i.Health); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	doors := role()
	looks("nothing is applied, to a worker", worker, asWork)
	looks("nothing is applied, to doors", doors, asHint)
	unread := map[string][]byte{"rapport.yaml": []byte("the language of a newer program")}
	if _, err := worker.Store.Archive().Keep(t.Context(), unread, "unread", nil, now()); err != nil {
		t.Fatal(err)
	}
	looks("a worker", worker, asWork, "workspace")
	looks("doors that were open", doors, asHint)
	if _, findings := doors.Health.Ready(); findings[len(findings)-1].OK {
		t.Error("open doors do not tell it")
	}
	looks("new doors", role(), asHint, "workspace")
}

// Work that holds every connection, and waits for a lock, says nothing of the database.
func TestAFullPoolMakesNobodyUnready(t *testing.T) {
	dsn := storetest.Postgres(t)
	c := config.Defaults()
	c.Store = config.Secret(dsn + "&pool_max_conns=2")
	i := assembled(t, c, now)
	i.Health.Look(t.Context(), i.checks(asWork))
	other, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.ExecContext(t.Context(), "LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	working, end := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer end()
	for range 4 {
		work.Go(func() { _, _ = i.Store.Find(working, "ada") }) // until it is told to end
	}
	for pool := i.Store.Pools()["all"]; pool().WaitCount < 2; {
		runtime.Gosched()
	}
	i.Health.Look(t.Context(), i.checks(asWork))
	if ready, findings := i.Health.Ready(); !ready {
		t.Errorf("it is not ready: %+v", findings)
	}
}

// That a process has only just started is no news; that it is ready is, and what keeps
// it from its work.
func TestOnlyNewsIsLogged(t *testing.T) {
	var log strings.Builder
	h := newHealth(now, slog.New(slog.NewTextHandler(&log, nil)))
	if ready, _ := h.Ready(); ready || log.Len() > 0 {
		t.Errorf("at the start: ready %v, log %q", ready, &log)
	}
	well := finding{Name: "database", OK: true}
	away := finding{Name: "database", Problem: "it is away", Mend: "let it run"}
	for _, f := range []finding{well, well, away, away, well} {
		h.found([]finding{f})
	}
	var said []string
	for line := range strings.Lines(log.String()) {
		said = append(said, strings.TrimSpace(line[strings.Index(line, "msg="):]))
	}
	if want := []string{"msg=ready", `msg="something this process needs is wrong" problem="database: it is away" mend="let it run"`, "msg=ready"}; !slices.Equal(said, want) {
		t.Errorf("the log says %q", said)
	}
}

func TestALoopThatStopsIsDead(t *testing.T) {
	clock := &virtualClock{now: now()}
	h := newHealth(clock.Now, noLog)
	pass := func(d time.Duration) { clock.forward(clock.Now().Add(d)) }
	good := []check{{name: "store", ask: func(context.Context) finding { return finding{OK: true} }}}
	bad := []check{{name: "store", ask: func(context.Context) finding { return finding{Problem: "away"} }}}
	h.Look(t.Context(), good)
	turned := h.Expect("the loop", time.Minute)
	port := httptest.NewServer((&ops{Health: h}).routes())
	t.Cleanup(port.Close)
	expect := func(when string, want int) {
		t.Helper()
		answer, err := http.Get(port.URL + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if text, _ := io.ReadAll(answer.Body); answer.StatusCode != want || want != http.StatusOK && !strings.Contains(string(text), "the loop") {
			t.Errorf("%s: %d %s", when, answer.StatusCode, text)
		}
	}
	pass(2 * time.Minute)
	expect("it never turned", http.StatusServiceUnavailable)
	turned()
	pass(50 * time.Second)
	expect("it turned lately", http.StatusOK)
	pass(50 * time.Second)
	h.Look(t.Context(), bad)
	expect("it hangs while the database is away", http.StatusOK)
	pass(50 * time.Second)
	h.Look(t.Context(), good)
	expect("the database is back a moment ago", http.StatusOK)
	pass(50 * time.Second)
	expect("and it still hangs", http.StatusServiceUnavailable)
	turned()
	h.Drain()
	expect("it leaves", http.StatusOK)
}

func TestACheckThatHangsIsCutShort(t *testing.T) {
	h := newHealth(now, noLog)
	limited := false
	h.Look(t.Context(), []check{{name: "store", ask: func(ctx context.Context) finding {
		_, limited = ctx.Deadline()
		return finding{OK: true}
	}}})
	if !limited {
		t.Error("a check may take for ever")
	}
}

// A role that waited has a store that knows what one that need not wait has.
func TestWhatARoleBeginsWithIsFurnished(t *testing.T) {
	dsn := "sqlite:" + t.TempDir() + "/rapport.db"
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Migrate(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	b := &backing{DSN: dsn, Redis: openTestRedis(t, "redis://127.0.0.1:1"), ErasureKeys: [][]byte{[]byte("kept for ever")}, Conditions: time.Second}
	t.Cleanup(b.Close)
	i, lacks, err := begin(t.Context(), b, asHint, nil, now, noLog)
	if err != nil || i == nil {
		t.Fatal(lacks, err)
	}
	if len(i.Store.ErasureKeys) != 1 || i.Store.ConditionTimeout != time.Second {
		t.Error("the store does not know what the configuration says")
	}
}
