package workers_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"rapport/deliveries"
	"rapport/store"
	"rapport/workers"
)

func (s *shop) witness() *workers.Witness {
	return &workers.Witness{Ledger: s.store, Redis: s.redis, Now: s.clock}
}

// Redis saw the ledger know more than it does: nobody works on it until it was
// made fit, and a scheduler went on first.
func TestAnOldLedgerIsNotWorkedOn(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "rapport.db")
	db, err := store.Open(t.Context(), dsn)
	ok(t, err)
	t.Cleanup(func() { _ = db.Close() })
	ok(t, db.Migrate(t.Context()))
	w := &world{openOn(t, db, files), dsn}
	ok(t, w.witness().Advance(t.Context()))
	w.plan("ann", "Texted")
	backedUpAt := w.clock()
	putBack := w.backup()
	w.later(10 * time.Minute)
	ok(t, w.witness().Advance(t.Context()))
	putBack()

	scheduler := w.scheduler("one")
	scheduler.Witness = w.witness()
	stop := running(t, leading(scheduler))
	eventually(t, "the scheduler says why it stands still", func() bool { return w.told("the database is 10m0s older than what Redis saw") > 0 })
	worker := w.worker()
	worker.Witness = w.witness()
	server := workers.NewServer(w.redis, workers.ServerOptions{Poll: 5 * time.Millisecond, Log: w.log})
	worker.Serve(server)
	enqueue(t, w.redis, "deliver", "sms", "[1]") // left over from before
	ok(t, server.Start())
	t.Cleanup(server.Stop)
	eventually(t, "a worker leaves a task alone", func() bool { return w.told("task ended early") > 0 })
	w.stands(deliveries.Planned, "")
	stop()

	restorer := workers.Restorer{Catalog: w.catalog, Runs: w.store.Runs(), Facts: w.store, Ledger: w.store, Log: w.log}
	_, err = restorer.Restore(t.Context(), deliveries.Gap{BackupOf: backedUpAt, Until: w.clock()}, false)
	ok(t, err)
	if err := w.witness().Check(t.Context()); !errors.Is(err, workers.ErrNotResumed) {
		t.Errorf("before a scheduler went on: %v", err)
	}
	ok(t, w.witness().Advance(t.Context()))
	ok(t, w.witness().Check(t.Context()))
	w.stands(deliveries.Unconfirmed, "restored")
}

func TestAWitnessTrustsWhatItCannotCompare(t *testing.T) {
	s := open(t, files)
	ok(t, s.witness().Check(t.Context()))
	ok(t, s.witness().Advance(t.Context()))
	s.later(time.Minute)
	s.mini.FlushAll() // Redis came back empty
	ok(t, s.witness().Check(t.Context()))
	ok(t, s.witness().Advance(t.Context()))
	s.mini.SetError("LOADING Redis is loading")
	ok(t, s.witness().Check(t.Context()))
	before, _, err := s.store.LedgerClock(t.Context())
	ok(t, err)
	s.later(time.Minute)
	ok(t, s.witness().Advance(t.Context()))
	if after, _, err := s.store.LedgerClock(t.Context()); err != nil || !after.Equal(before) {
		t.Errorf("without Redis the ledger's clock went from %s to %s (%v): an old ledger would hide itself", before, after, err)
	}
	s.mini.SetError("")
	s.later(-time.Hour) // a clock that was put right
	ok(t, s.witness().Advance(t.Context()))
	ok(t, s.witness().Check(t.Context()))
}

// A scheduler that was held up and does not lead any more moves no clock back.
func TestALateSchedulerMakesNoLedgerOld(t *testing.T) {
	s := open(t, files)
	ok(t, s.witness().Advance(t.Context()))
	late := s.clock()
	s.later(time.Minute)
	ok(t, s.witness().Advance(t.Context()))
	ok(t, s.store.SetLedgerClock(t.Context(), late))
	ok(t, s.witness().Check(t.Context()))
}

// beside is another database that was given a shop's Redis.
func (s *shop) beside() (*store.Store, *workers.Witness) {
	s.t.Helper()
	db, err := store.Open(s.t.Context(), "sqlite:"+filepath.Join(s.t.TempDir(), "rapport.db"))
	ok(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() })
	ok(s.t, db.Migrate(s.t.Context()))
	return db, &workers.Witness{Ledger: db, Redis: s.redis, Now: s.clock}
}

