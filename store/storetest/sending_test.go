package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

func TestBeginWritesEveryVerdict(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 3, nil)
		fence, claimed := claim(t, s)
		later := noon.Add(time.Hour)
		given := []deliveries.Verdict{
			{Go: true, Cost: 8, Zone: "Europe/Berlin", ZoneFrom: "profile"},
			{Until: later, Reason: deliveries.QuietHoursExpired, Zone: "Asia/Tokyo", ZoneFrom: "phone"},
			{Reason: deliveries.NoConsent},
		}
		asked := 0
		got := begin(t, s, fence, claimed, func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
			asked++
			return given[asked-1]
		})
		same(t, "verdicts", got, given)
		first, second, third := stored(t, s, planned[0].ID), stored(t, s, planned[1].ID), stored(t, s, planned[2].ID)
		if first.Status != deliveries.Sending || first.Zone != "Europe/Berlin" || first.ZoneFrom != "profile" {
			t.Errorf("let go: %+v", first)
		}
		if second.Status != deliveries.Planned || !second.DueAt.Equal(later) || second.Reason != "quiet_hours_expired" || second.Attempts != 0 {
			t.Errorf("held: %+v", second)
		}
		if third.Status != deliveries.Skipped || third.Reason != "no_consent" || !third.SettledAt.Equal(noon) {
			t.Errorf("skipped: %+v", third)
		}
		same(t, "timeline of the skipped", names(t, s, third.Customer), []string{"email skipped"})
		if awake(t, s, second.Entry) || !awake(t, s, third.Entry) {
			t.Error("the entry of a skipped message is woken, that of a held one is not")
		}
		if got := due(t, s, later); !slices.Equal(got, []int64{second.ID}) {
			t.Errorf("due later are %v", got)
		}
	})
}

func TestBeginKeepsTheScriptOfACall(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Call })[0]
		fence, claimed := claim(t, s)
		script := &channels.Content{Call: &channels.CallScript{Say: "Hello", Questions: []channels.CallQuestion{{ID: "csat", Expect: channels.ExpectDigits, Low: 1, High: 5}}}}
		if _, err := s.Begin(t.Context(), fence, noon, noon, []deliveries.Candidate{{Delivery: claimed[0], Content: script}}, pass(0)); err != nil {
			t.Fatal(err)
		}
		same(t, "script", stored(t, s, planned.ID).Content, script)
	})
}

// Between the courier's reading and the send the customer may have left.
func TestBeginSkipsWhoHasLeft(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 2, nil)
		fence, claimed := claim(t, s)
		if err := s.Leave(t.Context(), noon, []int64{planned[0].Entry}, "event Order Returned"); err != nil {
			t.Fatal(err)
		}
		verdicts := begin(t, s, fence, claimed, pass(0))
		same(t, "verdicts", verdicts, []deliveries.Verdict{{Reason: deliveries.Exited}, {Go: true}})
		if d := stored(t, s, planned[0].ID); d.Status != deliveries.Skipped || d.Reason != "exited" {
			t.Errorf("to somebody who has left: %s %s", d.Status, d.Reason)
		}
	})
}

func TestPressureCountsWhatMayHaveReachedTheCustomer(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		outcomes := []deliveries.Status{deliveries.Sent, deliveries.Unconfirmed, deliveries.Planned, deliveries.Failed}
		planned := planFor(t, s, len(outcomes)+1)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed[:len(outcomes)], pass(0))
		for i, status := range outcomes {
			settle(t, s, fence, deliveries.Outcome{ID: planned[i].ID, Status: status, DueAt: noon.Add(time.Hour)})
		}
		var got []deliveries.Contact
		verdicts := beginAt(t, s, fence, noon.Add(time.Second), claimed[len(outcomes):], func(_ deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			got = p.Contacts
			return deliveries.Verdict{Go: true}
		})
		if !verdicts[0].Go {
			t.Fatal("the last was not let go")
		}
		contact := deliveries.Contact{Delivery: planned[1].ID, Channel: channels.Email, Topic: "service", Priority: 50, At: noon}
		older := contact
		older.Delivery = planned[0].ID
		same(t, "contacts", got, []deliveries.Contact{contact, older})
	})
}

