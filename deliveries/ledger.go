package deliveries

import (
	"context"
	"time"

	"rapport/channels"
)

// Batch is a task's worth of deliveries of one channel.
type Batch struct {
	Channel channels.Channel
	IDs     []int64
}

// Contact is one earlier message that counts against caps and budgets.
type Contact struct {
	Delivery int64
	Channel  channels.Channel
	Topic    string
	Priority int
	At       time.Time
}

// Pressure is what a rule may know, inside the transaction that begins a send,
// about what has been sent already.
type Pressure struct {
	// Contacts are the customer's, by whichever of their profiles (customers.Person),
	// newest first, back to the caps' horizon.
	Contacts []Contact
	// Spent is the money taken since a moment, in minor units: by channel for
	// the whole workspace (campaign "") and for one campaign.
	Spent func(ch channels.Channel, campaign string, since time.Time) int64
	// Suppressed is why the delivery's address is suppressed at this moment, ""
	// where it is not: somebody may have said stop since the customer was read.
	Suppressed string
	// Refused says that the word on the delivery's topic and channel is a no at this
	// moment (customers.Customer.Word), whatever it was when the customer was read.
	Refused bool
	// Paused says that the campaign is paused, beside its file or by it, or a draft
	// again at this moment, whatever it was when it was read.
	Paused bool
	// Rivals are the customer's other messages that are planned or queued, by whichever
	// of their profiles. Those that a paused campaign holds are left out.
	Rivals []Rival
}

// Rival is another message that waits to be sent to the same customer.
type Rival struct {
	Delivery int64
	Channel  channels.Channel
	Topic    string
	Priority int
	DueAt    time.Time
}

// Verdict is a rule's word on one delivery.
type Verdict struct {
	// Go lets it be sent now. Otherwise it waits until Until, or, when Until
	// is zero, is skipped.
	Go     bool
	Until  time.Time
	Reason SkipReason
	// Cost is what it takes from the budgets, minor units.
	Cost int64
	// Zone and ZoneFrom name the clock that judged the contact hours.
	Zone, ZoneFrom string
	// At is when it was judged, where that is later than the work it is part of began.
	At time.Time
}

// Outcome is what the courier writes back about one claimed delivery.
type Outcome struct {
	ID     int64
	Status Status // Sent, Failed, Bounced, Skipped, Unconfirmed, or Planned to try again
	Reason string
	// DueAt is when to try again, for Planned.
	DueAt      time.Time
	ProviderID string
	// Segments is how many a text was billed as; 0 where that is not known.
	Segments int
	// Cost is what it turned out to cost beyond what was taken, minor units.
	Cost int64
	// Onward is until when the entry that this wakes is left to the caller, who
	// walks it on; zero leaves it to whoever looks for entries that are awake.
	Onward time.Time
	// Ends is how the entry that waited for the delivery ends by it; nil wakes it.
	Ends *Ending
	// Again says that the same word was given before, and nobody knows whether it was
	// taken.
	Again bool
}

// Ending is the end of an entry that waited for nothing but a delivery. Where
// anything happened to the entry since it was read, it is woken instead.
type Ending struct {
	Revision   int64 // of the entry as it was read
	State, Why string
}

// Fence is a claim's token. Every write names it, and a write with a fence
// that was lost changes nothing.
type Fence int64

// Ledger keeps deliveries through a send. Every call takes a batch and writes
// it in one transaction.
type Ledger interface {
	// Due leases planned deliveries whose time has come, of each lane as many as it
	// has room for: marks them Queued, the lease ending at now+lease, and groups
	// them into batches of at most size of one channel. The longest due come first,
	// but for a tenth of the room, which is for what fell due last. Two callers
	// never get the same row.
	Due(ctx context.Context, now time.Time, lease time.Duration, room Quota, size int) ([]Batch, error)
	// Claim takes Queued deliveries nobody holds under a new fence, extending
	// their lease. Rows that are claimed, gone on or unknown are left out.
	Claim(ctx context.Context, ids []int64, now time.Time, lease time.Duration) (Fence, []Delivery, error)
	// Begin asks judge about every candidate inside one transaction, with the
	// customers' pressure locked against other workers. It commits the verdicts
	// before it returns. Go becomes Sending: TakenAt is the verdict's At, which may be
	// later than now for what had to be waited for, Attempts is one more, the cap and
	// the cost are taken, and content is kept where given. Anything else
	// becomes Planned or Skipped. The verdicts stand in the order of the candidates.
	// The judge is given deliveries without what they say: their Vars, Retry and
	// Content. A candidate whose fence was lost is not Go. One whose entry has ended
	// meanwhile is skipped as Exited without asking, unless it Outlasts an entry that
	// went to its end. A resend that is skipped becomes Unconfirmed again.
	Begin(ctx context.Context, fence Fence, now time.Time, horizon time.Time, candidates []Candidate, judge func(Delivery, Pressure) Verdict) ([]Verdict, error)
	// Settle writes outcomes of claimed deliveries and returns how many it wrote. It
	// gives back the cap and cost of those that certainly did not reach the customer
	// (Planned, Failed), and appends each but Planned to the timeline. It wakes the
	// entries that wait for them, and ends those that an outcome ends. Outcomes whose
	// fence was lost are left out, as are those that evidence has overtaken. A holder
	// whose lease is over may still settle what became Unconfirmed.
	Settle(ctx context.Context, fence Fence, now time.Time, outcomes []Outcome) (int, error)
	// Reclaim ends leases that are over: Queued goes back to Planned, Sending
	// becomes Unconfirmed, which the timeline tells and the entries learn. It
	// returns how many of each.
	Reclaim(ctx context.Context, now time.Time) (planned, unconfirmed int, err error)
	// Recall puts every Queued delivery that nobody claimed back to Planned and ends
	// the leases of entries that were handed over to be walked, for when the queue
	// forgot them all. It returns how many of both.
	Recall(ctx context.Context, now time.Time) (int, error)
	// TakeBack puts those of the Queued deliveries that nobody claimed back to Planned,
	// for when the queue did not take their tasks, or did not say that it has.
	TakeBack(ctx context.Context, ids []int64) error
	// Unhold makes due what waits as of a paused campaign although that went on since
	// a moment: whoever judged it before may have written so after what waited was
	// let go.
	Unhold(ctx context.Context, now, since time.Time) (int, error)
}

