package campaigns

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Replier answers customers from their cases. What it plans goes the way of every
// message: ledger, worker, sender, callbacks, timeline.
type Replier struct {
	Catalog   *Catalog
	Casebook  customers.Casebook
	Directory customers.Directory
	Timeline  customers.Timeline
	Letters   Correspondence
	Now       func() time.Time
}

// Reply is what an agent answers.
type Reply struct {
	Case int64
	// By is sms or email; "" takes the channel on which the customer wrote last.
	By   channels.Channel
	Text string
	// Who answers, as the timeline tells it.
	Who string
	// Key tells a repeated request from a further reply: what was planned under a
	// key is never planned again. "" takes the words for it, so that the same words
	// answer a case once.
	Key string
	// Seen is Said of the case that the agent had before them: who has not read the
	// latest does not answer. nil does not ask.
	Seen *int64
}

// Reply plans an answer and says what was planned. A mistake of the agent's, or a
// customer who must not be written to that way, comes back as an error in words for
// the agent, and nothing is planned.
func (r Replier) Reply(ctx context.Context, reply Reply) (deliveries.Delivery, error) {
	reply.Text = strings.TrimSpace(reply.Text)
	if reply.Text == "" {
		return deliveries.Delivery{}, errors.New("a reply needs words")
	}
	c, err := r.Casebook.Case(ctx, reply.Case)
	if err != nil {
		return deliveries.Delivery{}, err
	}
	if c.Customer == "" {
		return deliveries.Delivery{}, fmt.Errorf("case %d is about a campaign, not about a customer", c.ID)
	}
	people, err := r.Directory.Load(ctx, []string{c.Customer}, r.Now())
	if err != nil {
		return deliveries.Delivery{}, err
	}
	customer := people[c.Customer]
	if customer == nil {
		return deliveries.Delivery{}, fmt.Errorf("the customer of case %d is not known any more", c.ID)
	}
	events, err := r.Timeline.Conversation(ctx, c.Customer, customers.ConversationKept)
	if err != nil {
		return deliveries.Delivery{}, err
	}
	edition, err := r.Catalog.Current(ctx)
	if err != nil {
		return deliveries.Delivery{}, err
	}
	d, err := edition.compose(c, customer, events, reply, r.Now())
	if err != nil {
		return deliveries.Delivery{}, err
	}
	planned, _, err := r.Letters.Reply(ctx, r.Now(), *d, reply.line(c, d.Channel, r.Now()), reply.Seen)
	return planned, err
}

// line is what the timeline tells of a reply: who said what.
func (r Reply) line(c customers.Case, by channels.Channel, now time.Time) customers.Event {
	return customers.Event{
		Customer: c.Customer, Name: customers.CaseReplied, At: now, ReceivedAt: now,
		Properties: map[string]any{"case": c.ID, "by": r.Who, "channel": string(by), "text": r.Text},
		Key:        "case:" + strconv.FormatInt(c.ID, 10) + ":" + r.key(c),
		Campaign:   c.Campaign, Entry: c.Entry,
	}
}

// key is the ledger's name for the reply.
func (r Reply) key(c customers.Case) string {
	key := r.Key
	if key == "" {
		key = string(r.By) + "|" + r.Text
	}
	sum := sha256.Sum256([]byte(key))
	return fmt.Sprintf("%s:%d:%s", deliveries.Reply, c.ID, hex.EncodeToString(sum[:12]))
}

