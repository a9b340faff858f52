package customers

import (
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// PhoneZone is the IANA zone of a number in E.164 form, "" where the number
// does not tell: it cannot be read, belongs to no country, or its prefix spans
// several zones. A mobile number tells no more than its country, as
// libphonenumber rules: its owner may live anywhere in it.
func PhoneZone(e164 string) string {
	zone := onlyZone(e164)
	if zone == "" || onlyZone(countryPrefix(e164)) == zone {
		return zone
	}
	number, err := phonenumbers.Parse(e164, "")
	if err != nil || !tiedToPlace(number) {
		return ""
	}
	return zone
}

// onlyZone is the zone of a prefix, "" unless it is the only one.
func onlyZone(prefix string) string {
	if len(prefix) < 2 || prefix[0] != '+' {
		return ""
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(prefix)
	if err != nil || len(zones) != 1 || zones[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return ""
	}
	return zones[0]
}

// countryPrefix is the country code of a number, with its plus. No code is the
// beginning of another.
func countryPrefix(e164 string) string {
	for end := 2; end <= min(4, len(e164)); end++ {
		code, err := strconv.Atoi(e164[1:end])
		if err == nil && len(phonenumbers.GetRegionCodesForCountryCode(code)) > 0 {
			return e164[:end]
		}
	}
	return ""
}

// tiedToPlace reports whether a number's digits name a place in its country.
func tiedToPlace(number *phonenumbers.PhoneNumber) bool {
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	case phonenumbers.MOBILE:
		return phonenumbers.GEO_MOBILE_COUNTRIES[number.GetCountryCode()]
	}
	return false
}
