package campaigns

import (
	"cmp"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/deliveries"
)

// Campaign is one parsed and checked campaign file.
type Campaign struct {
	ID       string
	Title    string
	Owner    string
	Topic    string
	State    State
	Priority int // 0 to 100
	Trigger  Trigger
	Audience Audience
	Entry    EntryRule
	Exits    []Exit
	Goal     *Goal        // what the campaign is for; nil: nothing is counted
	Contact  ContactRules // narrows the workspace's
	Budget   []Budget
	Holdout  float64  // share of people, 0 to 1
	Rollout  *Rollout // lets people in by stages; nil: all at once
	UTM      *UTM     // what its links say of it; nil: the workspace's word
	Steps    []Step

	// Version is set when the campaign was applied; 0 before.
	Version int
	// File and Line are where it was written.
	File string
	Line int

	// zone is the workspace's.
	zone *time.Location
	// digest identifies what the campaign means, for Stamps.
	digest string
	// onceLine and onceColumn are where the moment of a broadcast that comes once stands.
	onceLine, onceColumn int
}

// State is whether a campaign runs.
type State string

// The states of a campaign.
const (
	Draft    State = "draft"
	Live     State = "live"
	Paused   State = "paused"
	Archived State = "archived"
)

// TriggerKind is what starts a campaign.
type TriggerKind string

// The triggers.
const (
	Once      TriggerKind = "once"
	Cron      TriggerKind = "cron"
	OnEvent   TriggerKind = "event"
	OnSegment TriggerKind = "segment"
	Manual    TriggerKind = "manual"
)

// Trigger is what makes customers enter a campaign.
type Trigger struct {
	Kind TriggerKind
	// Once: the wall clock in Zone.
	Once LocalTime
	// Cron: a standard five-field expression in Zone.
	Cron string
	// Zone of Once and Cron; nil is the workspace's.
	Zone *time.Location
	// OwnClock: Once and Cron go by each customer's own clock instead of Zone.
	OwnClock bool
	// Misfire is what becomes of an occurrence missed while the program was
	// down: run_once (within 24 h) or skip.
	Misfire string
	// Event: the name on the timeline, a condition on it, and a delay.
	Event string
	Where *expression.Program
	Delay time.Duration
	// Segment: whose members are watched, and On which change of theirs.
	Segment string
	On      SegmentChange
}

// SegmentChange is what a segment trigger waits for.
type SegmentChange string

// The changes of a segment's membership.
const (
	Entering SegmentChange = "enter"
	Leaving  SegmentChange = "leave"
)

// Broadcast reports whether the trigger enters an audience rather than one
// customer.
func (t Trigger) Broadcast() bool { return t.Kind == Once || t.Kind == Cron }

// Audience says who belongs. Parts that are nil or empty do not narrow.
type Audience struct {
	Segment string
	Where   *expression.Program
	Except  []string
	// Who is all of it in one condition; nil means everybody.
	Who *expression.Program
}

// EntryRule says how often one customer may enter.
type EntryRule struct {
	// Key tells entries of one customer apart; nil is one key for all.
	Key   *expression.Program
	Again Again
}

// Again is whether a customer who has been through may enter again.
type Again struct {
	// Mode is never, always or after.
	Mode  string
	After time.Duration
}

// RunsSince is the start of the window before at: who entered by an occurrence after it
// may not enter by the one at at. Rules counted in days are an hour shorter, so that a
// weekly broadcast stays weekly when clocks go forward.
func (a Again) RunsSince(at time.Time) time.Time {
	since := at.Add(-a.After)
	if a.After >= 24*time.Hour {
		since = since.Add(time.Hour)
	}
	return since
}

// String is the rule as it is written.
func (a Again) String() string {
	if a.After > 0 {
		return "after " + a.After.String()
	}
	return cmp.Or(a.Mode, "always")
}

// Exit makes a running entry leave at once.
type Exit struct {
	Event string
	Where *expression.Program
	When  *expression.Program
}

// Step is one step of a journey.
type Step struct {
	Kind StepKind
	// ID is what steps.<id> and answers.<id> call it; may be empty.
	ID string
	// Path is its place in the campaign: "0", "2.1.0" (third step, second
	// branch, first step). It names the step in the ledger.
	Path string
	// File position of the step.
	Line, Column int

	Wait    *Wait
	Send    *Send
	Branch  []Branch // the arms of a branch, the paths of a split
	Winner  *Winner  // of a split whose shares leave a rest undecided
	Case    *CaseRule
	Set     []Assignment
	Tag     []TagChange
	Points  int64 // to add; may be negative
	Consent *ConsentChange
	Webhook *Webhook
	Enter   string // the campaign that is begun
}

// StepKind is what a step does.
type StepKind string

