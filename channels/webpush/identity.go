package webpush

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

const (
	// A token lives from its hour's beginning: never more than the 24 h of
	// RFC 8292 §2, and never less than 11 h when it is used.
	tokenLife = 12 * time.Hour
	// mostTokens bounds the cache: wildcard hosts have no end.
	mostTokens = 1000
)

// GenerateVAPIDKeys makes a key pair in the form the settings and browsers
// take: base64url of the uncompressed public point and of the private scalar.
func GenerateVAPIDKeys() (public, private string, err error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("generate VAPID keys: %w", err)
	}
	return encode(key.PublicKey().Bytes()), encode(key.Bytes()), nil
}

// identity says who we are to push services (RFC 8292). Its tokens hold for one
// push service and are signed once an hour.
type identity struct {
	key     *ecdsa.PrivateKey
	public  string // as browsers were given it
	subject string
	now     func() time.Time

	mu     sync.Mutex
	hour   time.Time
	tokens map[string]string // by origin, of that hour
}

func newIdentity(public, private, subject string, now func() time.Time) (*identity, error) {
	scalar, err := decode(private)
	if err != nil {
		return nil, errors.New("private_key is not base64url")
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		return nil, errors.New("private_key is not a P-256 key of 32 bytes")
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, errors.New("private_key has no public key")
	}
	if given, err := decode(public); err != nil || string(given) != string(point) {
		return nil, errors.New("public_key does not belong to private_key")
	}
	contact, err := url.Parse(subject)
	if err != nil || (contact.Scheme != "mailto" && contact.Scheme != "https") {
		return nil, errors.New("subject is neither a mailto: nor an https: URL")
	}
	return &identity{key: key, public: encode(point), subject: subject, now: now}, nil
}

// authorization is the header for a push service's origin.
func (i *identity) authorization(origin string) (string, error) {
	hour := i.now().UTC().Truncate(time.Hour)
	i.mu.Lock()
	defer i.mu.Unlock()
	if !hour.Equal(i.hour) || i.tokens == nil {
		i.hour, i.tokens = hour, map[string]string{}
	}
	token, signed := i.tokens[origin]
	if !signed {
		var err error
		if token, err = i.sign(origin, hour.Add(tokenLife)); err != nil {
			return "", err
		}
		if len(i.tokens) < mostTokens {
			i.tokens[origin] = token
		}
	}
	return "vapid t=" + token + ", k=" + i.public, nil
}

// sign writes a JSON Web Token with ES256 (RFC 7518 §3.4).
func (i *identity) sign(origin string, expires time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub"`
	}{origin, expires.Unix(), i.subject})
	if err != nil {
		return "", err
	}
	text := encode([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature), nil
}
