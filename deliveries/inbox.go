package deliveries

import (
	"context"
	"time"

	"rapport/channels"
)

// Received is a verified callback that was stored before it was answered.
type Received struct {
	ID       int64
	Provider string // the name of whoever listens to it, such as an outlet's: sms/twilio
	Callback channels.Callback
	Attempts int
}

// Inbox keeps callbacks between their arrival and their reading.
type Inbox interface {
	// Receive stores a callback; one with the same provider, URL and body is
	// stored once. Durable when it returns.
	Receive(ctx context.Context, provider string, c channels.Callback) (fresh bool, err error)
	// Waiting leases up to limit callbacks that nobody reads and that may be read
	// by now, oldest first, and with each those about the same message that are to
	// be read later.
	Waiting(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Received, error)
	// Done marks callbacks as read.
	Done(ctx context.Context, ids []int64) error
	// Reject sets a callback aside that cannot be read, with the reason.
	Reject(ctx context.Context, id int64, why string) error
	// Forget empties up to limit callbacks that were read or set aside and had
	// arrived before a moment, and says how many. Their fingerprints stay, so that a
	// repeat is still known.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
}

// Aside are callbacks of one provider that could not be read, all for one reason.
type Aside struct {
	Provider, Why string
	Callbacks     int64
	Latest        time.Time // when the last of them arrived
}

// Links keeps the URLs our click links stand for.
type Links interface {
	// Intern gives every URL its number, the same one each time.
	Intern(ctx context.Context, urls []string) (map[string]int64, error)
	// URL is the link of a number; "" when there is none.
	URL(ctx context.Context, number int64) (string, error)
}
