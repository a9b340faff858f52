package plan

import (
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// Forecast is what one campaign would do at an instant. Its JSON is described in
// docs/plan.md. Money is in minor units of the workspace's currency.
type Forecast struct {
	Campaign string    `json:"campaign"`
	Title    string    `json:"title"`
	State    string    `json:"state"`   // in the file; the plan is made as if it were live
	Trigger  string    `json:"trigger"` // once, cron, event, segment, manual
	Kind     Kind      `json:"kind"`
	At       time.Time `json:"at"`
	// Over says that the moment of a broadcast that comes once is past: nobody enters.
	Over bool `json:"over,omitempty"`
	// Beside lists the campaigns that run at the same instant and were planned
	// together with it.
	Beside []string `json:"beside,omitempty"`

	// Belong is how many customers the audience selects. They are KeptOut, second
	// profiles of one person (Twins), or Enter.
	Belong  int64   `json:"belong"`
	KeptOut []Group `json:"kept_out"`
	Twins   int64   `json:"twins"`
	Enter   int64   `json:"enter"`
	// Outcomes counts those who enter by what becomes of them.
	Outcomes map[Outcome]int64 `json:"outcomes"`

	// Contacts groups the first contacts, Refused the messages that no customer
	// gets, Waits where journeys stand without having come to a message.
	Contacts []Group `json:"contacts"`
	Refused  []Group `json:"refused"`
	Waits    []Group `json:"waits"`

	ByChannel       map[channels.Channel]int64 `json:"by_channel"`
	ByLocale        map[string]int64           `json:"by_locale"`
	ByCountry       map[string]int64           `json:"by_country"`        // where messages go; "" is not known
	ByCustomerHour  map[string]int64           `json:"by_customer_hour"`  // "00" to "23" on the customer's clock
	ByWorkspaceHour map[string]int64           `json:"by_workspace_hour"` // on the workspace's

	// Cost is of the contacts that go, now or later; what is held has no price
	// yet. CostOfOne is of one contact in the mean.
	Cost          int64                        `json:"cost"`
	CostByChannel map[channels.Channel]int64   `json:"cost_by_channel"`
	CostOfOne     map[channels.Channel]float64 `json:"cost_of_one"`
	Currency      string                       `json:"currency"`

	Fallbacks []Fallback `json:"fallbacks"`
	Messages  []Sample   `json:"messages"`
}

// Kind is what a forecast speaks of.
type Kind string

// Kinds. A broadcast is planned as a run at the instant. Of a campaign that
// customers enter one by one only the audience is known: who belongs and could be
// reached, not who will do what begins it.
const (
	OfRun      Kind = "run"
	OfAudience Kind = "audience"
)

// Outcome is what becomes of a customer who enters.
type Outcome string

// The outcomes.
const (
	Now     Outcome = "now"     // contacted at the instant
	Later   Outcome = "later"   // contacted after a wait of the journey
	Held    Outcome = "held"    // the contact waits for hours, a cap, a budget
	Skipped Outcome = "skipped" // every message on the way is refused
	Waiting Outcome = "waiting" // stands before a message, for an event, a stage or the winner of a split
	Ended   Outcome = "ended"   // walks to its end without a message
)

// Group counts customers of whom the same is said.
type Group struct {
	Outcome Outcome          `json:"outcome,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Meaning string           `json:"meaning,omitempty"` // of the reason
	Channel channels.Channel `json:"channel,omitempty"`
	// At is when the contact goes, or until when it is held, to the minute; zero
	// where nothing says when the journey begins.
	At      time.Time `json:"at,omitzero"`
	Count   int64     `json:"count"`
	Samples []string  `json:"samples"` // ids of the first few
}

// Fallback counts messages written in another locale than the customer's.
type Fallback struct {
	Channel  channels.Channel `json:"channel"`
	Template string           `json:"template"`
	Wanted   string           `json:"wanted"`
	Used     string           `json:"used"`
	Count    int64            `json:"count"`
}

// Sample is a message rendered for a customer of the plan.
type Sample struct {
	Step     string           `json:"step"`
	Channel  channels.Channel `json:"channel"`
	Template string           `json:"template"`
	Locale   string           `json:"locale"`
	Customer string           `json:"customer"`
	Content  channels.Content `json:"content"`
}

// Fate is what a plan says about one customer whom the audience selects.
type Fate struct {
	Campaign string   `json:"campaign"`
	Customer string   `json:"customer"`
	Standing Standing `json:"standing,omitempty"` // why they do not enter
	Outcome  Outcome  `json:"outcome,omitempty"`
	// Reason holds the contact, or stands for the last refusal.
	Reason string `json:"reason,omitempty"`
	// Contact is the first message, as the ledger would hold it; nil without one.
	Contact *deliveries.Delivery `json:"contact,omitempty"`
	// Refused are the messages that were refused before it.
	Refused []deliveries.Delivery `json:"refused,omitempty"`
	At      time.Time             `json:"at,omitzero"` // when it goes, or until when it is held
	Stands  string                `json:"stands,omitempty"`

	locale  string // the contact is written in
	wanted  string // the customer's
	country string // it goes to
	clock   *time.Location
}
