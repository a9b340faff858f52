package workers

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/templates"
)

// PostOffice turns deliveries into messages: words, links and addresses.
type PostOffice struct {
	Links deliveries.Links
	Doors deliveries.Doors
	// Providers names the one of each channel: it is told where to report.
	Providers map[channels.Channel]string
	Log       *slog.Logger

	mu      sync.Mutex
	numbers map[string]int64 // of links already stored
}

// linksKept bounds the numbers remembered; links made for one customer each
// would otherwise fill the memory.
const linksKept = 10_000

// Write renders parcels. Those that cannot be rendered come back as outcomes:
// a missing field fails the delivery and is not sent as a blank.
func (o *PostOffice) Write(ctx context.Context, edition *campaigns.Edition, parcels []parcel) (written []parcel, unwritable []deliveries.Outcome, err error) {
	for _, p := range parcels {
		if p.message, err = o.write(edition, p); err != nil {
			o.Log.Error("a delivery cannot be rendered", "delivery", p.delivery.ID,
				"campaign", p.delivery.Campaign, "template", p.delivery.Template, "error", err)
			unwritable = append(unwritable, deliveries.Outcome{
				ID: p.delivery.ID, Status: deliveries.Failed, Reason: "not_rendered",
			})
			continue
		}
		written = append(written, p)
	}
	return written, unwritable, o.wrapLinks(ctx, written)
}

func (o *PostOffice) write(edition *campaigns.Edition, p parcel) (channels.Message, error) {
	if p.delivery.Channel == channels.Webhook {
		return tell(edition, p)
	}
	d, customer := p.delivery, p.journey.Customer
	attempt := d.Attempts + 1
	sender, country := edition.Senders[d.Channel], campaigns.CountryOf(customer, d.Channel)
	m := channels.Message{
		Delivery: d.ID, Attempt: attempt,
		To: customer.Address(d.Channel), ToName: nameOf(customer), Country: country,
		From: senderOf(edition, p), ReplyTo: sender.ReplyTo,
	}
	var err error
	if d.Direct() {
		if m.Content, m.Locale, err = edition.Letter(customer, d); err == nil {
			o.answer(&m, d)
		}
		return m, err
	}
	m.Content, m.Locale, err = edition.Words(p.words.Templates, p.campaign, p.journey, d, o.Doors.Links(d.ID, m.To))
	if err != nil {
		return m, err
	}
	o.address(&m, customer, sender)
	if m.Content.Email != nil {
		list(&m, edition, p)
	}
	return m, nil
}

// senderOf is the number or mailbox that a delivery leaves from. A direct text
// comes from the number that the customer wrote to.
func senderOf(edition *campaigns.Edition, p parcel) string {
	d, customer := p.delivery, p.journey.Customer
	if from, given := d.Vars["from"].(string); given && d.Direct() && d.Channel == channels.SMS {
		return from
	}
	if customer == nil {
		return edition.Senders[d.Channel].From // the judge skips it
	}
	return edition.Senders[d.Channel].FromFor(campaigns.CountryOf(customer, d.Channel))
}

// tell writes a webhook, which is about a customer and goes to none.
func tell(edition *campaigns.Edition, p parcel) (channels.Message, error) {
	d := p.delivery
	words, err := edition.WebhookContent(p.campaign.StepAt(d.Step), edition.Bindings(p.campaign, p.journey))
	return channels.Message{Delivery: d.ID, Attempt: d.Attempts + 1, Content: channels.Content{Webhook: words}}, err
}

// answer adds what a direct message needs beside its words: an e-mail stands below
// the one it answers. It is a letter between two people: nothing in it is counted,
// and no list is left by it.
func (o *PostOffice) answer(m *channels.Message, d deliveries.Delivery) {
	if d.Channel == channels.SMS {
		m.StatusURL = o.Doors.Status(o.outlet(channels.SMS), m.Delivery, m.Attempt)
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
func (o *PostOffice) address(m *channels.Message, customer *customers.Customer, sender campaigns.SenderRule) {
	switch {
	case m.Content.Email != nil:
		m.Unsubscribe = o.Doors.Unsubscribe(m.Delivery)
		o.envelop(m)
	case m.Content.SMS != nil:
		m.StatusURL = o.Doors.Status(o.outlet(channels.SMS), m.Delivery, m.Attempt)
	case m.Content.Call != nil:
		m.StatusURL = o.Doors.Status(o.outlet(channels.Call), m.Delivery, m.Attempt)
		m.ScriptURL = o.Doors.Script(o.outlet(channels.Call), m.Delivery, m.Attempt)
		m.Content.Call.Voice = sender.VoiceFor(m.Content.Call.Language)
	case m.Content.Push != nil:
		m.Push = &customer.Browsers[0]
		m.Token = o.Doors.Signer.Sign(deliveries.Token{Purpose: deliveries.PushReport, Delivery: m.Delivery})
		m.ReportURL = o.Doors.PushReports()
	}
}

func (o *PostOffice) outlet(ch channels.Channel) deliveries.Outlet {
	return deliveries.Outlet{Channel: ch, Provider: o.Providers[ch]}
}

// wrapLinks replaces the links of e-mails by signed ones of ours. A link is
// stored once, whoever it is sent to.
func (o *PostOffice) wrapLinks(ctx context.Context, parcels []parcel) error {
	numbers := map[string]int64{}
	for _, p := range parcels {
		if mail := p.message.Content.Email; mail != nil && !p.delivery.Direct() {
			templates.RewriteLinks(mail.HTML, func(url string) string {
				if !o.Doors.Own(url) {
					numbers[url] = 0
				}
				return url
			})
		}
	}
	if err := o.number(ctx, numbers); err != nil {
		return err
	}
	for _, p := range parcels {
		mail := p.message.Content.Email
		if mail == nil || p.delivery.Direct() {
			continue
		}
		mail.HTML = templates.RewriteLinks(mail.HTML, func(url string) string {
			if number, stored := numbers[url]; stored {
				return o.Doors.Click(p.delivery.ID, number)
			}
			return url
		})
		mail.HTML = templates.AppendPixel(mail.HTML, o.Doors.Open(p.delivery.ID))
	}
	return nil
}

// number fills in the numbers under which links are stored, storing those that
// are new.
func (o *PostOffice) number(ctx context.Context, numbers map[string]int64) error {
	o.mu.Lock()
	var fresh []string
	for url := range numbers {
		if n, known := o.numbers[url]; known {
			numbers[url] = n
		} else {
			fresh = append(fresh, url)
		}
	}
	o.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	stored, err := o.Links.Intern(ctx, fresh)
	if err != nil {
		return fmt.Errorf("store %d links: %w", len(fresh), err)
	}
	maps.Copy(numbers, stored)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.numbers == nil || len(o.numbers)+len(stored) > linksKept {
		o.numbers = make(map[string]int64, len(stored))
	}
	maps.Copy(o.numbers, stored)
	return nil
}

func nameOf(c *customers.Customer) string {
	switch {
	case c.FirstName == "":
		return c.LastName
	case c.LastName == "":
		return c.FirstName
	}
	return c.FirstName + " " + c.LastName
}
