package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/store"
)

func occur(t testing.TB, s *store.Store, shards int, runs ...campaigns.Run) []campaigns.Run {
	t.Helper()
	fresh, err := s.Runs().Occur(t.Context(), runs, shards)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

func pending(t testing.TB, s *store.Store) []campaigns.Shard {
	t.Helper()
	shards, err := s.Runs().Pending(t.Context(), noon, 100)
	if err != nil {
		t.Fatal(err)
	}
	return shards
}

func TestAnOccurrenceIsRecordedOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		monday := campaigns.Run{Campaign: "weekly", Version: 3, At: noon}
		next := campaigns.Run{Campaign: "weekly", Version: 3, At: noon.Add(7 * 24 * time.Hour)}
		missed := campaigns.Run{Campaign: "once", Version: 1, At: noon, State: "missed"}
		var recorded atomic.Int64
		together(t, 4, func(int) error { // two schedulers, twice each
			fresh, err := s.Runs().Occur(t.Context(), []campaigns.Run{monday, missed, monday}, 4)
			recorded.Add(int64(len(fresh)))
			return err
		})
		if recorded.Load() != 2 {
			t.Errorf("two occurrences were recorded %d times", recorded.Load())
		}
		fresh := occur(t, s, 2, monday, next)
		if len(fresh) != 1 || !fresh[0].At.Equal(next.At) || fresh[0].ID == 0 || fresh[0].State != "entering" || fresh[0].Shards != 2 {
			t.Errorf("new are %+v", fresh)
		}
		shards := pending(t, s)
		if len(shards) != 6 { // the missed one has nothing to enter
			t.Fatalf("%d shards are to enter", len(shards))
		}
		same(t, "the first", shards[0], campaigns.Shard{Run: shards[0].Run, Number: 0, Of: 4, Campaign: "weekly", Version: 3, At: noon})
		for campaign, want := range map[string]time.Time{"weekly": next.At, "once": noon, "never": {}} {
			if last, err := s.Runs().Last(t.Context(), campaign); err != nil || !last.Equal(want) {
				t.Errorf("the last run of %s is %v, %v", campaign, last, err)
			}
		}
	})
}

// weekly is a broadcast to everybody its audience names.
func weekly(again string, holdout float64) *campaigns.Campaign {
	return &campaigns.Campaign{ID: "weekly", Version: 1, Entry: campaigns.EntryRule{Again: campaigns.Again{Mode: again}}, Holdout: holdout}
}

func crowd(t testing.TB, s *store.Store, n int) []customers.Customer {
	t.Helper()
	people := make([]customers.Customer, n)
	for i := range people {
		people[i] = customers.Customer{ID: fmt.Sprintf("c-%05d", i), Email: fmt.Sprintf("c%d@shop.example", i), Points: int64(1 + i%10)}
	}
	if _, err := s.PutCustomers(t.Context(), noon, people); err != nil {
		t.Fatal(err)
	}
	return people
}

func enterAll(t testing.TB, s *store.Store, c *campaigns.Campaign, where string, args ...any) (entered int64) {
	t.Helper()
	for _, shard := range pending(t, s) {
		n, err := s.Runs().EnterShard(t.Context(), shard, campaigns.Intake{Campaign: c, Where: where, Args: args}, noon)
		if err != nil {
			t.Fatal(err)
		}
		entered += n
	}
	return entered
}

func TestABroadcastEntersItsAudience(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 300)
		run := occur(t, s, 7, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})[0]
		shards := pending(t, s)
		where, args := "c.points >= $1 AND c.points < $2", []any{3, 5}
		if n := enterAll(t, s, weekly("always", 0), where, args...); n != 60 {
			t.Errorf("%d customers entered", n)
		}
		var in []string
		for _, e := range running(t, s, ids(people)...) {
			if e.Run != run.ID || e.Campaign != "weekly" || e.Version != 1 || !e.WakeAt.Equal(noon) || e.Position != "" {
				t.Fatalf("entered as %+v", e)
			}
			in = append(in, e.Customer)
		}
		slices.Sort(in)
		var want []string
		for _, c := range people {
			if c.Points >= 3 && c.Points < 5 {
				want = append(want, c.ID)
			}
		}
		same(t, "who entered", in, want)
		if left := pending(t, s); len(left) != 0 {
			t.Errorf("%d shards are left", len(left))
		}
		for _, shard := range shards { // tasks that arrive twice
			if n, err := s.Runs().EnterShard(t.Context(), shard, campaigns.Intake{Campaign: weekly("always", 0)}, noon); n != 0 || err != nil {
				t.Errorf("shard %d entered %d again, %v", shard.Number, n, err)
			}
		}
	})
}

