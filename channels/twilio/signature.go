package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs by HMAC-SHA1, which what is known of SHA-1 does not break
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"

	"rapport/channels"
)

// ErrSignature says that a callback is not proven to be Twilio's.
var ErrSignature = errors.New("twilio: the signature does not prove the callback")

// Verify checks a callback's X-Twilio-Signature: HMAC-SHA1 under the auth token
// over the public URL and the sorted form fields
// (https://www.twilio.com/docs/usage/security). A body that is not a form is
// covered by its hash in the URL's bodySHA256. The signature has no time in it:
// a replay is genuine, and deduplication stops it.
func (c *Client) Verify(cb channels.Callback) error {
	signed, err := signedFields(cb)
	if err != nil {
		return err
	}
	given := []byte(cb.Header.Get("X-Twilio-Signature"))
	genuine := false
	for _, token := range c.tokens {
		for _, address := range spellings(cb.URL) {
			genuine = hmac.Equal(given, sign(token, address+signed)) || genuine
		}
	}
	if !genuine {
		return ErrSignature
	}
	return nil
}

func sign(token channels.Secret, text string) []byte {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	return []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// signedFields writes down what of the request the signature covers besides
// the URL: each field's name and value, by name, repeated values sorted and
// once each.
func signedFields(cb channels.Callback) (string, error) {
	if cb.Method == http.MethodGet {
		return "", nil
	}
	address, err := url.Parse(cb.URL)
	if err != nil {
		return "", ErrSignature
	}
	if want := address.Query().Get("bodySHA256"); want != "" {
		sum := sha256.Sum256(cb.Body)
		if !hmac.Equal([]byte(hex.EncodeToString(sum[:])), []byte(strings.ToLower(want))) {
			return "", ErrSignature
		}
		return "", nil
	}
	form, err := url.ParseQuery(string(cb.Body))
	if err != nil {
		return "", ErrSignature
	}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	for _, name := range names {
		values := form[name]
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			text.WriteString(name + value)
		}
	}
	return text.String(), nil
}

// spellings gives a URL as it stands, without its port and with the usual one:
// Twilio is not consistent about which it signs. The text is cut, not parsed
// and written anew, since the signature is over characters.
func spellings(address string) []string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return []string{address}
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	start := strings.LastIndexByte(authority, '@') + 1
	colon := strings.LastIndexByte(authority, ':')
	if colon >= start && colon > strings.LastIndexByte(authority, ']') {
		return []string{address, scheme + "://" + authority[:colon] + tail}
	}
	port := ":443"
	if scheme == "http" {
		port = ":80"
	}
	return []string{address, scheme + "://" + authority + port + tail}
}

// Fields gives the form fields of a callback and the query of its URL. A GET
// has all its fields in the query.
func Fields(cb channels.Callback) (form, query url.Values, err error) {
	address, err := url.Parse(cb.URL)
	if err != nil {
		return nil, nil, errors.New("read a twilio callback: its URL is malformed")
	}
	query = address.Query()
	if cb.Method == http.MethodGet {
		return query, query, nil
	}
	form, err = url.ParseQuery(string(cb.Body))
	if err != nil {
		return nil, nil, fmt.Errorf("read a twilio callback of %d bytes: it is not a form", len(cb.Body))
	}
	return form, query, nil
}