// compose writes the message, or says why it cannot be. It stands below words that
// belong to the case, and below no others; by which channel and from which number it
// goes, others tell too.
func (w *Workspace) compose(c customers.Case, customer *customers.Customer, events []customers.Event, reply Reply, now time.Time) (*deliveries.Delivery, error) {
	by := reply.By
	if by == "" {
		by, _ = WayBack(c, customer, events)
	}
	answered := lastWords(saidIn(c, events), by)
	last := answered
	if last == nil {
		last = lastWords(events, by)
	}
	d := direct(customer, by, deliveries.Reply, reply.key(c), now)
	d.Case = c.ID
	switch by {
	case channels.SMS:
		if utf8.RuneCountInString(reply.Text) > longestText {
			return nil, fmt.Errorf("a text message has at most %d characters, this has %d", longestText, utf8.RuneCountInString(reply.Text))
		}
		d.Content = &channels.Content{SMS: &channels.SMSContent{Text: reply.Text}}
		d.Vars = answerFrom(told(last, "to"))
	case channels.Email:
		d.Content = &channels.Content{Email: &channels.EmailContent{Subject: answering(told(answered, "subject"), c.Title), Text: reply.Text}}
		if id := told(answered, "message_id"); id != "" {
			d.Vars = map[string]any{"in_reply_to": id}
		}
	default:
		return nil, fmt.Errorf("a case is answered by sms or by email, not by %q", by)
	}
	return d, w.mayAnswer(*d, customer, now)
}

// WayBack is the channel by which a reply goes that names none, from the customer's
// Conversation: the one they wrote by last, in the case's own words before others. Who
// has not written is answered by e-mail where that reaches them, else by text.
func WayBack(c customers.Case, customer *customers.Customer, events []customers.Event) (by channels.Channel, wrote bool) {
	last := lastWords(saidIn(c, events), "")
	if last == nil {
		last = lastWords(events, "")
	}
	switch {
	case last != nil:
		return channelOf(*last), true
	case customer.Reachable(channels.Email):
		return channels.Email, false
	}
	return channels.SMS, false
}

// longestText is what a provider takes in one text message (Twilio error 21617).
const longestText = 1600

// mayAnswer tells an agent at once what would keep the reply back for ever.
func (w *Workspace) mayAnswer(d deliveries.Delivery, customer *customers.Customer, now time.Time) error {
	if _, named := w.Senders[d.Channel]; !named {
		return fmt.Errorf("rapport.yaml names no sender for %s", d.Channel)
	}
	verdict := w.Judge(Matter{Delivery: d, Customer: customer, Content: d.Content}, now)
	if verdict.Go || !verdict.Until.IsZero() {
		return nil
	}
	return fmt.Errorf("%s cannot be answered by %s: %s", customer.ID, d.Channel, ReasonWords(string(verdict.Reason)))
}

// saidIn is what belongs to a case: what opened it or went on with it, what answers
// one of its replies, and what belongs to its journey.
func saidIn(c customers.Case, events []customers.Event) []customers.Event {
	type moment struct {
		entry, at int64
	}
	noted, replies := map[moment]bool{}, map[int64]bool{}
	of := "case:" + strconv.FormatInt(c.ID, 10) + ":"
	for _, e := range events {
		switch {
		case !strings.HasPrefix(e.Key, of):
		case e.Name == customers.CaseReplied:
			replies[e.Delivery] = true
		default: // words are noted on their case at the moment they are received
			noted[moment{e.Entry, e.At.UnixMilli()}] = true
		}
	}
	var said []customers.Event
	for _, e := range events {
		if c.Entry != 0 && e.Entry == c.Entry || replies[e.Delivery] || noted[moment{e.Entry, e.ReceivedAt.UnixMilli()}] {
			said = append(said, e)
		}
	}
	return said
}

// lastWords is what the customer wrote last, on a channel ("" is any); nil where
// they wrote nothing.
func lastWords(events []customers.Event, by channels.Channel) *customers.Event {
	for i := len(events) - 1; i >= 0; i-- {
		if ch := channelOf(events[i]); customers.Wrote(events[i]) && (by == "" || ch == by) {
			return &events[i]
		}
	}
	return nil
}

// channelOf is the channel that one of our own events is about: "sms replied".
func channelOf(e customers.Event) channels.Channel {
	ch, _, _ := strings.Cut(e.Name, " ")
	return channels.Channel(ch)
}

func told(e *customers.Event, property string) string {
	if e == nil {
		return ""
	}
	text, _ := e.Properties[property].(string)
	return text
}

// answering is the subject of an answer to a subject, or about a matter.
func answering(subject, matter string) string {
	if subject == "" {
		subject = matter
	}
	if len(subject) > 3 && strings.EqualFold(subject[:3], "re:") {
		return subject
	}
	return "Re: " + subject
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
