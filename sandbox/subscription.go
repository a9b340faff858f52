package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rapport/channels"
)

// NewSubscription is what the browser of a customer hands out after they said
// yes to notifications. The endpoint is under SelfURL; the keys follow from the
// seed and the customer, so that a sandbox that restarts still reads what it is
// sent. A customer has one browser.
func (s *Sandbox) NewSubscription(customer string) channels.PushSubscription {
	id := s.subscriptionID(customer)
	keys := s.keysOf(id, customer)
	return channels.PushSubscription{
		Endpoint: s.endpoint(id),
		P256dh:   base64.RawURLEncoding.EncodeToString(keys.private.PublicKey().Bytes()),
		Auth:     base64.RawURLEncoding.EncodeToString(keys.auth),
	}
}

func (s *Sandbox) endpoint(id string) string { return s.options.SelfURL + "/push/" + id }

// subscriptionID names a customer's subscription: the customer and a proof that
// this sandbox made it.
func (s *Sandbox) subscriptionID(customer string) string {
	proof := s.digest("subscription", customer)
	return base64.RawURLEncoding.EncodeToString([]byte(customer)) + "." + base64.RawURLEncoding.EncodeToString(proof[:12])
}

// browserOf finds whose browser an id belongs to.
func (s *Sandbox) browserOf(id string) (browserKeys, bool) {
	name, _, found := strings.Cut(id, ".")
	customer, err := base64.RawURLEncoding.DecodeString(name)
	if !found || err != nil || subtle.ConstantTimeCompare([]byte(id), []byte(s.subscriptionID(string(customer)))) != 1 {
		return browserKeys{}, false
	}
	return s.keysOf(id, string(customer)), true
}

// browserKeys is what a browser keeps for one subscription.
type browserKeys struct {
	customer string
	private  *ecdh.PrivateKey
	auth     []byte
}

func (s *Sandbox) keysOf(id, customer string) browserKeys {
	auth := s.digest("subscription auth", id)
	for n := 0; ; n++ { // a scalar out of range is one in 2^32
		sum := s.digest("subscription key", id, strconv.Itoa(n))
		if private, err := ecdh.P256().NewPrivateKey(sum[:]); err == nil {
			return browserKeys{customer: customer, private: private, auth: auth[:16]}
		}
	}
}

// open decrypts a message as the browser does and reads the notification.
func (k browserKeys) open(body []byte) (notification, error) {
	var n notification
	plain, err := k.decrypt(body)
	if err != nil {
		return n, err
	}
	if len(plain) == 0 {
		return n, errors.New("the message is empty")
	}
	if err := json.Unmarshal(plain, &n); err != nil {
		return n, errors.New("the message is not the JSON of a notification")
	}
	return n, nil
}

// decrypt opens one aes128gcm record (RFC 8188) under keys agreed as RFC 8291
// §3 says.
func (k browserKeys) decrypt(body []byte) ([]byte, error) {
	const saltLength, headLength = 16, 16 + 4 + 1
	if len(body) < headLength || len(body) < headLength+int(body[headLength-1]) {
		return nil, errors.New("the message has no aes128gcm header")
	}
	salt := body[:saltLength]
	size := binary.BigEndian.Uint32(body[saltLength:])
	sender := body[headLength : headLength+int(body[headLength-1])]
	sealed := body[headLength+len(sender):]
	if uint64(len(sealed)) > uint64(size) {
		return nil, errors.New("the message has more than one record (RFC 8291 §4)")
	}
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, errors.New("the key id is not a P-256 key (RFC 8291 §4)")
	}
	shared, err := k.private.ECDH(public)
	if err != nil {
		return nil, fmt.Errorf("agree on a key: %w", err)
	}
	key, nonce, err := k.derive(shared, salt, sender)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	padded, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, errors.New("the message was not encrypted for this subscription")
	}
	return unpad(padded)
}

// derive makes the content key and nonce (RFC 8291 §3.4).
func (k browserKeys) derive(shared, salt, sender []byte) (key, nonce []byte, err error) {
	info := "WebPush: info\x00" + string(k.private.PublicKey().Bytes()) + string(sender)
	ikm, err := hkdf.Key(sha256.New, shared, k.auth, info, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("derive keys: %w", err)
	}
	if key, err = hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16); err != nil {
		return nil, nil, fmt.Errorf("derive keys: %w", err)
	}
	if nonce, err = hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12); err != nil {
		return nil, nil, fmt.Errorf("derive keys: %w", err)
	}
	return key, nonce, nil
}

// unpad removes the delimiter of a last record and the zeros after it.
func unpad(padded []byte) ([]byte, error) {
	for i := len(padded) - 1; i >= 0; i-- {
		switch padded[i] {
		case 0:
		case 2:
			return padded[:i], nil
		default:
			return nil, errors.New("the record has no delimiter of a last one (RFC 8188 §2)")
		}
	}
	return nil, errors.New("the record is nothing but padding")
}