// A call that is tried again after its expiry counts from its latest attempt on, and
// competes until then.
func TestPressureCountsAnAttemptLongAfterTheExpiry(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		days := func(n int) time.Time { return noon.Add(time.Duration(n) * 24 * time.Hour) }
		planned := planFor(t, s, 3) // they expire after three days
		due(t, s, noon)
		fence, claimed := take(t, s, planned[0].ID)
		begin(t, s, fence, claimed, pass(0))
		settle(t, s, fence, deliveries.Outcome{ID: planned[0].ID, Status: deliveries.Sent, ProviderID: "m1"})
		advance(t, s, deliveries.Progress{ID: planned[0].ID, Status: deliveries.Planned, Reason: "busy", ProviderID: "m1", DueAt: days(10)})

		seen := func(id int64, at time.Time) (p deliveries.Pressure) {
			fence, claimed := take(t, s, id)
			beginAt(t, s, fence, at, claimed, func(_ deliveries.Delivery, pressure deliveries.Pressure) deliveries.Verdict {
				p = pressure
				return deliveries.Verdict{Reason: deliveries.NoConsent}
			})
			return p
		}
		if rivals := seen(planned[1].ID, days(9)).Rivals; !slices.ContainsFunc(rivals, func(r deliveries.Rival) bool { return r.Delivery == planned[0].ID }) {
			t.Errorf("a day before the next attempt the rivals are %+v", rivals)
		}
		due(t, s, days(10))
		fence, claimed = take(t, s, planned[0].ID)
		beginAt(t, s, fence, days(10).Add(time.Hour), claimed, pass(0))
		if contacts := seen(planned[2].ID, days(12)).Contacts; len(contacts) != 1 || !contacts[0].At.Equal(days(10).Add(time.Hour)) {
			t.Errorf("two days after the latest attempt the contacts are %+v", contacts)
		}
		people, err := s.Load(t.Context(), []string{planned[0].Customer}, days(17))
		if err != nil || people[planned[0].Customer].Contacted.Last7d != 1 {
			t.Errorf("a week after the latest attempt: %+v, %v", people[planned[0].Customer], err)
		}
	})
}

// planFor plans n messages to one customer, in one journey.
func planFor(t testing.TB, s *store.Store, n int) []deliveries.Delivery {
	t.Helper()
	first := plan(t, s, 1, nil)[0]
	move := journeyOf(t, s, first.Entry)
	for i := 1; i < n; i++ {
		d := message(channels.Email)
		d.Group = i
		move.Plan = append(move.Plan, d)
	}
	apply(t, s, move)
	return deliveriesOf(t, s, first.Entry)
}

// What one candidate takes weighs on the next one of the same Begin.
func TestACapHoldsWithinABatch(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planFor(t, s, 5)
		fence, claimed := claim(t, s)
		verdicts := begin(t, s, fence, claimed, atMost(2))
		if n := gone(verdicts); n != 2 {
			t.Errorf("%d messages went under a cap of two", n)
		}
	})
}

// atMost lets a customer have so many messages.
func atMost(n int) judge {
	return func(_ deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
		if len(p.Contacts) >= n {
			return deliveries.Verdict{Until: noon.Add(24 * time.Hour), Reason: deliveries.Capped}
		}
		return deliveries.Verdict{Go: true, Cost: 10}
	}
}

func gone(verdicts []deliveries.Verdict) int {
	n := 0
	for _, v := range verdicts {
		if v.Go {
			n++
		}
	}
	return n
}

func TestACapHoldsBetweenWorkers(t *testing.T) {
	const workers, limit = 8, 3
	Each(t, func(t *testing.T, s *store.Store) {
		one := entered(t, s, 1)[0]
		moves := []campaigns.Move{{Entry: one, Plan: []deliveries.Delivery{message(channels.Email)}}}
		for i := 1; i < 2*workers; i++ { // each message belongs to a journey of its own
			e := journey(one.Customer, fmt.Sprintf("event:%d", i))
			e.Key = fmt.Sprint(i)
			enter(t, s, always, e)
		}
		for _, e := range running(t, s, one.Customer)[1:] {
			moves = append(moves, campaigns.Move{Entry: e, Plan: []deliveries.Delivery{message(channels.Email)}})
		}
		apply(t, s, moves...)
		ids := due(t, s, noon)
		var went atomic.Int64
		together(t, workers, func(i int) error {
			fence, claimed, err := s.Claim(t.Context(), ids[2*i:2*i+2], noon, lease)
			if err != nil {
				return err
			}
			candidates := []deliveries.Candidate{{Delivery: claimed[0]}, {Delivery: claimed[1]}}
			verdicts, err := s.Begin(t.Context(), fence, noon, noon.Add(-time.Hour), candidates, atMost(limit))
			went.Add(int64(gone(verdicts)))
			return err
		})
		if went.Load() != limit {
			t.Errorf("%d messages went under a cap of %d", went.Load(), limit)
		}
	})
}

