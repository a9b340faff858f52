package channels

import (
	"regexp"
	"slices"
)

// senderName is a sender of letters: at most 11 characters of GSM 03.38, one of
// them a letter.
var senderName = regexp.MustCompile(`^[A-Za-z0-9 ]{0,10}[A-Za-z][A-Za-z0-9 ]{0,10}$`)

// IsSenderName reports whether texts from a sender show a name (an alphanumeric
// sender id), which nobody can answer.
func IsSenderName(from string) bool { return len(from) <= 11 && senderName.MatchString(from) }

// withoutNames are countries whose networks deliver no text that comes from a
// name (https://www.twilio.com/en-us/guidelines/sms, country by country:
// alphanumeric sender id not supported).
var withoutNames = []string{
	"AR", "BR", "CA", "CL", "CN", "CO", "CR", "DO", "EC", "GT", "HN", "MX", "NI", "PA", "PR", "SV", "US", "UY", "VE",
}

// TakesSenderNames reports whether a text that comes from a name is delivered in
// a country (ISO 3166-1 alpha-2; "" is taken to).
func TakesSenderNames(country string) bool { return !slices.Contains(withoutNames, country) }
