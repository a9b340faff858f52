package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

// answerTo is a direct message to a customer.
func answerTo(customer, about, key string, caseID int64) deliveries.Delivery {
	return deliveries.Delivery{
		Customer: customer, Channel: channels.SMS, Template: about, Step: key, Case: caseID, Priority: 100, Ambiguous: deliveries.Hold,
		DueAt: noon, PlannedAt: noon, ExpiresAt: noon.Add(time.Hour),
		Vars: map[string]any{"from": "+493012345678"}, Content: &channels.Content{SMS: &channels.SMSContent{Text: "Hello"}},
	}
}

// repliedLine is what the timeline tells of an agent's reply.
func repliedLine(customer, key string) customers.Event {
	return customers.Event{Customer: customer, Name: customers.CaseReplied, At: noon, ReceivedAt: noon, Key: key, Properties: map[string]any{"by": "bea"}}
}

// timelineOf is the names of what stands on a timeline.
func timelineOf(t *testing.T, s *store.Store, customer string) (names []string) {
	t.Helper()
	events, err := s.Of(t.Context(), customer, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		names = append(names, e.Name)
	}
	return names
}

func opened(t *testing.T, s *store.Store, c customers.Case) int64 {
	t.Helper()
	openCases(t, s, c)
	all := cases(t, s, "", 100)
	for _, found := range all {
		if found.Title == c.Title {
			return found.ID
		}
	}
	t.Fatalf("the case %q is not open", c.Title)
	return 0
}

func TestAReplyIsPlannedOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		id := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "A", Why: "reply", OpenedAt: ago(time.Hour), DueAt: noon})
		d := answerTo("c-1", deliveries.Reply, "reply:1:a", id)
		var fresh atomic.Int32
		together(t, 8, func(int) error { // a button pressed by many hands at once
			_, first, err := s.Replies().Reply(t.Context(), noon, d, repliedLine("c-1", "case:1:a"), nil)
			if first {
				fresh.Add(1)
			}
			return err
		})
		if fresh.Load() != 1 {
			t.Errorf("it was planned %d times", fresh.Load())
		}
		fence, claimed := claim(t, s)
		if len(claimed) != 1 || claimed[0].Case != id || !claimed[0].Direct() || claimed[0].Content.SMS.Text != "Hello" || claimed[0].Vars["from"] != "+493012345678" {
			t.Fatalf("claimed %+v", claimed)
		}
		begin(t, s, fence, claimed, pass(8))
		settle(t, s, fence, deliveries.Outcome{ID: claimed[0].ID, Status: deliveries.Sent, ProviderID: "SM1", Segments: 2, Cost: 8})
		if sent := stored(t, s, claimed[0].ID); sent.Segments != 2 || sent.Cost != 16 {
			t.Errorf("%d segments for %d", sent.Segments, sent.Cost)
		}
		same(t, "timeline", timelineOf(t, s, "c-1"), []string{"case opened", "case replied", "sms sent"})
		c, err := s.Casebook().Case(t.Context(), id)
		if err != nil || c.Waiting || !c.AnsweredAt.Equal(noon) {
			t.Errorf("case %+v, %v", c, err)
		}
	})
}

// Until an answer has left its case tells when it is due.
func TestACaseTellsWhenItsAnswerLeaves(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		id := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "A", Why: "reply", OpenedAt: ago(time.Hour)})
		due := func(want time.Time) {
			t.Helper()
			if c, listed := caseOf(t, s, id), cases(t, s, "", 10)[0]; !c.AnswerDue.Equal(want) || !listed.AnswerDue.Equal(want) {
				t.Errorf("the answer is due at %s, listed at %s, want %s", c.AnswerDue, listed.AnswerDue, want)
			}
		}
		due(time.Time{})
		d := answered(t, s, id, "reply:1")
		due(noon)
		goes(t, s, d.ID)
		due(time.Time{})
	})
}

