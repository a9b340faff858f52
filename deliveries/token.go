package deliveries

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"slices"
	"strings"
	"sync"
)

// Purpose says what a token lets its bearer do; a token made for one purpose is
// refused for every other.
type Purpose byte

// Purposes of tokens.
const (
	ClickLink   Purpose = 'c' // Number is the stored link
	OpenPixel   Purpose = 'o'
	Unsubscribe Purpose = 'u'
	CallScript  Purpose = 's' // Number is the attempt
	Survey      Purpose = 'q'
	Preferences Purpose = 'w'
	NotMe       Purpose = 'n' // Number is the mark of the address
	PushReport  Purpose = 'p'
	StatusOf    Purpose = 't' // a provider's status callback; Number is the attempt
	MessageName Purpose = 'i' // the Message-ID of an e-mail
	ReplyBox    Purpose = 'r' // the address of an e-mail's Reply-To
	BounceBox   Purpose = 'b' // the address failures of an e-mail go to
	StopBox     Purpose = 'm' // the address that mail to stop goes to
)

// Token names one delivery, for one purpose, to somebody outside.
type Token struct {
	Purpose  Purpose
	Delivery int64
	Number   int64
}

// ErrToken says that a token was not made by us or was altered.
var ErrToken = errors.New("token is not valid")

const macBytes = 12

// Signer makes and opens tokens. The zero Signer makes none and opens none.
type Signer struct {
	keys [][]byte
	// stamps are HMACs under the first key: a letter holds thirty tokens, and half of
	// what one costs is making the key ready.
	stamps *sync.Pool
}

// NewSigner makes a signer of at least one key. The first signs, every key opens,
// so that keys can be rotated.
func NewSigner(keys ...[]byte) Signer {
	return Signer{keys: keys, stamps: &sync.Pool{New: func() any { return hmac.New(sha256.New, keys[0]) }}}
}

// Sign writes a token in the URL-safe alphabet, about 24 characters.
func (s Signer) Sign(t Token) string {
	return base64.RawURLEncoding.EncodeToString(s.seal(t))
}

// Open reads a token made for a purpose. ErrToken for anything else.
func (s Signer) Open(purpose Purpose, text string) (Token, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Token{}, ErrToken
	}
	return s.unseal(purpose, raw)
}

// spell writes a token in lower-case letters and digits, about 28 of them, for
// places that may change their case: the local part of an address is at most 64
// characters long (RFC 5321 §4.5.3.1.1), and many servers fold it.
func (s Signer) spell(t Token) string {
	return strings.ToLower(caseless.EncodeToString(s.seal(t)))
}

// Read reads a spelled token made for a purpose, in any case. ErrToken for
// anything else.
func (s Signer) Read(purpose Purpose, text string) (Token, error) {
	text = strings.ToUpper(text)
	raw, err := caseless.DecodeString(text)
	if err != nil || caseless.EncodeToString(raw) != text { // the last letter has bits to spare
		return Token{}, ErrToken
	}
	return s.unseal(purpose, raw)
}

var caseless = base32.StdEncoding.WithPadding(base32.NoPadding)

func (s Signer) seal(t Token) []byte {
	body := make([]byte, 0, 1+2*binary.MaxVarintLen64+sha256.Size)
	body = append(body, byte(t.Purpose))
	body = binary.AppendUvarint(body, uint64(t.Delivery))
	body = binary.AppendUvarint(body, uint64(t.Number))
	stamp := s.stamps.Get().(hash.Hash)
	defer s.stamps.Put(stamp)
	stamp.Reset()
	stamp.Write(body)
	return stamp.Sum(body)[:len(body)+macBytes]
}

func (s Signer) unseal(purpose Purpose, raw []byte) (Token, error) {
	if len(raw) < macBytes+3 || Purpose(raw[0]) != purpose {
		return Token{}, ErrToken
	}
	body, sum := raw[:len(raw)-macBytes], raw[len(raw)-macBytes:]
	genuine := false
	for _, key := range s.keys {
		genuine = hmac.Equal(sum, mac(key, body)) || genuine
	}
	if !genuine {
		return Token{}, ErrToken
	}
	delivery, n := binary.Uvarint(body[1:])
	if n <= 0 {
		return Token{}, ErrToken
	}
	number, m := binary.Uvarint(body[1+n:])
	if m <= 0 || 1+n+m != len(body) {
		return Token{}, ErrToken
	}
	return Token{Purpose: purpose, Delivery: int64(delivery), Number: int64(number)}, nil
}

// Mark tells one address from another without telling it.
func (s Signer) Mark(address string) int64 {
	return mark(s.keys[0], address)
}

// Marks reports whether a mark is that of an address, made with any of the keys.
func (s Signer) Marks(number int64, address string) bool {
	return slices.ContainsFunc(s.keys, func(key []byte) bool { return mark(key, address) == number })
}

// mark is short, because links in texts are paid by the letter, and only ever
// compared with the few addresses of one customer.
func mark(key []byte, address string) int64 {
	return int64(binary.BigEndian.Uint32(mac(key, []byte("address "+address))))
}

func mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)[:macBytes]
}