// together runs a piece of work several times at once.
func together(t *testing.T, n int, work func(i int) error) {
	t.Helper()
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			if err := work(i); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func TestABudgetHoldsBetweenWorkers(t *testing.T) {
	const workers, each, price, amount = 8, 3, 10, 70
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, workers*each, func(_ int, d *deliveries.Delivery) { d.Channel = channels.SMS })
		ids := due(t, s, noon)
		within := func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			since := noon.Add(-24 * time.Hour)
			if p.Spent(d.Channel, "", since)+price > amount || p.Spent("", d.Campaign, since)+price > amount {
				return deliveries.Verdict{Until: noon.Add(time.Hour), Reason: deliveries.OverBudget}
			}
			return deliveries.Verdict{Go: true, Cost: price}
		}
		var went atomic.Int64
		together(t, workers, func(i int) error {
			fence, claimed, err := s.Claim(t.Context(), ids[each*i:each*(i+1)], noon, lease)
			if err != nil {
				return err
			}
			var candidates []deliveries.Candidate
			for _, d := range claimed {
				candidates = append(candidates, deliveries.Candidate{Delivery: d})
			}
			verdicts, err := s.Begin(t.Context(), fence, noon, noon, candidates, within)
			went.Add(int64(gone(verdicts)))
			return err
		})
		if went.Load() != amount/price {
			t.Errorf("%d messages at %d went on a budget of %d", went.Load(), price, amount)
		}
	})
}

func TestSpentCountsByChannelCampaignAndTime(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, 3, func(i int, d *deliveries.Delivery) {
			d.Channel = []channels.Channel{channels.SMS, channels.Call, channels.SMS}[i]
			d.DueAt = noon.Add(time.Duration(i-2) * time.Minute)
		})
		fence, claimed := claim(t, s)
		slices.SortFunc(claimed, func(a, b deliveries.Delivery) int { return int(a.ID - b.ID) })
		begin(t, s, fence, claimed[:1], pass(8))
		beginAt(t, s, fence, noon.Add(time.Hour), claimed[1:2], pass(50))
		asked := false
		beginAt(t, s, fence, noon.Add(2*time.Hour), claimed[2:], func(_ deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			asked = true
			for _, c := range []struct {
				channel  channels.Channel
				campaign string
				since    time.Time
				want     int64
			}{
				{channels.SMS, "", noon.Add(-time.Second), 8},
				{channels.SMS, "", noon, 0}, // the window's first moment is outside
				{channels.Call, "", noon, 50},
				{"", "welcome", noon.Add(-time.Second), 58},
				{"", "farewell", noon.Add(-time.Second), 0},
				{channels.Email, "", time.Time{}, 0},
			} {
				if got := p.Spent(c.channel, c.campaign, c.since); got != c.want {
					t.Errorf("spent on %q by %q since %v: %d, want %d", c.channel, c.campaign, c.since, got, c.want)
				}
			}
			return deliveries.Verdict{Go: true}
		})
		if !asked {
			t.Error("nobody was asked")
		}
	})
}

// A worker that dies between judging and committing has begun nothing.
func TestABeginThatFailsLeavesNoTrace(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 1, nil)[0]
		fence, claimed := claim(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := s.Begin(ctx, fence, noon, noon, []deliveries.Candidate{{Delivery: claimed[0]}},
			func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
				cancel()
				return deliveries.Verdict{Go: true}
			})
		if err == nil {
			t.Fatal("a begin that was cancelled says that it went well")
		}
		if d := stored(t, s, planned.ID); d.Status != deliveries.Queued || d.Attempts != 0 {
			t.Errorf("the delivery is %s after %d attempts", d.Status, d.Attempts)
		}
	})
}