func TestAReplyNeedsAnOpenCase(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		id := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "A", Why: "reply", OpenedAt: ago(time.Hour)})
		if err := s.Casebook().Close(t.Context(), id, "bea", "done", noon, nil); err != nil {
			t.Fatal(err)
		}
		for number, want := range map[int64]error{id: customers.ErrClosedCase, id + 99: customers.ErrUnknownCase} {
			_, _, err := s.Replies().Reply(t.Context(), noon, answerTo("c-1", deliveries.Reply, "reply:x", number), repliedLine("c-1", "x"), nil)
			if !errors.Is(err, want) {
				t.Errorf("case %d: %v, want %v", number, err, want)
			}
		}
		if _, claimed := claim(t, s); len(claimed) != 0 {
			t.Errorf("planned %+v", claimed)
		}
		if _, err := s.Casebook().Case(t.Context(), id+99); !errors.Is(err, customers.ErrUnknownCase) {
			t.Errorf("an unknown case: %v", err)
		}
	})
}

// A customer's further words go on with the case they answer, else with the one
// that is about their words; the clock runs again.
func TestACaseGoesOn(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"}, customers.Customer{ID: "c-2"})
		complaint := opened(t, s, customers.Case{Customer: "c-1", Queue: "recovery", Priority: customers.High, Title: "Unhappy", Why: "low_score", OpenedAt: ago(3 * time.Hour), DueAt: ago(time.Hour)})
		words := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Note: "one", Why: "reply", OpenedAt: ago(2 * time.Hour)})
		if _, _, err := s.Replies().Reply(t.Context(), noon, answerTo("c-1", deliveries.Reply, "reply:1", complaint), repliedLine("c-1", "r"), nil); err != nil {
			t.Fatal(err)
		}
		same(t, "the one that was answered comes last", cases(t, s, "", 10)[1].ID, complaint)

		further := customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Why: "reply", OpenedAt: noon, DueAt: noon.Add(time.Hour)}
		onTheirs, onAnswer, ofOther := further, further, further
		onTheirs.Note, onTheirs.Entry = "two", 7
		onAnswer.Note, onAnswer.ID = "three", complaint
		ofOther.Customer, ofOther.ID, ofOther.Title = "c-2", complaint, "Not theirs"
		openCases(t, s, onTheirs, onAnswer, ofOther)

		all := map[int64]customers.Case{}
		for _, c := range cases(t, s, "", 10) {
			all[c.ID] = c
		}
		if len(all) != 3 {
			t.Fatalf("%d cases are open: %+v", len(all), all)
		}
		if c := all[words]; c.Note != "two" || !c.DueAt.Equal(noon.Add(time.Hour)) {
			t.Errorf("their own: %+v", c)
		}
		if c := all[complaint]; c.Note != "three" || c.Title != "Unhappy" || c.Queue != "recovery" || c.Priority != customers.High || !c.Waiting || !c.DueAt.Equal(noon.Add(time.Hour)) || !c.AnsweredAt.Equal(noon) {
			t.Errorf("the one that was answered: %+v", c)
		}
	})
}

