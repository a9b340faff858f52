package inbound

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// Ours tells what we made from what others did.
type Ours interface {
	// Mailbox finds out what an address of ours stands for; known is false for any
	// other.
	Mailbox(address string) (box channels.Mailbox, known bool)
	// DeliveryOf is the delivery whose e-mail bears a message id; 0 for one that we
	// did not give.
	DeliveryOf(id string) (delivery int64)
}

// reports is what a letter means. Only what an address or a message id of ours
// proves to be about a delivery is believed of a machine; anybody may write a
// report on anybody.
func (l *letter) reports(ours Ours, raw []byte, receivedAt time.Time) []channels.Report {
	box := l.box(ours)
	r := channels.Report{
		Channel: channels.Email, Delivery: box.Delivery, At: receivedAt.UTC(),
		Letter: &channels.Letter{Subject: l.subject, MessageID: l.id(), Attachments: l.attachments},
	}
	answered := l.answers(ours)
	l.answering = answered != 0 || box.Use == channels.MailReply && l.header.Get("In-Reply-To") != ""
	if r.Delivery == 0 {
		r.Delivery = answered
	}
	if r.Delivery == 0 && l.returned != nil {
		r.Delivery = ours.DeliveryOf(l.returned.Get("Message-Id"))
	}
	r.Letter.Proven = r.Delivery != 0
	r.Key = l.key(raw, r.Delivery)
	if n, is := l.notice(box.Use); is {
		return n.reports(r)
	}
	sign := l.automatic()
	switch {
	case box.Use == channels.MailStop:
		r.Kind = channels.ReportUnsubscribed
		return []channels.Report{r}
	case sign != noSign:
		r.Kind, r.Letter.BySubject = channels.ReportAutoReplied, sign == bySubject
	default:
		r.Kind = channels.ReportReplied
		if r.Delivery == 0 { // a provider may have put its own id in the place of ours
			r.ProviderID, _, _ = strings.Cut(strings.Trim(strings.TrimSpace(l.header.Get("In-Reply-To")), "<>"), "@")
		}
	}
	r.From = l.from()
	r.Text, r.Letter.Below = l.said()
	return []channels.Report{r}
}

// box is the first address of ours that the letter came to.
func (l *letter) box(ours Ours) channels.Mailbox {
	for _, address := range l.to {
		if box, known := ours.Mailbox(address); known {
			return box
		}
	}
	return channels.Mailbox{}
}

// id is the letter's own message id, without angle brackets; "" where it is in no
// form that an answer may repeat (RFC 5322 §3.6.4).
func (l *letter) id() string {
	id := strings.Trim(strings.TrimSpace(l.header.Get("Message-Id")), "<>")
	if !messageID.MatchString(id) {
		return ""
	}
	return id
}

var messageID = regexp.MustCompile(`^[!#-'*+\-./-9=?A-Z^-~]{1,120}@[A-Za-z0-9.:\[\]-]{1,120}$`)

// answers is the delivery that the letter answers: the nearest of those it refers
// to (RFC 5322 §3.6.4).
func (l *letter) answers(ours Ours) int64 {
	ids := strings.Fields(l.header.Get("References"))
	ids = append(ids, strings.Fields(l.header.Get("In-Reply-To"))...)
	for i := len(ids) - 1; i >= max(0, len(ids)-50); i-- {
		if delivery := ours.DeliveryOf(ids[i]); delivery != 0 {
			return delivery
		}
	}
	return 0
}

// notice reads a letter of a machine about a message of ours. What comes to the
// address for failures is one unless it is an automatic reply, which some send
// there (RFC 3834 §4); a failure that names no delivery of ours is told by no
// words of its own.
func (l *letter) notice(use channels.MailboxUse) (notice, bool) {
	if n, is := l.complaint(); is {
		return n, true
	}
	if n, is := l.delivery(); is {
		return n, true
	}
	if l.failed() && (use == channels.MailBounce || l.null || l.fromMachine()) {
		return l.freeForm(), true
	}
	return notice{}, false
}

// reports is the report of a notice on a delivery of ours; none on one of others.
func (n notice) reports(r channels.Report) []channels.Report {
	if r.Delivery == 0 || n.kind == "" {
		return nil
	}
	r.Kind, r.From, r.Text = n.kind, n.recipient, shorten(oneLine(n.words), subjectRead)
	switch n.kind {
	case channels.ReportBounced:
		r.Reason = n.class()
		r.Suppress = r.Reason == channels.BounceHard
	case channels.ReportComplained:
		r.Reason, r.Suppress = channels.ReasonComplained, true
	}
	return []channels.Report{r}
}

// key is the same for the same letter, however often and by whatever way it
// comes: its own id, or a digest of it.
func (l *letter) key(raw []byte, delivery int64) string {
	id := l.id()
	if id == "" {
		sum := sha256.Sum256(raw)
		id = hex.EncodeToString(sum[:16])
	}
	return id + "/" + strconv.FormatInt(delivery, 10)
}
