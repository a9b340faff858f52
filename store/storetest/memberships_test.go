package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/store"
)

// lookout compares a segment of customers with many points and begins a journey
// for every change.
type lookout struct {
	t       *testing.T
	s       *store.Store
	meaning string
	where   string
	args    []any
	again   campaigns.Again
	changes []string
	fail    bool
}

func (l *lookout) look(now time.Time) []string {
	l.t.Helper()
	l.changes = nil
	for number := range campaigns.SegmentParts {
		for {
			n, err := l.s.Memberships().Compare(l.t.Context(), campaigns.Look{
				Part: campaigns.SegmentPart{Segment: "rich", Number: number}, Meaning: l.meaning, Where: l.where, Args: l.args,
				Counts: []expression.Count{{Event: "Order Completed"}}, Begin: l.begin(now),
			}, 3, now)
			if err != nil && !l.fail {
				l.t.Fatal(err)
			}
			if n < 3 {
				break
			}
		}
	}
	slices.Sort(l.changes)
	return l.changes
}

func (l *lookout) begin(now time.Time) func([]campaigns.MemberChange, map[string]map[string]int64) []campaigns.NewEntry {
	return func(changes []campaigns.MemberChange, counts map[string]map[string]int64) []campaigns.NewEntry {
		var begun []campaigns.NewEntry
		for _, c := range changes {
			if _, counted := counts[c.Customer.ID]; !counted {
				l.t.Errorf("%s comes without counts", c.Customer.ID)
			}
			l.changes = append(l.changes, string(c.Change)+" "+c.Customer.ID)
			e := journey(c.Customer.ID, "segment:rich:"+string(c.Change)+":"+now.String())
			e.EnteredAt = now
			begun = append(begun, campaigns.NewEntry{Entry: e, Again: l.again})
		}
		if l.fail {
			begun = append(begun, campaigns.NewEntry{Again: campaigns.Again{Mode: "broken"}})
		}
		return begun
	}
}

func richness(t *testing.T, s *store.Store) *lookout {
	return &lookout{t: t, s: s, meaning: "1", where: "c.points >= $1", args: []any{9}, again: campaigns.Again{Mode: "never"}}
}

func points(t *testing.T, s *store.Store, id string, n int64) {
	t.Helper()
	put(t, s, customers.Customer{ID: id, Points: n})
}

func TestAChangeOfMembershipBeginsAJourneyOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 100) // 20 of them have 9 or 10 points
		l := richness(t, s)
		same(t, "at first sight", l.look(noon), []string{})
		same(t, "unchanged", l.look(noon), []string{})
		points(t, s, "c-00001", 10)
		points(t, s, "c-00008", 1)
		put(t, s, customers.Customer{ID: "new", Points: 20})
		same(t, "changes", l.look(noon.Add(time.Minute)), []string{"enter c-00001", "enter new", "leave c-00008"})
		same(t, "once", l.look(noon.Add(2*time.Minute)), []string{})
		if n := len(running(t, s, append(ids(people), "new")...)); n != 3 {
			t.Errorf("%d journeys run", n)
		}
	})
}

func TestManyWhoComeAtOnceAllEnter(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 150)
		l := richness(t, s)
		l.args = []any{100}
		l.look(noon)
		for i := range people {
			people[i].Points = 200
		}
		put(t, s, people...)
		if n := len(l.look(noon.Add(time.Minute))); n != 150 {
			t.Errorf("%d came", n)
		}
		if n := len(running(t, s, ids(people)...)); n != 150 {
			t.Errorf("%d journeys run", n)
		}
	})
}

// Words that change are nobody's doing.
func TestAnotherMeaningIsABaseline(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		crowd(t, s, 100)
		l := richness(t, s)
		l.look(noon)
		l.meaning, l.args = "2", []any{5}
		same(t, "with another condition", l.look(noon), []string{})
		points(t, s, "c-00000", 5)
		points(t, s, "c-00009", 1)
		same(t, "by the other condition", l.look(noon.Add(time.Minute)), []string{"enter c-00000", "leave c-00009"})
		if err := s.Memberships().Forget(t.Context(), []string{"rich"}); err != nil {
			t.Fatal(err)
		}
		same(t, "while it is watched", l.look(noon.Add(time.Minute)), []string{})
		if err := s.Memberships().Forget(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		points(t, s, "c-00001", 50)
		same(t, "seen anew", l.look(noon.Add(2*time.Minute)), []string{})
	})
}

// Membership and journeys are one transaction: what fails is found again.
func TestAChangeThatCouldNotBeWrittenIsFoundAgain(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		crowd(t, s, 20)
		l := richness(t, s)
		l.look(noon)
		points(t, s, "c-00001", 10)
		l.fail = true
		l.look(noon.Add(time.Minute))
		if n := len(running(t, s, "c-00001")); n != 0 {
			t.Fatalf("half of it was written: %d journeys", n)
		}
		l.fail = false
		same(t, "afterwards", l.look(noon.Add(2*time.Minute)), []string{"enter c-00001"})
		if n := len(running(t, s, "c-00001")); n != 1 {
			t.Errorf("%d journeys run", n)
		}
	})
}

func TestManyLooksAtOnceTakeAChangeOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		crowd(t, s, 50)
		richness(t, s).look(noon)
		points(t, s, "c-00001", 10)
		points(t, s, "c-00009", 1)
		together(t, 8, func(i int) error {
			now := noon.Add(time.Duration(i+1) * time.Minute)
			l := richness(t, s)
			l.again = campaigns.Again{Mode: "always"}
			var failed error
			for number := range campaigns.SegmentParts {
				_, err := s.Memberships().Compare(t.Context(), campaigns.Look{
					Part: campaigns.SegmentPart{Segment: "rich", Number: number}, Meaning: "1", Where: l.where, Args: l.args,
					Counts: []expression.Count{{Event: "Order Completed"}}, Begin: l.begin(now),
				}, 100, now)
				failed = errors.Join(failed, err)
			}
			return failed
		})
		for _, who := range []string{"c-00001", "c-00009"} {
			history, err := s.EntriesOf(t.Context(), "welcome", who)
			if err != nil || len(history) != 1 {
				t.Errorf("%s has the journeys %v, %v", who, history, err)
			}
		}
	})
}
