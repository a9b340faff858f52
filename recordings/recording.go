package recordings

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Recording is one recording of a customer's voice. It may belong to a delivery,
// to a case, to both, or, as an agent's own call, to the customer alone.
type Recording struct {
	ID int64 `json:"id"`
	// ProviderID is the provider's name for it, Call for the call.
	ProviderID string `json:"provider_id"`
	Call       string `json:"call,omitempty"`

	Customer string `json:"customer"`
	Campaign string `json:"campaign,omitempty"`
	Entry    int64  `json:"entry,omitempty"`
	Delivery int64  `json:"delivery,omitempty"`
	Case     int64  `json:"case,omitempty"`

	Kind     Kind          `json:"kind"`
	Question string        `json:"question,omitempty"` // the id within the script, of an answer
	At       time.Time     `json:"at"`
	Lasted   time.Duration `json:"lasted,omitempty"`

	State State `json:"state"`
	// DueAt is when something is to be done about it at the provider: fetched
	// while it waits, else deleted there. Zero: nothing.
	DueAt    time.Time `json:"-"`
	Attempts int       `json:"-"`
	Trouble  string    `json:"trouble,omitempty"` // of the last attempt
	Media    string    `json:"media,omitempty"`   // MIME type
	Size     int64     `json:"size,omitempty"`    // bytes
}

// Kind is what was recorded.
type Kind string

// Kinds of recordings.
const (
	Answer       Kind = "answer"       // to a question, after the tone
	Conversation Kind = "conversation" // with a person
)

// State is where a recording stands.
type State string

// The states. One that is lost could not be fetched; one that is deleted was old, or
// its customer was erased.
const (
	Waiting State = "waiting"
	Kept    State = "kept"
	Lost    State = "lost"
	Deleted State = "deleted"
)

// ErrUnknown says that no recording has the number, or that its sound is gone.
var ErrUnknown = errors.New("no such recording")

// Key is the name of the recording's sound in a vault. It tells nothing about
// anybody.
func (r Recording) Key() string { return "recordings/" + strconv.FormatInt(r.ID, 10) }

// Playable reports whether the sound is at hand.
func (r Recording) Playable() bool { return r.State == Kept }

// Trouble is what could not be done about recordings at the provider or for the want of a
// vault, and is tried again.
type Trouble struct {
	Waiting bool // to be fetched; else to be deleted at the provider
	Count   int64
	Since   time.Time // when the oldest was made; zero where nobody knows any more
	Why     string    // of one of them
}

// Shelf finds recordings.
type Shelf interface {
	// OfCustomer lists a customer's recordings, the newest first.
	OfCustomer(ctx context.Context, customer string) ([]Recording, error)
	// OfCases lists the recordings that belong to cases, by case: those of the
	// journey that a case is about, and those made for it.
	OfCases(ctx context.Context, cases []int64) (map[int64][]Recording, error)
	// Recording is one by its number; ErrUnknown when there is none.
	Recording(ctx context.Context, id int64) (Recording, error)
}

// Ledger keeps recordings until they are fetched, and after that until they are
// old. It is the truth about both; a worker that dies changes nothing.
type Ledger interface {
	// Add keeps recordings that are not known yet, by the provider's name.
	Add(ctx context.Context, all []Recording) error
	// Due leases up to limit recordings whose time has come until now+lease and
	// counts an attempt on each. Two callers never get the same one.
	Due(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Recording, error)
	// DueDeletions is Due of those alone that are not to be fetched.
	DueDeletions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Recording, error)
	// Settle writes what became of a recording: its state, when it is due again,
	// the trouble met, the media type and the size. The lease ends. Where its customer
	// was erased since it was leased, what the erasure wrote stands.
	Settle(ctx context.Context, r Recording) error
	// LeaseOld leases up to limit recordings from before a time that are kept, or lost
	// after a part of them may have been kept, the oldest first of each, until now+lease.
	// One that is not settled is not given again before that.
	LeaseOld(ctx context.Context, now, than time.Time, lease time.Duration, limit int) ([]Recording, error)
	// Pending reports whether any that is not leased would be given by LeaseOld or, where
	// a provider is there to be asked, is due.
	Pending(ctx context.Context, now, than time.Time, asked bool) (bool, error)
}
