package storetest

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

var texting = deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}

func healthOf(t *testing.T, s *store.Store, ch channels.Channel) []deliveries.Health {
	t.Helper()
	all, err := s.Outlets().Health(t.Context(), ch)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestHealthIsMovedOnByOneAtATime(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		if got := healthOf(t, s, channels.SMS); len(got) != 0 {
			t.Fatalf("of nobody it knows %+v", got)
		}
		together(t, 20, func(int) error {
			_, _, err := s.Outlets().Change(t.Context(), texting, func(h deliveries.Health) deliveries.Health {
				h.Failures++
				h.PausedUntil, h.Detail = noon, "twilio answered 503\x00"
				return h
			})
			return err
		})
		from := texting
		from.Via = "+493012345678"
		before, after, err := s.Outlets().Change(t.Context(), from, func(h deliveries.Health) deliveries.Health {
			h.Down = true
			return h
		})
		if err != nil || before.Down || !after.Down || before.Outlet != from {
			t.Errorf("from %+v to %+v: %v", before, after, err)
		}
		got := healthOf(t, s, channels.SMS)
		want := deliveries.Health{Outlet: texting, Failures: 20, PausedUntil: noon, Detail: "twilio answered 503"}
		if len(got) != 2 || got[0] != want || got[1].Outlet != from || !got[1].Down {
			t.Errorf("got %+v", got)
		}
		same(t, "another channel", healthOf(t, s, channels.Email), nil)
		same(t, "all channels", len(healthOf(t, s, "")), 2)
	})
}

func TestWhatWaitsForAProviderIsReleased(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 5, nil)
		fence, _ := claim(t, s)
		later := noon.Add(time.Hour)
		settle(t, s, fence, deliveries.Outcome{ID: planned[4].ID, Status: deliveries.Planned, Reason: deliveries.ProviderDown, DueAt: later.Add(time.Millisecond)})
		for i, reason := range []string{deliveries.ProviderDown, deliveries.AccountRefused, "rate_limit", "quiet_hours_expired"} {
			settle(t, s, fence, deliveries.Outcome{ID: planned[i].ID, Status: deliveries.Planned, Reason: reason, DueAt: later})
		}
		for ch, want := range map[channels.Channel]int{channels.SMS: 0, channels.Email: 2} {
			if n, err := s.Outlets().Release(t.Context(), ch, noon, later); err != nil || n != want {
				t.Errorf("%s: %d were released (%v), want %d", ch, n, err, want)
			}
		}
		for i, due := range []time.Time{noon, noon, later, later, later.Add(time.Millisecond)} {
			if d := stored(t, s, planned[i].ID); !d.DueAt.Equal(due) || d.Status != deliveries.Planned {
				t.Errorf("delivery %d (%s) is due at %s", i, d.Reason, d.DueAt)
			}
		}
	})
}

// They are let go by the thousand, also those that are due at one instant.
func TestVeryManyAreReleased(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		const many = 2100
		var moves []campaigns.Move
		for _, e := range entered(t, s, many) {
			e.Position, e.WakeAt = "0", time.Time{}
			moves = append(moves, campaigns.Move{Entry: e, Plan: []deliveries.Delivery{message(channels.Email)}})
		}
		apply(t, s, moves...)
		fence, claimed := claim(t, s)
		outcomes := make([]deliveries.Outcome, len(claimed))
		for i, d := range claimed {
			outcomes[i] = deliveries.Outcome{ID: d.ID, Status: deliveries.Planned, Reason: deliveries.ProviderDown, DueAt: noon.Add(time.Hour)}
		}
		settle(t, s, fence, outcomes...)
		if n, err := s.Outlets().Release(t.Context(), channels.Email, noon, noon.Add(time.Hour)); err != nil || n != many {
			t.Errorf("%d were released (%v), want %d", n, err, many)
		}
		same(t, "due", len(due(t, s, noon)), many)
	})
}

func TestWhatProvidersDidIsCounted(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 6, nil)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed[:5], pass(0))
		var outcomes []deliveries.Outcome
		for i, status := range []deliveries.Status{deliveries.Sent, deliveries.Sent, deliveries.Failed, deliveries.Unconfirmed, deliveries.Planned, deliveries.Planned} {
			outcomes = append(outcomes, deliveries.Outcome{ID: planned[i].ID, Status: status, DueAt: noon})
		}
		settle(t, s, fence, outcomes[:3]...)
		settle(t, s, fence, outcomes[3:]...)
		traffic := func(since time.Time) []deliveries.Traffic {
			all, err := s.Outlets().Traffic(t.Context(), since)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		want := []deliveries.Traffic{{Channel: channels.Email, Provider: "sendgrid", Sent: 2, Failed: 1, Unconfirmed: 1, PutOff: 1}}
		same(t, "traffic", traffic(noon.Add(-time.Minute)), want)
		same(t, "later traffic", traffic(noon.Add(2*time.Minute)), nil)
		if err := s.ForgetTraffic(t.Context(), noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		same(t, "forgotten traffic", traffic(noon.Add(-time.Hour)), nil)
	})
}
