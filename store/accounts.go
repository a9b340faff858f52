package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rapport/accounts"
)

// Accounts keeps who works in the console in this store.
func (s *Store) Accounts() Accounts { return Accounts{s} }

// Accounts is an accounts.Directory, its Sessions and its Journal.
type Accounts struct{ store *Store }

var (
	_ accounts.Directory = Accounts{}
	_ accounts.Sessions  = Accounts{}
	_ accounts.Audit     = Accounts{}
)

const accountColumns = "a.name, a.role, a.disabled, a.password, a.created_at, a.failures, a.locked_until"

// accountInto is where the account columns are scanned to.
func accountInto(a *accounts.Account) []any {
	return []any{&a.Name, &a.Role, &a.Disabled, &a.Password, asTime(&a.CreatedAt), &a.Failures, asTime(&a.LockedUntil)}
}

func scanAccount(r record) (a accounts.Account, err error) {
	err = r.Scan(accountInto(&a)...)
	return a, err
}

// Account implements accounts.Directory.
func (b Accounts) Account(ctx context.Context, name string) (a accounts.Account, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		a, err = readAccount(ctx, tx, name, "")
		return err
	})
	if err != nil && !errors.Is(err, accounts.ErrUnknown) {
		err = fmt.Errorf("read account %s: %w", name, err)
	}
	return a, err
}

func readAccount(ctx context.Context, tx *tx, name, lock string) (accounts.Account, error) {
	a, known, err := first(ctx, tx, scanAccount, "SELECT "+accountColumns+" FROM accounts a WHERE a.name = $1"+lock, name)
	if err == nil && !known {
		err = accounts.ErrUnknown
	}
	return a, err
}

// Accounts implements accounts.Directory.
func (b Accounts) Accounts(ctx context.Context) (all []accounts.Account, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, scanAccount, "SELECT "+accountColumns+" FROM accounts a ORDER BY a.name")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return all, nil
}

// Add implements accounts.Directory.
func (b Accounts) Add(ctx context.Context, a accounts.Account) error {
	err := b.store.write(ctx, func(tx *tx) error {
		added, err := tx.exec(ctx, `
			INSERT INTO accounts (name, role, password, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING`,
			a.Name, string(a.Role), a.Password, instant(a.CreatedAt))
		if err == nil && added == 0 {
			err = accounts.ErrTaken
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("add account %s: %w", a.Name, err)
	}
	return nil
}

// Change implements accounts.Directory.
func (b Accounts) Change(ctx context.Context, name string, change func(*accounts.Account)) error {
	err := b.store.write(ctx, func(tx *tx) error {
		before, err := readAccount(ctx, tx, name, tx.forUpdate("a"))
		if err != nil {
			return err
		}
		after := before
		change(&after)
		_, err = tx.exec(ctx, "UPDATE accounts SET role = $2, disabled = $3, password = $4, failures = $5, locked_until = $6 WHERE name = $1",
			name, string(after.Role), flag(after.Disabled), after.Password, after.Failures, instant(after.LockedUntil))
		if err != nil || before.Password == after.Password && before.Role == after.Role && !after.Disabled {
			return err
		}
		_, err = tx.exec(ctx, "DELETE FROM sessions WHERE account = $1", name)
		return err
	})
	if err != nil {
		return fmt.Errorf("change account %s: %w", name, err)
	}
	return nil
}

// Begin implements accounts.Sessions.
func (b Accounts) Begin(ctx context.Context, s accounts.Session) error {
	return b.do(ctx, "begin a session", "INSERT INTO sessions (digest, account, began_at, seen_at) VALUES ($1, $2, $3, $4)",
		s.Digest, s.Account, instant(s.Began), instant(s.SeenAt))
}

// Session implements accounts.Sessions.
func (b Accounts) Session(ctx context.Context, digest string) (s accounts.Session, a accounts.Account, err error) {
	var known bool
	err = b.store.read(ctx, func(tx *tx) (err error) {
		_, known, err = first(ctx, tx, func(r record) (none struct{}, err error) {
			into := []any{&s.Digest, &s.Account, asTime(&s.Began), asTime(&s.SeenAt)}
			return none, r.Scan(append(into, accountInto(&a)...)...)
		}, `
			SELECT s.digest, s.account, s.began_at, s.seen_at, `+accountColumns+`
			FROM sessions s JOIN accounts a ON a.name = s.account WHERE s.digest = $1 AND a.disabled = 0`, digest)
		return err
	})
	if err != nil {
		return s, a, fmt.Errorf("read a session: %w", err)
	}
	if !known {
		return s, a, accounts.ErrUnknown
	}
	return s, a, nil
}

// Seen implements accounts.Sessions.
func (b Accounts) Seen(ctx context.Context, digest string, at time.Time) error {
	return b.do(ctx, "note that a session is in use", "UPDATE sessions SET seen_at = $2 WHERE digest = $1 AND seen_at < $2", digest, instant(at))
}

// End implements accounts.Sessions.
func (b Accounts) End(ctx context.Context, digest string) error {
	return b.do(ctx, "end a session", "DELETE FROM sessions WHERE digest = $1", digest)
}

// Sweep implements accounts.Sessions.
func (b Accounts) Sweep(ctx context.Context, now time.Time) (int, error) {
	began, seen := accounts.OverBefore(now)
	var swept int64
	err := b.store.write(ctx, func(tx *tx) (err error) {
		swept, err = tx.exec(ctx, "DELETE FROM sessions WHERE began_at <= $1 OR seen_at <= $2", instant(began), instant(seen))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget sessions that are over: %w", err)
	}
	return int(swept), nil
}

// Note implements accounts.Journal.
func (b Accounts) Note(ctx context.Context, d accounts.Deed) error {
	return b.do(ctx, "note what was done", "INSERT INTO deeds (at, account, what, about) VALUES ($1, $2, $3, $4)",
		instant(d.At), clean(d.Account), clean(d.What), clean(d.About))
}

// Deeds implements accounts.Journal.
func (b Accounts) Deeds(ctx context.Context, account, about string, limit int) (all []accounts.Deed, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(r record) (d accounts.Deed, err error) {
			err = r.Scan(asTime(&d.At), &d.Account, &d.What, &d.About)
			return d, err
		}, `
			SELECT d.at, d.account, d.what, d.about FROM deeds d
			WHERE ($1 = '' OR d.account = $1) AND ($2 = '' OR d.about = $2) ORDER BY d.id DESC LIMIT $3`, account, about, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what was done: %w", err)
	}
	return all, nil
}

func (b Accounts) do(ctx context.Context, what, query string, args ...any) error {
	err := b.store.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
