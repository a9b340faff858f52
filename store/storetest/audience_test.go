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

// Who enters, who is let in by a later stage and who is carried to another version
// begins by the clock that all else goes by, also where only the number tells it.
func TestARunBeginsByTheClockThatAllElseGoesBy(t *testing.T) {
	shop, plain, inStages := &campaigns.Workspace{Zone: time.UTC}, weekly("never", 0), staged(0)
	plain.Trigger.OwnClock, inStages.Trigger.OwnClock = true, true
	begins := func(c *customers.Customer) time.Time { return shop.StartFor(plain, noon, c) }
	var people []customers.Customer
	for _, number := range []string{"", "+4915112345678", "+493012345678", "+447400123456", "+61412345678", "+12125550123", "+390612345678"} {
		for _, country := range []string{"", "DE", "JP", "US", "ZZ"} {
			for _, zone := range []string{"", "Pacific/Auckland"} {
				id := fmt.Sprintf("c-%02d", len(people))
				people = append(people, customers.Customer{ID: id, Email: id + "@home.example", Phone: number, Country: country, Zone: zone})
			}
		}
	}
	for way, enter := range map[string]func(t *testing.T, s *store.Store){
		"at once": func(t *testing.T, s *store.Store) {
			asked := 0
			takeIn(t, s, campaigns.Intake{Campaign: plain, Start: func(c *customers.Customer) time.Time { asked++; return begins(c) }}, noon)
			if asked >= len(people) {
				t.Errorf("the rule was asked %d times for %d people", asked, len(people))
			}
		},
		"by a later stage": func(t *testing.T, s *store.Store) {
			takeIn(t, s, campaigns.Intake{Campaign: inStages, Start: begins}, noon)
			for range 2 {
				if stage := theStage(t, s); !turn(t, s, stage, inStages.Rollout.Next(stage, noon)) {
					t.Fatal("no stage is opened")
				}
				if _, _, err := s.LetIn(t.Context(), theStage(t, s), 0, 1000, begins); err != nil {
					t.Fatal(err)
				}
			}
		},
		"in another version": func(t *testing.T, s *store.Store) {
			takeIn(t, s, campaigns.Intake{Campaign: inStages, Start: begins}, noon)
			later := func(_ time.Time, c *customers.Customer) time.Time { return begins(c) }
			if _, err := s.Carry(t.Context(), noon, "weekly", 2, []campaigns.Standing{{Version: 1}}, later); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(way, func(t *testing.T) {
			Each(t, func(t *testing.T, s *store.Store) {
				put(t, s, people...)
				occur(t, s, 3, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
				enter(t, s)
				for _, p := range people {
					who := loaded(t, s, p.ID)
					if e := running(t, s, p.ID); len(e) != 1 || !e[0].WakeAt.Equal(begins(who)) {
						t.Errorf("%s of %q and %q begins at %+v, want %s", p.Phone, p.Country, p.Zone, e, begins(who))
					}
				}
			})
		})
	}
}

// Of a late run those are left out whose clock is past it, however many numbers tell.
func TestALateRunLeavesOutWhoseClockIsPastIt(t *testing.T) {
	const late = 33_000 // more than a statement of SQLite takes arguments
	Each(t, func(t *testing.T, s *store.Store) {
		people := []customers.Customer{{ID: "here"}, {ID: "there", Country: "GB"}}
		for n := range late {
			people = append(people, customers.Customer{ID: fmt.Sprintf("c-%d", n), Phone: fmt.Sprintf("+4474001%05d", n)})
		}
		put(t, s, people...)
		occur(t, s, 1, campaigns.Run{Campaign: "weekly", Version: 1, At: noon, Since: noon.Add(time.Minute)})
		entered := takeIn(t, s, campaigns.Intake{Campaign: weekly("never", 0), Start: func(c *customers.Customer) time.Time {
			if c.Phone == "" && c.Country == "" {
				return noon.Add(time.Hour)
			}
			return noon
		}}, noon)
		if entered != 1 || len(running(t, s, "here")) != 1 {
			t.Errorf("%d entered", entered)
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