// Whoever comes second to a Redis does nothing there, and whoever came first goes on.
func TestAnotherInstallationsRedisIsLeftAlone(t *testing.T) {
	for name, forgotten := range map[string]string{"a Redis that says whose it is": "", "an older program's": "rapport:installation"} {
		t.Run(name, func(t *testing.T) {
			s := open(t, files)
			ok(t, s.witness().Advance(t.Context()))
			if forgotten != "" {
				s.mini.Del(forgotten)
			}
			before := s.mini.Dump()
			db, second := s.beside()
			for range 2 {
				s.later(time.Second)
				if err := second.Check(t.Context()); !errors.Is(err, workers.ErrOthersRedis) {
					t.Errorf("a new database works on another's Redis: %v", err)
				}
				if err := second.Advance(t.Context()); !errors.Is(err, workers.ErrOthersRedis) {
					t.Errorf("a new database's scheduler works on another's Redis: %v", err)
				}
			}
			if after := s.mini.Dump(); after != before {
				t.Errorf("Redis was changed:\n%s\nbefore:\n%s", after, before)
			}
			if id, err := db.InstallationID(t.Context()); id != "" || err != nil {
				t.Errorf("it took the name %q (%v)", id, err)
			}
			ok(t, s.witness().Advance(t.Context()))
			ok(t, s.witness().Check(t.Context()))
			// It has worked elsewhere meanwhile, and knows later things.
			_, err := db.NameInstallation(t.Context(), "another")
			ok(t, err)
			ok(t, db.SetLedgerClock(t.Context(), s.clock().Add(time.Hour)))
			if err := second.Advance(t.Context()); !errors.Is(err, workers.ErrOthersRedis) {
				t.Errorf("a newer database's scheduler works on another's Redis: %v", err)
			}
			ok(t, s.witness().Check(t.Context()))
		})
	}
}

// A Redis that came back empty is its installation's again.
func TestAnEmptyRedisIsClaimedByWhoLeads(t *testing.T) {
	s := open(t, files)
	ok(t, s.witness().Advance(t.Context()))
	id, err := s.mini.Get("rapport:installation")
	ok(t, err)
	s.mini.FlushAll()
	ok(t, s.witness().Check(t.Context()))
	if s.mini.Exists("rapport:installation") {
		t.Error("a worker claimed it")
	}
	ok(t, s.witness().Advance(t.Context()))
	if again, err := s.mini.Get("rapport:installation"); err != nil || again != id || id == "" {
		t.Errorf("it belongs to %q, and did to %q (%v)", again, id, err)
	}
}

// Whoever was refused does not claim a Redis before the one it belongs to can, which
// came back empty.
func TestWhoWasRefusedYieldsAnEmptyRedis(t *testing.T) {
	s := open(t, files)
	ok(t, s.witness().Advance(t.Context()))
	_, leads := s.beside()
	_, waits := s.beside()
	refuses := func(when string, want bool) {
		t.Helper()
		if err := waits.Check(t.Context()); errors.Is(err, workers.ErrOthersRedis) != want {
			t.Errorf("%s, one that waits to begin: %v", when, err)
		}
		if err := leads.Advance(t.Context()); errors.Is(err, workers.ErrOthersRedis) != want {
			t.Errorf("%s, a scheduler that leads: %v", when, err)
		}
	}
	refuses("while it is another's", true)
	s.mini.FlushAll()
	for range 2 {
		s.later(29 * time.Second)
		refuses("less than a minute after", true)
	}
	if s.mini.Exists("rapport:installation") {
		t.Error("it was claimed")
	}
	ok(t, s.witness().Advance(t.Context()))
	ok(t, s.witness().Check(t.Context()))
	refuses("when it was claimed again", true)
	s.mini.FlushAll() // for good
	s.later(time.Minute)
	refuses("a minute after", false)
}

// overtaken is a ledger that is looked at while something happens.
type overtaken struct {
	workers.Chronicle
	happens func()
}

func (m overtaken) LedgerClock(ctx context.Context) (time.Time, bool, error) {
	defer m.happens()
	return m.Chronicle.LedgerClock(ctx)
}

// Two claim an empty Redis at once: who comes second leaves the other's clock alone.
func TestWhoClaimsSecondIsRefused(t *testing.T) {
	for name, owner := range map[string]string{"another": "another", "a scheduler of the same ledger": "ours"} {
		t.Run(name, func(t *testing.T) {
			s := open(t, files)
			_, err := s.store.NameInstallation(t.Context(), "ours")
			ok(t, err)
			w := s.witness()
			w.Ledger = overtaken{s.store, func() { ok(t, s.mini.Set("rapport:installation", owner)) }}
			err = w.Advance(t.Context())
			if refused := errors.Is(err, workers.ErrOthersRedis); refused != (owner == "another") || !refused && err != nil {
				t.Errorf("it came second to %s: %v", owner, err)
			}
			known, _, err := s.store.LedgerClock(t.Context())
			ok(t, err)
			if went := owner == "ours"; s.mini.Exists("rapport:ledger") != went || known.IsZero() == went {
				t.Errorf("it came second to %s; its clock is %s, Redis has %q", owner, known, s.mini.Keys())
			}
		})
	}
}