// Candidate is a claimed delivery about to be sent.
type Candidate struct {
	Delivery Delivery
	// Provider is whom it is about to be handed to, noted before it is.
	Provider string
	// Content is kept with the row where a provider fetches it later (calls).
	Content *channels.Content
	// Spends says that a budget has to have room for it. Then nobody else spends from
	// before what it is judged by is read.
	Spends bool
}

// Finding is evidence that resolves, or fails to resolve, an unconfirmed
// delivery.
type Finding struct {
	ID         int64
	Status     Status // Sent when found, Planned for the one resend, Unconfirmed to stay
	ProviderID string
	DueAt      time.Time
	// ByHand is a person's word, which may ask for a further copy against the
	// policy.
	ByHand bool
}

// Sought is an unconfirmed delivery whose provider lists a message to its address.
type Sought struct {
	ID       int64
	Customer string
	Channel  channels.Channel
	Address  string
	// Since is from when on a send may have made what is listed.
	Since time.Time
}

// Unnamed is what is known of the other deliveries that a listed message may be of.
type Unnamed struct {
	// Any says that there is one, Sending that one is being sent: what the provider
	// calls it may be known soon.
	Any, Sending bool
}

// Doubts is the ledger's list of unconfirmed deliveries.
type Doubts interface {
	// Unconfirmed lists deliveries that have been unconfirmed since before a
	// time and were not looked at since. Those that nobody has looked at stand
	// first, then those that nobody has for longest: what nobody has a trace of
	// does not keep the others waiting. The longer a doubt lasts, the seldomer it
	// is listed: not again before a quarter of its age at the last look is over.
	Unconfirmed(ctx context.Context, before time.Time, limit int) ([]Delivery, error)
	// Unnamed tells, by the ID of each sought delivery, of the others on its channel
	// to the same customer, or to another with the same telephone number, that began
	// at or after Since and may have a message whose name at the provider the ledger
	// does not hold: they are being sent, in doubt, or nameless, or were sent again.
	Unnamed(ctx context.Context, sought []Sought) (map[int64]Unnamed, error)
	// Resolve writes findings. A resend is flagged and happens at most once.
	Resolve(ctx context.Context, now time.Time, findings []Finding) error
}

// Progress is a report's effect on one delivery.
type Progress struct {
	ID         int64
	Status     Status
	Reason     string
	ProviderID string
	At         time.Time
	// DueAt sends an attempt that met busy or no answer back to Planned.
	DueAt time.Time
	// Cost is what turned out to be spent beyond what was taken, or below 0 what
	// was not, minor units. It counts wherever the delivery stands, so a report
	// must be told once. A Progress without a Status moves nothing else.
	Cost int64
}

// Record is the ledger's side of what comes back.
type Record interface {
	// Lookup reads deliveries by id, and by provider id where the id is 0 (in
	// the order asked; a delivery nobody knows is the zero Delivery).
	Lookup(ctx context.Context, refs []Ref) ([]Delivery, error)
	// Advance moves deliveries forward; a move backward is left out, and so is a
	// report on an earlier attempt, known by its ProviderID. Entries that wait
	// for them are woken.
	Advance(ctx context.Context, now time.Time, progress []Progress) error
	// Latest is each customer's newest deliveries on a channel that the provider
	// took, at most so many of each and the newest first, for replies that name nobody
	// but their sender. Automatic answers are passed over: nobody answers those.
	Latest(ctx context.Context, ch channels.Channel, customers []string, most int) (map[string][]Delivery, error)
	// Fetched marks the first fetch of a call's script and reports whether this
	// was the first: a second call for the same attempt must say nothing. The
	// call that was first stays first, however often it fetches. It is also
	// evidence that the call was placed.
	Fetched(ctx context.Context, id int64, attempt int, providerID string, now time.Time) (first bool, d Delivery, err error)
}

// Ref names a delivery by our id or the provider's.
type Ref struct {
	ID         int64
	Channel    channels.Channel
	ProviderID string
}
