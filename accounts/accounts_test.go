package accounts

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// one is a directory of one account.
type one struct {
	account Account
	lock    sync.Mutex
}

func (o *one) Account(_ context.Context, name string) (Account, error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	if name != o.account.Name {
		return Account{}, ErrUnknown
	}
	return o.account, nil
}
func (o *one) Accounts(context.Context) ([]Account, error) { return []Account{o.account}, nil }
func (o *one) Add(context.Context, Account) error          { return ErrTaken }
func (o *one) Change(_ context.Context, _ string, change func(*Account)) error {
	o.lock.Lock()
	defer o.lock.Unlock()
	change(&o.account)
	return nil
}

func TestAPasswordIsProvenByItsHash(t *testing.T) {
	h := NewHasher()
	hash, err := h.Hash("correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(hash, err)
	}
	other, _ := h.Hash("correct horse battery")
	if hash == other {
		t.Error("two hashes of one password are the same: no salt")
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batterY": false, "": false, strings.Repeat("x", 2000): false} {
		if got, err := h.proves(t.Context(), password, hash); got != want || err != nil {
			t.Errorf("%.30q proves it: %v, %v", password, got, err)
		}
	}
	for _, broken := range []string{"", "$argon2id$", "$2a$10$abc", strings.Replace(hash, "t=2", "t=0", 1), hash[:len(hash)-3]} {
		if proven, _ := h.proves(t.Context(), "correct horse battery", broken); proven {
			t.Errorf("%q is proven", broken)
		}
	}
	if _, err := h.Hash("eleven char"); err == nil {
		t.Error("a short password was taken")
	}
}

func TestWrongPasswordsLockTheDoorForAWhile(t *testing.T) {
	h := NewHasher()
	hash, err := h.Hash("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	d := &one{account: Account{Name: "bea", Role: Agent, Password: hash}}
	p := Porter{Directory: d, Hasher: h}
	try := func(name, password string, at time.Time, want error) {
		t.Helper()
		if _, err := p.Admit(t.Context(), name, password, at); !errors.Is(err, want) {
			t.Errorf("%s at %s: %v, want %v", name, at.Format("15:04:05"), err, want)
		}
	}
	try("Bea ", "correct horse battery", noon, nil)
	try("nobody", "correct horse battery", noon, ErrRefused)
	for range triesBeforeLock {
		try("bea", "wrong horse battery", noon, ErrRefused)
	}
	try("bea", "correct horse battery", noon.Add(firstLock-time.Second), ErrRefused)
	try("bea", "wrong horse battery", noon.Add(firstLock), ErrRefused) // and locks for twice as long
	try("bea", "correct horse battery", noon.Add(2*firstLock), ErrRefused)
	try("bea", "correct horse battery", noon.Add(3*firstLock), nil)
	if d.account.Failures != 0 {
		t.Error("failures stay after the right password")
	}
	d.account.Disabled = true
	try("bea", "correct horse battery", noon.Add(time.Hour), ErrRefused)
}

// Who tries many passwords at once has as many tries as who tries them in a row: the
// right one behind the free tries opens nothing.
func TestManyTriesAtOnceAreNoMoreThanInARow(t *testing.T) {
	const manyTries = 2 * triesBeforeLock
	h := NewHasher()
	hash, err := h.Hash("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	d := &one{account: Account{Name: "bea", Role: Agent, Password: hash}}
	p := Porter{Directory: d, Hasher: h}
	for range atOnce {
		h.room <- struct{}{} // all look at the account before the first password is proven
	}
	refused := make(chan error, manyTries)
	var tries sync.WaitGroup
	for range manyTries {
		tries.Go(func() {
			_, err := p.Admit(t.Context(), "bea", "wrong horse battery", noon)
			refused <- err
		})
	}
	for len(h.hall) < manyTries {
		runtime.Gosched()
	}
	for range atOnce {
		<-h.room
	}
	tries.Wait()
	close(refused)
	for err := range refused {
		if !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	}
	if d.account.Failures != triesBeforeLock || !d.account.LockedUntil.Equal(noon.Add(firstLock)) {
		t.Errorf("%d wrong ones were counted, and it is locked until %s", d.account.Failures, d.account.LockedUntil)
	}
}

// The lock that others brought about while a password was being proven holds for it,
// and a password that was changed meanwhile is none.
func TestALockHoldsForWhoIsBeingProven(t *testing.T) {
	h := NewHasher()
	hash, err := h.Hash("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for what, meanwhile := range map[string]func(*Account){
		"locked":           func(a *Account) { a.LockedUntil = noon.Add(firstLock) },
		"disabled":         func(a *Account) { a.Disabled = true },
		"another password": func(a *Account) { a.Password = "" },
	} {
		d := &one{account: Account{Name: "bea", Role: Agent, Password: hash}}
		p := Porter{Directory: d, Hasher: h}
		for range atOnce {
			h.room <- struct{}{}
		}
		outcome := make(chan error)
		go func() {
			_, err := p.Admit(t.Context(), "bea", "correct horse battery", noon)
			outcome <- err
		}()
		for len(h.hall) == 0 {
			runtime.Gosched()
		}
		_ = d.Change(t.Context(), "bea", meanwhile)
		for range atOnce {
			<-h.room
		}
		if err := <-outcome; !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTooManyAtOnceAreTurnedAway(t *testing.T) {
	h := NewHasher()
	for range cap(h.hall) {
		h.hall <- struct{}{}
	}
	p := Porter{Directory: &one{account: Account{Name: "bea"}}, Hasher: h}
	if _, err := p.Admit(t.Context(), "bea", "correct horse battery", noon); !errors.Is(err, ErrBusy) {
		t.Errorf("one more than may wait: %v", err)
	}
	<-h.hall
	for range atOnce {
		h.room <- struct{}{}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.Admit(gone, "bea", "correct horse battery", noon); !errors.Is(err, ErrBusy) {
		t.Errorf("who went away: %v", err)
	}
}

func TestALockNeverLastsLongerThanAnHour(t *testing.T) {
	for failures, want := range map[int]time.Duration{triesBeforeLock: time.Minute, triesBeforeLock + 3: 8 * time.Minute, triesBeforeLock + 6: time.Hour, 1 << 20: time.Hour} {
		if got := lockedUntil(failures, noon).Sub(noon); got != want {
			t.Errorf("after %d: %s, want %s", failures, got, want)
		}
	}
}

func TestRolesContainEachOther(t *testing.T) {
	for _, c := range []struct {
		role, reserved Role
		may            bool
	}{{Viewer, Viewer, true}, {Viewer, Agent, false}, {Agent, Viewer, true}, {Operator, Agent, true}, {Agent, Operator, false}, {"", Viewer, false}, {"root", Viewer, false}} {
		if got := c.role.May(c.reserved); got != c.may {
			t.Errorf("%q may do what %s may: %v", c.role, c.reserved, got)
		}
	}
}