// A no that was said after the message was claimed is known when it begins.
func TestBeginKnowsWhatWasRefusedMeanwhile(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 3, nil)
		fence, claimed := claim(t, s)
		no := func(d deliveries.Delivery, topic string, in bool, at time.Time) customers.Consent {
			return customers.Consent{Customer: d.Customer, Topic: topic, Channel: d.Channel, In: in, At: at, Source: "preferences"}
		}
		err := s.Consent(t.Context(), noon.Add(time.Second), []customers.Consent{
			no(planned[0], planned[0].Topic, false, noon),
			no(planned[1], "another", false, noon), no(planned[1], planned[1].Topic, false, noon), no(planned[1], planned[1].Topic, true, noon.Add(time.Second)),
		})
		if err != nil {
			t.Fatal(err)
		}
		refused := map[int64]bool{}
		begin(t, s, fence, claimed, func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			refused[d.ID] = p.Refused
			return deliveries.Verdict{Go: true}
		})
		same(t, "refused", refused, map[int64]bool{planned[0].ID: true, planned[1].ID: false, planned[2].ID: false})
	})
}

// Workers wait for each other where money is spent. What is said meanwhile is known
// to the one that waited.
func TestBeginKnowsWhatWasSaidWhileItWaitedForABudget(t *testing.T) {
	dsn := Postgres(t) // SQLite has one writer
	s, db := Open(t, dsn), beside(t, dsn)
	planned := plan(t, s, 3, nil)
	due(t, s, noon)
	spending, waiting := make(chan struct{}), make(chan struct{})
	seen := map[int64]deliveries.Pressure{}
	together(t, 3, func(i int) error {
		var judge judge
		var candidates []deliveries.Candidate
		switch i {
		case 0:
			candidates = []deliveries.Candidate{{Delivery: planned[0], Spends: true}}
			judge = func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
				p.Spent(d.Channel, "", noon)
				close(spending)
				<-waiting
				return deliveries.Verdict{Go: true, Cost: 1}
			}
		case 1:
			candidates = []deliveries.Candidate{{Delivery: planned[1]}, {Delivery: planned[2], Spends: true}}
			judge = func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
				p.Spent(d.Channel, "", noon)
				seen[d.ID] = p
				return deliveries.Verdict{Go: true, Cost: 1}
			}
			<-spending
		default:
			defer close(waiting)
			<-spending
			awaited(t, db, "l.locktype = 'advisory'")
			_, paused := s.Pause(t.Context(), campaigns.Pause{Campaign: planned[1].Campaign, Source: "operator", At: noon})
			return errors.Join(paused,
				s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.Email, Address: emailOf(t, s, planned[1]), Reason: channels.ReasonOptedOut, At: noon}}),
				s.Consent(t.Context(), noon, []customers.Consent{{Customer: planned[2].Customer, Topic: planned[2].Topic, Channel: planned[2].Channel, At: noon, Source: "preferences"}}))
		}
		ids := make([]int64, len(candidates))
		for n, c := range candidates {
			ids[n] = c.Delivery.ID
		}
		fence, _, err := s.Claim(t.Context(), ids, noon, lease)
		if err == nil {
			_, err = s.Begin(t.Context(), fence, noon, noon, candidates, judge)
		}
		return err
	})
	stopped, refused := seen[planned[1].ID], seen[planned[2].ID]
	if !stopped.Paused || stopped.Suppressed != channels.ReasonOptedOut || stopped.Refused {
		t.Errorf("of a campaign that is paused, to somebody who said stop: %+v", stopped)
	}
	if !refused.Paused || refused.Suppressed != "" || !refused.Refused {
		t.Errorf("of a campaign that is paused, to somebody who said no: %+v", refused)
	}
}

func emailOf(t *testing.T, s *store.Store, d deliveries.Delivery) string {
	t.Helper()
	found, err := s.Load(t.Context(), []string{d.Customer}, noon)
	if err != nil || found[d.Customer] == nil {
		t.Fatalf("read %s: %v", d.Customer, err)
	}
	return found[d.Customer].Email
}

// A pause that was committed after the message was claimed is known when it begins.
func TestBeginKnowsWhatWasPausedMeanwhile(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 2, nil)
		fence, claimed := claim(t, s)
		paused := func() (all []bool) {
			begin(t, s, fence, claimed, func(_ deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
				all = append(all, p.Paused)
				return deliveries.Verdict{Go: len(all) == 2}
			})
			return all
		}
		if _, err := s.Pause(t.Context(), campaigns.Pause{Campaign: planned[0].Campaign, Source: "operator", At: noon}); err != nil {
			t.Fatal(err)
		}
		same(t, "paused", paused(), []bool{true, true})
	})
}
