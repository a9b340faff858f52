package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The triesBeforeLock-th wrong password in a row locks an account for firstLock; each
// one after it doubles that, up to longestLock.
const (
	triesBeforeLock = 5
	firstLock       = time.Minute
	longestLock     = time.Hour
)

// ErrRefused is all that somebody who may not come in is told: not whether the name
// is known, the password wrong, or the account locked or disabled.
var ErrRefused = errors.New("the name or the password is wrong, or too many were tried; wait a while")

// Porter lets people in.
type Porter struct {
	Directory Directory
	Hasher    *Hasher
}

// Admit proves a name and a password. Wrong ones are counted for the account, for
// all processes together; while it is locked none is, and the right one is refused.
// Whether it is locked is decided on the account as it is once the password was
// looked at, one try after the other, so that many at once have no more than many in
// a row. The error is ErrRefused, ErrBusy where too many try at once, or the
// Directory's.
func (p *Porter) Admit(ctx context.Context, name, password string, now time.Time) (Account, error) {
	clean, err := CleanName(name)
	if err != nil {
		clean = ""
	}
	seen, err := p.Directory.Account(ctx, clean)
	unknown := errors.Is(err, ErrUnknown)
	if err != nil && !unknown {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	proven, err := p.Hasher.proves(ctx, password, seen.Password) // of nobody too, so that all take as long
	if err != nil {
		return Account{}, err
	}
	if unknown {
		return Account{}, ErrRefused
	}
	var account Account
	admitted := false
	err = p.Directory.Change(ctx, clean, func(a *Account) {
		admitted = a.try(proven && a.Password == seen.Password, now)
		account = *a
	})
	switch {
	case err != nil:
		return Account{}, fmt.Errorf("sign in: %w", err)
	case !admitted:
		return Account{}, ErrRefused
	}
	return account, nil
}

// try reports whether somebody may come in, and counts a wrong password.
func (a *Account) try(proven bool, now time.Time) bool {
	switch {
	case now.Before(a.LockedUntil):
		return false
	case !proven:
		a.Failures++
		a.LockedUntil = lockedUntil(a.Failures, now)
		return false
	case a.Disabled:
		return false
	}
	a.Failures, a.LockedUntil = 0, time.Time{}
	return true
}

// lockedUntil is until when nobody is heard after so many wrong passwords in a row.
func lockedUntil(failures int, now time.Time) time.Time {
	over := failures - triesBeforeLock
	if over < 0 {
		return time.Time{}
	}
	return now.Add(min(firstLock<<min(over, 10), longestLock))
}
