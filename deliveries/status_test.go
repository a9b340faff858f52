package deliveries_test

import (
	"testing"

	"pgregory.net/rapid"

	"rapport/deliveries"
)

var everyStatus = []deliveries.Status{
	deliveries.Planned, deliveries.Queued, deliveries.Sending, deliveries.Unconfirmed, deliveries.Skipped,
	deliveries.Sent, deliveries.Delivered, deliveries.Opened, deliveries.Clicked, deliveries.Answered,
	deliveries.Expired, deliveries.Failed, deliveries.Bounced, deliveries.Unsubscribed, deliveries.Complained,
}

func TestRanksTellStatusesApart(t *testing.T) {
	at := map[int]deliveries.Status{}
	for _, s := range everyStatus {
		if other, taken := at[s.Rank()]; taken {
			t.Errorf("%s and %s have the same rank", s, other)
		}
		at[s.Rank()] = s
	}
	if listed := deliveries.Statuses(); len(listed) != len(at) || listed[0] != deliveries.Planned {
		t.Errorf("the statuses in order are %v", listed)
	}
}

func TestWhatAStatusSays(t *testing.T) {
	for _, c := range []struct {
		status            deliveries.Status
		accepted, settled bool
	}{
		{deliveries.Planned, false, false},
		{deliveries.Queued, false, false},
		{deliveries.Sending, false, false},
		{deliveries.Unconfirmed, false, true},
		{deliveries.Skipped, false, true},
		{deliveries.Sent, true, true},
		{deliveries.Delivered, true, true},
		{deliveries.Answered, true, true},
		{deliveries.Failed, false, true},
		{deliveries.Bounced, true, true},
		{deliveries.Complained, true, true},
	} {
		if c.status.Accepted() != c.accepted || c.status.Settled() != c.settled {
			t.Errorf("%s: accepted %v, settled %v", c.status, c.status.Accepted(), c.status.Settled())
		}
	}
}

// No move leads out of what the provider took to what comes before it, and no
// complaint or unsubscribe is undone.
func TestMovesNeverLeadBackFromSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		status := rapid.SampledFrom(everyStatus).Draw(t, "start")
		for range 20 {
			next := rapid.SampledFrom(everyStatus).Draw(t, "next")
			if !status.May(next) {
				continue
			}
			if status.Rank() >= deliveries.Sent.Rank() && next.Rank() <= status.Rank() {
				t.Fatalf("%s may go back to %s", status, next)
			}
			if status == deliveries.Skipped {
				t.Fatalf("a skipped delivery may become %s", next)
			}
			status = next
		}
	})
}

func TestOnlyASendMayBecomeUnconfirmed(t *testing.T) {
	for _, s := range everyStatus {
		if s.May(deliveries.Unconfirmed) != (s == deliveries.Sending) {
			t.Errorf("%s may become unconfirmed: %v", s, s.May(deliveries.Unconfirmed))
		}
	}
}
