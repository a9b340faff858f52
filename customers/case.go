package customers

import (
	"errors"
	"time"
)

var (
	// ErrUnknownCase says that no case has the number.
	ErrUnknownCase = errors.New("no such case")
	// ErrClosedCase says that a case is closed.
	ErrClosedCase = errors.New("the case is closed")
	// ErrNoNote says that somebody closes a case without a word about what was done.
	ErrNoNote = errors.New("a case is closed with a note that says what was done")
	// ErrLostReply says that an answer with the same key was given before, and did not
	// arrive.
	ErrLostReply = errors.New("this answer was sent before and did not arrive")
	// ErrMoreSaid says that more has been said than somebody had before them who
	// answers a case or closes it.
	ErrMoreSaid = errors.New("more has been said since")
)

// WhyReply is why a case is open that a customer's own words opened.
const WhyReply = "reply"

// Case is a follow-up for support with a clock on it.
type Case struct {
	ID int64 `json:"id"`
	// Customer is "" for a case about a whole campaign.
	Customer string   `json:"customer"`
	Campaign string   `json:"campaign,omitempty"`
	Entry    int64    `json:"entry,omitempty"`
	Queue    string   `json:"queue"`
	Priority Priority `json:"priority"`
	Title    string   `json:"title"`
	// Note is what it is about: the customer's latest words, or a step's. Done is what
	// was done, said when it was last closed.
	Note string `json:"note,omitempty"`
	Done string `json:"done,omitempty"`
	// Why is the machine's word for what opened it: step, low_score, complaint,
	// reply, not_theirs, rollout.
	Why      string    `json:"why"`
	OpenedAt time.Time `json:"opened_at"`
	DueAt    time.Time `json:"due_at,omitzero"`
	// UsualDueAt is when it is due where no rule says when and what it goes on with has
	// no clock. It is not kept.
	UsualDueAt time.Time `json:"-"`
	ClosedAt   time.Time `json:"closed_at,omitzero"`
	// Assignee is who took it, or closed it.
	Assignee string `json:"assignee,omitempty"`
	// AnsweredAt is when somebody first answered the customer. Waiting says that the
	// customer waits for an answer still, or again.
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	Waiting    bool      `json:"waiting"`
	// AnswerDue is when the latest answer leaves that has not left yet; zero where all
	// have.
	AnswerDue time.Time `json:"answer_due,omitzero"`
	// Said is the latest event by which its customer or an agent said something; 0
	// before that.
	Said int64 `json:"said,omitempty"`
}

// MoreSaid reports whether more has been said than up to an event; nil does not ask.
func (c Case) MoreSaid(seen *int64) bool { return seen != nil && c.Said > *seen }

// Priority orders a queue.
type Priority string

// Priorities, the most pressing first.
const (
	Urgent Priority = "urgent"
	High   Priority = "high"
	Normal Priority = "normal"
	Low    Priority = "low"
)

// Priorities lists them, the most pressing first. What is none of them presses as
// little as the last.
func Priorities() []Priority { return []Priority{Urgent, High, Normal, Low} }

// Overdue reports whether the case's clock has run out. An answer stops the clock
// until the customer writes again.
func (c Case) Overdue(now time.Time) bool {
	return c.ClosedAt.IsZero() && c.Waiting && !c.DueAt.IsZero() && now.After(c.DueAt)
}
