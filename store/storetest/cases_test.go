package storetest

import (
	"errors"
	"testing"
	"time"

	"rapport/customers"
	"rapport/store"
)

func openCases(t *testing.T, s *store.Store, cases ...customers.Case) {
	t.Helper()
	for _, c := range cases {
		if c.Customer != "" {
			put(t, s, customers.Customer{ID: c.Customer})
		}
	}
	if err := s.Casebook().Open(t.Context(), cases); err != nil {
		t.Fatal(err)
	}
}

func cases(t *testing.T, s *store.Store, queue string, limit int) []customers.Case {
	t.Helper()
	all, err := s.Casebook().Cases(t.Context(), queue, limit)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOneUnhappyCustomerIsOneCase(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1"})
		opened := customers.Case{
			Customer: "c-1", Campaign: "after-delivery", Entry: 7, Queue: "recovery", Priority: customers.High, Title: "Unhappy", Note: "score 1",
			Why: "low_score", OpenedAt: ago(time.Hour), DueAt: noon.Add(4 * time.Hour),
		}
		openCases(t, s, opened)
		openCases(t, s, opened) // a repeated report
		again := opened
		again.Priority, again.Title, again.Note, again.Why = customers.Low, "Complained", "", "complaint"
		again.OpenedAt, again.DueAt = noon, noon.Add(time.Hour)
		openCases(t, s, again)

		open := cases(t, s, "recovery", 10)
		want := again
		want.Priority, want.Note, want.OpenedAt, want.Waiting = customers.High, "score 1", ago(time.Hour), true
		if len(open) == 1 {
			want.ID = open[0].ID
		}
		same(t, "open cases", open, []customers.Case{want})
		same(t, "on the customer", loaded(t, s, "c-1").Cases, customers.CaseTotals{Open: 1, LastAt: ago(time.Hour)})

		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range events {
			names = append(names, e.Name)
		}
		same(t, "timeline", names, []string{"case opened", "case updated"})
	})
}

func TestClosingACase(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1"})
		one := customers.Case{Customer: "c-1", Entry: 7, Queue: "recovery", Priority: customers.Normal, Title: "Unhappy", Note: "asks for a refund", Why: "step", OpenedAt: ago(time.Hour)}
		openCases(t, s, one)
		id := cases(t, s, "", 10)[0].ID
		for _, note := range []string{"", " \n"} {
			if err := s.Casebook().Close(t.Context(), id, "kim", note, noon, nil); !errors.Is(err, customers.ErrNoNote) {
				t.Errorf("closing with the note %q: %v", note, err)
			}
		}
		for range 2 { // the same button pressed twice
			if err := s.Casebook().Close(t.Context(), id, "kim", "called back", noon, nil); err != nil {
				t.Fatal(err)
			}
		}
		for who, note := range map[string]string{"kim": "called again", "ann": "called back"} {
			if err := s.Casebook().Close(t.Context(), id, who, note, noon, nil); !errors.Is(err, customers.ErrClosedCase) {
				t.Errorf("%s closes it with %q: %v", who, note, err)
			}
		}
		closed, err := s.Casebook().Case(t.Context(), id)
		if err != nil || closed.Note != "asks for a refund" || closed.Done != "called back" || closed.Assignee != "kim" {
			t.Errorf("closed is %+v, %v", closed, err)
		}
		if of, err := s.Casebook().Of(t.Context(), "c-1", 1); err != nil || of[0].Done != "called back" {
			t.Errorf("of the customer: %+v, %v", of, err)
		}
		same(t, "open cases", cases(t, s, "", 10), nil)
		same(t, "on the customer", loaded(t, s, "c-1").Cases, customers.CaseTotals{LastAt: ago(time.Hour)})
		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil || len(events) != 2 || events[1].Name != "case closed" || events[1].Properties["by"] != "kim" || events[0].Properties["note"] != "asks for a refund" {
			t.Errorf("timeline %v, %v", events, err)
		}
		openCases(t, s, one) // the entry's case was closed: this is another
		if again := cases(t, s, "", 10); len(again) != 1 || again[0].ID == id {
			t.Errorf("after a new opening: %v", again)
		}
		if err := s.Casebook().Close(t.Context(), 999, "kim", "", noon, nil); !errors.Is(err, customers.ErrUnknownCase) {
			t.Errorf("closing a case nobody knows: %v", err)
		}
	})
}

// What a case was about is what its customer said each time, whatever they say next.
func TestEveryNoteOfACaseStandsOnTheTimeline(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		words := customers.Case{Customer: "c-1", Queue: "support", Priority: customers.Normal, Title: "Reply", Why: customers.WhyReply}
		for n, note := range []string{"Where is it?", "Hello?", ""} {
			words.Note, words.OpenedAt = note, noon.Add(time.Duration(n)*time.Minute)
			openCases(t, s, words)
		}
		events, err := s.Of(t.Context(), "c-1", 10)
		if err != nil {
			t.Fatal(err)
		}
		var notes []any
		for _, e := range events {
			notes = append(notes, e.Properties["note"])
		}
		same(t, "notes", notes, []any{"Where is it?", "Hello?", nil})
	})
}

