package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Account is somebody who works in the console.
type Account struct {
	Name      string    `json:"name"` // lower case, as it is typed to sign in
	Role      Role      `json:"role"`
	Disabled  bool      `json:"disabled,omitempty"`
	Password  string    `json:"-"` // its hash, see Hash
	CreatedAt time.Time `json:"created_at"`
	// Failures are wrong passwords in a row, and LockedUntil is until when none is
	// heard after them.
	Failures    int       `json:"failures,omitempty"`
	LockedUntil time.Time `json:"locked_until,omitzero"`
}

// Role is what an account may do. Each may do what those before it may.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // sees everything
	Agent    Role = "agent"    // answers customers, closes cases, starts follow-ups
	Operator Role = "operator" // pauses and resumes campaigns, erases customers
)

// ranks orders the roles.
var ranks = map[Role]int{Viewer: 1, Agent: 2, Operator: 3}

// ParseRole reads a role.
func ParseRole(text string) (Role, error) {
	if role := Role(text); ranks[role] > 0 {
		return role, nil
	}
	return "", fmt.Errorf("%q is not a role; there are viewer, agent and operator", text)
}

// May reports whether a role may do what is reserved to another.
func (r Role) May(reserved Role) bool { return ranks[r] > 0 && ranks[r] >= ranks[reserved] }

// CleanName is a name as accounts are kept by.
func CleanName(text string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(text))
	if name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' }) {
		return "", fmt.Errorf("%q is no name for an account: it must have up to 100 characters, without spaces and slashes, such as bea or bea@shop.example", text)
	}
	return name, nil
}

// Errors of a Directory.
var (
	ErrUnknown = errors.New("no such account")
	ErrTaken   = errors.New("there is an account of this name already")
)

// Directory keeps accounts.
type Directory interface {
	// Account is one by its name; ErrUnknown when there is none.
	Account(ctx context.Context, name string) (Account, error)
	// Accounts lists all, by name.
	Accounts(ctx context.Context) ([]Account, error)
	// Add keeps a new one; ErrTaken when there is one of the name.
	Add(ctx context.Context, a Account) error
	// Change writes role, password, failures and locks of one that is there, and ends its
	// sessions where the password, the role or the account's being enabled changed.
	Change(ctx context.Context, name string, change func(*Account)) error
}