// The other installation's tasks are left to it, with the marks of those that wait.
func TestAServerLeavesARedisThatBecameAnothers(t *testing.T) {
	s := open(t, files)
	ok(t, s.witness().Advance(t.Context()))
	serve := func(t *testing.T) (server *workers.Server, stop func()) {
		t.Helper()
		server = workers.NewServer(s.redis, workers.ServerOptions{Poll: 5 * time.Millisecond, Log: s.log})
		worker := s.worker()
		worker.Witness = s.witness()
		worker.Serve(server)
		ok(t, server.Start())
		stop = sync.OnceFunc(server.Stop)
		t.Cleanup(stop)
		return server, stop
	}
	left := func(t *testing.T, server *workers.Server) {
		t.Helper()
		select {
		case <-server.OthersRedis():
		case <-time.After(30 * time.Second):
			t.Fatal("it goes on")
		}
	}
	t.Run("by a task", func(t *testing.T) {
		server, stop := serve(t)
		ok(t, s.mini.Set("rapport:installation", "another"))
		const mark = "rapport:task:travel:[1]"
		ok(t, s.mini.Set(mark, ""))
		enqueue(t, s.redis, "travel", "journey", "[1]")
		left(t, server)
		eventually(t, "the task that was taken ends", func() bool { return s.told("task ended early") == 1 })
		for range 3 {
			enqueue(t, s.redis, "travel", "journey", "[1]")
		}
		time.Sleep(20 * time.Millisecond) // some polls
		stop()
		if !s.mini.Exists(mark) {
			t.Error("the mark of a task of the other's is gone")
		}
		if kinds, payloads := s.queued("journey"); strings.Join(kinds, " ") != "travel travel travel travel" || strings.Join(payloads, " ") != "[1] [1] [1] [1]" {
			t.Errorf("%q with %q wait for the other, of 4", kinds, payloads)
		}
	})
	t.Run("idle", func(t *testing.T) {
		s.mini.FlushAll()
		server, _ := serve(t)
		ok(t, s.mini.Set("rapport:installation", "another"))
		s.later(time.Second)
		left(t, server)
	})
}

// An older program went on from a backup, or a standby took over, that knows no id.
func TestALedgerThatHasWorkedTakesOverTheIDOfItsRedis(t *testing.T) {
	s := open(t, files)
	ok(t, s.witness().Advance(t.Context()))
	id, err := s.mini.Get("rapport:installation")
	ok(t, err)
	s.later(time.Second)
	db, w := s.beside()
	ok(t, db.SetLedgerClock(t.Context(), s.clock()))
	ok(t, w.Check(t.Context()))
	ok(t, w.Advance(t.Context()))
	if took, err := db.InstallationID(t.Context()); took != id || err != nil {
		t.Errorf("it took the name %q of %q (%v)", took, id, err)
	}
}

// A backup of before the id is noticed like any other.
func TestABackupOfBeforeTheIDTakesOverItsRedis(t *testing.T) {
	s := open(t, files)
	ok(t, s.witness().Advance(t.Context()))
	id, err := s.mini.Get("rapport:installation")
	ok(t, err)
	s.later(time.Minute)
	db, w := s.beside()
	ok(t, db.SetLedgerClock(t.Context(), s.clock().Add(-time.Hour)))
	if err := w.Advance(t.Context()); !errors.As(err, new(*workers.OlderLedger)) {
		t.Errorf("before it is said to be a backup: %v", err)
	}
	_, err = db.Restored(t.Context(), deliveries.Gap{BackupOf: s.clock().Add(-time.Hour), Until: s.clock()}, false)
	ok(t, err)
	if err := w.Check(t.Context()); !errors.Is(err, workers.ErrNotResumed) {
		t.Errorf("before a scheduler went on: %v", err)
	}
	ok(t, w.Advance(t.Context()))
	if took, err := db.InstallationID(t.Context()); took != id || err != nil {
		t.Errorf("it took the name %q of %q (%v)", took, id, err)
	}
	s.later(time.Second)
	ok(t, w.Check(t.Context()))
}

