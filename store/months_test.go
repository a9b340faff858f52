package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/customers"
	"rapport/store/storetest/fresh"
)

// monthly is an event in each of so many months up to now.
func monthly(t *testing.T, s *Store, now time.Time, months int) []customers.Event {
	t.Helper()
	events := make([]customers.Event, months)
	for i := range events {
		events[i] = customers.Event{Customer: "c-1", Name: "visited", At: firstOfMonth(now).AddDate(0, -i, 0), Key: fmt.Sprint("visit:", i)}
	}
	register(t, s, "c-1")
	if _, err := s.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return events
}

// register makes customers whom events may be about.
func register(t *testing.T, s *Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, err := s.PutCustomers(t.Context(), time.UnixMilli(0), []customers.Customer{{ID: id}}); err != nil {
			t.Fatal(err)
		}
	}
}

func lines(t *testing.T, s *Store) int {
	t.Helper()
	line, err := s.Of(t.Context(), "c-1", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(line)
}

func forgetAll(t *testing.T, s *Store, before time.Time) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.ForgetTimeline(t.Context(), before, 2); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMonthsStandReadyBeforeTheyBegin(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	now := time.Now()
	ahead := func() int {
		parts, err := s.partitions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(parts); i++ {
			if parts[i].from != parts[i-1].until {
				t.Errorf("a gap between %v and %v", parts[i-1], parts[i])
			}
		}
		return len(parts)
	}
	before := ahead()
	register(t, s, "c-1")
	if _, err := s.Append(t.Context(), []customers.Event{
		{Customer: "c-1", Name: "dated wrongly", At: firstOfMonth(now).AddDate(0, 5, 3), Key: "a"},
		{Customer: "c-1", Name: "dated wrongly", At: now.AddDate(50, 0, 0), Key: "b"},
	}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "events_later"); n != 2 {
		t.Errorf("%d events are later than all", n)
	}
	for range 2 {
		if err := s.PrepareTimeline(t.Context(), firstOfMonth(now).AddDate(0, 3, 0)); err != nil {
			t.Fatal(err)
		}
		if after := ahead(); after != before+3 {
			t.Errorf("%d tables became %d", before, after)
		}
	}
	if n := count(t, s, "events_later"); n != 1 {
		t.Errorf("%d events are later than all: the month that has come has its own", n)
	}
	if n := lines(t, s); n != 2 {
		t.Errorf("%d lines stand on the timeline", n)
	}
}

// Making a month keeps nobody waiting: who holds the table is waited for only a
// moment.
func TestAMonthIsMadeWhenNobodyUsesTheTable(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	soon := time.Now().AddDate(0, 1, 0)
	parts := func() int { return len(partsOf(t, s)) }
	before := parts()
	err := s.read(t.Context(), func(tx *tx) error {
		if _, _, err := first(t.Context(), tx, column[int64], "SELECT count(*) FROM events"); err != nil {
			return err
		}
		return s.PrepareTimeline(t.Context(), soon)
	})
	if err != nil || parts() != before {
		t.Errorf("while it is read: %d tables became %d, %v", before, parts(), err)
	}
	if err := s.PrepareTimeline(t.Context(), soon); err != nil || parts() != before+1 {
		t.Errorf("afterwards: %d tables became %d, %v", before, parts(), err)
	}
}

// History for which no table can be made now is recorded all the same, and whoever
// records more of it does not ask for the whole table again at once.
func TestHistoryIsNotAskedForAgainAtOnce(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	register(t, s, "c-1")
	old := time.Now().AddDate(-3, 0, 0)
	record := func(key string) {
		t.Helper()
		if added, err := s.Append(t.Context(), []customers.Event{{Customer: "c-1", Name: "visited", At: old, Key: key}}); err != nil || !added[0] {
			t.Fatalf("%s: %v, %v", key, added, err)
		}
	}
	before := len(partsOf(t, s))
	err := s.read(t.Context(), func(tx *tx) error {
		if _, _, err := first(t.Context(), tx, column[int64], "SELECT count(*) FROM events"); err != nil {
			return err
		}
		record("while it is read")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	record("afterwards")
	if n := len(partsOf(t, s)); n != before {
		t.Errorf("%d tables became %d: it was tried again at once", before, n)
	}
	long := time.Now().Add(-2 * reachAgain)
	s.unreached.Store(&long)
	record("much later")
	if n := len(partsOf(t, s)); n <= before {
		t.Errorf("%d tables are still %d", before, n)
	}
	if n := count(t, s, "events_older"); n != 0 {
		t.Errorf("%d lines lie in the table of what is older than all", n)
	}
}

// Whoever writes goes on while a month is taken out that somebody else still reads.
func TestTakingAMonthOutKeepsNobodyWaiting(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	now := time.Now()
	monthly(t, s, now, 3)
	forgotten := make(chan error)
	err := s.read(t.Context(), func(reading *tx) error {
		if _, _, err := first(t.Context(), reading, column[int64], "SELECT count(*) FROM events"); err != nil {
			return err
		}
		go func() {
			_, err := s.ForgetTimeline(t.Context(), firstOfMonth(now), 1000)
			forgotten <- err
		}()
		for leaving := false; !leaving; { // until it waits for this reader
			leaving = slices.ContainsFunc(partsOf(t, s), func(p partition) bool { return p.leaving })
			select {
			case err := <-forgotten:
				return errors.Join(errors.New("it was given up before it had begun"), err)
			default:
			}
		}
		added, err := s.Append(t.Context(), []customers.Event{{Customer: "c-1", Name: "visited", At: now, Key: "meanwhile"}})
		if err != nil || !added[0] {
			t.Errorf("meanwhile nothing can be recorded: %v, %v", added, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-forgotten; err != nil {
		t.Fatal(err)
	}
	forgetAll(t, s, firstOfMonth(now))
	if n := lines(t, s); n != 2 { // this month's, and the one recorded meanwhile
		t.Errorf("%d lines are left", n)
	}
}

func partsOf(t *testing.T, s *Store) []partition {
	t.Helper()
	parts, err := s.partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestWhatIsTooOldIsForgotten(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		now := time.Now()
		events := monthly(t, s, now, 40)
		forgetAll(t, s, time.Time{})
		if n := lines(t, s); n != 40 {
			t.Errorf("where all is kept %d lines are left", n)
		}
		before := firstOfMonth(now) // all but this month's
		forgetAll(t, s, before)
		if n := lines(t, s); n != 1 {
			t.Errorf("%d lines are left", n)
		}
		// An import of them again brings nothing back, and does not fail.
		added, err := s.Append(t.Context(), append(events[1:], customers.Event{Customer: "c-1", Name: "visited", At: before.AddDate(-2, 0, 0), Key: "another"}))
		if err != nil || strings.Contains(fmt.Sprint(added), "true") || lines(t, s) != 1 {
			t.Errorf("what is too old was recorded again: %v, %v", added, err)
		}
		// Who keeps more from now on can record more.
		forgetAll(t, s, time.Time{})
		added, err = s.Append(t.Context(), []customers.Event{{Customer: "c-1", Name: "visited", At: before.AddDate(-2, 0, 0), Key: "another"}})
		if err != nil || !added[0] || lines(t, s) != 2 {
			t.Errorf("what is kept from now on was not recorded: %v, %v", added, err)
		}
		forgetAll(t, s, before)
		if n := lines(t, s); n != 1 {
			t.Errorf("%d lines are left", n)
		}
	})
}

// A process may be killed between any two statements of forgetting.
func TestForgettingGoesOnWhereItWasCutShort(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	now := time.Now()
	monthly(t, s, now, 3)
	parts, err := s.partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Taken out and not dropped; and being taken out while somebody reads.
	if err := s.takeOut(t.Context(), parts[0].table); err != nil {
		t.Fatal(err)
	}
	err = s.read(t.Context(), func(tx *tx) error {
		if _, _, err := first(t.Context(), tx, column[int64], "SELECT count(*) FROM events"); err != nil {
			return err
		}
		_, err := s.ForgetTimeline(t.Context(), firstOfMonth(now), 10)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	forgetAll(t, s, firstOfMonth(now))
	var left int
	if err := s.readers.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename IN ($1, $2)",
		parts[0].table, parts[1].table).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d tables are left over, %v", left, err)
	}
	if n := lines(t, s); n != 1 {
		t.Errorf("%d lines are left", n)
	}
}

// What an operator takes out of the timeline to keep it elsewhere, and a table that
// only has such a name, is not ours to drop, whether anything is forgotten or not.
func TestWhatAnOperatorTakesOutIsKept(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	now := time.Now()
	monthly(t, s, now, 3)
	var dropped []string
	s.Dropped = func(table string) { dropped = append(dropped, table) }
	month := func(ago int) string { return firstOfMonth(now).AddDate(0, -ago, 0).Format("events_2006_01") }
	archived, forgotten := month(0), partsOf(t, s)[0].table
	for _, statement := range []string{
		// Once the timeline was to be forgotten up to this month and somebody read it.
		"COMMENT ON TABLE " + archived + " IS '" + forgottenMark + "'",
		"CREATE TABLE events_1999 (id BIGINT)",
	} {
		if err := s.maintain(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	forgetAll(t, s, time.Time{})
	if err := s.maintain(t.Context(), "ALTER TABLE events DETACH PARTITION "+archived); err != nil {
		t.Fatal(err)
	}
	forgetAll(t, s, time.Time{})
	forgetAll(t, s, firstOfMonth(now))
	if n := count(t, s, archived) + count(t, s, "events_1999"); n != 1 {
		t.Errorf("%d lines are left in what the operator keeps", n)
	}
	if !slices.Contains(dropped, forgotten) || slices.Contains(dropped, archived) || slices.Contains(dropped, "events_1999") {
		t.Errorf("it tells that these were dropped: %v", dropped)
	}
}

// An order that is imported again with another time moves to the month it
// belongs to, and is found there the next time.
func TestAnOrderMovesToAnotherMonth(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		now := time.UnixMilli(1_700_000_000_000).UTC()
		for i, at := range []time.Time{time.Now(), now, time.Now().AddDate(0, 1, 0), time.Now().AddDate(9, 0, 0), now} {
			order := customers.Order{ID: "o-1", Customer: fmt.Sprint("c-", 1+i%2), At: at.Truncate(time.Millisecond).UTC(), Currency: "EUR", Total: int64(100 * i)}
			if _, err := s.PutOrders(t.Context(), now, []customers.Order{order}); err != nil {
				t.Fatal(err)
			}
			line, err := s.Of(t.Context(), order.Customer, 10)
			if err != nil || len(line) != 1 || !line[0].At.Equal(order.At) || line[0].Properties["total"] != float64(i) {
				t.Errorf("import %d: on the timeline stands %v, %v", i, line, err)
			}
			if n := count(t, s, "events"); n != 1 {
				t.Errorf("import %d: %d lines stand on timelines", i, n)
			}
		}
	})
}

// An import of old orders lies in years of its own; what is older than ten of
// them, or dated wrongly, lies together.
func TestHistoryLiesInYears(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	now := time.Now()
	var orders []customers.Order
	for i := range 70 {
		orders = append(orders, customers.Order{ID: fmt.Sprint("o-", i), Customer: "c-1", At: now.AddDate(0, -i, 0), Total: 100})
	}
	orders = append(orders, customers.Order{ID: "o-old", Customer: "c-1", At: time.UnixMilli(0), Total: 100})
	for range 2 {
		if _, err := s.PutOrders(t.Context(), now, orders[:70]); err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutOrders(t.Context(), now, orders[70:]); err != nil {
			t.Fatal(err)
		}
	}
	parts, err := s.partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(parts); i++ {
		if parts[i].from != parts[i-1].until {
			t.Errorf("a gap between %v and %v", parts[i-1], parts[i])
		}
	}
	if n := count(t, s, now.AddDate(-2, 0, 0).UTC().Format("events_2006")); n != 12 {
		t.Errorf("%d orders lie in the year before the last", n)
	}
	if n := count(t, s, "events_older"); n != 1 {
		t.Errorf("%d orders are older than all", n)
	}
	if len(parts) > 20 {
		t.Errorf("the timeline is in %d tables", len(parts))
	}
	if n := lines(t, s); n != 71 {
		t.Errorf("%d lines stand on the timeline", n)
	}
}

// Several processes may find the same table missing.
func TestTablesAreMadeByManyAtOnce(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	register(t, s, "c-1")
	now := time.Now()
	done := make(chan error)
	for i := range 6 {
		go func() {
			_, err := s.Append(t.Context(), []customers.Event{{Customer: "c-1", Name: "visited", At: now.AddDate(-5, 0, 0), Key: fmt.Sprint("visit:", i)}})
			done <- err
		}()
		go func() { done <- s.PrepareTimeline(t.Context(), now.AddDate(0, 2, 0)) }()
	}
	for range 12 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := lines(t, s); n != 6 {
		t.Errorf("%d lines stand on the timeline", n)
	}
}
