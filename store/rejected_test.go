package store

import (
	"os"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/store/storetest/fresh"
)

// A program before this one sets callbacks aside under a state of its own, while both
// run.
func TestWhatAnOlderProgramSetAsideIsForgotten(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := openMigrated(t, dsn)
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		for n, body := range []string{"old", "older", "new"} {
			at := noon.Add(-time.Duration(n) * time.Minute)
			if body == "new" {
				at = noon.Add(time.Hour)
			}
			if _, err := s.Receive(t.Context(), "sms/twilio", channels.Callback{Method: "POST", URL: "/", Body: []byte(body), ReceivedAt: at}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.writer.ExecContext(t.Context(), "UPDATE inbox SET state = 'rejected', error = 'not in its form' WHERE id <> 2"); err != nil {
			t.Fatal(err)
		}
		if err := s.Done(t.Context(), []int64{2}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{1, 1, 0} {
			if n, err := s.Forget(t.Context(), noon.Add(time.Minute), 1); err != nil || n != want {
				t.Errorf("%d were forgotten (%v), want %d", n, err, want)
			}
		}
	})
}

// The runbook's statement lets all be read again that SetAside lists, whichever program
// set it aside.
func TestWhatWasSetAsideIsReadAgainByTheRunbook(t *testing.T) {
	page, err := os.ReadFile("../docs/operations/runbooks/CallbacksSetAside.md")
	if err != nil {
		t.Fatal(err)
	}
	_, statement, _ := strings.Cut(string(page), "```sql\n")
	statement, _, _ = strings.Cut(statement, "```")
	const why = "it's not in its form"
	statement = strings.Replace(statement, "THE ERROR", strings.ReplaceAll(why, "'", "''"), 1)
	eachStore(t, func(t *testing.T, s *Store) {
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		for _, body := range []string{"ours", "an older program's"} {
			if _, err := s.Receive(t.Context(), "sms/twilio", channels.Callback{Method: "POST", URL: "/", Body: []byte(body), ReceivedAt: at}); err != nil {
				t.Fatal(err)
			}
		}
		for id := range int64(2) {
			if err := s.Reject(t.Context(), id+1, why); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.writer.ExecContext(t.Context(), "UPDATE inbox SET state = 'rejected' WHERE id = 2"); err != nil {
			t.Fatal(err)
		}
		if aside, err := s.SetAside(t.Context()); err != nil || len(aside) != 1 || aside[0].Callbacks != 2 {
			t.Fatalf("set aside: %+v, %v", aside, err)
		}
		if _, err := s.writer.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		if aside, err := s.SetAside(t.Context()); err != nil || len(aside) != 0 {
			t.Errorf("still aside: %+v, %v", aside, err)
		}
		if again, err := s.Waiting(t.Context(), at.Add(time.Hour), time.Minute, 10); err != nil || len(again) != 2 {
			t.Errorf("%d of 2 are read again (%v)", len(again), err)
		}
	})
}
