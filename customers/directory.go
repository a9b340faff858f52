package customers

import (
	"context"
	"errors"
	"iter"
	"time"

	"rapport/channels"
)

// ErrUnknown says that nobody matches.
var ErrUnknown = errors.New("no such customer")

// Directory finds customers.
type Directory interface {
	// Find resolves an id, e-mail, phone number or order id to one customer.
	// ErrUnknown when nobody matches. Rolling counts are left at 0.
	Find(ctx context.Context, who string) (*Customer, error)
	// Named finds customers by words of their names, in any order, each a word or its
	// beginning, whatever its case and accents; limit is how many are handed out.
	// ErrNoWord where no word is long enough, ErrTooMany where it would read too much.
	Named(ctx context.Context, name string, limit int) (Namesakes, error)
	// WhoWrites lists the customers who have this sender address, oldest profile first.
	// Only mailboxes and numbers are compared: a sender may look like an id or an order.
	WhoWrites(ctx context.Context, ch channels.Channel, address string) ([]string, error)
	// Load reads the named customers with everything rules need, by id; ids
	// nobody has are left out. now bounds rolling counts.
	Load(ctx context.Context, ids []string, now time.Time) (map[string]*Customer, error)
	// Stream walks all customers a condition selects, in order of id. The
	// condition is SQL over customers aliased c with bound arguments, as
	// compiled from an audience; "" is everybody. Rolling counts are left at 0.
	Stream(ctx context.Context, where string, args []any) iter.Seq2[*Customer, error]
}
