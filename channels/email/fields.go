package email

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

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
		if !isMessageID(e.MessageID) {
			return wrong("the message's id")
		}
		add("Message-ID", "<"+e.MessageID+">")
	}
	if e.InReplyTo != "" {
		if !isMessageID(e.InReplyTo) {
			return wrong("the id of the message that is answered")
		}
		add("In-Reply-To", "<"+e.InReplyTo+">")
		add("References", "<"+e.InReplyTo+">")
	}
	if e.ListID != "" {
		if !isListID(e.ListID) {
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
		if e.AutoSubmitted != "auto-generated" && e.AutoSubmitted != "auto-replied" {
			return wrong("the kind of automatic message")
		}
		add("Auto-Submitted", e.AutoSubmitted)
	}
	if e.FeedbackID != "" {
		if !isFeedbackID(e.FeedbackID) {
			return wrong("the feedback id")
		}
		add("Feedback-ID", e.FeedbackID)
	}
	return list, nil
}

// isMessageID reports whether an id is a msg-id of RFC 5322 §3.6.4 without its
// brackets, short enough for the line that a header may not be folded in.
func isMessageID(id string) bool {
	const longest = 300
	local, domain, _ := strings.Cut(id, "@")
	return local != "" && len(local) <= longest && domain != "" && len(domain) <= longest && isVisible(id) &&
		!strings.ContainsAny(local, `"(),:;<>[\]`) && !strings.ContainsAny(domain, "<>")
}

// isListID reports whether an id is one of RFC 2919 §3: a phrase, and a name in
// brackets that looks like a domain.
func isListID(id string) bool {
	words, name, named := strings.Cut(id, "<")
	if !named || !strings.HasSuffix(name, ">") {
		return false
	}
	if words != "" && (!strings.HasSuffix(words, " ") || utf8.RuneCountInString(words) > 201 || strings.ContainsAny(words, "<>\r\n\x00\"\\")) {
		return false
	}
	name = strings.TrimSuffix(name, ">")
	ends := func(c byte) bool {
		return c < 128 && atomSign[c] && (c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9')
	}
	if len(name) < 2 || len(name) > 254 || !ends(name[0]) || !ends(name[len(name)-1]) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return r > 127 || !ends(byte(r)) && r != '.' && r != '_' && r != '-'
	}) < 0
}

// isFeedbackID reports whether an id is three words and one that stays.
func isFeedbackID(id string) bool {
	return strings.Count(id, ":") == 3 && isVisible(id) && !slices.ContainsFunc(strings.Split(id, ":"), func(part string) bool { return len(part) > 80 })
}

// isVisible reports whether a text is made of ASCII's visible signs.
func isVisible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// listID writes the phrase of a list's id so that it may hold any sign.
func listID(id string) string {
	words, name, named := strings.Cut(id, " <")
	if !named {
		return id
	}
	return phrase(words) + " <" + name
}
