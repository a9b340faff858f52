package customers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/channels"
)

// The names of the lines that a case writes on its customer's timeline.
const (
	CaseOpened  = "case opened"
	CaseUpdated = "case updated"
	CaseReplied = "case replied" // an agent answered
	CaseClosed  = "case closed"
)

// CallMisunderstood is the name of the event that a key or words on a call were no
// answer to the question: they are on the timeline, and no word of the customer's.
const CallMisunderstood = "call misunderstood"

// Line is one thing that was said between a customer and the shop.
type Line struct {
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	// Ours says that the shop said it: an agent (Who), or a campaign by a template
	// (About), whose words are not kept.
	Ours bool `json:"ours"`
	// Claimed says that nothing but the letter says that it is from the customer.
	Claimed bool     `json:"claimed,omitempty"`
	Who     string   `json:"who,omitempty"`
	About   string   `json:"about,omitempty"`
	Text    string   `json:"text,omitempty"`
	Media   []string `json:"media,omitempty"`
	// Status is how far a message of ours came: sent, delivered, failed, …; "" before
	// anything is known.
	Status string `json:"status,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Until is when a message of ours is due that waits; zero of others.
	Until time.Time `json:"until,omitzero"`
	// Delivery is the message in the ledger; 0 where none is meant.
	Delivery int64 `json:"delivery,omitempty"`
}

// wrote names the events that are a customer's own text or letter.
var wrote = []string{"sms replied", "sms unsubscribed", "sms resubscribed", "email replied"}

// Wrote reports whether an event is a customer's own text or letter.
func Wrote(e Event) bool { return slices.Contains(wrote, e.Name) }

// Said names the events by which a customer, or an agent, says something.
func Said() []string {
	names := append([]string{CaseReplied}, wrote...)
	for _, ch := range channels.All() {
		names = append(names, string(ch)+" answered")
	}
	return names
}

// Spoken names the events of a conversation beside what became of its messages: all
// that is said, and what it opened.
func Spoken() []string { return append(Said(), CaseOpened, CaseUpdated, CaseClosed) }

// ConversationKept is how far back a conversation is read where a case is shown or
// answered, in lines of what was said and as many of messages.
const ConversationKept = 300

// Conversation is what was said, in order: the customer's words, what agents
// answered, and which messages of campaigns stood between.
func Conversation(events []Event) []Line {
	var lines []Line
	at := map[int64]int{} // the line of a delivery
	for _, e := range events {
		ch, what, _ := strings.Cut(e.Name, " ")
		line := Line{At: e.At, Channel: ch, Text: textOf(e, "text"), Delivery: e.Delivery}
		switch {
		case e.Name == CaseReplied:
			line.Ours, line.Channel, line.Who = true, textOf(e, "channel"), textOf(e, "by")
			at[e.Delivery] = len(lines)
			lines = append(lines, line)
		case e.Name == CallMisunderstood: // asked again
		case Wrote(e), what == "answered" && channels.Channel(ch).Valid():
			if line.Text == "" {
				line.Text = cmp.Or(textOf(e, "answer"), textOf(e, "below"))
			}
			line.Claimed = e.Properties["claimed"] == true
			line.Media = append(listOf(e, "media"), listOf(e, "attachments")...)
			lines = append(lines, line)
		case e.Delivery != 0 && channels.Channel(ch).Valid():
			i, known := at[e.Delivery]
			if !known {
				if what != "sent" {
					continue
				}
				i, at[e.Delivery] = len(lines), len(lines)
				line.Ours, line.Text, line.About = true, "", about(e)
				lines = append(lines, line)
			}
			lines[i].Status, lines[i].Reason = what, textOf(e, "reason")
		}
	}
	return lines
}

// about names a message of ours by its template.
func about(e Event) string {
	if what := textOf(e, "about"); what != "" {
		return what
	}
	return textOf(e, "template")
}

func textOf(e Event, property string) string {
	if value := e.Properties[property]; value != nil {
		return Told(value)
	}
	return ""
}

func listOf(e Event, property string) []string {
	var list []string
	switch values := e.Properties[property].(type) {
	case []string:
		list = values
	case []any:
		for _, value := range values {
			list = append(list, fmt.Sprint(value))
		}
	}
	return list
}