// Words that name no time of their own are due again in as long as the case was
// given, however often its clock has run before.
func TestAClockRunsAgainForAsLong(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		open := customers.Case{Customer: "c-1", Entry: 7, Queue: "recovery", Priority: customers.High, Title: "Unhappy", Why: "low_score", OpenedAt: noon, DueAt: noon.Add(4 * time.Hour)}
		open.ID = opened(t, s, open)
		due := func(want time.Time) {
			t.Helper()
			c, err := s.Casebook().Case(t.Context(), open.ID)
			if err != nil || !c.Waiting || !c.DueAt.Equal(want) || !c.Overdue(want.Add(time.Second)) {
				t.Errorf("case %+v, %v, want it due at %s", c, err, want)
			}
		}
		answers := 0
		answer := func() {
			t.Helper()
			answers++
			key := fmt.Sprintf("reply:%d", answers)
			if _, _, err := s.Replies().Reply(t.Context(), noon, answerTo("c-1", deliveries.Reply, key, open.ID), repliedLine("c-1", key), nil); err != nil {
				t.Fatal(err)
			}
		}
		write := func(at, due time.Time, of customers.Case) {
			t.Helper()
			openCases(t, s, customers.Case{ID: of.ID, Entry: of.Entry, Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Why: "reply", OpenedAt: at, DueAt: due})
		}
		at := noon
		for _, of := range []customers.Case{{ID: open.ID}, {Entry: 7}} { // by the delivery it answers, by its journey
			for range 2 {
				at = at.Add(3 * time.Hour)
				answer()
				write(at, time.Time{}, of)
				due(at.Add(4 * time.Hour))
				write(at.Add(time.Hour), time.Time{}, of) // who waits already waits on
				due(at.Add(4 * time.Hour))
			}
		}
		write(at, at.Add(time.Hour), customers.Case{ID: open.ID}) // a sooner time
		due(at.Add(time.Hour))
		answer()
		write(at.Add(5*time.Hour), time.Time{}, customers.Case{ID: open.ID})
		due(at.Add(6 * time.Hour))
	})
}

// A case without a clock gets none by being answered.
func TestACaseWithoutAClockKeepsNone(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		words := customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Why: "reply", OpenedAt: noon}
		id := opened(t, s, words)
		if _, _, err := s.Replies().Reply(t.Context(), noon, answerTo("c-1", deliveries.Reply, "reply:1", id), repliedLine("c-1", "r"), nil); err != nil {
			t.Fatal(err)
		}
		words.OpenedAt = noon.Add(time.Hour)
		openCases(t, s, words)
		if c, err := s.Casebook().Case(t.Context(), id); err != nil || !c.Waiting || !c.DueAt.IsZero() {
			t.Errorf("case %+v, %v", c, err)
		}
	})
}

// The usual time is for cases that nothing gives a time: a clock of their own goes on.
func TestTheUsualTimeStartsAClockWhereThereIsNone(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"}, customers.Customer{ID: "c-2"}, customers.Customer{ID: "c-3"})
		words := func(of customers.Case, at time.Time) int64 {
			t.Helper()
			of.Queue, of.Priority, of.Why, of.OpenedAt, of.UsualDueAt = "support", customers.Normal, customers.WhyReply, at, at.Add(4*time.Hour)
			openCases(t, s, of)
			all, err := s.Casebook().Of(t.Context(), of.Customer, 1)
			if err != nil {
				t.Fatal(err)
			}
			return all[0].ID
		}
		due := func(what string, id int64, want time.Time) {
			t.Helper()
			if c := caseOf(t, s, id); !c.DueAt.Equal(want) {
				t.Errorf("%s: due %s, want %s", what, c.DueAt, want)
			}
		}
		stepped := opened(t, s, customers.Case{Customer: "c-2", Entry: 8, Queue: "support", Priority: customers.Low, Title: "Look", Why: "step", OpenedAt: noon})
		due("a case of their own", words(customers.Case{Customer: "c-3"}, noon), noon.Add(4*time.Hour))
		due("a step's without a clock", stepped, time.Time{})
		words(customers.Case{Customer: "c-2", Entry: 8}, noon.Add(time.Hour))
		due("a step's without a clock", stepped, noon.Add(5*time.Hour))

		scored := opened(t, s, customers.Case{Customer: "c-1", Entry: 7, Queue: "recovery", Priority: customers.High, Title: "Unhappy", Why: "low_score", OpenedAt: noon, DueAt: noon.Add(9 * time.Hour)})
		for _, of := range []customers.Case{{Customer: "c-1", ID: scored}, {Customer: "c-1", Entry: 7}} {
			words(of, noon.Add(time.Hour))
			due("a clock that runs", scored, noon.Add(9*time.Hour))
		}
		if _, _, err := s.Replies().Reply(t.Context(), noon, answerTo("c-1", deliveries.Reply, "reply:1", scored), repliedLine("c-1", "r"), nil); err != nil {
			t.Fatal(err)
		}
		words(customers.Case{Customer: "c-1", ID: scored}, noon.Add(2*time.Hour))
		due("a clock that stood", scored, noon.Add(11*time.Hour))
	})
}

