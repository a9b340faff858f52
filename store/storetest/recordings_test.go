package storetest

import (
	"errors"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/recordings"
	"rapport/store"
)

func taped(name string, at time.Time) recordings.Recording {
	return recordings.Recording{
		ProviderID: name, Call: "CA1", Customer: "c-1", Campaign: "after-delivery", Entry: 7, Delivery: 3,
		Kind: recordings.Answer, Question: "comment", At: at, State: recordings.Waiting, DueAt: noon,
	}
}

func dueTapes(t *testing.T, s *store.Store, now time.Time) []recordings.Recording {
	t.Helper()
	all, err := s.Recordings().Due(t.Context(), now, time.Minute, 10)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestARecordingIsFetchedByOne(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		book := s.Recordings()
		first, again := taped("RE1", ago(time.Hour)), taped("RE1", ago(time.Hour))
		again.Lasted = 4 * time.Second // a second word of it knows its length
		if err := book.Add(t.Context(), []recordings.Recording{first, again, taped("RE2", noon)}); err != nil {
			t.Fatal(err)
		}
		if pending, err := book.Pending(t.Context(), noon.Add(-time.Second), noon, true); err != nil || pending {
			t.Errorf("before its time: %v, %v", pending, err)
		}
		if pending, err := book.Pending(t.Context(), noon, noon, true); err != nil || !pending {
			t.Errorf("in its time: %v, %v", pending, err)
		}
		mine := dueTapes(t, s, noon)
		if len(mine) != 2 || mine[0].ProviderID != "RE1" || mine[0].Lasted != 4*time.Second || mine[0].Attempts != 1 {
			t.Fatalf("got %+v", mine)
		}
		if others := dueTapes(t, s, noon.Add(time.Second)); len(others) > 0 {
			t.Errorf("another takes %+v", others)
		}
		if late := dueTapes(t, s, noon.Add(time.Minute)); len(late) != 2 || late[0].Attempts != 2 {
			t.Errorf("after the lease: %+v", late)
		}
		kept := mine[0]
		kept.State, kept.DueAt, kept.Media, kept.Size = recordings.Kept, time.Time{}, "audio/x-wav", 1000
		if err := book.Settle(t.Context(), kept); err != nil {
			t.Fatal(err)
		}
		got, err := book.Recording(t.Context(), kept.ID)
		same(t, "kept", got, kept)
		if _, unknown := book.Recording(t.Context(), 99); err != nil || !errors.Is(unknown, recordings.ErrUnknown) {
			t.Error(err, unknown)
		}
		old, err := book.KeptBefore(t.Context(), ago(time.Minute), 10)
		if err != nil || len(old) != 1 || old[0].ID != kept.ID {
			t.Errorf("old ones: %+v, %v", old, err)
		}
		if pending, err := book.Pending(t.Context(), noon, ago(time.Minute), true); err != nil || !pending {
			t.Errorf("an old one is to be deleted: %v, %v", pending, err)
		}
	})
}

// What cannot be deleted rests, and what is younger has its turn.
func TestAnOldRecordingIsDeletedByOne(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		book := s.Recordings()
		for i, name := range []string{"RE1", "RE2", "RE3"} {
			one := taped(name, ago(time.Duration(3-i)*time.Hour))
			one.State, one.DueAt = recordings.Kept, time.Time{}
			if err := book.Add(t.Context(), []recordings.Recording{one}); err != nil {
				t.Fatal(err)
			}
		}
		old := func(now time.Time) (names []string) {
			t.Helper()
			all, err := book.LeaseOld(t.Context(), now, ago(90*time.Minute), time.Minute, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range all {
				names = append(names, r.ProviderID)
				if r.ProviderID == "RE2" {
					r.State = recordings.Deleted
					if err := book.Settle(t.Context(), r); err != nil {
						t.Fatal(err)
					}
				}
			}
			return names
		}
		same(t, "the oldest, in vain", old(noon), []string{"RE1"})
		same(t, "the next", old(noon), []string{"RE2"})
		same(t, "none but those", old(noon), nil)
		for now, want := range map[time.Time]bool{noon: false, noon.Add(time.Minute): true} {
			if pending, err := book.Pending(t.Context(), now, ago(90*time.Minute), true); err != nil || pending != want {
				t.Errorf("something is to be done at %s: %v, %v", now, pending, err)
			}
		}
		same(t, "the oldest again", old(noon.Add(time.Minute)), []string{"RE1"})
	})
}

func TestRecordingsAreFoundByCustomerAndCase(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1"})
		unhappy := customers.Case{Customer: "c-1", Entry: 7, Queue: "recovery", Priority: customers.High, Title: "Unhappy", Why: "low_score", OpenedAt: noon}
		alone := customers.Case{Customer: "c-1", Queue: "recovery", Priority: customers.Low, Title: "By hand", Why: "step", OpenedAt: noon}
		openCases(t, s, unhappy, alone)
		open := cases(t, s, "recovery", 10)
		agents := taped("RE2", noon) // an agent's own call, which no delivery placed
		agents.Entry, agents.Delivery, agents.Campaign, agents.Case, agents.Kind = 0, 0, "", open[1].ID, recordings.Conversation
		both := taped("RE3", ago(2*time.Hour)) // of the journey, and names its case: it is listed once
		both.Case = open[0].ID
		if err := s.Recordings().Add(t.Context(), []recordings.Recording{both, taped("RE1", ago(time.Hour)), agents}); err != nil {
			t.Fatal(err)
		}
		all, err := s.Recordings().OfCustomer(t.Context(), "c-1")
		if err != nil || len(all) != 3 || all[0].ProviderID != "RE2" {
			t.Errorf("of the customer: %+v, %v", all, err)
		}
		of, err := s.Recordings().OfCases(t.Context(), []int64{open[0].ID, open[1].ID, 99})
		if err != nil || len(of) != 2 {
			t.Fatalf("of the cases: %+v, %v", of, err)
		}
		for id, want := range map[int64][]string{open[0].ID: {"RE1", "RE3"}, open[1].ID: {"RE2"}} {
			var got []string
			for _, r := range of[id] {
				got = append(got, r.ProviderID)
			}
			same(t, "of a case", got, want)
		}
	})
}

// The words of a recorded answer follow the recording and overwrite nothing.
func TestAnAnswerGetsItsWordsLater(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		say := func(key, ask, text string, score *float64) {
			t.Helper()
			said := answer(d, ask, campaigns.Text, 0, noon)
			said.Score, said.Text = score, text
			respond(t, s, campaigns.Response{Event: lineOf(d, "call answered", key), Answer: said})
		}
		five := 5.0
		say("1", "comment", "", nil)
		say("2", "comment", "It was late.", nil)
		say("3", "comment", "Something else.", nil)
		say("4", "price", "", &five)
		say("5", "price", "Dear.", nil)
		got := map[string]string{}
		for _, a := range travellers(t, s, d.Entry)[0].Answers {
			got[a.Ask] = a.Text
		}
		same(t, "answers", got, map[string]string{"comment": "It was late.", "price": ""})
	})
}
