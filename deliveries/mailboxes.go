package deliveries

import (
	"net/url"
	"strings"

	"rapport/channels"
)

// boxes are the mailboxes of a delivery: what their names begin with, and the
// purpose of the token behind it.
var boxes = map[channels.MailboxUse]Purpose{
	channels.MailReply: ReplyBox, channels.MailBounce: BounceBox, channels.MailStop: StopBox,
}

// Box is the mailbox at which mail of one use about a delivery reaches us; ""
// where no mail does.
func (d Addresses) Box(use channels.MailboxUse, delivery int64) string {
	if d.Mail == "" {
		return ""
	}
	return string(use) + "-" + d.Signer.spell(Token{boxes[use], delivery, 0}) + "@" + d.Mail
}

// Mailbox finds out what an address stands for. known is false for every address
// that we did not make.
func (d Addresses) Mailbox(address string) (box channels.Mailbox, known bool) {
	local, domain, _ := strings.Cut(address, "@")
	if d.Mail == "" || !strings.EqualFold(domain, d.Mail) {
		return channels.Mailbox{}, false
	}
	name, text, _ := strings.Cut(local, "-")
	use := channels.MailboxUse(strings.ToLower(name))
	purpose, used := boxes[use]
	if !used {
		return channels.Mailbox{}, false
	}
	token, err := d.Signer.Read(purpose, text)
	return channels.Mailbox{Use: use, Delivery: token.Delivery}, err == nil
}

// MessageID names a delivery's e-mail to the world (RFC 5322 §3.6.4), without
// angle brackets.
func (d Addresses) MessageID(delivery int64) string {
	domain := d.Mail
	if base, err := url.Parse(d.Base); domain == "" && err == nil {
		domain = base.Hostname()
	}
	return d.Signer.spell(Token{MessageName, delivery, 0}) + "@" + domain
}

// DeliveryOf is the delivery whose e-mail bears a message id, as MessageID made it;
// 0 where the id is not ours.
func (d Addresses) DeliveryOf(id string) int64 {
	local, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(id), "<>"), "@")
	token, err := d.Signer.Read(MessageName, local)
	if err != nil {
		return 0
	}
	return token.Delivery
}