// Who has not read the latest words, of the customer or of another agent, neither
// answers nor closes; what else stands on the timeline is no words.
func TestWhoHasNotReadTheLatestDecidesNothing(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		id := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "A", Why: "low_score", OpenedAt: noon})
		said := func() *int64 {
			t.Helper()
			last := caseOf(t, s, id).Said
			same(t, "in the list", cases(t, s, "", 10)[0].Said, last)
			return &last
		}
		reply := func(key string, seen *int64) error {
			d := answerTo("c-1", deliveries.Reply, key, id)
			_, _, err := s.Replies().Reply(t.Context(), noon, d, repliedLine("c-1", "case:"+key), seen)
			return err
		}
		refused := func(seen *int64) {
			t.Helper()
			told := timelineOf(t, s, "c-1")
			if err := reply("late", seen); !errors.Is(err, customers.ErrMoreSaid) {
				t.Errorf("answered: %v", err)
			}
			if err := s.Casebook().Close(t.Context(), id, "kim", "done", noon, seen); !errors.Is(err, customers.ErrMoreSaid) {
				t.Errorf("closed: %v", err)
			}
			if c := caseOf(t, s, id); !c.ClosedAt.IsZero() {
				t.Errorf("case %+v", c)
			}
			same(t, "timeline", timelineOf(t, s, "c-1"), told)
		}
		nothing := said()
		for n, name := range []string{"sms replied", "email replied", "call answered"} {
			before := said()
			words := customers.Event{Customer: "c-1", Name: name, At: noon, ReceivedAt: noon, Key: fmt.Sprintf("k%d", n)}
			respond(t, s, campaigns.Response{Event: words})
			refused(before)
		}
		refused(nothing)
		before := said()
		if err := reply("first", before); err != nil {
			t.Fatal(err)
		}
		refused(before)
		if err := reply("first", before); err != nil { // pressed twice
			t.Error(err)
		}
		before = said()
		lose[deliveries.Failed](t, s, 1)
		respond(t, s, campaigns.Response{Event: customers.Event{Customer: "c-1", Name: "sms delivered", At: noon, ReceivedAt: noon, Key: "d"}})
		for range 2 { // it is closed by then
			if err := s.Casebook().Close(t.Context(), id, "kim", "done", noon, before); err != nil {
				t.Error(err)
			}
			before = nothing
		}
	})
}

// lose takes an answer to where it did not arrive.
var lose = map[deliveries.Status]func(t *testing.T, s *store.Store, id int64){
	deliveries.Skipped: func(t *testing.T, s *store.Store, _ int64) {
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
			return deliveries.Verdict{Reason: deliveries.Suppressed}
		})
	},
	deliveries.Failed: func(t *testing.T, s *store.Store, id int64) {
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		settle(t, s, fence, deliveries.Outcome{ID: id, Status: deliveries.Failed, Reason: channels.ReasonRejected})
	},
	deliveries.Unconfirmed: func(t *testing.T, s *store.Store, id int64) {
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		settle(t, s, fence, deliveries.Outcome{ID: id, Status: deliveries.Unconfirmed})
		if c := caseOf(t, s, stored(t, s, id).Case); c.Waiting {
			t.Errorf("in doubt it waits: %+v", c)
		}
		if err := s.Resolve(t.Context(), noon, []deliveries.Finding{{ID: id, Status: deliveries.Failed}}); err != nil {
			t.Fatal(err)
		}
	},
	deliveries.Expired: func(t *testing.T, s *store.Store, id int64) {
		goes(t, s, id)
		for range 2 {
			advance(t, s, deliveries.Progress{ID: id, Status: deliveries.Expired, ProviderID: "SM1", At: noon})
		}
	},
	deliveries.Bounced: func(t *testing.T, s *store.Store, id int64) {
		goes(t, s, id)
		report := campaigns.Response{
			Event:    lineOf(stored(t, s, id), "sms bounced", "b"),
			Progress: &deliveries.Progress{ID: id, Status: deliveries.Bounced, Reason: "30003", ProviderID: "SM1", At: noon},
		}
		respond(t, s, report, report)
	},
}

