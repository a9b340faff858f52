package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// A session ends when it is idle for long, and at the latest after a working day.
const (
	idleFor   = 2 * time.Hour
	longestIn = 12 * time.Hour
)

// Session is somebody's being signed in.
type Session struct {
	Digest  string // of the token, see Digest
	Account string
	Began   time.Time
	SeenAt  time.Time
}

// Over reports whether the session has ended by itself.
func (s Session) Over(now time.Time) bool {
	return now.Sub(s.SeenAt) >= idleFor || now.Sub(s.Began) >= longestIn
}

// NewToken is a token that nobody can guess.
func NewToken() string {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(token)
}

// Digest is what is kept of a token: whoever reads the store cannot sign in by it.
func Digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Sessions keeps who is signed in.
type Sessions interface {
	Begin(ctx context.Context, s Session) error
	// Session is the one of a digest with its account; ErrUnknown when there is none, or
	// the account is disabled.
	Session(ctx context.Context, digest string) (Session, Account, error)
	// Seen notes that a session is in use.
	Seen(ctx context.Context, digest string, at time.Time) error
	End(ctx context.Context, digest string) error
	// Sweep forgets sessions that nobody can use any more, and returns how many.
	Sweep(ctx context.Context, now time.Time) (int, error)
}

// OverBefore gives two moments: a session that began, or was last seen, at or before
// them is over.
func OverBefore(now time.Time) (began, seen time.Time) { return now.Add(-longestIn), now.Add(-idleFor) }
