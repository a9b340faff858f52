package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/store"
)

// whoIs are the ids of those a search by name finds, in order.
func whoIs(t *testing.T, s *store.Store, name string) []string {
	t.Helper()
	found, err := s.Named(t.Context(), name, 50)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var ids []string
	for _, c := range found.People {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestCustomersAreFoundByWordsOfTheirNames(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s,
			customers.Customer{ID: "c-1", FirstName: "Anna", LastName: "Karenina"},
			customers.Customer{ID: "c-2", FirstName: "Ann", LastName: "Carter"},
			customers.Customer{ID: "c-3", FirstName: "José", LastName: "García Márquez"},
			customers.Customer{ID: "c-4", LastName: "Müller-Lüdenscheidt"},
			customers.Customer{ID: "c-5", FirstName: "Анна", LastName: "Фёдорова"},
			customers.Customer{ID: "c-6", FirstName: "علی\u200cرضا", LastName: "کریمی"},
			customers.Customer{ID: "c-7", FirstName: "Seán", LastName: "O’Neil"},
			customers.Customer{ID: "c-8", FirstName: "伟", LastName: "王"},
			customers.Customer{ID: "c-9", FirstName: "?", Email: "anna@shop.example"},
			customers.Customer{ID: "c-10", FirstName: "Anna", LastName: "Anna"},
		)
		for name, want := range map[string][]string{
			"anna kar": {"c-1"}, "KAR anna": {"c-1"}, "Karenina, Anna": {"c-1"}, "anna k": {"c-1"}, "nina": nil,
			"ann": {"c-2", "c-10", "c-1"}, "jose mar": {"c-3"}, "MÁRQUEZ": {"c-3"}, "muller": {"c-4"}, "ludenscheidt": {"c-4"}, "mullerlud": {"c-4"},
			"федорова": {"c-5"}, "ФЁДОР анна": {"c-5"}, "عليرضا كريمي": {"c-6"}, "oneil": {"c-7"}, "o'neil sean": {"c-7"}, "neil": {"c-7"}, "王": {"c-8"},
			"anna anna": {"c-10", "c-1"}, `an' | 'x\`: nil, "100%": nil,
		} {
			if got := whoIs(t, s, name); !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q", name, got, want)
			}
		}
		for _, none := range []string{"", "a", " - ", "a b", "?"} {
			if _, err := s.Named(t.Context(), none, 50); !errors.Is(err, customers.ErrNoWord) {
				t.Errorf("%q: %v", none, err)
			}
		}
	})
}

func TestNamesakesAreTheLatestFirstAndCounted(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		var people []customers.Customer
		for n := range 700 {
			people = append(people, customers.Customer{ID: fmt.Sprintf("c-%03d", n), FirstName: "Annabelle", LastName: fmt.Sprintf("Berg%d", n%7)})
		}
		people[5].Orders = customers.OrderTotals{Count: 1, LastAt: noon.Add(-time.Hour)}
		people[6].Contacted.LastAt = noon
		people = append(people, customers.Customer{ID: "z", FirstName: "Anna", LastName: "Zorn"})
		put(t, s, people...)
		found, err := s.Named(t.Context(), "anna", 10)
		if err != nil || len(found.People) != 10 || found.Matching != 500 || !found.More || found.People[0].ID != "z" {
			t.Errorf("found are %d, %d in all, more: %v, first %v, %v", len(found.People), found.Matching, found.More, found.People, err)
		}
		found, err = s.Named(t.Context(), "annab berg5", 10)
		if err != nil || found.Matching != 100 || found.More || found.People[0].ID != "c-005" {
			t.Errorf("found are %d in all, more: %v, first %s, %v", found.Matching, found.More, found.People[0].ID, err)
		}
		if got := whoIs(t, s, "annab berg6"); got[0] != "c-006" {
			t.Errorf("the first is %s", got[0])
		}
	})
}

// Whatever changes a name changes what finds it.
func TestAChangedNameIsFoundByItsNewWords(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		finds := func(name string, want ...string) {
			t.Helper()
			if got := whoIs(t, s, name); !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q", name, got, want)
			}
		}
		put(t, s, customers.Customer{ID: "c-1", FirstName: "Anna", LastName: "Karenina"})
		put(t, s, customers.Customer{ID: "c-1", LastName: "Arkadyevna"})
		finds("karenina")
		finds("anna arka", "c-1")
		gone := customers.Customer{ID: "c-1"}
		gone.Remove("last_name")
		put(t, s, gone)
		finds("arkadyevna")
		finds("anna", "c-1")
		put(t, s, customers.Customer{ID: "c-1", FirstName: "!!"})
		finds("anna")
		put(t, s, customers.Customer{ID: "c-1", FirstName: "Anna"}, customers.Customer{ID: "c-1", LastName: "Oblonskaya"})
		finds("oblon anna", "c-1")

		e := entered(t, s, 1)[0]
		put(t, s, customers.Customer{ID: e.Customer, FirstName: "Dolly", LastName: "Oblonskaya"})
		move := campaigns.Move{Entry: e, Set: map[string]any{"first_name": "Дарья", "last_name": nil}}
		move.Entry.Position = "1"
		apply(t, s, move)
		finds("dolly")
		finds("oblon", "c-1")
		finds("дарья", e.Customer)

		told := customers.Message{Person: customers.Customer{ID: e.Customer, FirstName: "Daria", LastName: "Ilyinichna"}, Event: &customers.Event{Customer: e.Customer, Name: "x", At: noon, ReceivedAt: noon, Key: "x"}}
		if _, err := s.TakePast(t.Context(), noon, []customers.Message{told}); err != nil {
			t.Fatal(err)
		}
		finds("daria")
		finds("дарья il", e.Customer)

		s.ErasureKeys = [][]byte{[]byte("a key of some length")}
		if _, err := s.Erase(t.Context(), "c-1", customers.Alias("c-1"), noon); err != nil {
			t.Fatal(err)
		}
		finds("oblonskaya")
		finds("anna")
	})
}
