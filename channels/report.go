package channels

import (
	"strconv"
	"strings"
	"time"
)

// Report is what a provider, a link or a customer says about a delivery.
type Report struct {
	// Channel the report belongs to.
	Channel Channel
	// Delivery is the ledger's id; 0 when only ProviderID or From is known.
	Delivery int64
	// ProviderID is the provider's name for the message.
	ProviderID string
	Kind       ReportKind
	At         time.Time
	// Key is the provider's own id of this event, where it has one.
	Key string
	// From is the customer's address, for replies and opt-outs; To ours that they
	// wrote to, where that is known.
	From, To string
	// Link is the clicked URL.
	Link string
	// Action is the button of a notification that was pressed.
	Action string
	// Question and Answer carry an answer: the question's id within the
	// message ("" means the message's only one), and what was pressed or said.
	Question string
	Answer   string
	// Text is a free reply or comment; Media are the addresses of pictures and the
	// like that came with it.
	Text  string
	Media []string
	// Choices are what a customer chose on a page of ours.
	Choices []Choice
	// Letter is set where the report was read from an e-mail that came in.
	Letter *Letter
	// Reason explains an end: no_answer, busy, machine, hard, blocked, 21610, …
	Reason string
	// Again says that the attempt failed in a way a later one may mend (busy,
	// no answer, machine).
	Again bool
	// Suppress asks that the address be suppressed on this channel.
	Suppress bool
	// Duration is the length of a call, of a recording, or of a talk with a person.
	Duration time.Duration
	// Answered says that the provider has answered the customer's word (STOP, START,
	// HELP) by itself.
	Answered bool
	// Recording is the provider's name for what was recorded.
	Recording string
	// Bot says that the open or click is unlikely to be a person's.
	Bot bool
}

// Choice is a customer's yes or no to one topic on one channel.
type Choice struct {
	Topic   string
	Channel Channel
	In      bool
}

// String is "marketing by email: no".
func (c Choice) String() string {
	word := "no"
	if c.In {
		word = "yes"
	}
	return c.Topic + " by " + string(c.Channel) + ": " + word
}

// Reasons of reports that come by our own pages.
const (
	ReasonByPage    = "form"       // the page's button, in the place of the mail program's
	ReasonNotTheirs = "not_theirs" // whoever has the address is not the customer
)

// ReportKind is what happened.
type ReportKind string

// Kinds of reports.
const (
	ReportSent         ReportKind = "sent"
	ReportDelivered    ReportKind = "delivered"
	ReportOpened       ReportKind = "opened"
	ReportClicked      ReportKind = "clicked"
	ReportAnswered     ReportKind = "answered"
	ReportReplied      ReportKind = "replied"
	ReportBounced      ReportKind = "bounced"
	ReportComplained   ReportKind = "complained"
	ReportUnsubscribed ReportKind = "unsubscribed"
	ReportResubscribed ReportKind = "resubscribed"
	ReportFailed       ReportKind = "failed"
	ReportClosed       ReportKind = "closed"    // a notification was put away
	ReportDeferred     ReportKind = "deferred"  // the provider keeps trying
	ReportPreferred    ReportKind = "preferred" // Choices were made
	// ReportDisowned: whoever got the message, at From, says they are not the
	// customer. From is "" where the customer has another address by now.
	ReportDisowned ReportKind = "disowned"

	ReportRecorded    ReportKind = "recorded"    // Recording can be fetched
	ReportTransferred ReportKind = "transferred" // put through to a person, or in vain for Reason

	// ReportAutoReplied is a machine's reply: an absence, a receipt.
	ReportAutoReplied ReportKind = "auto_replied"
)

// Reasons for which a call failed although something picked up.
const (
	ReasonMachine   = "machine"   // an answering machine, which was told nothing
	ReasonVoicemail = "voicemail" // an answering machine, which was left a message
	ReasonFax       = "fax"
)

// PickedUp reports whether something took a call that failed.
func (r Report) PickedUp() bool {
	return r.Reason == ReasonMachine || r.Reason == ReasonVoicemail || r.Reason == ReasonFax
}

// Meaning identifies what the report says, however often it is repeated:
// message, event, second, address, link, question. Providers give retries of
// one event different ids, so both Key and Meaning are used to deduplicate.
func (r Report) Meaning() string {
	message := r.ProviderID
	if r.Delivery != 0 {
		message = strconv.FormatInt(r.Delivery, 10)
	}
	parts := []string{
		string(r.Channel), message, string(r.Kind), strconv.FormatInt(r.At.Unix(), 10),
		r.From, r.Link, r.Question, r.Answer, r.Text,
	}
	for _, choice := range r.Choices {
		parts = append(parts, choice.String())
	}
	return strings.Join(parts, "|")
}
