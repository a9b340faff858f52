package storetest

import (
	"fmt"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

// doubtful makes n customers of whom nobody knows whether an e-mail reached
// them.
func doubtful(t *testing.T, s *store.Store, n int, policy deliveries.Ambiguous) []deliveries.Delivery {
	t.Helper()
	planned := plan(t, s, n, func(_ int, d *deliveries.Delivery) { d.Ambiguous = policy })
	fence, claimed := claim(t, s)
	begin(t, s, fence, claimed, pass(8))
	for _, d := range claimed {
		settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Unconfirmed, Reason: "no_answer_from_provider"})
	}
	return planned
}

func inDoubt(t *testing.T, s *store.Store, before time.Time) []int64 {
	t.Helper()
	all, err := s.Unconfirmed(t.Context(), before, 100)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, len(all))
	for i, d := range all {
		ids[i] = d.ID
	}
	return ids
}

func resolve(t *testing.T, s *store.Store, now time.Time, findings ...deliveries.Finding) {
	t.Helper()
	if err := s.Resolve(t.Context(), now, findings); err != nil {
		t.Fatal(err)
	}
}

func TestUnconfirmedIsLookedAtInTurns(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 2, deliveries.Hold)
		same(t, "too early", inDoubt(t, s, noon), []int64{})
		later := noon.Add(time.Minute)
		same(t, "in doubt", inDoubt(t, s, later), []int64{d[0].ID, d[1].ID})
		resolve(t, s, later, deliveries.Finding{ID: d[0].ID, Status: deliveries.Unconfirmed})
		same(t, "after a look at one", inDoubt(t, s, later), []int64{d[1].ID})
		same(t, "the next turn", inDoubt(t, s, later.Add(time.Minute)), []int64{d[1].ID, d[0].ID})
	})
}

// A provider is not asked every few minutes for ever after what it has never seen.
func TestOldDoubtsAreLookedAtSeldomer(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 1, deliveries.Hold)[0]
		looked := noon.Add(time.Hour)
		resolve(t, s, looked, deliveries.Finding{ID: d.ID, Status: deliveries.Unconfirmed})
		same(t, "before a quarter of an hour is over", inDoubt(t, s, looked.Add(15*time.Minute)), []int64{})
		same(t, "after it", inDoubt(t, s, looked.Add(15*time.Minute+time.Millisecond)), []int64{d.ID})
	})
}

func TestFoundMessagesAreSent(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 1, deliveries.Hold)[0]
		later := noon.Add(time.Minute)
		resolve(t, s, later, deliveries.Finding{ID: d.ID, Status: deliveries.Sent, ProviderID: "m1"})
		found := stored(t, s, d.ID)
		if found.Status != deliveries.Sent || found.ProviderID != "m1" || !found.TakenAt.Equal(noon) || found.Cost != 8 {
			t.Errorf("found: %+v", found)
		}
		same(t, "timeline", names(t, s, d.Customer), []string{"email unconfirmed", "email sent"})
		resolve(t, s, later, deliveries.Finding{ID: d.ID, Status: deliveries.Planned, DueAt: later})
		if again := stored(t, s, d.ID); again.Status != deliveries.Sent {
			t.Errorf("what was found is %s again", again.Status)
		}
	})
}

func TestHoldNeverPlansASecondCopy(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 1, deliveries.Hold)[0]
		resolve(t, s, noon, deliveries.Finding{ID: d.ID, Status: deliveries.Planned, DueAt: noon})
		if held := stored(t, s, d.ID); held.Status != deliveries.Unconfirmed || held.Resent {
			t.Errorf("under hold: %+v", held)
		}
	})
}

