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
	m.ReplyTo = o.readMailbox(cmp.Or(m.ReplyTo, m.From)).phrase + "<" + o.Addresses.Box(channels.MailReply, m.Delivery) + ">"
	m.Envelope.ReturnPath = o.Addresses.Box(channels.MailBounce, m.Delivery)
	m.Envelope.StopMail = o.Addresses.Box(channels.MailStop, m.Delivery)
}

// mailbox is what one such as "Shop <hello@shop.example>" is made of. Both are empty
// where it cannot be read.
type mailbox struct {
	phrase string // the name, as it stands before an address
	domain string // in ASCII
}

// readMailbox reads each once for a window.
func (o *desk) readMailbox(written string) mailbox {
	if m, known := o.mailboxes[written]; known {
		return m
	}
	var m mailbox
	if address, err := mail.ParseAddress(written); err == nil {
		const bare = "<a@a.example>"
		m.phrase = strings.TrimSuffix((&mail.Address{Name: address.Name, Address: strings.Trim(bare, "<>")}).String(), bare)
		_, domain, _ := strings.Cut(address.Address, "@")
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			m.domain = ascii
		}
	}
	o.mailboxes[written] = m
	return m
}
