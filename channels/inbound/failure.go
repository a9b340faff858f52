package inbound

import (
	"regexp"
	"strings"

	"github.com/emersion/go-message/textproto"

	"rapport/channels"
	"rapport/channels/email"
)

// notice is what a letter says of a message of ours, as a machine.
type notice struct {
	kind channels.ReportKind
	// recipient is the mailbox it speaks of; may be empty.
	recipient string
	status    string
	words     string // may hold line breaks
}

// delivery reads a delivery status notification (RFC 3464). known is false for a
// letter that is none.
func (l *letter) delivery() (n notice, known bool) {
	if l.report != "delivery-status" && len(l.status) == 0 {
		return notice{}, false
	}
	n.kind = channels.ReportDeferred
	for _, group := range l.status {
		if !group.Has("Action") {
			continue
		}
		action, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(group.Get("Action"))), " ")
		kind, tells := actions[action]
		if !tells {
			continue
		}
		one := notice{kind: kind, recipient: recipientOf(group), status: statusCode.FindString(group.Get("Status")), words: afterType(group.Get("Diagnostic-Code"))}
		if kind == channels.ReportBounced { // the gravest word counts
			return one, true
		}
		n = one
	}
	if len(l.status) == 0 { // the report lost its part for machines
		return l.freeForm(), true
	}
	return n, true
}

var (
	actions = map[string]channels.ReportKind{
		"failed": channels.ReportBounced, "delayed": channels.ReportDeferred, "delivered": channels.ReportDelivered,
	}
	statusCode = regexp.MustCompile(`[245]\.\d{1,3}\.\d{1,3}`)
)

// recipientOf is the mailbox that was meant, before anybody forwarded it (RFC
// 3464 §2.3.1).
func recipientOf(group textproto.Header) string {
	for _, name := range []string{"Original-Recipient", "Final-Recipient"} {
		if address := firstAddress(afterType(group.Get(name))); address != "" {
			return strings.ToLower(address)
		}
	}
	return ""
}

// afterType cuts the type from a field such as "smtp; 550 no such user".
func afterType(value string) string {
	if kind, rest, typed := strings.Cut(value, ";"); typed && !strings.ContainsAny(strings.TrimSpace(kind), " @") {
		value = rest
	}
	return oneLine(decodeHeader(value))
}

// failed reports whether a letter without the form of a notification is one all
// the same, of a failure or a delay, as qmail, old Exchange and others write them. Words alone count of a
// machine only: absences come without a sender too (RFC 3834 §3.3), and speak of
// letters that did not reach and addresses that do not exist.
func (l *letter) failed() bool {
	if absent(l.subject) {
		return false
	}
	if failureSubject.MatchString(l.subject) || delaySubject.MatchString(l.subject) {
		return true
	}
	head := oneLine(shorten(l.text, 2000))
	return l.byMachine() && (failureWords.MatchString(head) || delayWords.MatchString(head))
}

var (
	failureSubject = regexp.MustCompile(`(?i)^(failure notice|undeliver|returned mail|mail delivery (failed|failure|subsystem)|delivery (status notification|failure|has failed)|delivery notification: |message (not delivered|undeliverable)|nondeliverable|non[ -]?delivery|mail system error|unzustellbar|nicht zustellbar|non remis|échec de la remise|no se puede entregar|devolución|mancato recapito|onbestelbaar|не доставлено|недоставлен|сообщение не доставлено|не удалось доставить|niedostarczon|olevererbart|teslim edilemedi|无法投递|系统退信|配信不能)`)
	failureWords   = regexp.MustCompile(`(?i)(could ?n[o']t be delivered|could not (deliver|be delivered)|wasn't able to deliver|was not able to deliver|unable to deliver|delivery (to the following recipients? )?(has )?failed|undeliverable|did not reach|permanent(ly)? (error|failure|failed|fatal)|mailbox (is )?(full|unavailable)|user unknown|no such user|does not exist|\b5\d\d[ -]5\.\d)`)
	delaySubject   = regexp.MustCompile(`(?i)^(warning: (message|could not send|delivery)|delivery status notification \(delay|(mail |message )?delivery (is |has been )?delay|delayed (mail|message|delivery)|message delayed|mail delivery warning|(zustellung|übermittlung) verzögert|verzögerte zustellung|remise (différée|retardée)|entrega (retrasada|atrasada)|consegna ritardata|доставка (отложена|задержана|задерживается))`)
	delayWords     = regexp.MustCompile(`(?i)(will (be retried|retry|keep trying|continue (trying|to try))|not yet been delivered|attempts will continue|delivery to (these|the following) .{0,60}delayed|delivery incomplete|temporary problem delivering|message still undelivered|this is a warning (message )?only)`)
)

// freeForm reads a failure or a delay from its words. A server that refused for good
// delays nothing, whatever else it says: our own letter may speak of delays.
func (l *letter) freeForm() notice {
	text, _ := parted(l.text, false)
	if text == "" {
		text = shorten(l.text, textRead)
	}
	if copied := copyBelow.FindStringIndex(text); copied != nil {
		text = text[:copied[0]]
	}
	text = shorten(strings.TrimSpace(plain(text)), 2000)
	n := notice{kind: channels.ReportBounced, status: bracketed.FindString(text), words: text}
	if delaySubject.MatchString(l.subject) || delayWords.MatchString(oneLine(text)) && !forGood.MatchString(text) {
		n.kind = channels.ReportDeferred
	}
	return n
}

// copyBelow begins the copy of what was sent, whose words say nothing.
var copyBelow = regexp.MustCompile(`(?i)-*\s*(below this line is a copy|this is a copy of (the|your) message|original message follows|unsent message (below|follows)|message header follows|the original message was|included is a copy)`)

var (
	bracketed = regexp.MustCompile(`\b[45]\.\d{1,3}\.\d{1,3}\b`)
	forGood   = regexp.MustCompile(`\b5\.\d{1,3}\.\d{1,3}\b`)
)

// class is the class of a bounce.
func (n notice) class() string { return email.BounceClass(n.status, n.words) }

// complaint reads an abuse report (RFC 5965). "not-spam" takes one back, which
// nothing here can; "auth-failure" (RFC 6591), "dkim" and "virus" are servers' findings
// on a message, and nobody's who had it.
func (l *letter) complaint() (n notice, known bool) {
	if l.feedback == nil {
		return notice{}, false
	}
	n.recipient = strings.ToLower(firstAddress(l.feedback.Get("Original-Rcpt-To")))
	switch strings.ToLower(strings.TrimSpace(l.feedback.Get("Feedback-Type"))) {
	case "opt-out", "opt-out-list":
		n.kind = channels.ReportUnsubscribed
	case "abuse", "fraud", "miscategorized", "other":
		n.kind = channels.ReportComplained
	}
	return n, true
}
