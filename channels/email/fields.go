package email

import (
	"errors"
	"regexp"
	"strings"

	"rapport/channels"
)

// fields are the header fields that a message's envelope and its way out ask
// for, in the order they are written.
func fields(m channels.Message) ([]field, error) {
	e := m.Envelope
	wrong := func(what string) ([]field, error) {
		return nil, &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New(what + " cannot stand in a header")}
	}
	var list []field
	add := func(name, value string) { list = append(list, field{name, value}) }
	if e.MessageID != "" {
		if !messageIDForm.MatchString(e.MessageID) {
			return wrong("the message's id")
		}
		add("Message-ID", "<"+e.MessageID+">")
	}
	if e.InReplyTo != "" {
		if !messageIDForm.MatchString(e.InReplyTo) {
			return wrong("the id of the message that is answered")
		}
		add("In-Reply-To", "<"+e.InReplyTo+">")
		add("References", "<"+e.InReplyTo+">")
	}
	if e.ListID != "" {
		if !listIDForm.MatchString(e.ListID) {
			return wrong("the list's id")
		}
		add("List-ID", listID(e.ListID))
	}
	if m.Unsubscribe != "" {
		if strings.ContainsAny(m.Unsubscribe, "<>, \t\r\n\x00") || !isASCII(m.Unsubscribe) {
			return wrong("the unsubscribe URL")
		}
		ways := "<" + m.Unsubscribe + ">"
		if e.StopMail != "" {
			if !isMailbox(e.StopMail) {
				return wrong("the mailbox to unsubscribe at")
			}
			ways += ", <mailto:" + e.StopMail + "?subject=unsubscribe>"
		}
		add("List-Unsubscribe", ways) // RFC 2369 §3.2; RFC 8058 §3.1 wants one https URL in it
		add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	if e.AutoSubmitted != "" {
		if !autoSubmitted[e.AutoSubmitted] {
			return wrong("the kind of automatic message")
		}
		add("Auto-Submitted", e.AutoSubmitted)
	}
	if e.FeedbackID != "" {
		if !feedbackIDForm.MatchString(e.FeedbackID) {
			return wrong("the feedback id")
		}
		add("Feedback-ID", e.FeedbackID)
	}
	return list, nil
}

var (
	// messageIDForm is a msg-id of RFC 5322 §3.6.4 without its brackets. It is
	// short enough for the line that a header may not be folded in.
	messageIDForm = regexp.MustCompile(`^[!#-'*+\-./-9=?A-Z^-~]{1,300}@[!-;=?-~]{1,300}$`)
	// listIDForm is RFC 2919 §3: a phrase, and a name in brackets that looks like
	// a domain.
	listIDForm     = regexp.MustCompile(`^([^<>\r\n\x00"\\]{0,200} )?<[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])>$`)
	feedbackIDForm = regexp.MustCompile(`^[!-9;-~]{0,80}(:[!-9;-~]{0,80}){3}$`)
	autoSubmitted  = map[string]bool{"auto-generated": true, "auto-replied": true}
)

// listID writes the phrase of a list's id so that it may hold any sign.
func listID(id string) string {
	words, name, named := strings.Cut(id, " <")
	if !named {
		return id
	}
	return phrase(words) + " <" + name
}
