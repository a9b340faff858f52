package workers_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	stop := running(t, scheduler.Run)
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

// The page tells the words that an operator sees.
func TestThePageOnRestoringTellsWhatIsSeen(t *testing.T) {
	page, err := os.ReadFile("../docs/operations/restore.md")
	ok(t, err)
	for _, words := range []string{"older than what Redis saw of it", "rapport restored --backup-of", "--dry-run", workers.ErrNotResumed.Error()} {
		if !strings.Contains(string(page), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}
