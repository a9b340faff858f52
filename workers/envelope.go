package workers

import (
	"cmp"
	"net/mail"

	"rapport/channels"
)

// envelop writes what stands around an e-mail. Where mail reaches us replies,
// failures and stops by mail come to mailboxes that name the delivery; the name
// that customers see stays the sender's.
func (o *PostOffice) envelop(m *channels.Message) {
	m.Envelope.MessageID = o.Doors.MessageID(m.Delivery)
	if o.Doors.Mail == "" {
		return
	}
	m.ReplyTo = (&mail.Address{
		Name: displayName(cmp.Or(m.ReplyTo, m.From)), Address: o.Doors.Box(channels.MailReply, m.Delivery),
	}).String()
	m.Envelope.ReturnPath = o.Doors.Box(channels.MailBounce, m.Delivery)
	m.Envelope.StopMail = o.Doors.Box(channels.MailStop, m.Delivery)
}

// displayName is the name in "Shop <hello@shop.example>".
func displayName(mailbox string) string {
	address, err := mail.ParseAddress(mailbox)
	if err != nil {
		return ""
	}
	return address.Name
}
