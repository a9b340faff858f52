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
