package customers

import (
	"errors"
	"net/mail"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ErrEmail and ErrPhone say that an address is none.
var (
	ErrEmail = errors.New("not an e-mail address")
	ErrPhone = errors.New("not a phone number")
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
// read one written without its country code. ErrPhone when it is none.
func NormalPhone(text, country string) (string, error) {
	if country == "" {
		country = phonenumbers.UNKNOWN_REGION
	}
	number, err := phonenumbers.Parse(strings.TrimSpace(text), strings.ToUpper(country))
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", ErrPhone
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}
