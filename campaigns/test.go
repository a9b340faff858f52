package campaigns

import (
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/templates"
)

// Test is one campaign test: some customers, what they do, and what is to come
// of it. A rehearsal plays it; here it is only read and checked.
type Test struct {
	Title string
	// Campaigns are those whose triggers work in it, the one it is about first.
	// Where one of them hands a customer over to another, that one plays too.
	Campaigns []string
	// Start and Until are when its days begin and end.
	Start, Until time.Time
	// Zone is whose clock its times are written by.
	Zone *time.Location
	// Rollout plays the campaigns' stages. Without it everybody is let in at
	// once: whether one customer belongs to the first stage is chance.
	Rollout bool
	// Customers are who takes part. Consents carry no time.
	Customers []customers.Customer
	// History is what stands on the timelines before the start.
	History []customers.Event
	// Script is what happens at its own time, in order.
	Script []Scene
	// Cues are what customers do when a message goes out.
	Cues []Cue
	// Expect is what is to come of it.
	Expect []Expectation

	File string
	Line int
	// says is the whole test as it was read, without comments and layout.
	says string
}

// Scene is one thing that happens at an instant, whatever the campaign does.
// Exactly one of Event, Starts and Change is set.
type Scene struct {
	At       time.Time
	Customer string
	// Event is the name of a live event, With its properties.
	Event string
	With  map[string]any
	// Starts is a manual campaign that support begins, With what it sees as its
	// event.
	Starts string
	// Change edits the profile; consents it adds are words the customer gives.
	Change func(*customers.Customer)
}

// Cue is what a customer does when a message goes out. Cues of the same
// messages are taken in turn; the last of them serves for all that follow.
type Cue struct {
	On       Message
	Customer string        // "": any
	After    time.Duration // since the message went out
	Acts     []Act
	Line     int
}

// Message picks messages: by channel, by template, or by the question they ask.
type Message struct {
	Channel  channels.Channel // "": any
	Template string           // "": any; of a webhook its URL
	Ask      string           // "": any
}

// Is reports whether a delivery is meant. step is the one that sent it. What
// answers by itself is meant only where it is named (sms: stopped): it is no
// campaign's.
func (m Message) Is(d deliveries.Delivery, step *Step) bool {
	template := d.Template
	if d.Direct() && m.Template == "" {
		return false
	}
	if d.Channel == channels.Webhook && step != nil && step.Webhook != nil {
		template = step.Webhook.URL
	}
	switch {
	case m.Channel != "" && m.Channel != d.Channel, m.Template != "" && m.Template != template:
		return false
	case m.Ask != "":
		return step != nil && step.Send != nil && step.Send.Ask != nil && step.ID == m.Ask
	}
	return true
}

// Messages lists what campaigns may send, and those that they hand customers
// over to.
func (w *Workspace) Messages(campaigns ...string) []Message {
	var messages []Message
	seen := map[string]bool{}
	next := slices.Clone(campaigns)
	for len(next) > 0 {
		c := w.Campaigns[next[0]]
		next = next[1:]
		if c == nil || seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		everyStep(c.Steps, func(step *Step) {
			messages = append(messages, step.messages()...)
			if step.Enter != "" {
				next = append(next, step.Enter)
			}
		})
	}
	return messages
}

// messages lists what the step may send.
func (s *Step) messages() []Message {
	if s.Webhook != nil {
		return []Message{{Channel: channels.Webhook, Template: s.Webhook.URL}}
	}
	if s.Send == nil {
		return nil
	}
	var messages []Message
	for _, ch := range s.channels() {
		message := Message{Channel: ch, Template: s.Send.Template}
		if s.Send.Ask != nil {
			message.Ask = s.ID
		}
		messages = append(messages, message)
	}
	return messages
}

// MessageFields names every value that the messages of a campaign ask for, such
// as event.order_id.
func (w *Workspace) MessageFields(c *Campaign) []string {
	var names []string
	for _, message := range w.Messages(c.ID) {
		for _, field := range w.Templates.Fields(templates.Ref{Channel: message.Channel, Name: message.Template}) {
			names = append(names, strings.Join(field.Path, "."))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Act is one thing a customer, or the network before them, does about a message.
type Act struct {
	Kind ActKind
	// Question is the id of a question of a call's script; "" is the step's own.
	Question string
	// Answer is what is pressed or chosen, Text what is written or said.
	Answer string
	Text   string
	Link   string // what is clicked; may be empty
	Hard   bool   // of a bounce
	Event  string // what the customer does in the shop, With properties
	With   map[string]any
}

// ActKind is what is done about a message.
type ActKind string

// The acts. A message about which a test says nothing is delivered; one that is
// ignored is not even that: no word of it comes back.
const (
	ActDeliver     ActKind = "deliver"
	ActIgnore      ActKind = "ignore"
	ActOpen        ActKind = "open"
	ActClick       ActKind = "click"
	ActReply       ActKind = "reply"
	ActAnswer      ActKind = "answer"
	ActBounce      ActKind = "bounce"
	ActComplain    ActKind = "complain"
	ActUnsubscribe ActKind = "unsubscribe"
	ActNoAnswer    ActKind = "no_answer"
	ActBusy        ActKind = "busy"
	ActMachine     ActKind = "machine"
	ActEvent       ActKind = "event"
)

// Expectation is one line of what is to come of a test. Those of most kinds are
// met in the order of time; the others speak of the whole test (Never) or of
// its end (Stands).
type Expectation struct {
	Kind ExpectationKind
	// Never turns it round: nothing of the kind may happen at all.
	Never bool
	// Message is which one, for Sent, Skipped and Failed.
	Message  Message
	Customer string // "": any
	// Name is a case's queue, a tag, a field, an event, a campaign, a step's id,
	// a topic; "" is any.
	Name string
	// Value is what a field is set to, a status, the points, what a goal is
	// worth, whether a consent is given; nil is any.
	Value any
	// Reason is why something was skipped, failed or left; "" is any.
	Reason   string
	Priority string // of a case
	Says     string // words that must stand in the message, or in the case's title
	// From and Until bound when, Until exclusive; a zero time is no bound.
	From, Until time.Time
	// Later and Within bound when by what was met before, or the start; 0 is no
	// bound.
	Later, Within time.Duration

	Line, Column int
	Words        string // as it is written
}

// ExpectationKind is what an expectation speaks of.
type ExpectationKind string

// The kinds of expectations.
const (
	ExpectSent    ExpectationKind = "sent"
	ExpectSkipped ExpectationKind = "skipped"
	ExpectFailed  ExpectationKind = "failed"
	ExpectCase    ExpectationKind = "case"
	ExpectTag     ExpectationKind = "tag" // Value says whether it is put on or taken off
	ExpectSet     ExpectationKind = "set"
	ExpectPoints  ExpectationKind = "points"
	ExpectConsent ExpectationKind = "consent"
	ExpectGoal    ExpectationKind = "goal"
	ExpectEvent   ExpectationKind = "event"
	ExpectEntry   ExpectationKind = "enter"  // a journey begins, in the campaign Name
	ExpectStatus  ExpectationKind = "status" // at the end: of the step Name, or of the journey
)
