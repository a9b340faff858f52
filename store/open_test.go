package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/store/storetest/fresh"
)

func TestOpenTellsWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	junk := filepath.Join(folder, "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		"":                                      `must begin with "sqlite:"`,
		"mysql://root:secret@localhost/shop":    `must begin with "sqlite:"`,
		"postgres://u:secret@127.0.0.1:1/shop":  "127.0.0.1:1",
		"postgres://u:secret@127.0.0.1:no/shop": "cannot be read: it has the form",

		"postgres://u:secret@127.0.0.1/shop?sslmode=verify-full&sslrootcert=" + folder + "/ca.pem": "unable to read CA file: open " + folder + "/ca.pem: no such file",
		"postgres://u:secret@127.0.0.1/shop?sslmode=verify-full&sslrootcert=" + junk:               "unable to add CA to cert pool",
		"postgres://u:secret@127.0.0.1/shop?sslmode=verify-ful":                                    "sslmode is invalid",
		"postgres://u@127.0.0.1/shop?sslrootcert=/ca.pem;password=secret":                          "cannot be read: it has the form",
		"postgres://u:failed to configure TLS secret@127.0.0.1:no/shop":                            "cannot be read: it has the form",

		"sqlite:" + junk:               "is damaged or is none",
		"sqlite:" + junk + "/below.db": "not a directory",
	} {
		s, err := Open(t.Context(), dsn)
		if err == nil {
			t.Errorf("%q was opened", dsn)
			_ = s.Close()
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

func TestTheFileOfASQLiteStoreIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "with?odd%20#name.db")
	openMigrated(t, "sqlite:"+path)
	for _, name := range []string{path, path + "-wal", path + ".lock"} {
		file, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if file.Mode().Perm() != 0o600 {
			t.Errorf("%s is open to others: %s", filepath.Base(name), file.Mode())
		}
	}
}

func TestASecondStoreOnTheSameFileIsRefused(t *testing.T) {
	dsn := fresh.SQLite(t)
	first := openMigrated(t, dsn)
	_, err := Open(t.Context(), dsn)
	for _, want := range []string{filepath.Dir(strings.TrimPrefix(dsn, "sqlite:")), "process " + strconv.Itoa(os.Getpid()), "another folder"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal does not name %q: %v", want, err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	openMigrated(t, dsn)
}

// The lock goes with its process, however that ends.
func TestAKilledProcessLeavesNoLock(t *testing.T) {
	dsn := fresh.SQLite(t)
	if os.Getenv("RAPPORT_TEST_HOLD") != "" {
		if _, err := Open(t.Context(), os.Getenv("RAPPORT_TEST_HOLD")); err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString("held\n")
		select {}
	}
	holder := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	holder.Env = append(os.Environ(), "RAPPORT_TEST_HOLD="+dsn)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dsn); err == nil || !strings.Contains(err.Error(), strconv.Itoa(holder.Process.Pid)) {
		t.Errorf("while another process has it: %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // it was killed
	openMigrated(t, dsn)
}

func TestMigratingAgainChangesNothingAndANewerDatabaseIsRefused(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		if err := s.Migrate(t.Context()); err != nil {
			t.Errorf("a second time: %v", err)
		}
		if _, err := s.writer.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)", applied(s)); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "use a newer program") {
			t.Errorf("a database of a newer program: %v", err)
		}
	})
}

// applied is true in goose's own table.
func applied(s *Store) any {
	if s.dialect == expression.SQLite {
		return 1
	}
	return true
}

func TestAStoreThatWasNotMigratedSaysSo(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s, err := Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		_, err = s.PutCustomers(t.Context(), time.UnixMilli(1), []customers.Customer{{ID: "c-1"}})
		if err == nil || !strings.Contains(err.Error(), "run rapport migrate") {
			t.Errorf("writing: %v", err)
		}
		if _, err = s.Find(t.Context(), "c-1"); err == nil || !strings.Contains(err.Error(), "run rapport migrate") {
			t.Errorf("reading: %v", err)
		}
	})
}

func TestAFullDiskLeavesNothingHalfWritten(t *testing.T) {
	s := openMigrated(t, fresh.SQLite(t))
	limit(t, s, 200)
	_, err := s.PutCustomers(t.Context(), time.UnixMilli(1), crowd(5000))
	if err == nil || !strings.Contains(err.Error(), "the disk is full, nothing of this was written") {
		t.Fatalf("a full disk: %v", err)
	}
	if n := count(t, s, "customers") + count(t, s, "consents"); n != 0 {
		t.Errorf("%d rows of the failed write are there", n)
	}
	limit(t, s, 1<<30)
	if _, err := s.PutCustomers(t.Context(), time.UnixMilli(1), crowd(5000)); err != nil {
		t.Errorf("after space was made: %v", err)
	}
}

