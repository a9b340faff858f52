package customers

import (
	"strconv"
	"strings"

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
	number, err := ParsePhone(e164, "")
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

// FixedLine reports whether a number in E.164 form is a line that lies in a place and
// cannot be carried abroad, as one that might be a mobile's can.
func FixedLine(e164 string) bool {
	number, err := ParsePhone(e164, "")
	return err == nil && phonenumbers.GetNumberType(number) == phonenumbers.FIXED_LINE
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

// IsE164 checks the shape of an international number: + and 7 to 15 digits,
// the first not 0 (ITU-T E.164 §6).
func IsE164(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	if !plus || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// separators are what people write between the digits of an international number.
var separators = strings.NewReplacer(" ", "", "-", "", ".", "", "/", "")

// ParsePhone takes a number apart. country (ISO 3166-1 alpha-2, or "") reads one that is
// written without its country's code. One that begins with it comes apart by its digits:
// phonenumbers.Parse asks first whether it is a page of prose with a number somewhere in
// it, which takes longer than anything else that is done with a number.
func ParsePhone(text, country string) (*phonenumbers.PhoneNumber, error) {
	if strings.HasPrefix(text, "+") {
		if number := fromE164(separators.Replace(text)); number != nil {
			return number, nil
		}
	}
	return phonenumbers.Parse(text, country)
}

// fromE164 takes a number in E.164 form apart, nil where its digits alone do not tell how.
func fromE164(phone string) *phonenumbers.PhoneNumber {
	if !IsE164(phone) {
		return nil
	}
	for end := 2; end <= 4; end++ { // no country's code is the beginning of another's
		code, err := strconv.Atoi(phone[1:end])
		if err != nil || !plain(code) {
			continue
		}
		national := phone[end:]
		if national[0] == '0' || national[0] == '1' && dialsOne(code) { // perhaps no part of the number
			return nil
		}
		digits, err := strconv.ParseUint(national, 10, 64)
		if err != nil {
			return nil
		}
		country := int32(code) //nolint:gosec // three digits
		return &phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &digits}
	}
	return nil
}

// dialsOne reports whether what is dialled before a number can begin with 1: the national
// prefix in North America, a carrier's in Australia and Luxembourg.
func dialsOne(code int) bool { return code == 1 || code == 61 || code == 352 }

// plain reports whether the numbers behind a country's code are what is dialled:
// nothing is left out or put in between, but a prefix of 0 (or 1, see dialsOne), which no
// number there begins with.
func plain(code int) bool {
	switch code {
	case 1, 30, 31, 32, 33, 34, 41, 43, 44, 45, 46, 47, 48, 49, 61, 64, 351, 352, 353, 420, 421:
		return true
	}
	return false
}