// The kinds of steps.
const (
	StepWait   StepKind = "wait"
	StepEmail  StepKind = "email"
	StepSMS    StepKind = "sms"
	StepCall   StepKind = "call"
	StepPush   StepKind = "push"
	StepAsk    StepKind = "ask"
	StepBranch StepKind = "branch"
	StepCase   StepKind = "case"
	StepSet    StepKind = "set"
	StepTag    StepKind = "tag"
	StepStop   StepKind = "stop"

	StepReach   StepKind = "reach"
	StepSplit   StepKind = "split"
	StepPoints  StepKind = "points"
	StepConsent StepKind = "consent"
	StepWebhook StepKind = "webhook"
	StepEnter   StepKind = "enter"
)

// Wait pauses a journey.
type Wait struct {
	// For is a plain pause; otherwise Until is the time of day of the next
	// moment that also falls on one of Days, in Zone (nil: the customer's).
	For   time.Duration
	Until *ClockTime
	Days  Days
	Zone  *time.Location
	// Event ends the pause when one that satisfies Where comes; AtMost ends it
	// without. In Where, event is the event that comes.
	Event  string
	Where  *expression.Program
	AtMost time.Duration
}

// Send plans a message, for the message steps and ask.
type Send struct {
	// By lists channels in order of preference; one for plain message steps.
	By       []channels.Channel
	Template string
	Vars     map[string]any // plain data: text, numbers, flags, lists and maps of them
	Retry    deliveries.Retry
	// Ambiguous is "" for the channel's and topic's default.
	Ambiguous deliveries.Ambiguous
	// Expires is how long a held message waits before it is given up.
	Expires time.Duration
	// FallbackAfter is how long a reach step gives one channel to deliver before
	// it takes the next; 0 elsewhere.
	FallbackAfter time.Duration
	Ask           *Ask // set for ask steps
}

// Ask makes a message a question.
type Ask struct {
	Scale Scale
	// Choices are what may be answered on the scale Choice, in the order in
	// which digits choose them.
	Choices      []string
	AnswerWithin time.Duration
	// Threshold: a score at or below it opens a case at once. Nil: none does.
	Threshold *float64
	// Quiet: no answer opens a case, nor do words beside it (threshold: none).
	Quiet bool
	// Case is what such an answer opens; where the file is silent, a case of high priority
	// in the queue recovery, due in four hours, or, where words are asked for, one of normal
	// priority for the campaign's owner.
	Case CaseRule
}

// Scale is how an answer is read.
type Scale string

// The scales.
const (
	CSAT5  Scale = "csat5"  // 1 to 5
	NPS    Scale = "nps"    // 0 to 10
	YesNo  Scale = "yesno"  // yes is 1, no is 0
	Choice Scale = "choice" // one of the ask's choices
	Text   Scale = "text"   // free words
)

// Branch is one arm of a branch step, whose If is nil for else, or one path of
// a split, which has a Name and the Share of people who take it (0 to 1).
type Branch struct {
	If    *expression.Program
	Name  string
	Share float64
	Steps []Step
}

// Winner says how a split chooses the path that the undecided rest takes: the
// one whose messages did best By a status (deliveries.Clicked, …). After is how
// long messages have for it; the decision falls when MinSample of them have had
// that time (see Winner.Decides).
type Winner struct {
	By        deliveries.Status
	After     time.Duration
	MinSample int
}

// ConsentChange records a customer's word about a topic.
type ConsentChange struct {
	Topic    string
	Channels []channels.Channel
	In       bool
}

// Webhook tells another system. Text in Body is Liquid over what templates see.
type Webhook struct {
	URL  string // https
	Body map[string]any
}

// usualDue is how soon somebody must have looked after whoever is unhappy or writes to
// us, where nothing says how soon.
const usualDue = 4 * time.Hour

// CaseRule is a case to open.
type CaseRule struct {
	Queue    string
	Priority string
	Due      time.Duration
	Title    string // Liquid over event, customer, answers
	Note     string
}

// Assignment sets a trait or a profile field.
type Assignment struct {
	Field string // traits.<name>, city, …
	Value *expression.Program
}

// TagChange adds (Add) or removes a tag.
type TagChange struct {
	Tag string
	Add bool
}

// ContactRules narrow when and how often customers are contacted.
type ContactRules struct {
	// Hours by channel; nil or missing means no narrowing. An empty, non-nil
	// slice is "any".
	Hours map[channels.Channel][]Window
	Days  map[channels.Channel]Days
	Caps  []Cap
	// Countries by channel: where anything may be sent. Missing: anywhere.
	Countries map[channels.Channel][]string
	// Holidays are days on which nobody is contacted.
	Holidays []Holiday
}

// Holiday is a day on the customer's own calendar on which nothing is sent,
// e-mail aside.
type Holiday struct {
	Country string // whose customers keep it (ISO 3166-1 alpha-2); "": everybody
	Year    int    // 0: every year
	Month   time.Month
	Day     int
}

// Cap bounds contacts in a rolling window.
type Cap struct {
	AtMost   int
	Per      time.Duration
	Channels []channels.Channel // empty: all
	Topics   []string           // empty: all
}

// Budget bounds money in a rolling window.
type Budget struct {
	Amount  int64 // minor units of the workspace's currency
	Per     time.Duration
	Channel channels.Channel // "" for a campaign's own budget
}
