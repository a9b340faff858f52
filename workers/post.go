package workers

import (
	"context"
	"log/slog"
	"sync"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// PostOffice turns deliveries into messages: words, links and addresses.
type PostOffice struct {
	Links     deliveries.Links
	Addresses deliveries.Addresses
	// Providers names the one of each channel: it is told where to report.
	Providers map[channels.Channel]string
	Log       *slog.Logger

	mu      sync.Mutex
	numbers map[string]int64 // of links already stored
}

// Write renders parcels. Those that cannot be rendered come back as outcomes:
// a missing field fails the delivery and is not sent as a blank.
func (o *PostOffice) Write(ctx context.Context, edition *campaigns.Edition, parcels []*parcel) (written []*parcel, unwritable []deliveries.Outcome, err error) {
	d := &desk{PostOffice: o, edition: edition, mailboxes: map[string]mailbox{}, lists: map[listing]string{}}
	written = make([]*parcel, 0, len(parcels))
	for _, p := range parcels {
		err := channels.Recovered(func() (err error) {
			p.message, err = d.write(p)
			return err
		})
		if err != nil {
			o.Log.Error("a delivery cannot be rendered", append([]any{
				"delivery", p.delivery.ID,
				"campaign", p.delivery.Campaign, "template", p.delivery.Template, "error", err,
			}, channels.StackIn(err)...)...)
			unwritable = append(unwritable, deliveries.Outcome{
				ID: p.delivery.ID, Status: deliveries.Failed, Reason: deliveries.NotRendered,
			})
			continue
		}
		written = append(written, p)
	}
	return written, unwritable, o.wrapLinks(ctx, written)
}

// desk is where the parcels of one window are written. It keeps what is the same for
// many of them.
type desk struct {
	*PostOffice
	edition   *campaigns.Edition
	mailboxes map[string]mailbox // as they are written
	lists     map[listing]string
}

func (o *desk) write(p *parcel) (channels.Message, error) {
	edition := o.edition
	if p.delivery.Channel == channels.Webhook {
		return webhookMessage(edition, p)
	}
	d, customer := p.delivery, p.traveller.Customer
	attempt := d.Attempts + 1
	sender, country := edition.Senders[d.Channel], campaigns.CountryOf(customer, d.Channel)
	m := channels.Message{
		Delivery: d.ID, Attempt: attempt,
		To: customer.Address(d.Channel), ToName: customer.FullName(), Country: country,
		From: senderOf(edition, p), ReplyTo: sender.ReplyTo,
	}
	var err error
	if d.Direct() {
		if m.Content, m.Locale, err = edition.Letter(customer, d); err == nil {
			o.answer(&m, d)
		}
		return m, err
	}
	m.Content, m.Locale, err = edition.Words(p.words.Templates, p.campaign, p.traveller, d, o.Addresses.Links(d.ID, m.To))
	if err != nil {
		return m, err
	}
	o.address(&m, customer, sender)
	if m.Content.Email != nil {
		o.list(&m, p)
	}
	return m, nil
}

// senderOf is the number or mailbox that a delivery leaves from. A direct text
// comes from the number that the customer wrote to.
func senderOf(edition *campaigns.Edition, p *parcel) string {
	d, customer := p.delivery, p.traveller.Customer
	if from, given := d.Vars["from"].(string); given && d.Direct() && d.Channel == channels.SMS {
		return from
	}
	if customer == nil {
		return edition.Senders[d.Channel].From // the judge skips it
	}
	return edition.Senders[d.Channel].FromFor(campaigns.CountryOf(customer, d.Channel))
}

// webhookMessage is about a customer and goes to none.
func webhookMessage(edition *campaigns.Edition, p *parcel) (channels.Message, error) {
	d := p.delivery
	words, err := edition.WebhookContent(p.campaign.StepAt(d.Step), edition.Bindings(p.campaign, p.traveller))
	return channels.Message{Delivery: d.ID, Attempt: d.Attempts + 1, Content: channels.Content{Webhook: words}}, err
}

// answer adds what a direct message needs beside its words: an e-mail stands below
// the one it answers. It is a letter between two people: nothing in it is counted,
// and no list is left by it.
func (o *desk) answer(m *channels.Message, d deliveries.Delivery) {
	if d.Channel == channels.SMS {
		m.StatusURL = o.Addresses.Status(outletOf(o.Providers, channels.SMS), m.Delivery, m.Attempt)
	}
	if to, given := d.Vars["in_reply_to"].(string); given && d.Channel == channels.Email {
		m.Envelope.InReplyTo = to
	}
	if d.Automatic() && d.Channel == channels.Email {
		m.Envelope.AutoSubmitted = "auto-replied"
	}
	if m.Content.Email != nil {
		o.envelop(m)
		m.Envelope.StopMail = ""
	}
}

// address adds what a channel needs beside the words.
func (o *desk) address(m *channels.Message, customer *customers.Customer, sender campaigns.SenderRule) {
	switch {
	case m.Content.Email != nil:
		m.Unsubscribe = o.Addresses.Unsubscribe(m.Delivery)
		o.envelop(m)
	case m.Content.SMS != nil:
		m.StatusURL = o.Addresses.Status(outletOf(o.Providers, channels.SMS), m.Delivery, m.Attempt)
	case m.Content.Call != nil:
		m.StatusURL = o.Addresses.Status(outletOf(o.Providers, channels.Call), m.Delivery, m.Attempt)
		m.ScriptURL = o.Addresses.Script(outletOf(o.Providers, channels.Call), m.Delivery, m.Attempt)
		m.Content.Call.Voice = sender.VoiceFor(m.Content.Call.Language)
	case m.Content.Push != nil:
		m.Push = &customer.Browsers[0]
		m.Token = o.Addresses.Signer.Sign(deliveries.Token{Purpose: deliveries.PushReport, Delivery: m.Delivery})
		m.ReportURL = o.Addresses.PushReports()
	}
}

// outletOf is a channel with the provider that serves it.
func outletOf(providers map[channels.Channel]string, ch channels.Channel) deliveries.Outlet {
	return deliveries.Outlet{Channel: ch, Provider: providers[ch]}
}
