package store

import (
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
