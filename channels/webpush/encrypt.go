package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"rapport/channels"
)

const (
	recordSize = 4096 // what every push service must take (RFC 8030 §7.2)
	saltSize   = 16
	pointSize  = 65 // an uncompressed point on P-256
	headerSize = saltSize + 4 + 1 + pointSize
	// longest is the longest text that fits one record with its padding
	// delimiter and tag.
	longest = recordSize - headerSize - 16 - 1
	// last marks the only record's end (RFC 8188 §2).
	last = 2
)

// recipient is a browser's side of a subscription.
type recipient struct {
	public *ecdh.PublicKey
	auth   []byte
}

// recipientOf reads a subscription's keys, which anybody may have written.
func recipientOf(s *channels.PushSubscription) (recipient, error) {
	if s == nil {
		return recipient{}, errors.New("the subscription has no keys")
	}
	point, err := decode(s.P256dh)
	if err != nil {
		return recipient{}, errors.New("the subscription's p256dh is not base64")
	}
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return recipient{}, errors.New("the subscription's p256dh is no point on P-256")
	}
	auth, err := decode(s.Auth)
	if err != nil || len(auth) != 16 {
		return recipient{}, errors.New("the subscription's auth is not 16 bytes")
	}
	return recipient{public: public, auth: auth}, nil
}

// seal encrypts a text for one browser under a fresh key and salt.
func (r recipient) seal(text []byte) ([]byte, error) {
	once, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	return r.sealWith(text, once, salt)
}

// sealWith is RFC 8291 §3.4 with the content coding of RFC 8188: one record.
func (r recipient) sealWith(text []byte, once *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	if len(text) > longest {
		return nil, errors.New("the text does not fit one record")
	}
	shared, err := once.ECDH(r.public)
	if err != nil {
		return nil, err
	}
	sender := once.PublicKey().Bytes()
	info := "WebPush: info\x00" + string(r.public.Bytes()) + string(sender)
	material, err := hkdf.Key(sha256.New, shared, r.auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, recordSize)
	out = append(out, salt...)
	out = binary.BigEndian.AppendUint32(out, recordSize)
	out = append(out, pointSize)
	out = append(out, sender...)
	return gcm.Seal(out, nonce, append(text[:len(text):len(text)], last), nil), nil
}

// decode reads base64 in either alphabet, padded or not: browsers and their
// libraries differ.
func decode(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	return base64.RawURLEncoding.DecodeString(text)
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
