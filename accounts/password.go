package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Argon2id with the parameters OWASP's password storage cheat sheet gives first:
// 19 MiB, two passes, one lane. A hash carries its own, so that they may rise.
const (
	memory  = 19 * 1024 // KiB
	passes  = 2
	lanes   = 1
	saltLen = 16
	keyLen  = 32
)

// shortest is how long a password must be (NIST SP 800-63B: at least 8; longer
// where nothing else guards the door), longest bounds what is hashed.
const (
	shortest = 12
	longest  = 1024
)

// atOnce bounds the hashes made at the same time, each of which takes the memory
// above: whoever tries many passwords waits, and takes no memory from others. Up to
// mostWaiting wait, which takes them about a second; more are turned away.
const (
	atOnce      = 2
	mostWaiting = 30
)

// ErrBusy is that so many passwords are being proven that one more is not heard.
var ErrBusy = errors.New("many are signing in at this moment; try again in a few seconds")

// Hasher makes and checks hashes of passwords.
type Hasher struct {
	hall chan struct{} // who is in, those in the room among them
	room chan struct{}
}

// NewHasher is a Hasher for a whole process.
func NewHasher() *Hasher {
	return &Hasher{hall: make(chan struct{}, atOnce+mostWaiting), room: make(chan struct{}, atOnce)}
}

// Hash is how a password is kept, in the PHC string format. A password that is too
// short is refused.
func (h *Hasher) Hash(password string) (string, error) {
	switch {
	case len(password) < shortest:
		return "", fmt.Errorf("a password has at least %d characters", shortest)
	case len(password) > longest:
		return "", fmt.Errorf("a password has at most %d bytes", longest)
	}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	key, err := h.key(context.Background(), password, hashed{memory: memory, passes: passes, lanes: lanes, salt: salt})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// proves reports whether a password is the one of a hash. It takes as long for a
// hash that is none ("") as for one that is. The error is ErrBusy where too many
// wait already, or ctx ended first.
func (h *Hasher) proves(ctx context.Context, password, hash string) (bool, error) {
	parsed, err := parseHash(hash)
	if err != nil {
		parsed = hashed{memory: memory, passes: passes, lanes: lanes, salt: make([]byte, saltLen), key: make([]byte, keyLen)}
	}
	if len(password) > longest {
		password = ""
	}
	key, busy := h.key(ctx, password, parsed)
	if busy != nil {
		return false, busy
	}
	return subtle.ConstantTimeCompare(key, parsed.key) == 1 && err == nil, nil
}

// key is what a password becomes with a hash's salt and parameters.
func (h *Hasher) key(ctx context.Context, password string, by hashed) ([]byte, error) {
	select {
	case h.hall <- struct{}{}:
		defer func() { <-h.hall }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.room <- struct{}{}:
		defer func() { <-h.room }()
	case <-ctx.Done():
		return nil, ErrBusy
	}
	return argon2.IDKey([]byte(password), by.salt, by.passes, by.memory, by.lanes, keyLen), nil
}

// hashed is a hash taken apart.
type hashed struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

var errNoHash = errors.New("not an argon2id hash")

func parseHash(text string) (h hashed, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errNoHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil || h.lanes == 0 || h.passes == 0 {
		return h, errNoHash
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, errNoHash
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(h.key) != keyLen {
		return h, errNoHash
	}
	return h, nil
}