// The resend policy allows one more copy, flagged, even after the journey has
// ended, and keeps what the first one took.
func TestResendPlansOneMoreCopy(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 1, deliveries.Resend)[0]
		end := journeyOf(t, s, d.Entry)
		end.Entry.State, end.Entry.EndedAt, end.Entry.Why = "finished", noon, "finished"
		apply(t, s, end)
		plan := deliveries.Finding{ID: d.ID, Status: deliveries.Planned, DueAt: noon}
		resolve(t, s, noon, plan)
		again := stored(t, s, d.ID)
		if again.Status != deliveries.Planned || !again.Resent || !again.TakenAt.Equal(noon) {
			t.Fatalf("the resend: %+v", again)
		}
		fence, claimed := claim(t, s)
		later := noon.Add(time.Minute)
		var contacts []deliveries.Contact
		verdicts := beginAt(t, s, fence, later, claimed, func(_ deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			contacts = p.Contacts
			return deliveries.Verdict{Go: true, Cost: 8}
		})
		if !verdicts[0].Go || len(contacts) != 0 {
			t.Errorf("the second copy: %+v under %v", verdicts[0], contacts)
		}
		settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Unconfirmed})
		resolve(t, s, later, plan)
		if third := stored(t, s, d.ID); third.Status != deliveries.Unconfirmed || third.Attempts != 2 || third.Cost != 16 {
			t.Errorf("after the second copy: %+v", third)
		}
	})
}

func TestEvidenceTakesAResendBack(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 1, deliveries.Resend)[0]
		resolve(t, s, noon, deliveries.Finding{ID: d.ID, Status: deliveries.Planned, DueAt: noon})
		fence, claimed := claim(t, s)
		if err := s.Advance(t.Context(), noon, []deliveries.Progress{{ID: d.ID, Status: deliveries.Delivered, At: noon}}); err != nil {
			t.Fatal(err)
		}
		if verdicts := begin(t, s, fence, claimed, pass(0)); verdicts[0].Go {
			t.Error("a second copy of a delivered message was let go")
		}
		if now := stored(t, s, d.ID); now.Status != deliveries.Delivered {
			t.Errorf("the delivered message is %s", now.Status)
		}
	})
}

func TestASendWhoseWorkerDiedIsInDoubt(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.Call })
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		if _, _, err := s.Reclaim(t.Context(), noon.Add(lease)); err != nil {
			t.Fatal(err)
		}
		same(t, "in doubt", inDoubt(t, s, noon.Add(2*lease)), []int64{claimed[0].ID})
	})
}

func TestAPersonSeesEveryDoubtOfACampaign(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 2, deliveries.Hold)
		later := noon.Add(time.Minute)
		resolve(t, s, later, deliveries.Finding{ID: d[0].ID, Status: deliveries.Unconfirmed}) // looked at just now
		for campaign, want := range map[string]int{"": 2, d[0].Campaign: 2, "another": 0} {
			seen, err := s.Doubtful(t.Context(), later, campaign, 10)
			if err != nil || len(seen) != want {
				t.Errorf("of %q: %d doubts, %v; %d were meant", campaign, len(seen), err, want)
			}
		}
		resolve(t, s, later, deliveries.Finding{ID: d[0].ID, Status: deliveries.Planned, DueAt: later, ByHand: true})
		if seen, err := s.Doubtful(t.Context(), later, "", 10); err != nil || len(seen) != 1 {
			t.Errorf("one is sent again by hand: %v, %v", seen, err)
		}
	})
}

// Nothing can be learned of a notification whose two copies are in doubt and whose
// browser is silent: it is held, until a person or its browser speaks.
func TestOnlyAPersonAsksForAThirdCopy(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := doubtful(t, s, 1, deliveries.Resend)[0]
		later := noon.Add(time.Minute)
		plan := deliveries.Finding{ID: d.ID, Status: deliveries.Planned, DueAt: noon}
		for copies := 2; ; copies++ {
			resolve(t, s, later, plan)
			fence, claimed := claim(t, s)
			if copies == 3 && len(claimed) > 0 {
				t.Fatal("the policy sent a third copy")
			}
			if len(claimed) == 0 {
				break
			}
			begin(t, s, fence, claimed, pass(0))
			settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Unconfirmed})
		}
		plan.ByHand = true
		resolve(t, s, later, plan)
		fence, claimed := claim(t, s)
		if verdicts := begin(t, s, fence, claimed, pass(0)); len(verdicts) != 1 || !verdicts[0].Go {
			t.Fatalf("by a person's word: %+v", verdicts)
		}
		settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Unconfirmed})
		if err := s.Advance(t.Context(), later, []deliveries.Progress{{ID: d.ID, Status: deliveries.Delivered, At: later}}); err != nil {
			t.Fatal(err)
		}
		if now := stored(t, s, d.ID); now.Status != deliveries.Delivered || now.Attempts != 3 {
			t.Errorf("its browser has shown it, and it is %s after %d attempts", now.Status, now.Attempts)
		}
	})
}