func ids(people []customers.Customer) []string {
	all := make([]string, len(people))
	for i, c := range people {
		all[i] = c.ID
	}
	return all
}

func TestManyWorkersEnterAShardOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 100)
		occur(t, s, 2, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		shards := pending(t, s)
		var entered atomic.Int64
		together(t, 8, func(i int) error {
			n, err := s.Runs().EnterShard(t.Context(), shards[i%2], campaigns.Intake{Campaign: weekly("always", 0)}, noon)
			entered.Add(n)
			return err
		})
		if entered.Load() != 100 || len(running(t, s, ids(people)...)) != 100 {
			t.Errorf("%d entered, %d run", entered.Load(), len(running(t, s, ids(people)...)))
		}
	})
}

// Two profiles of one person are one audience member, wherever they stand, and
// the one that is set aside says why.
func TestAPersonWithTwoProfilesEntersOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		var people []customers.Customer
		for i := range 20 {
			for _, profile := range []string{"a", "b", "c"} {
				people = append(people, customers.Customer{ID: fmt.Sprintf("c-%02d%s", i, profile), Email: fmt.Sprintf("c%d@shop.example", i), Points: 5})
			}
		}
		people[0].Points = 1 // the first person's first profile does not belong
		put(t, s, people...)
		occur(t, s, 5, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		if n := enterAll(t, s, weekly("never", 0), "c.points = $1", 5); n != 20 {
			t.Errorf("%d of 20 people entered", n)
		}
		in := map[string]bool{}
		for _, e := range running(t, s, ids(people)...) {
			in[e.Customer] = true
		}
		if len(in) != 20 || !in["c-00b"] || !in["c-01a"] {
			t.Errorf("these run: %v", in)
		}
		funnels, err := s.Summary().Funnels(t.Context(), noon)
		if err != nil || len(funnels) != 1 || funnels[0].Entered != 20 || funnels[0].Skipped["duplicate_person"] != 39 {
			t.Errorf("summed up as %+v, %v", funnels, err)
		}
	})
}

func TestHoldoutIsDrawnByPerson(t *testing.T) {
	const share = 0.3
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 400)
		occur(t, s, 3, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		if n := enterAll(t, s, weekly("never", share), ""); n != 400 {
			t.Errorf("%d entered", n)
		}
		held := 0
		for _, e := range running(t, s, ids(people)...) {
			want := campaigns.InHoldout("weekly", customers.Person(customers.Customer{ID: e.Customer, Email: "c" + trimmed(e.Customer) + "@shop.example"}), share)
			if e.Holdout != want {
				t.Fatalf("%s: holdout %v, want %v", e.Customer, e.Holdout, want)
			}
			if e.Holdout {
				held++
			}
		}
		if held < 80 || held > 160 {
			t.Errorf("%d of 400 are held out", held)
		}
	})
}

// Whoever was drawn once stays on their side whatever becomes of their address, so long
// as the share allows it.
func TestAChangedAddressDrawsNobodyAnew(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 300)
		sides := func(version int, share float64, at time.Time) map[string]bool {
			t.Helper()
			keep(t, s, fmt.Sprint("d", at), map[string][]byte{}, campaigns.Stamp{Campaign: "weekly", Digest: fmt.Sprint("w", share), State: campaigns.Live, Holdout: share})
			c := weekly("always", share)
			c.Version = version
			occur(t, s, 3, campaigns.Run{Campaign: "weekly", Version: version, At: at})
			enterAll(t, s, c, "")
			held := map[string]bool{}
			var entries []int64
			for _, e := range running(t, s, ids(people)...) {
				held[e.Customer] = e.Holdout
				entries = append(entries, e.ID)
			}
			leave(t, s, "finished", entries...)
			return held
		}
		first := sides(1, 0.3, noon)
		for i := range people {
			people[i].Email = fmt.Sprintf("new%d@shop.example", i)
		}
		put(t, s, people...)
		same(t, "the next run", sides(1, 0.3, noon.Add(time.Minute)), first)
		var held, drawn int
		for id, was := range first {
			// By hand and by events, too.
			alone := journey(id, "event:1")
			alone.Campaign, alone.Holdout = "weekly", !was
			enter(t, s, always, alone)
			if is := running(t, s, id)[0]; is.Holdout != was {
				t.Fatalf("%s entered by an event on the other side", id)
			}
			leave(t, s, "finished", running(t, s, id)[0].ID)
		}
		for id, is := range sides(2, 0.6, noon.Add(2*time.Minute)) {
			if first[id] && !is {
				t.Errorf("%s is held out no more by a larger share", id)
			}
			if is {
				held++
			}
		}
		for _, is := range sides(3, 0, noon.Add(3*time.Minute)) {
			if is {
				drawn++
			}
		}
		if held < 150 || drawn != 0 {
			t.Errorf("%d are held out of 60%% of 300, %d of none", held, drawn)
		}
	})
}

