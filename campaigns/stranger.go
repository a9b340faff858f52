package campaigns

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
)

// Stranger is the kind of a customer of whom nothing is known but the number or
// mailbox they wrote from.
const Stranger = "stranger"

// OnlyAWish reports whether somebody's words are done with once an address is blocked or
// freed, so that a person need not read them and no profile is wanted: a STOP or a
// START, what is said about calls and texts from a number and about e-mails from a
// mailbox.
func OnlyAWish(r channels.Report) bool {
	switch wishOf(r) {
	case replytext.Stop, replytext.Start, replytext.NoWriting:
		return true
	case replytext.NoMails:
		return r.Channel == channels.Email
	case replytext.NoCalls, replytext.NoTexts:
		return r.Channel != channels.Email
	}
	return false
}

// Strange is a profile for somebody who wrote to us from a number or a mailbox that
// nobody has, so that their words stand on a timeline and a person can answer them.
// Writing once is no consent: they are out of every topic by what they can be
// reached at until they say otherwise.
func (w *Workspace) Strange(r channels.Report, now time.Time) customers.Customer {
	sum := sha256.Sum256([]byte(r.From))
	c := customers.Customer{ID: Stranger + "-" + hex.EncodeToString(sum[:8]), Kind: Stranger, CreatedAt: now}
	reachable := []channels.Channel{channels.SMS, channels.Call}
	if r.Channel == channels.Email {
		c.Email, reachable = r.From, []channels.Channel{channels.Email}
	} else {
		c.Phone, c.PhoneZone = r.From, customers.PhoneZone(r.From)
	}
	topics := []string{customers.EveryTopic}
	for _, topic := range w.Topics {
		topics = append(topics, topic.ID)
	}
	for _, topic := range topics {
		for _, ch := range reachable {
			c.Consents = append(c.Consents, customers.Consent{Customer: c.ID, Topic: topic, Channel: ch, At: now, Source: customers.ByNoWord})
		}
	}
	return c
}