// A provider's message may be another's that began late enough, on the same channel,
// to the same customer or number, and whose own is not known.
func TestOthersWithoutAProvidersNameAreTold(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		others := deliveries.Unnamed{Any: true}
		cases := []struct {
			name   string
			ch     channels.Channel
			alone  bool // with its number
			status deliveries.Status
			since  time.Duration // after it began
			want   deliveries.Unnamed
		}{
			{name: "in doubt", status: deliveries.Unconfirmed, want: others},
			{name: "being sent", status: deliveries.Sending, want: deliveries.Unnamed{Any: true, Sending: true}},
			{name: "sent", status: deliveries.Sent},
			{name: "sent, as a click shows", status: deliveries.Clicked, want: others},
			{name: "sent, as a second copy", status: deliveries.Planned, want: others},
			{name: "given up", status: deliveries.Failed, want: others},
			{name: "by another channel", ch: channels.Call, status: deliveries.Unconfirmed},
			{name: "to another number", alone: true, status: deliveries.Unconfirmed},
			{name: "too long ago", since: time.Millisecond, status: deliveries.Unconfirmed},
		}
		// The even ones are in doubt and sought, each with another after it.
		all := plan(t, s, 2*len(cases), func(i int, d *deliveries.Delivery) {
			d.Channel, d.Ambiguous = channels.SMS, deliveries.Resend
			if c := cases[i/2]; i%2 == 1 && c.ch != "" {
				d.Channel = c.ch
			}
		})
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		var sought []deliveries.Sought
		for i, c := range cases {
			one, other := all[2*i], all[2*i+1]
			number := fmt.Sprintf("+4930%07d", 2*i)
			if !c.alone {
				put(t, s, customers.Customer{ID: other.Customer, Phone: number})
			}
			sought = append(sought, deliveries.Sought{ID: one.ID, Customer: one.Customer, Channel: channels.SMS, Address: number, Since: noon.Add(c.since)})
			settle(t, s, fence, deliveries.Outcome{ID: one.ID, Status: deliveries.Unconfirmed})
			if c.status == deliveries.Sent {
				settle(t, s, fence, deliveries.Outcome{ID: other.ID, Status: deliveries.Sent, ProviderID: "SM1"})
			}
			if c.status == deliveries.Sending || c.status == deliveries.Sent {
				continue
			}
			settle(t, s, fence, deliveries.Outcome{ID: other.ID, Status: deliveries.Unconfirmed})
			switch c.status {
			case deliveries.Planned:
				resolve(t, s, noon, deliveries.Finding{ID: other.ID, Status: deliveries.Planned, DueAt: noon})
				second, copies := claim(t, s)
				begin(t, s, second, copies, pass(0))
				settle(t, s, second, deliveries.Outcome{ID: other.ID, Status: deliveries.Sent, ProviderID: "SM2"})
			case deliveries.Failed:
				resolve(t, s, noon, deliveries.Finding{ID: other.ID, Status: deliveries.Failed, ByHand: true})
			case deliveries.Clicked:
				if err := s.Advance(t.Context(), noon, []deliveries.Progress{{ID: other.ID, Status: deliveries.Clicked, At: noon}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		// Whatever the number, two messages to one customer are told apart by nothing.
		sought = append(sought, deliveries.Sought{Customer: all[1].Customer, Channel: channels.SMS, Since: noon})
		beside, err := s.Unnamed(t.Context(), sought)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range cases {
			if got := beside[sought[i].ID]; got != c.want {
				t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			}
		}
		if got := beside[0]; got != others {
			t.Errorf("to one customer: %+v", got)
		}
	})
}
