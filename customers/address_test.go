package customers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"rapport/customers"
)

// A mobile number of any country is the same number however a shop writes it, also
// without its plus.
func TestAMobileNumberIsReadInEveryForm(t *testing.T) {
	for country := range phonenumbers.GetSupportedRegions() {
		example := phonenumbers.GetExampleNumberForType(country, phonenumbers.MOBILE)
		if example == nil {
			continue
		}
		want := phonenumbers.Format(example, phonenumbers.E164)
		national := phonenumbers.Format(example, phonenumbers.NATIONAL)
		forms := map[string]string{
			"with +": want, "with + and spaces": phonenumbers.Format(example, phonenumbers.INTERNATIONAL),
			"with the bare code": want[1:], "national": national, "national digits": phonenumbers.NormalizeDigitsOnly(national),
		}
		if prefix := phonenumbers.GetNddPrefixForRegion(country, true); prefix != "" {
			forms["without its leading "+prefix] = phonenumbers.GetNationalSignificantNumber(example)
		}
		if abroad, err := phonenumbers.Parse("00"+other(country), country); err == nil && phonenumbers.IsValidNumber(abroad) && country != "HK" { // whose 0085 is a carrier's
			forms["with 00"] = "00" + want[1:]
		}
		if country == "AR" { // whose national form the library writes without the area
			delete(forms, "national")
			delete(forms, "national digits")
		}
		for form, text := range forms {
			if got, err := customers.NormalPhone(text, country); got != want {
				t.Errorf("%s %s: %q is read as %q (%v), want %q", country, form, text, got, err, want)
			}
		}
	}
}

// other is a number of another country than one, without its plus.
func other(country string) string {
	if country == "GB" {
		return "4915123456789"
	}
	return "442079460000"
}

func TestANumberWithItsCountrysCodeAndNoPlus(t *testing.T) {
	for _, c := range []struct{ text, country, want string }{
		{"4915123456789", "DE", "+4915123456789"},
		{"49 151 23456789", "de", "+4915123456789"},
		{"4917612345678", "DE", "+4917612345678"},
		{"(49) 176 1234567 ext. 5", "DE", "+491761234567"},
		{"49(0)1761234567", "DE", "+491761234567"},
		{"4916012345678", "DE", "+4916012345678"},
		{"491701234567", "DE", "+491701234567"},
		{"04921 12345", "DE", "+49492112345"}, // Emden, not Düsseldorf
		{"+492112345678", "DE", "+492112345678"},
		{"436641234567", "AT", "+436641234567"},
		{"33612345678", "FR", "+33612345678"},
		{"393123456789", "IT", "+393123456789"},
		{"3931234567", "IT", "+393931234567"},
		{"919876543210", "IN", "+919876543210"},
		{"9198765432", "IN", "+919198765432"},
		{"483071243", "PL", "+48483071243"}, // Radom
		{"4915123456789", "", ""},
		{"491", "DE", ""},
	} {
		got, err := customers.NormalPhone(c.text, c.country)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q in %q is %q, %v; want %q", c.text, c.country, got, err, c.want)
		}
	}
	if got, err := customers.NormalPhone("492112345", "DE"); !errors.Is(err, customers.ErrWhichPhone) {
		t.Errorf("0211 2345 or 04921 12345 is read as %q, %v", got, err)
	}
}

func TestACountryIsTwoLettersOfISO3166(t *testing.T) {
	for country := range phonenumbers.GetSupportedRegions() {
		if got, ok := customers.NormalCountry(strings.ToLower(country)); !ok || got != country {
			t.Errorf("%s is read as %q, %v", country, got, ok)
		}
	}
	for text, want := range map[string]string{" de ": "DE", "UK": "GB", "AQ": "AQ", "Germany": "", "DEU": "", "XX": "", "ZZ": "", "EU": "", "": "", "49": "", "D3": ""} {
		if got, ok := customers.NormalCountry(text); got != want || ok != (want != "") {
			t.Errorf("%q is read as %q, %v; want %q", text, got, ok, want)
		}
	}
}
