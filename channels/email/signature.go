package email

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rapport/channels"
)

// ErrSignature says that a callback is not proven to be SendGrid's.
var ErrSignature = errors.New("sendgrid: the signature does not prove the callback")

// Keys prove what SendGrid posts; two hold during a rotation.
type Keys []*ecdsa.PublicKey

// Verify checks the event webhook's signature.
func (s *mails) Verify(c channels.Callback) error { return s.keys.Verify(c) }

// Verify checks a signed webhook of SendGrid's, events or inbound mail: ECDSA over
// SHA-256 of the timestamp header followed by the raw body
// (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).
// A header that is there twice proves nothing. The timestamp's age is not judged:
// events are repeated for a day, and deduplication stops replays.
func (k Keys) Verify(c channels.Callback) error {
	signature, timestamp, is := seal(c.Header)
	if !is {
		return ErrSignature
	}
	hash := sha256.New()
	hash.Write([]byte(timestamp))
	hash.Write(c.Body)
	sum := hash.Sum(nil)
	for _, key := range k {
		if ecdsa.VerifyASN1(key, sum, signature) {
			return nil
		}
	}
	return ErrSignature
}

// Sealed implements channels.Sealed.
func (k Keys) Sealed(header http.Header) bool {
	_, _, is := seal(header)
	return is
}

// Sealed implements channels.Sealed.
func (s *mails) Sealed(header http.Header) bool { return s.keys.Sealed(header) }

// seal is the signature of a header and what is signed beside the body.
func seal(header http.Header) (signature []byte, timestamp string, is bool) {
	signatures, timestamps := header.Values(signatureHeader), header.Values(timestampHeader)
	if len(signatures) != 1 || len(timestamps) != 1 {
		return nil, "", false
	}
	signature, err := base64.StdEncoding.DecodeString(signatures[0])
	timestamp = timestamps[0]
	// Nothing stands between timestamp and body in what is signed: only digits
	// keep one from taking a part of the other.
	return signature, timestamp, err == nil && timestamp != "" && strings.Trim(timestamp, "0123456789") == ""
}

const (
	signatureHeader = "X-Twilio-Email-Event-Webhook-Signature"
	timestampHeader = "X-Twilio-Email-Event-Webhook-Timestamp"
)

// ReadKeys reads public keys as SendGrid shows them: base64 of a
// SubjectPublicKeyInfo, ECDSA on P-256.
func ReadKeys(texts []string) (Keys, error) {
	keys := make(Keys, len(texts))
	for i, text := range texts {
		der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("webhook_public_keys[%d] is not base64", i)
		}
		parsed, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return nil, fmt.Errorf("webhook_public_keys[%d] is not a public key", i)
		}
		key, is := parsed.(*ecdsa.PublicKey)
		if !is || key.Curve != elliptic.P256() {
			return nil, fmt.Errorf("webhook_public_keys[%d] is not an ECDSA key on P-256", i)
		}
		keys[i] = key
	}
	return keys, nil
}
