package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// freeTries are wrong passwords that cost nothing. Each one after them doubles the
// time in which none is heard, from firstLock up to longestLock.
const (
	freeTries   = 5
	firstLock   = time.Minute
	longestLock = time.Hour
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
// all processes together, whether or not it is locked.
func (p *Porter) Admit(ctx context.Context, name, password string, now time.Time) (Account, error) {
	clean, err := CleanName(name)
	if err != nil {
		clean = ""
	}
	account, err := p.Directory.Account(ctx, clean)
	unknown := errors.Is(err, ErrUnknown)
	if err != nil && !unknown {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	proven := p.Hasher.Proves(password, account.Password) // of nobody too, so that all take as long
	locked := now.Before(account.LockedUntil)
	switch {
	case unknown:
		return Account{}, ErrRefused
	case !proven && !locked:
		err := p.Directory.Change(ctx, clean, func(a *Account) {
			a.Failures++
			a.LockedUntil = lockedUntil(a.Failures, now)
		})
		return Account{}, errors.Join(ErrRefused, err)
	case !proven, locked, account.Disabled:
		return Account{}, ErrRefused
	}
	if account.Failures > 0 {
		err = p.Directory.Change(ctx, clean, func(a *Account) { a.Failures, a.LockedUntil = 0, time.Time{} })
		if err != nil {
			return Account{}, fmt.Errorf("sign in: %w", err)
		}
	}
	return account, nil
}

// lockedUntil is until when nobody is heard after so many wrong passwords in a row.
func lockedUntil(failures int, now time.Time) time.Time {
	over := failures - freeTries
	if over < 0 {
		return time.Time{}
	}
	return now.Add(min(firstLock<<min(over, 10), longestLock))
}