func goes(t *testing.T, s *store.Store, id int64) {
	t.Helper()
	fence, claimed := claim(t, s)
	begin(t, s, fence, claimed, pass(0))
	settle(t, s, fence, deliveries.Outcome{ID: id, Status: deliveries.Sent, ProviderID: "SM1"})
}

func caseOf(t *testing.T, s *store.Store, id int64) customers.Case {
	t.Helper()
	c, err := s.Casebook().Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answered(t *testing.T, s *store.Store, id int64, key string) deliveries.Delivery {
	t.Helper()
	d, _, err := s.Replies().Reply(t.Context(), noon, answerTo("c-1", deliveries.Reply, key, id), repliedLine("c-1", key), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A customer whose answer did not arrive waits, since they wrote; that is said once.
func TestAnAnswerThatDoesNotArriveLeavesTheCustomerWaiting(t *testing.T) {
	why := map[deliveries.Status]string{
		deliveries.Skipped:     "the address is blocked after an opt-out, a bounce or a complaint",
		deliveries.Failed:      "the provider did not accept the message",
		deliveries.Unconfirmed: "nobody knows whether it was sent, and an operator took it for not sent",
		deliveries.Expired:     "the message was given up before it was handed over",
		deliveries.Bounced:     "30003",
	}
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		for _, status := range slices.Sorted(maps.Keys(lose)) {
			id := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: string(status), Note: "Where is it?", Why: "complaint", OpenedAt: ago(time.Hour), DueAt: noon})
			d := answered(t, s, id, "reply:"+string(status))
			lose[status](t, s, d.ID)
			c := caseOf(t, s, id)
			if !c.Waiting || !c.Overdue(noon.Add(time.Minute)) || c.Note != "The answer did not arrive: "+why[status] {
				t.Errorf("%s: %+v", status, c)
			}
			told := timelineOf(t, s, "c-1")
			same(t, string(status), told[len(told)-1], "case updated")

			answered(t, s, id, "again:"+string(status))
			before := stored(t, s, d.ID)
			advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Bounced, ProviderID: before.ProviderID, At: noon})
			if c := caseOf(t, s, id); c.Waiting {
				t.Errorf("%s: a further report undoes another answer: %+v", status, c)
			}
			lose[deliveries.Skipped](t, s, 0) // the other answer, out of the way of the next case
		}
		if all := cases(t, s, "", 10); len(all) != len(lose) {
			t.Errorf("%d cases are open", len(all))
		}
	})
}

// What the customer wrote meanwhile is not hidden by what became of an answer.
func TestALostAnswerHidesNoNewerWords(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		words := customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Why: "reply", OpenedAt: noon}
		id := opened(t, s, words)
		d := answered(t, s, id, "reply:1")
		words.Note = "Still nothing!"
		openCases(t, s, words)
		lose[deliveries.Failed](t, s, d.ID)
		if c := caseOf(t, s, id); !c.Waiting || c.Note != "Still nothing!" {
			t.Errorf("case %+v", c)
		}
	})
}

