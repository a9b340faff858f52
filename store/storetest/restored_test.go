package storetest

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

// putBack says that a backup of ten minutes before was put back at a moment. What is
// planned in doubt is doubtful for a quarter of an hour, and as long as work stood still.
func putBack(t *testing.T, s *store.Store, at time.Time) {
	t.Helper()
	if _, err := s.Restored(t.Context(), deliveries.Gap{BackupOf: at.Add(-10 * time.Minute), Until: at}, false); err != nil {
		t.Fatal(err)
	}
}

func resumed(t *testing.T, s *store.Store, at time.Time) bool {
	t.Helper()
	fresh, err := s.Resumed(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// doubtsReach holds that an entry's messages are in doubt until a moment, and not
// those that are due after it.
func doubtsReach(t *testing.T, s *store.Store, entry int64, until time.Time) {
	t.Helper()
	m := journeyOf(t, s, entry)
	m.Entry.WakeAt = time.Time{}
	for step, due := range map[string]time.Time{"0": until, "1": until.Add(time.Minute)} {
		d := message(channels.Email)
		d.Step, d.DueAt = step, due
		m.Plan = append(m.Plan, d)
	}
	apply(t, s, m)
	got := map[string]deliveries.Status{}
	for _, d := range deliveriesOf(t, s, entry) {
		got[d.Step] = d.Status
	}
	same(t, "by step", got, map[string]deliveries.Status{"0": deliveries.Unconfirmed, "1": deliveries.Planned})
}

func TestDoubtsReachAsFarAsWorkStoodStill(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		all := entered(t, s, 2)
		putBack(t, s, noon.Add(-30*time.Minute)) // in vain: it was done again
		putBack(t, s, noon)
		same(t, "goes on, and once", []bool{resumed(t, s, noon.Add(time.Hour)), resumed(t, s, noon.Add(2*time.Hour))}, []bool{true, false})
		doubtsReach(t, s, all[0].ID, noon.Add(75*time.Minute))

		again := noon.Add(5 * time.Hour)
		putBack(t, s, again)
		resumed(t, s, again.Add(time.Minute))
		doubtsReach(t, s, all[1].ID, again.Add(16*time.Minute))
	})
}

func TestTwoSchedulersGoOnOnce(t *testing.T) {
	dsn := Postgres(t)
	s := Open(t, dsn)
	all := entered(t, s, 1)
	putBack(t, s, noon)
	hold, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.ExecContext(t.Context(), "SELECT id FROM restores FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	fresh := make([]bool, 2)
	together(t, 3, func(i int) (err error) {
		if i < 2 {
			fresh[i], err = s.Resumed(t.Context(), noon.Add(time.Hour))
			return err
		}
		// One waits for this transaction, and the other for that one.
		awaited(t, hold, `pg_blocking_pids(l.pid) && ARRAY(
			SELECT w.pid FROM pg_locks w WHERE NOT w.granted AND pg_backend_pid() = ANY (pg_blocking_pids(w.pid)))`)
		return hold.Commit()
	})
	if fresh[0] == fresh[1] {
		t.Errorf("one of them goes on, got %v", fresh)
	}
	doubtsReach(t, s, all[0].ID, noon.Add(75*time.Minute))
}
