package store

import (
	"fmt"
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/store/storetest/fresh"
)

// beforeMonths is the last schema that keeps the timeline in one table.
const beforeMonths = 13

// openAt opens a fresh store whose schema is of a version that was.
func openAt(t *testing.T, dsn string, version int64) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	provider, err := s.migrator()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return s
}

// A timeline of six years is brought along, line by line, and what stood on it
// is known again whatever time it is told with.
func TestAFilledTimelineMovesToMonths(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openAt(t, dsn, beforeMonths)
		now := time.Now()
		var told []customers.Event
		for i := range 300 {
			e := customers.Event{
				ID: int64(i + 1), Customer: fmt.Sprintf("c-%d", i%7), Name: "email sent", At: now.AddDate(0, 0, -i*8).Truncate(time.Millisecond).UTC(),
				Properties: map[string]any{"step": "mail-1"}, Key: fmt.Sprintf("delivery:%d:sent:1", i), Campaign: "spring", Entry: int64(i), Delivery: int64(i),
			}
			e.ReceivedAt = e.At
			if i%3 == 0 {
				e.Key, e.ProviderKey, e.Live = fmt.Sprintf("report:email|%d|opened|%d|a@shop.example|||", i, e.At.Unix()), fmt.Sprintf("email:aé%d", i), true
			}
			told = append(told, e)
		}
		told[299].At, told[299].ReceivedAt = time.UnixMilli(-5).UTC(), time.UnixMilli(-5).UTC() // an import that knew no better
		for _, e := range told {
			properties, err := encode(e.Properties)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.writer.ExecContext(t.Context(), `
				INSERT INTO events (customer, name, at, received_at, properties, key, provider_key, campaign, entry, delivery, live, pending)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`, e.Customer, e.Name, instant(e.At), instant(e.ReceivedAt), properties,
				e.Key, nullable(e.ProviderKey), e.Campaign, e.Entry, e.Delivery, flag(e.Live))
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}

		found := map[int64]customers.Event{}
		for i := range 7 {
			line, err := s.Of(t.Context(), fmt.Sprintf("c-%d", i), 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range line {
				found[e.ID] = e
			}
		}
		for _, e := range told {
			if got := found[e.ID]; fmt.Sprint(got) != fmt.Sprint(e) {
				t.Errorf("event %d is\n%v, was\n%v", e.ID, got, e)
			}
		}
		if news, err := s.Pending(t.Context(), 1000); err != nil || len(news) != 100 {
			t.Errorf("%d events are still to be seen, %v", len(news), err)
		}

		again := make([]customers.Event, len(told))
		for i, e := range told {
			e.At = now
			if e.ProviderKey != "" {
				e.Key = fmt.Sprint("another key ", i)
			}
			again[i] = e
		}
		register(t, s, "c-0", "c-1", "c-2", "c-3", "c-4", "c-5", "c-6")
		added, err := s.Append(t.Context(), append(again, customers.Event{Customer: "c-1", Name: "new", At: now, Key: "new"}))
		if err != nil {
			t.Fatal(err)
		}
		for i, is := range added {
			if is != (i == len(told)) {
				t.Errorf("event %d told again: new is %v", i, is)
			}
		}
		line, err := s.Of(t.Context(), "c-1", 1)
		if err != nil || len(line) != 1 || line[0].ID <= 300 {
			t.Errorf("the newest is %v, %v", line, err)
		}
		if s.dialect == expression.Postgres {
			checkMonths(t, s, now)
		}
	})
}

// beforeWordsAhead is the last schema that may hold words of later than now.
const beforeWordsAhead = 34

// Words of later than now, which won over every no, are put right where they are kept.
func TestWordsAheadOfTheClockArePutRight(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openAt(t, dsn, beforeWordsAhead)
		now := time.Now().UTC().Truncate(time.Millisecond)
		ahead, before := now.AddDate(1, 0, 0), now.AddDate(-1, 0, 0)
		for id, w := range map[string]customers.Consent{
			"yes": {In: true, At: ahead}, "stopped": {In: true, At: ahead}, "no": {At: ahead}, "right": {In: true, At: before},
		} {
			_, err := s.writer.ExecContext(t.Context(), `
				INSERT INTO consents (customer, topic, channel, granted, at, source) VALUES ($1, 'news', 'email', $2, $3, 'import')`,
				id, flag(w.In), instant(w.At))
			if err != nil {
				t.Fatal(err)
			}
		}
		for id, status := range map[string]string{"stopped": "unsubscribed", "yes": "delivered", "right": "unsubscribed"} {
			_, err := s.writer.ExecContext(t.Context(), `
				INSERT INTO deliveries (entry, customer, campaign, version, step, channel, topic, template, status, rank, due_at, expires_at, ambiguous, planned_at)
				VALUES (1, $1, 'spring', 1, $1, 'email', 'news', 'hello', $2, 70, 0, 0, 'hold', 0)`, id, status)
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{"yes": "true 0", "stopped": "false now", "no": "false now", "right": "true before"} {
			var granted bool
			var at int64
			if err := s.writer.QueryRowContext(t.Context(), "SELECT granted <> 0, at FROM consents WHERE customer = $1", id).Scan(&granted, &at); err != nil {
				t.Fatal(err)
			}
			moment := fmt.Sprint(at)
			switch {
			case at == before.UnixMilli():
				moment = "before"
			case at >= now.Add(-time.Minute).UnixMilli() && at <= now.Add(time.Minute).UnixMilli():
				moment = "now"
			}
			if got := fmt.Sprint(granted, " ", moment); got != want {
				t.Errorf("%s is %s, want %s", id, got, want)
			}
		}
	})
}

// checkMonths holds that years and months follow each other without a gap, and
// that hardly anything lies at the ends.
func checkMonths(t *testing.T, s *Store, now time.Time) {
	t.Helper()
	parts, err := s.partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) < 12 || parts[0].from != always || parts[len(parts)-1].until != never {
		t.Errorf("the timeline is in %v", parts)
	}
	for i := 1; i < len(parts); i++ {
		if parts[i].from != parts[i-1].until {
			t.Errorf("a gap between %v and %v", parts[i-1], parts[i])
		}
	}
	if n := count(t, s, "events_older"); n != 1 {
		t.Errorf("%d events are older than all", n)
	}
	if n := count(t, s, "events_later"); n != 0 {
		t.Errorf("%d events are later than all", n)
	}
	if n := count(t, s, firstOfMonth(now).Format("events_2006_01")); n < 1 {
		t.Error("none happened this month")
	}
}

// A program that is older looks orders up on the timeline by their keys.
func TestAnOlderProgramFindsOrdersByTheirIndex(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	var there bool
	if err := s.readers.QueryRowContext(t.Context(), "SELECT to_regclass('events_orders') IS NOT NULL").Scan(&there); err != nil || !there {
		t.Errorf("the index is there: %t, %v", there, err)
	}
}