// What is told of the next entry's side is what it gets: kept across versions by the
// rule of shares, and of entries in the campaign whatever version they were by.
func TestTheSideOfTheNextEntryIsForetold(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "in", Email: "in@shop.example"}, customers.Customer{ID: "out", Email: "out@shop.example"}, customers.Customer{ID: "new", Email: "new@shop.example"})
		for n, share := range []float64{0.3, 0.3, 0.6, 0.1, 0} {
			keep(t, s, fmt.Sprint("d", n), map[string][]byte{}, campaigns.Stamp{Campaign: "weekly", Digest: fmt.Sprint("w", n), State: campaigns.Live, Holdout: share})
		}
		first := func(who string, held bool) campaigns.Entry {
			e := journey(who, "event:1")
			e.Campaign, e.Version, e.Holdout = "weekly", 1, held
			return e
		}
		enter(t, s, always, first("in", false), first("out", true))
		for version, want := range map[int]string{1: "in out drawn", 2: "in out drawn", 3: "drawn out drawn", 4: "in drawn drawn", 5: "in drawn drawn", 6: "drawn drawn drawn"} {
			var sides []string
			for _, who := range []string{"in", "out", "new"} {
				kept, err := s.KeptSide(t.Context(), "weekly", version, who)
				switch {
				case err != nil:
					t.Fatal(err)
				case kept == nil:
					sides = append(sides, "drawn")
				case *kept:
					sides = append(sides, "out")
				default:
					sides = append(sides, "in")
				}
			}
			same(t, fmt.Sprint("version ", version), strings.Join(sides, " "), want)
		}
	})
}

// trimmed is the number in a customer's id as the crowd's mailboxes write it.
func trimmed(id string) string {
	var n int
	_, _ = fmt.Sscanf(id, "c-%d", &n)
	return fmt.Sprint(n)
}

func TestTheNextRunFollowsTheRuleOfEntry(t *testing.T) {
	for _, c := range []struct {
		again  string
		second int64
	}{{"never", 0}, {"always", 20}} {
		t.Run(c.again, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				people := crowd(t, s, 30)
				occur(t, s, 2, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
				enterAll(t, s, weekly(c.again, 0), "")
				for i, e := range running(t, s, ids(people)...) {
					if i < 20 { // the others still run
						leave(t, s, "over", e.ID)
					}
				}
				occur(t, s, 2, campaigns.Run{Campaign: "weekly", Version: 1, At: noon.Add(time.Hour)})
				if n := enterAll(t, s, weekly(c.again, 0), ""); n != c.second {
					t.Errorf("%d entered the second run, want %d", n, c.second)
				}
			})
		})
	}
}

// Shards that cannot be entered leave their turn to those of other runs.
func TestWhatWasTriedInVainComesLast(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		occur(t, s, 2, campaigns.Run{Campaign: "stuck", Version: 1, At: noon})
		occur(t, s, 2, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		next := func(now time.Time, limit int) (names []string) {
			t.Helper()
			shards, err := s.Runs().Pending(t.Context(), now, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, shard := range shards {
				names = append(names, fmt.Sprintf("%s %d", shard.Campaign, shard.Number))
			}
			return names
		}
		same(t, "at first", next(noon, 2), []string{"stuck 0", "stuck 1"})
		stuck, err := s.Runs().Pending(t.Context(), noon, 2)
		if err != nil {
			t.Fatal(err)
		}
		for n, shard := range stuck {
			if err := s.Runs().Tried(t.Context(), shard, noon.Add(-time.Duration(n)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "then", next(noon, 9), []string{"weekly 0", "weekly 1"})
		pressing, err := s.Summary().Pressing(t.Context(), noon, 9)
		if err != nil || pressing.Shards != 2 {
			t.Errorf("%d shards press, %v", pressing.Shards, err)
		}
		same(t, "a while later", next(noon.Add(2*time.Minute), 9), []string{"weekly 0", "weekly 1", "stuck 1", "stuck 0"})
	})
}
