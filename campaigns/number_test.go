package campaigns

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// What is taken apart by its digits must come out as the library reads it.
func TestNumbersComeApartAsTheLibraryReadsThem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for code := 1; code < 1000; code++ {
		tries := 3
		if plain(code) {
			tries = 2000
		}
		for range tries {
			number := "+" + strconv.Itoa(code)
			for range 4 + random.IntN(9) {
				number += strconv.Itoa(random.IntN(10))
			}
			check(t, number)
		}
	}
	for region := range phonenumbers.GetSupportedRegions() {
		check(t, phonenumbers.Format(phonenumbers.GetExampleNumber(region), phonenumbers.E164))
	}
}

func check(t *testing.T, number string) {
	t.Helper()
	want, wrong := phonenumbers.Parse(number, "")
	got, err := dialled(number)
	if (err != nil) != (wrong != nil) || err == nil && (got.GetCountryCode() != want.GetCountryCode() || got.GetNationalNumber() != want.GetNationalNumber() ||
		got.GetItalianLeadingZero() != want.GetItalianLeadingZero() || got.GetExtension() != want.GetExtension()) {
		t.Errorf("%s: %v %v, want %v %v", number, got, err, want, wrong)
	}
}

// A message asks about its number again and again; a broadcast asks about millions.
func TestANumberIsLookedUpOnceInAWhile(t *testing.T) {
	looked := map[string]int{}
	book := numberBook{read: func(phone string) number {
		looked[phone]++
		return number{code: len(phone)}
	}}
	for i := range 5 * pageLength {
		phone := "+" + strconv.Itoa(100_000+i)
		for range 3 {
			if got := book.of(phone); got.code != len(phone) {
				t.Fatalf("%s: %+v", phone, got)
			}
		}
		book.of("+1") // somebody who is written to all the time
		book.of("+" + strconv.Itoa(100_000+max(i-pageLength/3, 0)))
		if kept := len(book.page) + len(book.earlier); kept > 2*pageLength {
			t.Fatalf("%d numbers are kept, at most %d should be", kept, 2*pageLength)
		}
	}
	for phone, times := range looked {
		if times > 1 {
			t.Fatalf("%s was looked up %d times", phone, times)
		}
	}
}
