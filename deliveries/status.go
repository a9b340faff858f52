package deliveries

import (
	"cmp"
	"maps"
	"slices"
)

// Status is where a delivery stands.
type Status string

// The statuses, in the order a delivery goes through them, then the ends.
const (
	Planned   Status = "planned"   // due at a time, nobody holds it
	Queued    Status = "queued"    // leased to a task
	Sending   Status = "sending"   // the first byte may have left
	Sent      Status = "sent"      // the provider accepted it
	Delivered Status = "delivered" // the provider handed it over
	Opened    Status = "opened"
	Clicked   Status = "clicked"
	Answered  Status = "answered"

	Unconfirmed  Status = "unconfirmed" // may or may not have been sent
	Skipped      Status = "skipped"
	Failed       Status = "failed"
	Expired      Status = "expired" // the provider gave up in time
	Bounced      Status = "bounced"
	Unsubscribed Status = "unsubscribed"
	Complained   Status = "complained"
)

// rank orders statuses so that a delivery only moves forward. Evidence lifts an
// unconfirmed delivery to sent or further; a complaint or an unsubscribe is
// never undone by an event that arrives late.
var rank = map[Status]int{
	Planned: 0, Queued: 1, Sending: 2, Unconfirmed: 3, Skipped: 4,
	Sent: 10, Delivered: 20, Opened: 30, Clicked: 40, Answered: 50,
	Expired: 60, Failed: 61, Bounced: 62, Unsubscribed: 70, Complained: 80,
}

// Statuses lists every status, the least far first.
func Statuses() []Status {
	return slices.SortedFunc(maps.Keys(rank), func(a, b Status) int { return cmp.Compare(a.Rank(), b.Rank()) })
}

// Rank is the status's place in that order, which the store keeps beside it.
func (s Status) Rank() int { return rank[s] }

// Accepted reports whether the provider is known to have taken the message.
func (s Status) Accepted() bool { return s.Rank() >= Sent.Rank() && s != Failed }

// Settled reports whether the journey need not wait for the delivery any more.
func (s Status) Settled() bool { return s.Rank() >= Unconfirmed.Rank() }

// Undelivered reports whether the customer does not have the message, and will not:
// it was given up, or the provider took it in vain.
func (s Status) Undelivered() bool {
	switch s {
	case Skipped, Failed, Bounced, Expired:
		return true
	}
	return false
}

// Reached reports whether a message got as far as a status. After an unsubscribe or
// complaint only delivery is certain; after a bounce, expiry or failure only that the
// provider accepted it.
func (s Status) Reached(by Status) bool {
	switch s {
	case Unsubscribed, Complained:
		return by.Rank() <= Delivered.Rank()
	case Bounced, Expired, Failed:
		return by.Rank() <= Sent.Rank()
	}
	return s.Rank() >= max(by.Rank(), Sent.Rank())
}

// moves lists what the program itself may do to a delivery before the provider
// has it. From sent on only reports move it, and only forward.
var moves = map[Status][]Status{
	Planned:     {Queued, Skipped, Failed},
	Queued:      {Planned, Sending, Skipped, Failed},
	Sending:     {Planned, Sent, Failed, Bounced, Unconfirmed},
	Unconfirmed: {Planned, Sent, Failed},
}

// May reports whether a delivery may go from s to next.
func (s Status) May(next Status) bool {
	for _, allowed := range moves[s] {
		if next == allowed {
			return true
		}
	}
	return s.Rank() >= Unconfirmed.Rank() && s != Skipped && next.Rank() >= Sent.Rank() && next.Rank() > s.Rank()
}

// SkipReason says why a customer who belonged was not contacted.
type SkipReason string

// The closed list of skip reasons.
const (
	NoAddress         SkipReason = "no_address"
	NoConsent         SkipReason = "no_consent"
	SaidNo            SkipReason = "said_no"
	Suppressed        SkipReason = "suppressed"
	QuietHoursExpired SkipReason = "quiet_hours_expired"
	Capped            SkipReason = "capped"
	LowerPriority     SkipReason = "lower_priority"
	CountryNotAllowed SkipReason = "country_not_allowed"
	OverBudget        SkipReason = "over_budget"
	Holdout           SkipReason = "holdout"
	Exited            SkipReason = "exited"
	PausedCampaign    SkipReason = "paused_campaign"
	InvalidAddress    SkipReason = "invalid_address"
	DuplicatePerson   SkipReason = "duplicate_person"
	NotInAudience     SkipReason = "not_in_audience"
	TestMode          SkipReason = "test_mode"
)

// Reasons of ours for what is not skipped, beside ProviderDown, AccountRefused and
// what providers say.
const (
	RateLimit            = "rate_limit"              // it waits: its sender may send no faster
	ProviderUnavailable  = "provider_unavailable"    // it waits to be tried again, or failed as it expired meanwhile
	NotRendered          = "not_rendered"            // it failed: its template names what the customer does not have
	NotJudged            = "not_judged"              // it waits, or failed as it expired meanwhile: the program panicked over it
	NoAnswerFromProvider = "no_answer_from_provider" // it is unconfirmed
	WorkerLost           = "worker_lost"             // it is unconfirmed: the lease ended while it was being sent
	GivenUp              = "given_up"                // it failed: it was in doubt until a person took it for not sent
)

// Machine is what machines did with a message, beside its status, which tells
// of people only.
type Machine int

// What a machine did; both are added up.
const (
	MachineOpened  Machine = 1
	MachineClicked Machine = 2
)

// MachineDid is the mark of a machine that made a message seem to reach a
// status.
func MachineDid(s Status) Machine {
	switch s {
	case Opened:
		return MachineOpened
	case Clicked:
		return MachineClicked
	}
	return 0
}

// Did is what people did with a message, beside its status: who clicks and then says
// stop has clicked.
type Did int

// What people did; both are added up.
const (
	DidOpen  Did = 1
	DidClick Did = 2
)
