package customers

import (
	"context"
	"time"

	"rapport/channels"
)

// Tally counts what a write did.
type Tally struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	// OlderWords are consents, and noes, that do not count: a newer word says otherwise.
	OlderWords int `json:"older_words"`
}

// Registry takes in what is known about customers. Every call is one
// transaction, set-based, and gives the same result when repeated.
type Registry interface {
	// PutCustomers adds customers or fills in what is given about known ones:
	// empty fields and traits not named stay as they are, but for those that are
	// Removed; a country that is Presumed is taken where none is known; consents given
	// are recorded, newer word over older. The noes of somebody whose address is
	// removed are left to whoever shares it.
	PutCustomers(ctx context.Context, now time.Time, people []Customer) (Tally, error)
	// PutOrders adds orders and order lines or brings them up to date, sums
	// them up on the customers, and puts one "Order Completed" event per new
	// order on the timeline (ProviderKey "order:<id>", not live until its event comes; cancelled ones
	// have none). The line of an order goes with it to another customer, and is
	// called OrderCancelled while the order is cancelled. Customers nobody knows are created with nothing but their id.
	// An order needs an id, a customer and a time.
	PutOrders(ctx context.Context, now time.Time, orders []Order) (Tally, error)
	// PutProducts adds products or brings them up to date.
	PutProducts(ctx context.Context, products []Product) (Tally, error)
	// PutSuppressions is Preferences.Suppress that counts.
	PutSuppressions(ctx context.Context, blocks []Suppression) (Tally, error)
	// Rank computes RFM quintiles and the pyramid anew for everybody.
	Rank(ctx context.Context, now time.Time) error
}

// Preferences records what customers want.
type Preferences interface {
	// Consent records consents, a newer word over an older one, and none as of later
	// than now.
	Consent(ctx context.Context, now time.Time, words []Consent) error
	// Suppress adds suppressions; the first reason for an address stays until one
	// comes that replaces it (Suppression.Replaces).
	Suppress(ctx context.Context, blocks []Suppression) error
	// Release lifts an opt-out, or what an erasure left, by the customer's own word
	// (START), said at a time; other reasons stay, and what is later than that.
	Release(ctx context.Context, ch channels.Channel, address string, at time.Time) error
	// Subscribe binds a browser's push subscription to a customer; Unsubscribe
	// removes an endpoint the push service has forgotten.
	Subscribe(ctx context.Context, customer string, s channels.PushSubscription, now time.Time) error
	Unsubscribe(ctx context.Context, endpoint string) error
}

// Visitors are people on the shop's pages who have not said who they are. Their
// ids begin with "anonymous:".
type Visitors interface {
	// SubscribeVisitor binds a browser to a visitor, and reports whether it did: one
	// that is bound to a customer stays theirs.
	SubscribeVisitor(ctx context.Context, visitor string, s channels.PushSubscription, now time.Time) (bool, error)
	// Renew puts a browser's new subscription in the place of the one it had at an
	// endpoint, and reports whether that was known.
	Renew(ctx context.Context, endpoint string, s channels.PushSubscription, now time.Time) (bool, error)
}

// Casebook keeps cases.
type Casebook interface {
	// Open opens cases. An open case of the same entry, or one that the customer's
	// words go on with, is brought up to date instead: one unhappy customer is one
	// case. Each opening stands on the timeline.
	Open(ctx context.Context, cases []Case) error
	// Case reads one case, open or closed; ErrUnknownCase when there is none.
	Case(ctx context.Context, id int64) (Case, error)
	// Cases lists open cases, the most pressing and soonest due first; queue
	// "" is all.
	Cases(ctx context.Context, queue string, limit int) ([]Case, error)
	// Of lists a customer's cases, open and closed, the latest first. Said and AnswerDue
	// are left out.
	Of(ctx context.Context, customer string, limit int) ([]Case, error)
	// Close ends a case with a note. ErrUnknownCase when there is none, ErrClosedCase
	// when it was closed already, unless by the same person with the same note,
	// ErrNoNote when the note has no words, ErrMoreSaid when more was said than had been
	// seen of it (Case.Said); nil does not ask.
	Close(ctx context.Context, id int64, who, note string, now time.Time, seen *int64) error
	// Reopen lets a closed case wait again, by a clock of as long as it had, and gives it
	// to who. It gives back the number of what is open then: another, where its journey
	// has another open case. Of an open case nothing is changed. ErrUnknownCase when
	// there is none, ErrUnknown when its customer was erased.
	Reopen(ctx context.Context, id int64, who string, now time.Time) (open int64, err error)
	// Take gives an open case to somebody, whoever had it. ErrUnknownCase when there is
	// none, ErrClosedCase when it is closed.
	Take(ctx context.Context, id int64, who string) error
}
