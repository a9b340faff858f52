package storetest

import (
	"fmt"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

// Whoever clicks and says stop a minute later has clicked.
func TestWhoSaysStopStaysAmongThoseWhoClicked(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 10, nil)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(1))
		for i, d := range planned {
			settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Sent, ProviderID: fmt.Sprint("m", i)})
			advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Clicked})
			if i < 4 {
				advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Unsubscribed})
			}
		}
		funnels, err := s.Summary().Funnels(t.Context(), noon)
		if err != nil || len(funnels) != 1 {
			t.Fatalf("summed up as %+v, %v", funnels, err)
		}
		if f := funnels[0]; f.Clicked != 10 || f.Opened != 10 || f.LettersRead != 10 || f.Unsubscribed != 4 {
			t.Errorf("the funnel is %+v", f)
		}
	})
}

func TestFunnelsSumUpWhatBecameOfACampaign(t *testing.T) {
	reports := []deliveries.Status{
		"", deliveries.Delivered, deliveries.Opened, deliveries.Clicked, deliveries.Answered, deliveries.Bounced, deliveries.Complained,
	}
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, len(reports)+4, nil)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed[:len(reports)+2], pass(8))
		begin(t, s, fence, claimed[len(reports)+2:len(reports)+3], func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
			return deliveries.Verdict{Reason: deliveries.NoConsent}
		})
		for i, report := range reports {
			settle(t, s, fence, deliveries.Outcome{ID: planned[i].ID, Status: deliveries.Sent, ProviderID: "m"})
			advance(t, s, deliveries.Progress{ID: planned[i].ID, Status: report, Reason: map[deliveries.Status]string{deliveries.Bounced: "hard"}[report]})
		}
		settle(t, s, fence,
			deliveries.Outcome{ID: planned[len(reports)].ID, Status: deliveries.Failed, Reason: "rejected"},
			deliveries.Outcome{ID: planned[len(reports)+1].ID, Status: deliveries.Unconfirmed})
		d := planned[4]
		respond(t, s, campaigns.Response{
			Event: lineOf(d, "email answered", "1"), Answer: answer(d, "csat", campaigns.CSAT5, 2, noon),
			Case: &customers.Case{Customer: d.Customer, Campaign: d.Campaign, Entry: d.Entry, Queue: "q", Priority: customers.Low, Title: "t", Why: "low_score", OpenedAt: noon},
		}, campaigns.Response{Event: lineOf(d, "call answered", "further question"), Answer: answer(d, "again", campaigns.Text, 1, noon)})
		other := planned[3]
		respond(t, s, campaigns.Response{Event: lineOf(other, "email answered", "2"), Answer: answer(other, "nps", campaigns.NPS, 9, noon)})
		for i, did := range map[int]deliveries.Machine{0: deliveries.MachineClicked, 1: deliveries.MachineOpened, 2: deliveries.MachineOpened, 3: deliveries.MachineClicked} {
			respond(t, s, campaigns.Response{Event: lineOf(planned[i], "email opened"+campaigns.ByMachine, fmt.Sprint("machine ", i)), Machine: did})
		}
		leave(t, s, "over", planned[0].Entry)

		funnels, err := s.Summary().Funnels(t.Context(), noon)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "funnels", funnels, []deliveries.Funnel{{
			Campaign: "welcome", Entered: 11, Running: 10, Planned: 11, Sent: 7, Delivered: 5, Opened: 3, Clicked: 2, Letters: 7, LettersRead: 3, Linked: 7, OpenedRaw: 5, ClickedRaw: 3, Replied: 1, Answered: 2, Cases: 1,
			Failed:  map[string]int64{"hard": 1, "rejected": 1},
			Skipped: map[deliveries.SkipReason]int64{deliveries.NoConsent: 1}, Unconfirmed: 1,
			Cost: 64, ScoreSum: 2, ScoreCount: 1, NPSSum: 9, NPSCount: 1, Bounced: 1, Complained: 1,
		}})
	})
}

func backlog(t *testing.T, s *store.Store, now time.Time) deliveries.Backlog {
	t.Helper()
	b, err := s.Summary().Backlog(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBacklogCountsWhatWaits(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		if b := backlog(t, s, noon); !b.Idle() || !b.Next.IsZero() {
			t.Errorf("an empty store has %+v", b)
		}
		later := noon.Add(time.Hour)
		planned := plan(t, s, 4, func(i int, d *deliveries.Delivery) {
			if i == 3 {
				d.DueAt = later.Add(time.Hour)
			}
		})
		fence, claimed := claimSome(t, s, planned[0].ID, planned[1].ID)
		begin(t, s, fence, claimed[:1], pass(0))
		soon, future := journey("c-1", "1"), journey("c-2", "1")
		future.WakeAt = later
		enter(t, s, always, soon, future)
		occur(t, s, 3, campaigns.Run{Campaign: "weekly", At: noon})
		receive(t, s, "sendgrid", callback("1"))
		if _, err := s.Append(t.Context(), []customers.Event{{Customer: "c-1", Name: "Order Completed", At: noon, Key: "1", Live: true}}); err != nil {
			t.Fatal(err)
		}
		same(t, "backlog", backlog(t, s, noon), deliveries.Backlog{Due: 1, Held: 2, Awake: 1, Shards: 3, Inbox: 1, Events: 1, Next: later})
		same(t, "an hour later", backlog(t, s, later), deliveries.Backlog{Due: 1, Held: 2, Awake: 2, Shards: 3, Inbox: 1, Events: 1, Next: later.Add(time.Hour)})
	})
}

func TestOfListsAJourneysMessages(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := planFor(t, s, 3)
		for i, d := range deliveriesOf(t, s, planned[0].Entry) {
			if d.Group != i || d.Channel != channels.Email {
				t.Errorf("message %d is %+v", i, d)
			}
		}
		if n := len(deliveriesOf(t, s, planned[0].Entry+1000)); n != 0 {
			t.Errorf("a journey nobody has sent %d messages", n)
		}
	})
}

// A connection that breaks in the middle of the sums makes them begin anew.
func TestFunnelsThatAreReadAgainAddUpOnce(t *testing.T) {
	dsn := Postgres(t)
	s := Open(t, dsn)
	plan(t, s, 3, nil)
	hold, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.ExecContext(t.Context(), "LOCK TABLE answers IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	const ours = "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))"
	together(t, 2, func(i int) error {
		if i == 0 {
			funnels, err := s.Summary().Funnels(t.Context(), noon)
			if err == nil && (len(funnels) != 1 || funnels[0].Entered != 3 || funnels[0].Planned != 3) {
				err = fmt.Errorf("the sums are %+v", funnels)
			}
			return err
		}
		awaited(t, hold, ours)
		if _, err := hold.ExecContext(t.Context(), "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE NOT l.granted AND "+ours); err != nil {
			return err
		}
		return hold.Commit()
	})
}
