package customers

import (
	"errors"
	"net/mail"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
)

// ErrEmail and ErrPhone say that an address is none, ErrWhichPhone that it may be either
// of two numbers.
var (
	ErrEmail      = errors.New("not an e-mail address")
	ErrPhone      = errors.New("not a phone number")
	ErrWhichPhone = errors.New("a phone number with its country's code or without, nobody can tell")
)

// NormalEmail is the mailbox as the program keeps it: trimmed and lower-cased,
// without a display name. ErrEmail when it is none (RFC 5321 §4.1.2, 254
// characters at most).
func NormalEmail(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > 254 || strings.ContainsAny(text, " <>\"\r\n\x00") {
		return "", ErrEmail
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text {
		return "", ErrEmail
	}
	if _, domain, _ := strings.Cut(text, "@"); !strings.Contains(domain, ".") {
		return "", ErrEmail
	}
	return text, nil
}

// NormalPhone is the number in E.164. country (ISO 3166-1 alpha-2) tells how to
// read one written without its country code; one that is written with the code and
// without its plus is read so where the other reading is less likely. ErrPhone when it is
// none, ErrWhichPhone when both are as likely.
func NormalPhone(text, country string) (string, error) {
	if country == "" {
		country = phonenumbers.UNKNOWN_REGION
	}
	country, text = strings.ToUpper(country), strings.TrimSpace(text)
	national, err := ParsePhone(text, country)
	valid := err == nil && phonenumbers.IsValidNumber(national)
	coded := withoutPlus(text, country)
	switch {
	case coded == nil && !valid:
		return "", ErrPhone
	case coded == nil:
		return phonenumbers.Format(national, phonenumbers.E164), nil
	case valid && coded.GetNationalNumber() != national.GetNationalNumber():
		mobile := isMobile(national)
		switch {
		case mobile && !isMobile(coded), phonenumbers.GetNddPrefixForRegion(country, true) == "": // where numbers have no 0 to leave out
			coded = national
		case mobile == isMobile(coded):
			return "", ErrWhichPhone
		}
	}
	return phonenumbers.Format(coded, phonenumbers.E164), nil
}

// withoutPlus is the number of a text whose digits begin with their country's own code, nil where
// they do not or are none so.
func withoutPlus(text, country string) *phonenumbers.PhoneNumber {
	code := phonenumbers.GetCountryCodeForRegion(country)
	if code == 0 || strings.ContainsAny(text, "+＋") || !strings.HasPrefix(phonenumbers.NormalizeDigitsOnly(text), strconv.Itoa(code)) {
		return nil
	}
	number, err := phonenumbers.Parse("+"+text, phonenumbers.UNKNOWN_REGION)
	if err != nil || !phonenumbers.IsValidNumberForRegion(number, country) {
		return nil
	}
	return number
}

func isMobile(number *phonenumbers.PhoneNumber) bool {
	kind := phonenumbers.GetNumberType(number)
	return kind == phonenumbers.MOBILE || kind == phonenumbers.FIXED_LINE_OR_MOBILE
}

// NormalCountry is a country's code of two letters (ISO 3166-1 alpha-2), and whether a
// text is one. UK is read as GB.
func NormalCountry(text string) (string, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) != 2 {
		return "", false
	}
	region, err := language.ParseRegion(text)
	if err != nil || !region.IsCountry() {
		return "", false
	}
	return region.Canonicalize().String(), true
}
