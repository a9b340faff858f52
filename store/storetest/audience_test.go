package storetest

import (
	"fmt"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/store"
)

// takeIn enters every pending shard.
func takeIn(t testing.TB, s *store.Store, in campaigns.Intake, now time.Time) (entered int64) {
	t.Helper()
	for _, shard := range pending(t, s) {
		n, err := s.Runs().EnterShard(t.Context(), shard, in, now)
		if err != nil {
			t.Fatal(err)
		}
		entered += n
	}
	return entered
}

// A rule of Go values says when a run begins for a customer; it is asked once for
// each place of a shard, however many people live there.
func TestARunBeginsByEachCustomersPlace(t *testing.T) {
	starts := map[string]time.Time{
		"Pacific/Auckland//NZ": noon.Add(-12 * time.Hour), "/Europe/Berlin/DE": noon, "//": noon.Add(time.Hour),
		"/Europe/Berlin/": noon.Add(2 * time.Hour), "//US": noon.Add(3 * time.Hour),
	}
	Each(t, func(t *testing.T, s *store.Store) {
		place := func(c customers.Customer) string { return c.Zone + "/" + c.PhoneZone + "/" + c.Country }
		homes := []customers.Customer{
			{Zone: "Pacific/Auckland", Country: "NZ"}, {PhoneZone: "Europe/Berlin", Country: "DE"}, {}, {PhoneZone: "Europe/Berlin"}, {Country: "US"},
		}
		lives := map[string]string{}
		for i := range 60 {
			c := homes[i%len(homes)]
			c.ID = fmt.Sprintf("c-%02d", i)
			lives[c.ID] = place(c)
			put(t, s, c)
		}
		occur(t, s, 1, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		asked := 0
		entered := takeIn(t, s, campaigns.Intake{Campaign: weekly("never", 0), Start: func(c *customers.Customer) time.Time {
			asked++
			return starts[place(*c)]
		}}, noon)
		if entered != 60 || asked != len(homes) {
			t.Errorf("%d entered, and the rule was asked %d times", entered, asked)
		}
		for id, home := range lives {
			e := running(t, s, id)
			if len(e) != 1 || !e[0].WakeAt.Equal(starts[home]) || !e[0].EnteredAt.Equal(noon) {
				t.Errorf("%s, who lives at %s, begins at %+v", id, home, e)
			}
		}
	})
}

func keptOut(t *testing.T, s *store.Store) int64 {
	t.Helper()
	funnels, err := s.Summary().Funnels(t.Context(), noon)
	if err != nil || len(funnels) != 1 {
		t.Fatalf("summed up as %+v, %v", funnels, err)
	}
	return funnels[0].KeptOut
}

// Whom the rule of entry keeps out leaves no row, and is counted.
func TestWhoIsKeptOutIsCounted(t *testing.T) {
	for again, want := range map[string]int64{"never": 30, "always": 10} {
		t.Run(again, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				people := crowd(t, s, 50)
				in := campaigns.Intake{Campaign: weekly(again, 0), Where: "c.points <= $1", Args: []any{6}} // 30 of them
				occur(t, s, 3, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
				takeIn(t, s, in, noon)
				if n := keptOut(t, s); n != 0 {
					t.Errorf("the first run kept %d out", n)
				}
				for i, e := range running(t, s, ids(people)...) {
					if i >= 10 { // the others still run
						leave(t, s, "over", e.ID)
					}
				}
				in.Where = "TRUE"
				in.Args = nil
				occur(t, s, 3, campaigns.Run{Campaign: "weekly", Version: 1, At: noon.Add(time.Hour)})
				if n := takeIn(t, s, in, noon.Add(time.Hour)); n != 50-want {
					t.Errorf("%d entered the second run, want %d", n, 50-want)
				}
				if n := keptOut(t, s); n != want {
					t.Errorf("%d were kept out, want %d", n, want)
				}
			})
		})
	}
}