// limit makes SQLite believe that the disk ends after so many pages more or less.
func limit(t *testing.T, s *Store, pages int) {
	t.Helper()
	if _, err := s.writer.ExecContext(t.Context(), "PRAGMA max_page_count = "+strconv.Itoa(pages)); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, s *Store, table string) (n int) {
	t.Helper()
	if err := s.readers.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestADatabaseThatCannotBeWrittenSaysSo(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		s := openMigrated(t, fresh.SQLite(t))
		if _, err := s.writer.ExecContext(t.Context(), "PRAGMA query_only = 1"); err != nil {
			t.Fatal(err)
		}
		if err := s.SetFact(t.Context(), "a", "b"); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("writing: %v", err)
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		if os.Getenv(fresh.Pooled) != "" {
			t.Skip("a pooler passes on no default_transaction_read_only")
		}
		dsn := fresh.Postgres(t)
		openMigrated(t, dsn)
		standby, err := Open(t.Context(), dsn+"&default_transaction_read_only=on")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = standby.Close() })
		if err := standby.SetFact(t.Context(), "a", "b"); err == nil || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("writing: %v", err)
		}
	})
}

// A transaction the database gave up is begun anew; what it did before is gone.
func TestATransactionThatLostIsTriedAgain(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	ctx := t.Context()
	for _, name := range []string{"a", "b"} {
		if err := s.SetFact(ctx, name, "0"); err != nil {
			t.Fatal(err)
		}
	}
	// Two that take the same rows in opposite order, each waiting until the
	// other has its first: one of them is the deadlock's victim.
	var begun [2]chan struct{}
	for i := range begun {
		begun[i] = make(chan struct{}, tries)
	}
	tried := make(chan int, 2*tries)
	run := func(me int, order ...string) error {
		once := false
		return s.write(ctx, func(tx *tx) error {
			tried <- me
			for i, name := range order {
				if _, err := tx.exec(ctx, "UPDATE facts SET value = value || $1 WHERE name = $2", strconv.Itoa(me), "fact:"+name); err != nil {
					return err
				}
				if i == 0 && !once {
					once = true
					begun[me] <- struct{}{}
					<-begun[1-me]
				}
			}
			return nil
		})
	}
	done := make(chan error)
	go func() { done <- run(0, "a", "b") }()
	go func() { done <- run(1, "b", "a") }()
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if len(tried) < 3 {
		t.Errorf("%d tries: nobody lost", len(tried))
	}
	for _, name := range []string{"a", "b"} {
		if value, err := s.Fact(ctx, name); err != nil || len(value) != 3 {
			t.Errorf("fact %s is %q, %v: each must have written once", name, value, err)
		}
	}
}