// A copy for another purpose is given another name as the page says.
func TestACopyIsGivenAnotherName(t *testing.T) {
	const rename = "INSERT INTO facts (name, value) VALUES ('fact:installation', 'staging')\n  ON CONFLICT (name) DO UPDATE SET value = 'staging'"
	page, err := os.ReadFile("../docs/operations/redis.md")
	ok(t, err)
	for _, words := range []string{rename, workers.ErrOthersRedis.Error()} {
		if !strings.Contains(string(page), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	path := filepath.Join(t.TempDir(), "rapport.db")
	db, err := store.Open(t.Context(), "sqlite:"+path)
	ok(t, err)
	t.Cleanup(func() { _ = db.Close() })
	ok(t, db.Migrate(t.Context()))
	s := openOn(t, db, files)
	ok(t, s.witness().Advance(t.Context()))
	raw, err := sql.Open("sqlite", path)
	ok(t, err)
	_, err = raw.ExecContext(t.Context(), rename)
	ok(t, errors.Join(err, raw.Close()))
	if err := s.witness().Check(t.Context()); !errors.Is(err, workers.ErrOthersRedis) {
		t.Errorf("a copy of another name works on its original's Redis: %v", err)
	}
	s.mini.FlushAll() // one of its own
	ok(t, s.witness().Advance(t.Context()))
	if id, err := s.mini.Get("rapport:installation"); err != nil || id != "staging" {
		t.Errorf("it is named %q (%v)", id, err)
	}
}

// The page tells the words that an operator sees.
func TestThePageOnRestoringTellsWhatIsSeen(t *testing.T) {
	page, err := os.ReadFile("../docs/operations/restore.md")
	ok(t, err)
	for _, words := range []string{"older than what Redis saw of it", "rapport restored --backup-of", "--dry-run", "rapport migrate --config FILE", "--config FILE --data DIR", workers.ErrNotResumed.Error()} {
		if !strings.Contains(string(page), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

// crowded is a ledger that has no connection free for a while.
type crowded struct {
	workers.Chronicle
	free chan struct{}
}

func (c crowded) InstallationID(ctx context.Context) (string, error) {
	select {
	case <-c.free:
		return "", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (crowded) LedgerClock(context.Context) (time.Time, bool, error) { return noon, false, nil }

// blank is a Redis that holds nothing, and is asked without a connection.
type blank struct{}

func (blank) DialHook(next redis.DialHook) redis.DialHook { return next }

func (blank) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (blank) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, command redis.Cmder) error {
		command.SetErr(redis.Nil)
		return redis.Nil
	}
}

// slowRedis is blank, and says so late.
type slowRedis struct {
	blank
	free chan struct{}
}

func (s slowRedis) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	answer := s.blank.ProcessHook(next)
	return func(ctx context.Context, command redis.Cmder) error {
		select {
		case <-s.free:
			return answer(ctx, command)
		case <-ctx.Done():
			command.SetErr(ctx.Err())
			return ctx.Err()
		}
	}
}

// However long tasks wait for a connection, whoever shows that the process turns waits
// no longer than it wants to, and a look that had no time is no finding.
func TestALookWaitsNoLongerThanItWantsTo(t *testing.T) {
	for name, slow := range map[string]func(client *redis.Client, free chan struct{}) workers.Chronicle{
		"a ledger without a free connection": func(client *redis.Client, free chan struct{}) workers.Chronicle {
			client.AddHook(blank{})
			return crowded{free: free}
		},
		"a slow Redis": func(client *redis.Client, free chan struct{}) workers.Chronicle {
			client.AddHook(slowRedis{free: free})
			at := make(chan struct{})
			close(at)
			return crowded{free: at}
		},
	} {
		t.Run(name, func(t *testing.T) { looksWaitNoLonger(t, name, slow) })
	}
}

func looksWaitNoLonger(t *testing.T, name string, slow func(*redis.Client, chan struct{}) workers.Chronicle) {
	synctest.Test(t, func(t *testing.T) {
		client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"}) // looked up in no bubble
		defer client.Close()
		free := make(chan struct{})
		w := &workers.Witness{Ledger: slow(client, free), Redis: client, Now: time.Now}
		check := func(within time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			return w.Check(ctx)
		}
		var tasks sync.WaitGroup
		for range 4 {
			tasks.Go(func() {
				if err := check(70 * time.Second); err != nil {
					t.Errorf("a task that had the time to wait: %v", err)
				}
			})
		}
		synctest.Wait()
		for range 3 {
			began := time.Now()
			if err := check(5 * time.Second); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
				t.Errorf("a look returned after %s: %v", time.Since(began), err)
			}
		}
		alone, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := (&workers.Witness{Ledger: w.Ledger, Redis: client, Now: time.Now}).Check(alone)
		if errors.Is(err, workers.ErrRedisAway) != (name == "a slow Redis") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it is told what is slow: %v", err)
		}
		close(free)
		if err := check(5 * time.Second); err != nil {
			t.Errorf("once connections are free: %v", err)
		}
		tasks.Wait()
	})
}
