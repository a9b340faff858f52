package workers

import (
	"cmp"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"rapport/channels"
)

// envelop writes what stands around an e-mail. Where mail reaches us replies,
// failures and stops by mail come to mailboxes that name the delivery; the name
// that customers see stays the sender's.
func (o *desk) envelop(m *channels.Message) {
	m.Envelope.MessageID = o.Addresses.MessageID(m.Delivery)
	if o.Addresses.Mail == "" {
		return
	}
	m.ReplyTo = o.sender(cmp.Or(m.ReplyTo, m.From)).phrase + "<" + o.Addresses.Box(channels.MailReply, m.Delivery) + ">"
	m.Envelope.ReturnPath = o.Addresses.Box(channels.MailBounce, m.Delivery)
	m.Envelope.StopMail = o.Addresses.Box(channels.MailStop, m.Delivery)
}

// sender is what a mailbox such as "Shop <hello@shop.example>" is made of. Both are
// empty where it is none.
type sender struct {
	phrase string // the name, as it stands before an address
	domain string // in ASCII
}

// sender reads a mailbox, once for a window.
func (o *desk) sender(mailbox string) sender {
	if s, known := o.senders[mailbox]; known {
		return s
	}
	var s sender
	if address, err := mail.ParseAddress(mailbox); err == nil {
		const bare = "<a@a.example>"
		s.phrase = strings.TrimSuffix((&mail.Address{Name: address.Name, Address: strings.Trim(bare, "<>")}).String(), bare)
		_, domain, _ := strings.Cut(address.Address, "@")
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			s.domain = ascii
		}
	}
	o.senders[mailbox] = s
	return s
}
