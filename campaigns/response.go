package campaigns

import (
	"context"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
)

// Response is everything one report means: the line on the timeline and what
// follows from it. What follows happens only if the line is new, in the same
// transaction.
type Response struct {
	Event       customers.Event
	Progress    *deliveries.Progress
	Answer      *Answer
	Suppression *customers.Suppression
	Release     *customers.Suppression // the opt-out that START lifts
	Trial       *customers.Trial       // what an e-mail learned of its mailbox
	Consents    []customers.Consent
	Case        *customers.Case
	Reply       *deliveries.Delivery // what answers by itself, at most one of a kind a day for a customer
	// Recording is one of the customer's voice, to be fetched and kept.
	Recording *recordings.Recording
	// GoneEndpoint is a push subscription to remove.
	GoneEndpoint string
	// Machine is what a machine did with a message, which moves nothing.
	Machine deliveries.Machine
}

// Responses applies what came back.
type Responses interface {
	// Apply writes responses in one transaction: appends the events and, for
	// those that are new, moves the delivery forward, keeps the answer (the
	// first for its ask counts in branches, later ones stand on the timeline
	// only, but for the words of one that was recorded) and the recording, updates scores and engagement on the customer, opens the case,
	// and wakes the entry.
	Apply(ctx context.Context, now time.Time, responses []Response) error
}

// Correspondence plans what people answer customers.
type Correspondence interface {
	// Reply plans a direct message that answers its case, puts the line about it on the
	// timeline and stops the case's clock, in one transaction. A message whose Step was
	// planned before is given back as it stands, and nothing else happens.
	// ErrUnknownCase and ErrClosedCase say what the case cannot have, ErrMoreSaid that
	// more was said than had been seen of it (Case.Said); nil does not ask. ErrLostReply
	// says that the message planned before did not arrive.
	Reply(ctx context.Context, now time.Time, d deliveries.Delivery, line customers.Event, seen *int64) (planned deliveries.Delivery, fresh bool, err error)
}

// News is live events that triggers and exits have not seen.
type News interface {
	// Pending lists unseen live events, oldest first.
	Pending(ctx context.Context, limit int) ([]customers.Event, error)
	// Seen marks events as judged.
	Seen(ctx context.Context, ids []int64) error
	// RunningOf lists the running entries of customers.
	RunningOf(ctx context.Context, customers []string) ([]Entry, error)
	// Counts reads did() counts for customers, by customer and count key.
	Counts(ctx context.Context, customers []string, counts []expression.Count, now time.Time) (map[string]map[string]int64, error)
}

// Archive keeps every workspace that was ever applied, whole.
type Archive interface {
	// Keep stores a workspace's files under a digest and gives each campaign
	// whose meaning changed its next version. Applying the same files again
	// changes nothing.
	Keep(ctx context.Context, files map[string][]byte, digest string, campaigns []Stamp, now time.Time) (version int64, err error)
	// Latest is the number of the latest workspace, 0 when nothing was applied,
	// and the campaigns that were paused beside their files, sorted. It is cheap
	// to ask.
	Latest(ctx context.Context) (version int64, paused []string, err error)
	// Current is the latest workspace; ErrNoWorkspace when nothing was applied.
	Current(ctx context.Context) (Applied, error)
	// At is the workspace that holds a version of a campaign.
	At(ctx context.Context, campaign string, version int) (Applied, error)
	// Versions lists the versions of a campaign, the newest first.
	Versions(ctx context.Context, campaign string) ([]VersionRecord, error)
}

// VersionRecord tells of one version of a campaign.
type VersionRecord struct {
	Version   int       `json:"version"`
	AppliedAt time.Time `json:"applied_at"`
	State     State     `json:"state"`   // the last it had
	Running   int64     `json:"running"` // entries under way in it
}

// Stamp identifies one campaign of a workspace by its content.
type Stamp struct {
	Campaign string
	Digest   string
	State    State
	// Schedule is when it runs by the clock, and by which clock; "" where it is no
	// broadcast.
	Schedule string
	// GoalEvent is what the campaign is for, within GoalWithin of entering; ""
	// where it has no goal.
	GoalEvent  string
	GoalWithin time.Duration
}

// Applied is a stored workspace.
type Applied struct {
	Version  int64
	Digest   string
	Files    map[string][]byte
	Versions map[string]int // campaign -> version in force
}
