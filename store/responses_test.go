package store

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store/storetest/fresh"
)

// A report and the settlement of its message write the same line. Where they meet,
// the report waits for the message before it writes: the other way round each would
// wait for the other.
func TestAReportWaitsForItsMessageBeforeItWrites(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	now := time.UnixMilli(1_800_000_000_000).UTC()
	line := customers.Event{Customer: "c-1", Name: "sms sent", At: now, Key: "delivery:1:sent", Delivery: 1}
	err := s.write(t.Context(), func(tx *tx) error {
		return planDeliveries(t.Context(), tx, []deliveries.Delivery{{Entry: 1, Customer: "c-1", Campaign: "news", Version: 1, Step: "text", Channel: channels.SMS, PlannedAt: now, DueAt: now, ExpiresAt: now.Add(time.Hour)}})
	})
	if err != nil {
		t.Fatal(err)
	}
	applied := make(chan error, 1)
	err = s.write(t.Context(), func(settling *tx) error {
		if _, err := heldRows(t.Context(), settling, []int64{1}); err != nil {
			return err
		}
		go func() {
			applied <- s.Responses().Apply(t.Context(), now, []campaigns.Response{{Event: line, Progress: &deliveries.Progress{ID: 1, Status: deliveries.Sent, At: now}}})
		}()
		for waiting := 0; waiting == 0; { // until it waits for this one
			if err := s.readers.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting); err != nil {
				return err
			}
		}
		// Sooner than the server would look for a deadlock and end one of the two.
		if _, err := settling.exec(t.Context(), "SET LOCAL lock_timeout = 100"); err != nil {
			return err
		}
		_, err := appendEvents(t.Context(), settling, []customers.Event{line})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-applied; err != nil {
		t.Error(err)
	}
}