// What a later answer has settled is not opened by the end of an earlier one.
func TestALostAnswerIsNoneWhereALaterOneIsUnderWay(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		id := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Why: "reply", OpenedAt: noon})
		d := answered(t, s, id, "reply:1")
		answered(t, s, id, "reply:2")
		lose[deliveries.Failed](t, s, d.ID)
		if c := caseOf(t, s, id); c.Waiting {
			t.Errorf("case %+v", c)
		}
		if _, _, err := s.Replies().Reply(t.Context(), noon, answerTo("c-1", deliveries.Reply, "reply:1", id), repliedLine("c-1", "reply:1"), nil); !errors.Is(err, customers.ErrLostReply) {
			t.Errorf("the same words again: %v", err)
		}
	})
}

// Nor does it hide what the customer wrote in another case since.
func TestALostAnswerToAClosedCaseHidesNoNewerWords(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		words := customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Why: "reply", OpenedAt: noon}
		id := opened(t, s, words)
		d := answered(t, s, id, "reply:1")
		if err := s.Casebook().Close(t.Context(), id, "bea", "done", noon, nil); err != nil {
			t.Fatal(err)
		}
		words.Note = "Where is my refund?"
		next := opened(t, s, words)
		lose[deliveries.Failed](t, s, d.ID)
		if open := cases(t, s, "", 10); len(open) != 1 || open[0].ID != next || open[0].Note != "Where is my refund?" || !open[0].Waiting {
			t.Errorf("open: %+v", open)
		}
	})
}

// A case that was closed after an answer that did not arrive is opened anew, once,
// and has as long as the first. Nobody waits who was erased.
func TestALostAnswerToAClosedCaseOpensAnother(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		s.ErasureKeys = [][]byte{[]byte("a key of some length")}
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		first := customers.Case{Customer: "c-1", Entry: 7, Queue: "recovery", Priority: customers.High, Title: "Unhappy", Why: "low_score", OpenedAt: ago(3 * time.Hour), DueAt: noon}
		id := opened(t, s, first)
		d := answered(t, s, id, "reply:1")
		if err := s.Casebook().Close(t.Context(), id, "bea", "done", noon, nil); err != nil {
			t.Fatal(err)
		}
		lose[deliveries.Expired](t, s, d.ID)
		advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Bounced, ProviderID: "SM1", At: noon})
		open := cases(t, s, "", 10)
		if len(open) != 1 {
			t.Fatalf("open: %+v", open)
		}
		want := first
		want.ID, want.Said, want.Note, want.Why, want.Waiting = open[0].ID, open[0].Said, "The answer did not arrive: the message was given up before it was handed over", customers.WhyReply, true
		want.OpenedAt, want.DueAt = noon, noon.Add(3*time.Hour)
		same(t, "the other", open[0], want)
		same(t, "on the customer", loaded(t, s, "c-1").Cases.Open, int64(1))
		if c := caseOf(t, s, id); c.ClosedAt.IsZero() || c.Done != "done" {
			t.Errorf("the closed one: %+v", c)
		}

		d = answered(t, s, open[0].ID, "reply:2")
		goes(t, s, d.ID)
		if _, err := s.Erase(t.Context(), "c-1", customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		advance(t, s, deliveries.Progress{ID: d.ID, Status: deliveries.Failed, ProviderID: "SM1", At: noon})
		if open := cases(t, s, "", 10); len(open) != 0 {
			t.Errorf("of somebody erased: %+v", open)
		}
	})
}

func TestAutomaticAnswersAreOneADay(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		n := 0
		ask := func(about string, at time.Time) {
			n++
			d := answerTo("c-1", about, about+":"+at.String()+string(rune('a'+n)), 0)
			d.PlannedAt = at
			line := customers.Event{Customer: "c-1", Name: "sms replied", At: at, ReceivedAt: at, Key: "k" + string(rune('a'+n))}
			if err := s.Responses().Apply(t.Context(), at, []campaigns.Response{{Event: line, Reply: &d}, {Event: line, Reply: &d}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			about string
			after time.Duration
			want  int
		}{
			{deliveries.Help, 0, 1}, {deliveries.Help, time.Hour, 1}, {deliveries.Stopped, time.Hour, 2}, {deliveries.Help, 23 * time.Hour, 2}, {deliveries.Help, 25 * time.Hour, 3},
		} {
			ask(step.about, noon.Add(step.after))
			found, err := s.Lookup(t.Context(), []deliveries.Ref{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4}})
			if err != nil {
				t.Fatal(err)
			}
			planned := 0
			for _, d := range found {
				if d.ID != 0 {
					planned++
				}
			}
			if planned != step.want {
				t.Errorf("%s after %s: %d are planned, want %d", step.about, step.after, planned, step.want)
			}
		}
	})
}

