package storetest

import (
	"fmt"
	"strings"
	"testing"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/store"
)

// twins are people with two profiles each: the same e-mail in another case, or
// the same number.
func twins(n int) (people []customers.Customer) {
	for i := range n {
		a, b := customers.Customer{ID: fmt.Sprintf("c-%03d-a", i)}, customers.Customer{ID: fmt.Sprintf("c-%03d-b", i)}
		if i%3 == 0 {
			a.Phone, b.Phone = fmt.Sprintf("+49301%06d", i), fmt.Sprintf("+49301%06d", i)
		} else {
			a.Email = fmt.Sprintf("person%d@shop.example", i)
			b.Email = strings.ToUpper(a.Email)
		}
		people = append(people, a, b)
	}
	return people
}

// Both profiles of a person fall on the same side of the holdout, by a broadcast,
// by an event and by hand.
func TestAPersonIsHeldOutWhicheverWayTheyCome(t *testing.T) {
	const people = 60
	Each(t, func(t *testing.T, s *store.Store) {
		all := twins(people)
		put(t, s, all...)
		c := weekly("always", 0.5)
		c.State, c.Trigger = campaigns.Live, campaigns.Trigger{Kind: campaigns.OnEvent, Event: "Signed Up"}
		occur(t, s, 3, campaigns.Run{Campaign: c.ID, Version: 1, At: noon})
		if n := enterAll(t, s, c, ""); n != people {
			t.Fatalf("%d of %d people entered", n, people)
		}
		byBroadcast := map[string]bool{}
		for _, e := range running(t, s, ids(all)...) {
			byBroadcast[e.Customer[:len("c-000")]] = e.Holdout
		}
		profiles, err := s.Load(t.Context(), ids(all), noon)
		if err != nil || len(profiles) != len(all) {
			t.Fatalf("%d profiles, %v", len(profiles), err)
		}
		held := 0
		for _, profile := range profiles {
			person := profile.ID[:len("c-000")]
			event := customers.Event{ID: 1, Name: "Signed Up", Customer: profile.ID}
			entry, begins := (&campaigns.Workspace{}).EntryByEvent(c, event, profile, nil, noon)
			if !begins || entry.Holdout != byBroadcast[person] {
				t.Errorf("%s: by an event %v, by a broadcast %v", profile.ID, entry.Holdout, byBroadcast[person])
			}
			if byHand := c.Begin(profile, "manual:1", nil, noon); byHand.Holdout != entry.Holdout {
				t.Errorf("%s: by hand %v, by an event %v", profile.ID, byHand.Holdout, entry.Holdout)
			}
			if entry.Holdout {
				held++
			}
		}
		if held == 0 || held == 2*people {
			t.Errorf("%d of %d profiles are held out", held, 2*people)
		}
	})
}

func TestASecondProfileOfAPersonTakesNoPart(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, append(twins(3), customers.Customer{ID: "somebody"})...)
		keyed := func(customer, cause, key string) campaigns.Entry {
			e := journey(customer, cause)
			e.Key = key
			return e
		}
		enter(t, s, always, journey("c-000-a", "segment:1"), journey("c-000-b", "segment:2"), journey("somebody", "segment:3"), journey("stranger", "segment:4"))
		enter(t, s, always, journey("c-001-b", "event:1"))
		enter(t, s, always, journey("c-001-a", "event:2"))
		enter(t, s, always, keyed("c-002-a", "event:3", "A1"), keyed("c-002-b", "event:4", "A2"))
		enter(t, s, always, journey("c-001-a", "manual:1"))
		for customer, want := range map[string]string{
			"c-000-a": "running", "c-000-b": "duplicate_person", "somebody": "running", "stranger": "running",
			"c-001-b": "running", "c-001-a": "duplicate_person, running", // whom an agent names is meant
			"c-002-a": "running", "c-002-b": "running", // another order is another matter
		} {
			var got []string
			of, err := s.EntriesOf(t.Context(), "welcome", customer)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entriesOf(t, s, of) {
				if e.State == campaigns.Running {
					got = append(got, "running")
				} else {
					got = append(got, e.Why)
				}
			}
			if said := strings.Join(got, ", "); said != want {
				t.Errorf("%s: %s, want %s", customer, said, want)
			}
		}
		funnels, err := s.Summary().Funnels(t.Context())
		if err != nil || funnels[0].Skipped["duplicate_person"] != 2 {
			t.Errorf("summed up as %+v, %v", funnels, err)
		}
	})
}
