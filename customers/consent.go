package customers

import (
	"slices"
	"time"

	"rapport/channels"
)

// Consent is a customer's word about one topic on one channel, or about EveryTopic.
// Where none is recorded the topic's default holds.
type Consent struct {
	Customer string           `json:"-"`
	Topic    string           `json:"topic"`
	Channel  channels.Channel `json:"channel"`
	In       bool             `json:"in"`
	At       time.Time        `json:"at"`
	Source   string           `json:"source"` // how it was given, such as ByImport
}

// EveryTopic is the topic of a no to everything by a channel, topics that are yet to come
// among it. A later yes to one topic counts for that one; a yes to EveryTopic takes the no
// back and is no consent to anything.
const EveryTopic = "*"

// How consents are given.
const (
	ByImport      = "import"
	ByOneClick    = "one_click"   // the unsubscribe button of a mail program (RFC 8058)
	ByForm        = "form"        // the page behind a link to unsubscribe
	ByPreferences = "preferences" // the page of all topics
	BySMS         = "sms"
	ByEmail       = "email"
	ByPage        = "page"     // the shop's page, which asked for web push
	ByCampaign    = "campaign" // a step of a journey
	ByNoWord      = "stranger" // they wrote, and that is no consent
)

// Suppression blocks an address on a channel. No consent overrides one; only
// Preferences.Release lifts it.
type Suppression struct {
	Channel channels.Channel `json:"channel"`
	Address string           `json:"address"` // normalised mailbox or E.164 number
	Reason  string           `json:"reason"`  // opted_out, bounced, soft_bounces, complained, invalid_address, erased
	At      time.Time        `json:"at"`
}

// ReasonsTold are the reasons for which an address may be suppressed by somebody's word:
// all but Erased, which is no word about an address anybody may read.
func ReasonsTold() []string {
	return []string{channels.ReasonOptedOut, Bounced, SoftBounces, channels.ReasonComplained, channels.ReasonInvalidAddress}
}

// Consented reports whether the customer may be contacted about a topic on a
// channel, given what holds without a word from them.
func (c *Customer) Consented(topic string, ch channels.Channel, byDefault bool) bool {
	if word, said := c.Word(topic, ch); said {
		return word.In
	}
	return byDefault
}

// Word is what decides about a topic on a channel: the customer's own word, unless it
// is a yes and another profile of the same address said no at that moment or later.
func (c *Customer) Word(topic string, ch channels.Channel) (word Consent, said bool) {
	word, said = latest(c.Consents, topic, ch)
	if said && !word.In {
		return word, true
	}
	if no, refused := latest(c.Elsewhere, topic, ch); refused && (!said || no.Supersedes(word)) {
		return no, true
	}
	return word, said
}

// Saying is who said a word that Word gave, for people to read: "" where it was the
// customer, by this profile.
func (c *Customer) Saying(word Consent) string {
	if word.Customer == "" || word.Customer == c.ID {
		return ""
	}
	return ", said by " + word.Customer + ", who has the same address"
}

// latest is the newest of words about a topic on a channel, noes to everything among
// them.
func latest(words []Consent, topic string, ch channels.Channel) (newest Consent, found bool) {
	for _, w := range words {
		about := w.Topic == topic || w.Topic == EveryTopic && !w.In
		if about && w.Channel == ch && (!found || w.Supersedes(newest)) {
			newest, found = w, true
		}
	}
	return newest, found
}

// Supersedes reports whether the word counts in the place of another on the same
// matter: the later one does, and of two of the same moment the No.
func (c Consent) Supersedes(other Consent) bool {
	return c.At.After(other.At) || c.At.Equal(other.At) && other.In && !c.In
}

// AsOf is the word as it counts when it is heard: nobody has said anything later than
// that.
func (c Consent) AsOf(now time.Time) Consent {
	if c.At.After(now) {
		c.At = now
	}
	return c
}

// Undated reports whether a word that is kept has a date that cannot be, later than now,
// and is a yes: any word that is heard takes its place.
func (c Consent) Undated(now time.Time) bool { return c.In && c.At.After(now) }

// Hear lets a word that the customer says (AsOf now) take the place of an earlier one on
// the same matter, unless that one supersedes it, and reports whether it did.
func (c *Customer) Hear(word Consent, now time.Time) bool {
	word = word.AsOf(now)
	n := slices.IndexFunc(c.Consents, func(old Consent) bool { return old.Topic == word.Topic && old.Channel == word.Channel })
	if n >= 0 && !word.Supersedes(c.Consents[n]) && !c.Consents[n].Undated(now) {
		return false
	}
	c.Consents = slices.Clone(c.Consents) // a copy of the customer may share them
	if n < 0 {
		c.Consents = append(c.Consents, word)
	} else {
		c.Consents[n] = word
	}
	return true
}

// Replaces reports whether the suppression takes the place of one that the address
// has already: one that weighs more does, and of two that weigh the same one that
// renews the other and is later.
func (s Suppression) Replaces(before Suppression) bool {
	if weight := Weight(s.Reason); weight != Weight(before.Reason) {
		return weight > Weight(before.Reason)
	}
	return s.At.After(before.At) && (s.Reason == before.Reason || slices.Contains(Renewals(), Renewal{before.Reason, s.Reason}))
}

// Renewal is a reason that counts in the place of another one that weighs the same
// and was there before.
type Renewal struct{ Before, After string }

// Renewals are all of them, beside a reason that is said again: a STOP after an
// erasure counts, so that no START from between takes it back.
func Renewals() []Renewal { return []Renewal{{Erased, channels.ReasonOptedOut}} }

// Weight tells which of two reasons to block an address is kept, in whatever
// order they become known: a complaint is hidden by nothing, and soft bounces hide
// nothing. Of others the first stays.
func Weight(reason string) int {
	for _, w := range Weights() {
		if w.Reason == reason {
			return w.Weight
		}
	}
	return UsualWeight
}

// UsualWeight is the weight of a reason that Weights does not name.
const UsualWeight = 1

// ReasonWeight is the weight of one reason.
type ReasonWeight struct {
	Reason string
	Weight int
}

// Weights are those of the reasons that weigh more or less than the others.
func Weights() []ReasonWeight {
	return []ReasonWeight{{SoftBounces, UsualWeight - 1}, {channels.ReasonComplained, UsualWeight + 1}}
}
