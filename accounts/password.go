package accounts

import (
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
// above: whoever tries many passwords waits, and takes no memory from others.
const atOnce = 2

// Hasher makes and checks hashes of passwords.
type Hasher struct{ room chan struct{} }

// NewHasher is a Hasher for a whole process.
func NewHasher() *Hasher { return &Hasher{room: make(chan struct{}, atOnce)} }

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
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(h.key(password, salt, memory, passes, lanes))), nil
}

// Proves reports whether a password is the one of a hash. It takes as long for a
// hash that is none ("") as for one that is.
func (h *Hasher) Proves(password, hash string) bool {
	parsed, err := parseHash(hash)
	if err != nil {
		parsed = hashed{memory: memory, passes: passes, lanes: lanes, salt: make([]byte, saltLen), key: make([]byte, keyLen)}
	}
	if len(password) > longest {
		password = ""
	}
	key := h.key(password, parsed.salt, parsed.memory, parsed.passes, parsed.lanes)
	return subtle.ConstantTimeCompare(key, parsed.key) == 1 && err == nil
}

func (h *Hasher) key(password string, salt []byte, m, t uint32, p uint8) []byte {
	h.room <- struct{}{}
	defer func() { <-h.room }()
	return argon2.IDKey([]byte(password), salt, t, m, p, keyLen)
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
