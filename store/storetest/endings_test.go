package storetest

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

// sending are n deliveries that have begun, and their fence.
func sending(t *testing.T, s *store.Store, n int) (deliveries.Fence, []deliveries.Delivery) {
	t.Helper()
	plan(t, s, n, nil)
	fence, claimed := claim(t, s)
	begin(t, s, fence, claimed, pass(0))
	return fence, claimed
}

func TestAMessageThatWasTheLastEndsItsJourney(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		fence, begun := sending(t, s, 2)
		untouched, news := travellers(t, s, begun[0].Entry)[0].Entry, travellers(t, s, begun[1].Entry)[0].Entry
		if err := s.Wake(t.Context(), noon, []int64{news.ID}); err != nil {
			t.Fatal(err)
		}
		var outcomes []deliveries.Outcome
		for i, e := range []campaigns.Entry{untouched, news} {
			outcomes = append(outcomes, deliveries.Outcome{
				ID: begun[i].ID, Status: deliveries.Sent, Ends: &deliveries.Ending{Revision: e.Revision, State: "finished", Why: "finished"},
			})
		}
		settle(t, s, fence, outcomes...)
		want := untouched
		want.State, want.Why, want.EndedAt, want.WakeAt, want.Revision = campaigns.Finished, "finished", noon, time.Time{}, want.Revision+1
		same(t, "the journey nothing happened to", travellers(t, s, untouched.ID)[0].Entry, want)
		if e := travellers(t, s, news.ID)[0].Entry; e.State != campaigns.Running || !awake(t, s, news.ID) {
			t.Errorf("the one with news is %s, or sleeps", e.State)
		}
	})
}

func TestWhatIsTriedAgainEndsNoJourney(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		fence, begun := sending(t, s, 1)
		e := travellers(t, s, begun[0].Entry)[0].Entry
		settle(t, s, fence, deliveries.Outcome{
			ID: begun[0].ID, Status: deliveries.Planned, DueAt: noon.Add(time.Hour), Ends: &deliveries.Ending{Revision: e.Revision, State: "finished"},
		})
		same(t, "the journey", travellers(t, s, e.ID)[0].Entry, e)
	})
}

func TestAnEntryIsLeftToWhoWalksItOn(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		fence, begun := sending(t, s, 1)
		settle(t, s, fence, deliveries.Outcome{ID: begun[0].ID, Status: deliveries.Sent, Onward: noon.Add(time.Minute)})
		for after, want := range map[time.Duration]int{time.Second: 0, time.Minute: 1} {
			ids, err := s.Awake(t.Context(), noon.Add(after), 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			if len(ids) != want {
				t.Errorf("%s later %d entries are awake for others, want %d", after, len(ids), want)
			}
		}
	})
}

// A callback presses while nobody has it: what is being read, or may not be read
// yet, is no work for others.
func TestACallbackThatIsReadDoesNotPress(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		receive(t, s, "sms/twilio", callback("one"))
		receive(t, s, "sms/twilio", callback("two"))
		presses := func(after time.Duration, want int64) {
			t.Helper()
			got, err := s.Summary().Pressing(t.Context(), noon.Add(after), 9)
			if err != nil || got.Inbox != want {
				t.Errorf("after %s %d callbacks press (%v), want %d", after, got.Inbox, err, want)
			}
		}
		presses(0, 2)
		if _, err := s.Waiting(t.Context(), noon, time.Minute, 1); err != nil {
			t.Fatal(err)
		}
		presses(0, 1)
		presses(time.Minute, 2)
	})
}

func TestWhatPressesIsCountedToABound(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, 8, nil)
		if _, err := s.Due(t.Context(), noon, lease, deliveries.QuotaFor(6), 6); err != nil {
			t.Fatal(err)
		}
		enter(t, s, always, journey("c-x", "1"), journey("c-y", "1"))
		occur(t, s, 3, campaigns.Run{Campaign: "weekly", At: noon})
		held := func(mails int64) map[channels.Channel]int64 {
			by := map[channels.Channel]int64{}
			for _, ch := range deliveries.Lanes() {
				by[ch] = 0
			}
			by[channels.Email] = mails
			return by
		}
		for most, want := range map[int]deliveries.Backlog{
			100: {Due: 1, Held: 6, HeldBy: held(6), Awake: 1, Shards: 3},
			4:   {Due: 1, Held: 4, HeldBy: held(4), Awake: 1, Shards: 3},
		} {
			got, err := s.Summary().Pressing(t.Context(), noon, most)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "what presses", got, want)
		}
		if _, err := s.Due(t.Context(), noon, lease, deliveries.QuotaFor(6), 6); err != nil {
			t.Fatal(err)
		}
		got, err := s.Summary().Pressing(t.Context(), noon, 100)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "what presses while nothing asks for room", got, deliveries.Backlog{Awake: 1, Shards: 3, HeldBy: map[channels.Channel]int64{}})
	})
}