// Whoever asks for help again the same day has not found it in the answer: a person
// reads it.
func TestASecondCallForHelpOpensACase(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678"})
		for n, want := range []int{0, 1, 1} {
			at, key := noon.Add(time.Duration(n)*time.Hour), fmt.Sprintf("help:%d", n)
			d := answerTo("c-1", deliveries.Help, key, 0)
			d.PlannedAt = at
			read := customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Note: key, Why: customers.WhyReply, OpenedAt: at}
			line := customers.Event{Customer: "c-1", Name: "sms replied", At: at, ReceivedAt: at, Key: key}
			respond(t, s, campaigns.Response{Event: line, Reply: &d, Unanswered: &read})
			open := cases(t, s, "", 10)
			if len(open) != want || want > 0 && open[0].Note != key {
				t.Errorf("HELP number %d: %+v", n+1, open)
			}
		}
	})
}

// What was said between the reading and the beginning is known to the judge, for
// the channels of the address.
func TestBeginKnowsWhoSaidStop(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Phone: "+4915112345678", Email: "ada@shop.example"}, customers.Customer{ID: "c-2", Phone: "+4915112345679"})
		id := opened(t, s, customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "A", Why: "reply", OpenedAt: noon})
		other := opened(t, s, customers.Case{Customer: "c-2", Queue: "support", Priority: customers.Normal, Title: "B", Why: "reply", OpenedAt: noon})
		byMail := answerTo("c-1", deliveries.Reply, "reply:2", id)
		byMail.Channel = channels.Email
		for _, d := range []deliveries.Delivery{answerTo("c-1", deliveries.Reply, "reply:1", id), byMail, answerTo("c-2", deliveries.Reply, "reply:3", other)} {
			if _, _, err := s.Replies().Reply(t.Context(), noon, d, repliedLine(d.Customer, d.Step), nil); err != nil {
				t.Fatal(err)
			}
		}
		fence, claimed := claim(t, s)
		err := s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.SMS, Address: "+4915112345678", Reason: "opted_out", At: noon}})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		begin(t, s, fence, claimed, func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			seen[d.Step] = p.Suppressed
			return deliveries.Verdict{Go: true}
		})
		same(t, "suppressed", seen, map[string]string{"reply:1": "opted_out", "reply:2": "", "reply:3": ""})
	})
}

// A customer answers what people or campaigns said, not what a machine confirmed.
func TestNobodyAnswersAnAutomaticMessage(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		asked := sent(t, s, 1, func(_ int, d *deliveries.Delivery) { d.Channel = channels.SMS })[0]
		d := answerTo(asked.Customer, deliveries.Help, "help:1", 0)
		line := customers.Event{Customer: asked.Customer, Name: "sms replied", At: noon, ReceivedAt: noon, Key: "k"}
		respond(t, s, campaigns.Response{Event: line, Reply: &d})
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		settle(t, s, fence, deliveries.Outcome{ID: claimed[0].ID, Status: deliveries.Sent, ProviderID: "SM9"})
		latest, err := s.Latest(t.Context(), channels.SMS, []string{asked.Customer}, 9)
		if err != nil || len(latest[asked.Customer]) != 1 || latest[asked.Customer][0].ID != asked.ID {
			t.Errorf("a reply answers %+v, %v", latest, err)
		}
	})
}
