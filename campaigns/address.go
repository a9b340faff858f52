package campaigns

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"rapport/channels"
	"rapport/customers"
)

// validAddress reports whether what a channel would be given can be one of its
// addresses at all. Whether anybody is there only the provider knows.
func validAddress(c *customers.Customer, ch channels.Channel) bool {
	switch ch {
	case channels.Email:
		return isMailbox(c.Email)
	case channels.SMS, channels.Call:
		return isE164(c.Phone) && !costly(c.Phone)
	case channels.Push:
		browser := c.Browsers[0]
		endpoint, err := url.Parse(browser.Endpoint)
		return err == nil && endpoint.Host != "" && browser.P256dh != "" && browser.Auth != ""
	}
	return false
}

// isMailbox checks the shape local@domain.tld within the limits of RFC 5321
// §4.5.3.1. Quoted local parts, which no provider here takes, are refused.
func isMailbox(address string) bool {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || len(local) > 64 || len(domain) > 255 {
		return false
	}
	if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`"(),:;<>@[\]`, r) && r != '@' }) {
		return false
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	return !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || len(label) > 63 || strings.Contains(label, "@") ||
			strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-")
	})
}

// isE164 checks the shape of an international number: + and 7 to 15 digits,
// the first not 0 (ITU-T E.164 §6).
func isE164(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	if !plus || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// costly reports whether a number is of a kind that no customer has and whose
// owner earns by every message: premium rate, shared cost, universal access,
// follow-me numbers, pagers and mailboxes. Such numbers are put into forms for
// the money, also in countries where we write (toll fraud, SMS pumping).
func costly(phone string) bool {
	number, err := dialled(phone)
	if err != nil {
		return false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.UAN, phonenumbers.PERSONAL_NUMBER,
		phonenumbers.PAGER, phonenumbers.VOICEMAIL:
		return true
	}
	return false
}

// countryAllowed reports whether anything may be sent where the customer is on
// a channel. A list, the workspace's or the campaign's, allows what it names.
// Without a list e-mail and push go anywhere; texts and calls, which cost money
// and attract fraud, go nowhere the workspace does not name.
func (w *Workspace) countryAllowed(c *Campaign, cust *customers.Customer, ch channels.Channel) bool {
	country := CountryOf(cust, ch)
	allowed, listed := w.Contact.Countries[ch]
	if listed || ch == channels.SMS || ch == channels.Call {
		if !slices.Contains(allowed, country) {
			return false
		}
	}
	narrower, narrows := c.Contact.Countries[ch]
	return !narrows || slices.Contains(narrower, country)
}

// CountryOf is where a message goes: for texts and calls the number's country,
// which decides the price, whatever the profile says; otherwise the profile's.
func CountryOf(c *customers.Customer, ch channels.Channel) string {
	if ch != channels.SMS && ch != channels.Call {
		return c.Country
	}
	number, err := dialled(c.Phone)
	if err != nil {
		return c.Country
	}
	code := int(number.GetCountryCode())
	switch region := phonenumbers.GetRegionCodeForNumber(number); {
	case region != "" && region != "ZZ":
		return region
	case c.Country != "" && phonenumbers.GetCountryCodeForRegion(c.Country) == code:
		return c.Country
	default:
		return phonenumbers.GetRegionCodeForCountryCode(code)
	}
}

// dialled takes a number apart. One in E.164 form, as they are kept, comes apart
// by its digits: phonenumbers.Parse asks first whether it is a page of prose with
// a number somewhere in it, which takes longer than all the other gates together.
func dialled(phone string) (*phonenumbers.PhoneNumber, error) {
	if !isE164(phone) {
		return phonenumbers.Parse(phone, "")
	}
	for end := 2; end <= 4; end++ { // no country's code is the beginning of another's
		code, err := strconv.Atoi(phone[1:end])
		if err != nil || !plain(code) {
			continue
		}
		national := phone[end:]
		if national[0] == '0' || national[0] == '1' && code == 1 { // perhaps its national prefix
			break
		}
		digits, err := strconv.ParseUint(national, 10, 64)
		if err != nil {
			break
		}
		country := int32(code) //nolint:gosec // three digits
		return &phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &digits}, nil
	}
	return phonenumbers.Parse(phone, "")
}

// plain reports whether the numbers behind a country's code are what is dialled:
// nothing is left out or put in between, but a national prefix of 0 (or 1 in
// North America), which no number there begins with.
func plain(code int) bool {
	switch code {
	case 1, 30, 31, 32, 33, 34, 41, 43, 44, 45, 46, 47, 48, 49, 61, 64, 351, 352, 353, 420, 421:
		return true
	}
	return false
}