// A case that is opened again is the same one: its customer waits, for as long as they
// waited at first, and whoever opened it has it.
func TestACaseIsOpenedAgain(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		book := s.Casebook()
		one := customers.Case{Customer: "c-1", Entry: 7, Queue: "recovery", Priority: customers.Normal, Title: "Unhappy", Why: "step", OpenedAt: ago(2 * time.Hour), DueAt: ago(time.Hour)}
		openCases(t, s, one, customers.Case{Campaign: "welcome", Queue: "a", Priority: customers.Low, Title: "A campaign's", Why: "rollout", OpenedAt: ago(time.Hour)})
		reopen := func(id, want int64) {
			t.Helper()
			if got, err := book.Reopen(t.Context(), id, "ann", noon); err != nil || got != want {
				t.Fatalf("case %d is opened again as %d, want %d: %v", id, got, want, err)
			}
		}
		finish := func(id int64, at time.Time) {
			t.Helper()
			if err := book.Close(t.Context(), id, "kim", "called back", at, nil); err != nil {
				t.Fatal(err)
			}
		}
		open := cases(t, s, "", 10)
		for _, c := range open {
			finish(c.ID, noon)
			for range 2 { // pressed twice
				reopen(c.ID, c.ID)
			}
		}
		again := caseOf(t, s, open[0].ID)
		if !again.ClosedAt.IsZero() || !again.Waiting || !again.DueAt.Equal(noon.Add(time.Hour)) || again.Assignee != "ann" || again.Done != "called back" {
			t.Errorf("opened again: %+v", again)
		}
		if c := caseOf(t, s, open[1].ID); !c.ClosedAt.IsZero() || !c.DueAt.IsZero() {
			t.Errorf("a campaign's: %+v", c)
		}
		same(t, "on the customer", loaded(t, s, "c-1").Cases.Open, int64(1))
		finish(again.ID, noon.Add(time.Hour))
		same(t, "timeline", timelineOf(t, s, "c-1"), []string{"case opened", "case closed", "case updated", "case closed"})

		openCases(t, s, one) // the journey's case that is open by now
		reopen(again.ID, cases(t, s, "recovery", 10)[0].ID)
		if _, err := book.Reopen(t.Context(), 999, "ann", noon); !errors.Is(err, customers.ErrUnknownCase) {
			t.Errorf("a case nobody knows: %v", err)
		}
	})
}

func TestACaseIsTaken(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		book := s.Casebook()
		id := opened(t, s, customers.Case{Customer: "c-1", Queue: "a", Priority: customers.Normal, Title: "A", Why: "step", OpenedAt: noon})
		for _, who := range []string{"kim", "ann"} { // who takes it last has it
			if err := book.Take(t.Context(), id, who); err != nil || caseOf(t, s, id).Assignee != who {
				t.Errorf("%s takes it: %v", who, err)
			}
		}
		if err := book.Close(t.Context(), id, "kim", "done", noon, nil); err != nil {
			t.Fatal(err)
		}
		for number, want := range map[int64]error{id: customers.ErrClosedCase, id + 99: customers.ErrUnknownCase} {
			if err := book.Take(t.Context(), number, "ann"); !errors.Is(err, want) {
				t.Errorf("case %d: %v, want %v", number, err, want)
			}
		}
	})
}

// Whoever has a customer before them sees every case there was, and nobody else's.
func TestTheCasesOfACustomer(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		of := func(customer, title string, at time.Time) customers.Case {
			return customers.Case{Customer: customer, Queue: "a", Priority: customers.Normal, Title: title, Why: "step", OpenedAt: at}
		}
		openCases(t, s, of("c-1", "old", ago(time.Hour)), of("c-1", "new", noon), of("c-2", "another's", noon), of("", "a campaign's", noon))
		if err := s.Casebook().Close(t.Context(), cases(t, s, "", 10)[0].ID, "kim", "done", noon, nil); err != nil {
			t.Fatal(err)
		}
		for limit, want := range map[int][]string{10: {"new", "old"}, 1: {"new"}} {
			found, err := s.Casebook().Of(t.Context(), "c-1", limit)
			if err != nil {
				t.Fatal(err)
			}
			var titles []string
			for _, c := range found {
				titles = append(titles, c.Title)
			}
			same(t, "titles", titles, want)
		}
	})
}

func TestCasesStandInOrderOfPressure(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		add := func(title, queue string, p customers.Priority, due time.Time) customers.Case {
			return customers.Case{Customer: "c-1", Queue: queue, Priority: p, Title: title, Why: "step", OpenedAt: noon, DueAt: due}
		}
		openCases(t, s, add("low", "a", customers.Low, ago(time.Hour)), add("no clock", "a", customers.High, time.Time{}),
			add("later", "b", customers.High, noon.Add(2*time.Hour)), add("sooner", "a", customers.High, noon), add("urgent", "b", customers.Urgent, time.Time{}))
		titles := func(all []customers.Case) (titles []string) {
			for _, c := range all {
				titles = append(titles, c.Title)
			}
			return titles
		}
		same(t, "all", titles(cases(t, s, "", 10)), []string{"urgent", "sooner", "later", "no clock", "low"})
		same(t, "one queue", titles(cases(t, s, "a", 2)), []string{"sooner", "no clock"})
	})
}
