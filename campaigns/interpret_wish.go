package campaigns

import (
	"strings"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// hearWish turns a reply that is an opt-out or opt-in word into what it means. A
// provider takes every YES for an opt-in; from somebody who never opted out it is
// an answer.
func (h *hearing) hearWish() {
	h.hearMachine()
	if h.report.Kind == channels.ReportResubscribed && replytext.ParseWish(h.report.Text) == replytext.Yes && !h.optedOut() {
		h.report.Kind, h.report.Answered = channels.ReportReplied, false
		return
	}
	if h.report.Kind != channels.ReportReplied {
		return
	}
	wish, saidOn := h.wants(), h.report.Channel
	switch stops := wish.Stops(saidOn); {
	case stops != "" && stops != saidOn:
		h.refused = stops
	case stops != "":
		h.wish = true
		h.report.Kind, h.report.Suppress, h.report.Reason = channels.ReportUnsubscribed, true, channels.ReasonOptedOut
	case h.claimed(): // who wants more must have had a message of ours
	case wish == replytext.Start, wish == replytext.Yes && h.optedOut():
		h.wish = true
		h.report.Kind = channels.ReportResubscribed
	}
}

// wants is what a reply as a whole asks for. A subject asks for nothing that our message
// may have had.
func (h *hearing) wants() replytext.Wish {
	l := h.report.Letter
	if l == nil || h.report.Text != "" {
		return wishOf(h.report)
	}
	subject, _ := replyless(l.Subject)
	if _, known := h.ours(subject); !known {
		return wishOf(h.report)
	}
	return replytext.ParseWish(h.ownSubject())
}

// wishOf is what a reply as a whole asks for, as far as that is known without our
// message. The subject of an e-mail counts where nothing else is said: under "cancel"
// may stand what is to be cancelled. That of an answer may be ours: it is an opt-out
// only in one word under which no message is sent.
func wishOf(r channels.Report) replytext.Wish {
	if r.Letter == nil || r.Text != "" {
		return replytext.ParseWish(r.Text)
	}
	subject, answers := replyless(r.Letter.Subject)
	if answers && (len(strings.Fields(subject)) != 1 || replytext.StrongWish(subject) != replytext.Stop) {
		return replytext.NoWish
	}
	return replytext.ParseWish(subject)
}

// Binding reports whether a report on a delivery says what its customer wants from
// now on, or that an address must not be used any more. That counts whether or not
// the campaign that wrote to them can be read.
func Binding(r channels.Report, d deliveries.Delivery) bool {
	switch wish := wishOf(r); r.Kind {
	case channels.ReportUnsubscribed, channels.ReportPreferred, channels.ReportDisowned, channels.ReportComplained:
		return true
	case channels.ReportResubscribed:
		return wish != replytext.Yes // which may be an answer
	case channels.ReportReplied:
		return wish.Stops(r.Channel) != "" || wish == replytext.Start && (r.Letter == nil || r.Letter.Proven)
	case channels.ReportAutoReplied:
		return wish.Stops(r.Channel) == r.Channel
	case channels.ReportAnswered:
		return r.Suppress || r.Channel == channels.Call && (refusesCalls(r, d) || refusesOthers(r) != "")
	}
	return r.Suppress
}

func (h *hearing) optedOut() bool {
	return h.customer != nil && h.customer.Suppressed[h.report.Channel] == channels.ReasonOptedOut
}

// stop is an opt-out: of the address on the channel where the customer told the
// channel itself (a reply, the provider's list), else of the message's topic.
func (h *hearing) stop() {
	if h.report.Suppress || h.delivery.Topic == "" {
		h.suppress(channels.ReasonOptedOut)
		return
	}
	h.consent(false)
}

// start lifts an opt-out. An e-mail group's resubscription is the counterpart
// of a consent.
func (h *hearing) start() {
	if address := h.address(); address != "" {
		h.means.Release = &customers.Suppression{
			Channel: h.report.Channel, Address: address, Reason: channels.ReasonOptedOut, At: h.report.At,
		}
	}
	if h.report.Channel == channels.Email && h.delivery.Topic != "" && h.report.Reason != channels.ReasonByPage {
		h.consent(true)
	}
}

func (h *hearing) consent(in bool) {
	source := customers.ByOneClick
	switch {
	case h.report.Letter != nil:
		source = customers.ByEmail
	case h.report.Channel == channels.SMS && h.report.Text != "":
		source = customers.BySMS
	case h.report.Reason == channels.ReasonByPage:
		source = customers.ByForm
	}
	h.means.Consents = append(h.means.Consents, customers.Consent{
		Customer: h.delivery.Customer, Topic: h.delivery.Topic, Channel: h.delivery.Channel,
		In: in, At: h.report.At, Source: source,
	})
}

func (h *hearing) suppress(reason string) {
	h.block(h.report.Channel, h.address(), reason)
}

// block suppresses an address on a channel, if there is one.
func (h *hearing) block(ch channels.Channel, address, reason string) {
	if address != "" {
		h.means.Suppression = &customers.Suppression{Channel: ch, Address: address, Reason: reason, At: h.report.At}
	}
}

// refuse stops a channel that the customer speaks of on another. A person looks too
// where no address is known, where nothing but a letter says whom it is from, and where
// something came along with the words.
func (h *hearing) refuse() {
	what, address, at := "text messages", "number", h.number()
	switch h.refused {
	case channels.Call:
		what = "calls"
	case channels.Email:
		what, address, at = "e-mails", "mailbox", h.mailbox()
	}
	h.block(h.refused, at, channels.ReasonOptedOut)
	told := "They want no more " + what + "; their " + address + " is blocked for them."
	switch {
	case h.means.Suppression == nil:
		told = "They want no more " + what + ", and we know no " + address + " of theirs: find out which it is."
	case h.claimed():
		told += " Nothing but the letter says whom it is from."
	case !h.attached() && len(h.report.Media) == 0:
		return
	}
	h.openReply()
	if c := h.means.Case; c != nil {
		c.Note = strings.TrimSpace(c.Note + "\n" + told)
	}
}

// mailbox is the customer's, who speaks of it on another channel.
func (h *hearing) mailbox() string {
	if h.customer == nil {
		return ""
	}
	return h.customer.Address(channels.Email)
}

// number is the number of whoever speaks: the one they text from or are on the phone
// at, else the customer's.
func (h *hearing) number() string {
	switch r := h.report; {
	case r.From != "" && (r.Channel == channels.SMS || r.Channel == channels.Call):
		return r.From
	case h.customer != nil:
		return h.customer.Phone
	}
	return ""
}

// address is whom the report speaks of: who wrote, else the customer's. A letter that
// is about no customer speaks of its writer where they say STOP or START, and else of
// nobody: whoever had a message of ours once can write a failure about anybody.
func (h *hearing) address() string {
	switch {
	case h.report.Letter != nil && h.customer != nil:
		return h.letterAddress()
	case h.report.Letter != nil && !h.wish:
		return ""
	case h.report.From != "" && h.report.Channel == channels.Email:
		return customers.Person(customers.Customer{Email: h.report.From})
	case h.report.From != "":
		return h.report.From
	case h.customer != nil:
		return h.customer.Address(h.report.Channel)
	}
	return ""
}
