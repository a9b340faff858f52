package accounts

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Deed is something somebody did, or was refused, in the console.
type Deed struct {
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	// What is the kind of thing: "opened", "replied in", "signed in", "was refused at the door".
	What string `json:"what"`
	// About is what it was done to, such as "customer c-1", "case 12", "campaign welcome".
	About string `json:"about,omitempty"`
}

// longestNoted is how much of an id the audit keeps, in bytes: anybody with an account
// may ask for any.
const longestNoted = 255

// About is what a deed was done to, as the audit names it: what does not print is
// escaped.
func About(thing, id string) string {
	if strings.ContainsFunc(id, func(r rune) bool { return !strconv.IsPrint(r) }) {
		quoted := strconv.Quote(id)
		id = quoted[1 : len(quoted)-1]
	}
	if len(id) > longestNoted {
		id = strings.ToValidUTF8(id[:longestNoted], "")
	}
	return strings.TrimSpace(thing + " " + id)
}

// AboutCustomer is About a customer.
func AboutCustomer(id string) string { return About("customer", id) }

// Audit keeps deeds. None is ever taken out or changed, but that a customer who is erased
// is named in theirs by the alias from then on.
type Audit interface {
	Note(ctx context.Context, d Deed) error
	// Deeds lists the latest, newest first: of one account, or about one thing, where
	// these are not "".
	Deeds(ctx context.Context, account, about string, limit int) ([]Deed, error)
}
