package campaigns

import (
	"context"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Entry is one customer's journey through one version of a campaign.
type Entry struct {
	ID       int64      `json:"id"`
	Campaign string     `json:"campaign"`
	Version  int        `json:"version"`
	Run      int64      `json:"run,omitempty"` // the broadcast occurrence; 0 for single entries
	Customer string     `json:"customer"`
	Key      string     `json:"key,omitempty"`
	Trigger  string     `json:"-"` // what caused it, unique with the customer: "run:7", "event:812", "manual:uuid"
	State    EntryState `json:"state"`
	Holdout  bool       `json:"holdout,omitempty"`
	// Position is the path of the step the entry stands at, "" before the first.
	Position string `json:"position"`
	// ArrivedAt is when it was taken there, by the clock that took it: waits last
	// from then. Before the first step it is when what began the journey came.
	ArrivedAt time.Time `json:"arrived_at"`
	// WakeAt is when Advance must look again; zero: only news wakes it.
	WakeAt  time.Time `json:"wake_at,omitzero"`
	Journal Journal   `json:"journal"`

	EnteredAt time.Time `json:"entered_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	// Why the entry ended or did not start: finished, stopped, "event Order
	// Returned", "when not reachable(…)", a skip reason.
	Why string `json:"why,omitempty"`

	// Revision is the version of the row the entry was read from. It goes back
	// unchanged with a Move, so that a move judged on old news is refused.
	Revision int64 `json:"-"`
}

// EntryState is where a journey stands as a whole.
type EntryState string

// The states of an entry.
const (
	Running  EntryState = "running"
	Finished EntryState = "finished" // walked to the end or to stop
	Left     EntryState = "left"     // by an exit
)

// Journal is what a journey remembers; only Advance writes it.
type Journal struct {
	// Event is the triggering event's properties.
	Event map[string]any `json:"event,omitempty"`
	Vars  map[string]any `json:"vars,omitempty"`
	// Steps holds what is not in the ledger, by step path: "unanswered",
	// "waited", "branch 1", "case 12", when it happened.
	Steps map[string]Mark `json:"steps,omitempty"`
	// Since is when the step before the one the entry stands at was done, where
	// that was before it was taken there and events are heard from then on.
	Since time.Time `json:"since,omitzero"`
	// Said is when the customer did what a consent step may pass on: the event that began
	// the journey, or the one it waited for since. Zero where nothing is passed on, or no
	// event told of it.
	Said time.Time `json:"said,omitzero"`
	// After is the number of the last event by which the journey that handed over
	// to this one had gone on; 0 where none did.
	After int64 `json:"after,omitempty"`
}

// Mark is what became of a step that is not a message.
type Mark struct {
	Status string    `json:"status"`
	At     time.Time `json:"at"`
	// Event is the one on the timeline that ended a wait; 0 elsewhere.
	Event int64 `json:"event,omitempty"`
}

// Answer is a customer's answer to an ask step, whichever channel it came by.
type Answer struct {
	Entry    int64            `json:"entry"`
	Customer string           `json:"customer"`
	Delivery int64            `json:"delivery"`
	Ask      string           `json:"ask"` // the step's id, or the id of a further question of a script
	Scale    Scale            `json:"scale"`
	Score    *float64         `json:"score,omitempty"`
	Choice   string           `json:"choice,omitempty"`
	Text     string           `json:"text,omitempty"`
	Channel  channels.Channel `json:"channel"`
	At       time.Time        `json:"at"`
}

// Traveller is an entry with all that Advance judges it by.
type Traveller struct {
	Entry      Entry
	Customer   *customers.Customer
	Deliveries []deliveries.Delivery // of this entry, oldest first
	Answers    []Answer
	// Counts are the did() counts the campaign needs, by their key.
	Counts map[string]int64
	// News are the live events that the step the entry stands at waits for (see
	// Campaign.Awaiting), oldest first.
	News []customers.Event
	// Winners are the names of the paths that won, by the path of their split.
	Winners map[string]string
	// Share is how much of the people the rollout has let in so far, 0 to 1. It
	// means nothing where the campaign has no rollout.
	Share float64
}

// Move is what Advance decided for one entry. It is applied in one
// transaction, unless the entry changed meanwhile.
type Move struct {
	Entry  Entry // with the new position, wake time, journal and state
	Plan   []deliveries.Delivery
	Cases  []customers.Case
	Set    map[string]any // profile field or traits.<name>; nil value clears
	Tag    []TagChange
	Events []customers.Event

	Points   int64 // to add to the balance
	Consents []customers.Consent
	Enter    []NewEntry // journeys in other campaigns
	// Splits are the paths of splits with a winner that the entry came to: the
	// first that does starts the clock of the decision.
	Splits []string
	// Awaiting is what the entry came to stand still for. What of it came before
	// wakes the entry at once: whoever judged the event may have done so before the
	// entry was there.
	Awaiting []Awaited
}

// NewEntry is a new entry with the rule of its campaign.
type NewEntry struct {
	Entry Entry
	Again Again
	// Step is the path of the step that hands a journey over, "" where none does.
	Step string
}

// Entries keeps journeys.
type Entries interface {
	// Enter adds single entries of customers with a profile, each unique on its trigger and customer, one
	// running at a time per campaign, customer and key, again by the rule. One
	// for another profile of a person who is running already, or is let in by
	// the same call, is added as finished with duplicate_person, unless its
	// trigger is manual. It says which were added.
	Enter(ctx context.Context, entries []Entry, again Again) (added []bool, err error)
	// Awake leases up to limit running entries whose WakeAt has come: the longest
	// awake, but for a tenth, which is for those that woke last.
	Awake(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]int64, error)
	// LetGo ends the leases of entries that last until a moment, before their time, for
	// when the queue did not take their tasks. Who has leased one since keeps it; whoever
	// walks one after all loses nothing but a move.
	LetGo(ctx context.Context, until time.Time, ids []int64) error
	// Travellers loads entries with everything Advance needs but Counts, which
	// News.Counts gives where a campaign asks for some. A zero now leaves
	// contacted.last_7d at 0: counting takes as long as half of the rest.
	Travellers(ctx context.Context, ids []int64, now time.Time) ([]Traveller, error)
	// Apply writes moves, each in whole or not at all; a move whose entry was
	// changed by somebody else since it was loaded is left out and woken again.
	Apply(ctx context.Context, now time.Time, moves []Move) error
	// PutOff lets entries whose WakeAt has come by now, and whom nobody can judge,
	// wait until a moment. It is no news: a move under way is written all the same.
	PutOff(ctx context.Context, now, until time.Time, ids []int64) error
	// Leave ends running entries with a reason and skips what they still plan.
	Leave(ctx context.Context, now time.Time, ids []int64, why string) error
}

// Run is one occurrence of a broadcast.
type Run struct {
	ID       int64     `json:"id"`
	Campaign string    `json:"campaign"`
	Version  int       `json:"version"`
	At       time.Time `json:"at"` // the occurrence's instant
	// Since, where a run by each customer's own clock was recorded late, leaves
	// out those for whom it would have begun before; zero: nobody.
	Since   time.Time `json:"since,omitzero"`
	State   RunState  `json:"state"`
	Shards  int       `json:"shards"` // how many shards are still to enter
	Entered int64     `json:"entered"`
	// KeptOut is how many of the audience did not enter because their earlier
	// journey runs still or the campaign's rule of entry says no.
	KeptOut int64 `json:"kept_out,omitempty"`
}

// RunState is where an occurrence stands.
type RunState string

// The states of a run. A missed one enters nobody and stands for the record.
const (
	RunEntering RunState = "entering"
	RunEntered  RunState = "entered"
	RunMissed   RunState = "missed"
)

// Runs keeps occurrences of broadcasts.
type Runs interface {
	// Occur records occurrences, unique on campaign and instant, those that are
	// entering each with its shards, and returns those that were new.
	Occur(ctx context.Context, runs []Run, shards int) ([]Run, error)
	// Parts is in how many shards an audience is entered: so many that each takes
	// seconds, ShardsPerRun at least, and a power of two.
	Parts(ctx context.Context) (int, error)
	// Last is the latest recorded occurrence of a campaign; zero when none.
	Last(ctx context.Context, campaign string) (time.Time, error)
	// Pending lists shards that are not entered yet, but for those of campaigns
	// that are paused or drafts, and those that were tried within a minute.
	Pending(ctx context.Context, now time.Time, limit int) ([]Shard, error)
	// Tried notes that a shard was not entered, so that the others come first.
	Tried(ctx context.Context, shard Shard, now time.Time) error
	// EnterShard inserts the audience of one shard and marks it done, in one
	// transaction; running it again adds nothing. Whom the rule of entry keeps
	// out is counted on the run.
	EnterShard(ctx context.Context, shard Shard, in Intake, now time.Time) (entered int64, err error)
}

// Intake is how a broadcast takes its audience in.
type Intake struct {
	Campaign *Campaign
	// Where is SQL over customers aliased c, with its Args; "" is everybody.
	Where string
	Args  []any
	// Start is when the journey of a customer begins, of whom it sees the Zone,
	// the PhoneZone, the Country and, where these leave it open, the Phone alone
	// (ZoneOf). Nil: at once.
	Start func(*customers.Customer) time.Time
}

// ShardsPerRun is how many parts an audience is entered in at least.
const ShardsPerRun = 16

// Shard is one part of a run's audience.
type Shard struct {
	Run      int64
	Number   int
	Of       int
	Campaign string
	Version  int
	At       time.Time
	Since    time.Time // the run's
}