// What a rule sees within one reading does not change under it.
func TestAReadingSeesOneState(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		err := s.read(ctx, func(tx *tx) error {
			before, err := tx.countFacts(ctx)
			if err != nil {
				return err
			}
			if err := s.SetFact(ctx, "late", "x"); err != nil {
				return err
			}
			after, err := tx.countFacts(ctx)
			if before != after {
				t.Errorf("%d facts, then %d", before, after)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func (t *tx) countFacts(ctx context.Context) (n int64, err error) {
	n, _, err = first(ctx, t, column[int64], "SELECT count(*) FROM facts")
	return n, err
}

func TestAStoreIsReadByARelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	openMigrated(t, "sqlite:folder/rapport.db")
	s, err := OpenReading(t.Context(), "sqlite:folder/rapport.db")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Fact(t.Context(), "anything"); err != nil {
		t.Error(err)
	}
}

// Several that are started at once migrate once, also where none of them has a
// session of its own.
func TestSeveralMigrateAtOnce(t *testing.T) {
	for name, fresh := range map[string]func(testing.TB) string{"directly": fresh.Postgres, "through a pooler": fresh.ThroughPooler} {
		t.Run(name, func(t *testing.T) {
			dsn := fresh(t)
			done := make(chan error)
			for range 4 {
				s, err := Open(t.Context(), dsn)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				go func() { done <- s.Migrate(t.Context()) }()
			}
			for range 4 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A transaction whose connection broke before its commit is begun anew, on a
// connection that works.
func TestATransactionOutlivesItsConnection(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	for _, run := range []func(context.Context, func(*tx) error) error{s.write, s.read} {
		tried := 0
		err := run(t.Context(), func(tx *tx) error {
			if tried++; tried < 4 {
				_, err := tx.exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
				return err
			}
			_, err := tx.countFacts(t.Context())
			return err
		})
		if err != nil || tried != 4 {
			t.Errorf("after %d tries: %v", tried, err)
		}
	}
}

// One whose commit got no answer may have been done, and is not done again.
func TestACommitWithoutAnAnswerIsNotRepeated(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	tried := 0
	err := s.insist(t.Context(), func() error {
		tried++
		return unanswered{io.ErrUnexpectedEOF}
	})
	if err == nil || tried != 1 {
		t.Errorf("after %d tries: %v", tried, err)
	}
}

// Who fails over to another host names both; the first that can be written is
// taken.
func TestSeveralHosts(t *testing.T) {
	dsn, err := url.Parse(fresh.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	dsn.Host = "127.0.0.1:1," + dsn.Host
	query := dsn.Query()
	query.Set("target_session_attrs", "read-write")
	query.Set("pool_max_conns", "3")
	dsn.RawQuery = query.Encode()
	s := openMigrated(t, dsn.String())
	if err := s.SetFact(t.Context(), "a", "b"); err != nil {
		t.Error(err)
	}
	if most := s.writer.Stats().MaxOpenConnections; most != 3 {
		t.Errorf("at most %d connections", most)
	}
	for _, size := range []string{"0", "many"} {
		query.Set("pool_max_conns", size)
		dsn.RawQuery = query.Encode()
		if _, err := Open(t.Context(), dsn.String()); err == nil || !strings.Contains(err.Error(), "pool_max_conns") {
			t.Errorf("a pool of %s connections: %v", size, err)
		}
	}
}

// Whoever looks whether the database is there waits for nobody's work, and for nobody
// to find a connection that broke.
func TestALookWaitsForNobody(t *testing.T) {
	dsn, err := url.Parse(fresh.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	query := dsn.Query()
	query.Set("pool_max_conns", "2")
	dsn.RawQuery = query.Encode()
	s := openMigrated(t, dsn.String())
	var working *sql.Conn
	for range 2 {
		if working, err = s.writer.Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer working.Close()
	}
	looks := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, clock := s.Aside().Clock(ctx)
		_, schema := s.Aside().Schema(ctx)
		_, _, ledger := s.Aside().LedgerClock(ctx)
		return errors.Join(clock, s.Aside().Writable(ctx), schema, ledger)
	}
	if err := looks(); err != nil {
		t.Fatal(err)
	}
	var aside int
	if err := s.Aside().readers.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&aside); err != nil {
		t.Fatal(err)
	}
	if _, err := working.ExecContext(t.Context(), "SELECT pg_terminate_backend($1)", aside); err != nil {
		t.Fatal(err)
	}
	_ = looks() // which finds it broken
	if err := looks(); err != nil {
		t.Errorf("once its connection broke: %v", err)
	}
}

// A host that takes connections and says nothing costs one look its time-out, and not
// every connection that is made later.
func TestASilentHostIsNotAskedFirstAgain(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	var asked atomic.Int32
	go func() {
		for {
			if _, err := silent.Accept(); err != nil {
				return
			}
			asked.Add(1)
		}
	}()
	dsn, err := url.Parse(fresh.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	dsn.Host = silent.Addr().String() + "," + dsn.Host
	query := dsn.Query()
	query.Set("connect_timeout", "1")
	query.Set("target_session_attrs", "read-write")
	query.Set("sslmode", "disable")
	dsn.RawQuery = query.Encode()
	if wait := SilentHosts(dsn.String()); wait != 4*time.Second {
		t.Errorf("two hosts of a second each are waited for %s", wait)
	}
	s := openMigrated(t, dsn.String())
	before := asked.Load()
	if before == 0 {
		t.Error("the first host was not asked")
	}
	// Within one another, so that each needs a connection of its own.
	var nest func(deep int) error
	nest = func(deep int) error {
		if deep == 0 {
			return nil
		}
		return s.read(t.Context(), func(*tx) error { return nest(deep - 1) })
	}
	if err := nest(5); err != nil {
		t.Fatal(err)
	}
	if again := asked.Load() - before; again != 0 {
		t.Errorf("it was asked %d times more", again)
	}
	// Who has less time than a silent host takes leaves the next host to the next.
	work, _ := s.connectors(mustRead(t, dsn.String()))
	h, isHosts := work.(*hosts)
	if !isHosts {
		t.Fatal("several hosts are asked as one")
	}
	hurried, cancel := context.WithCancel(t.Context())
	go func() {
		for now := asked.Load(); asked.Load() == now; {
			runtime.Gosched()
		}
		cancel()
	}()
	if _, err := h.Connect(hurried); err == nil {
		t.Error("a silent host let somebody in")
	}
	before = asked.Load()
	conn, err := h.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if asked.Load() != before {
		t.Error("the next one asked the silent host again")
	}
}

func mustRead(t *testing.T, dsn string) *pgx.ConnConfig {
	t.Helper()
	config, err := readDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
