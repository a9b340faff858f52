package customers

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestPhoneZone(t *testing.T) {
	for number, want := range map[string]string{
		"+493012345678":  "Europe/Berlin",
		"+4915112345678": "Europe/Berlin",
		"+12125550123":   "America/New_York",
		"+989121234567":  "Asia/Tehran",
		"+74951234567":   "Europe/Moscow",
		"+61412345678":   "", // a mobile may be in Perth or in Sydney
		"+79161234567":   "", // a mobile may be anywhere in eleven zones
		"+442079460000":  "Europe/London",
		"+18005550123":   "", // toll-free numbers ring everywhere in North America
		"+8005550123":    "",
		"+":              "",
		"0301234567":     "",
		"+49x":           "",
		"":               "",
	} {
		if got := PhoneZone(number); got != want {
			t.Errorf("PhoneZone(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestNumbersInTheFormOfE164(t *testing.T) {
	for number, want := range map[string]bool{
		"+4915112345678": true, "+2901234": true, "+123456789012345": true,
		"": false, "+": false, "4915112345678": false, "+0915112345678": false, "+49 151 12345678": false,
		"+1234567890123456": false, "+12345": false, "+49151123456٧": false,
	} {
		if got := IsE164(number); got != want {
			t.Errorf("number %q: %v", number, got)
		}
	}
}

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
			check(t, parted(random, number))
		}
	}
	for region := range phonenumbers.GetSupportedRegions() {
		check(t, phonenumbers.Format(phonenumbers.GetExampleNumber(region), phonenumbers.E164))
	}
}

// parted is a number with something between its digits here and there.
func parted(random *rand.Rand, number string) string {
	var text strings.Builder
	for _, digit := range number {
		text.WriteRune(digit)
		if random.IntN(3) == 0 {
			text.WriteString([]string{" ", "-", ".", "/", " - ", "(", ")", "\u00a0", ",", "0"}[random.IntN(10)])
		}
	}
	return text.String()
}

func check(t *testing.T, number string) {
	t.Helper()
	want, wrong := phonenumbers.Parse(number, phonenumbers.UNKNOWN_REGION)
	got, err := ParsePhone(number, phonenumbers.UNKNOWN_REGION)
	if (err != nil) != (wrong != nil) || err == nil && (got.GetCountryCode() != want.GetCountryCode() || got.GetNationalNumber() != want.GetNationalNumber() ||
		got.GetItalianLeadingZero() != want.GetItalianLeadingZero() || got.GetExtension() != want.GetExtension()) {
		t.Errorf("%q: %v %v, want %v %v", number, got, err, want, wrong)
	}
}

func BenchmarkPhoneZone(b *testing.B) {
	for b.Loop() {
		PhoneZone("+4915112345678")
		PhoneZone("+61412345678")
	}
}

func BenchmarkNormalPhone(b *testing.B) {
	for b.Loop() {
		if _, err := NormalPhone("+49 1511 2345678", "DE"); err != nil {
			b.Fatal(err)
		}
	}
}
