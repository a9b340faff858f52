package campaigns

import (
	"net/url"
	"slices"
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
		return customers.IsE164(c.Phone) && !numbers.of(c.Phone).costly
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
	switch n := numbers.of(c.Phone); {
	case n.code == 0:
		return c.Country
	case n.region != "":
		return n.region
	case c.Country != "" && phonenumbers.GetCountryCodeForRegion(c.Country) == n.code:
		return c.Country
	default:
		return phonenumbers.GetRegionCodeForCountryCode(n.code)
	}
}
