package workers

import (
	"net/mail"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"rapport/campaigns"
	"rapport/channels"
)

// list says which of the shop's lists an e-mail of a campaign belongs to, so that
// mail programs can sort it and complaints can be told apart. A topic is a list:
// it is what a customer leaves by the way out.
func list(m *channels.Message, edition *campaigns.Edition, p parcel) {
	topic := p.delivery.Topic
	if domain := senderDomain(m.From); domain != "" {
		m.Envelope.ListID = listName(edition, topic) + " <" + topic + "." + domain + ">"
	}
	m.Envelope.FeedbackID = strings.Join([]string{p.delivery.Campaign, topic, string(channels.Email), edition.Name}, ":")
	if !p.campaign.Trigger.Broadcast() {
		m.Envelope.AutoSubmitted = "auto-generated" // an event made us write, and no machine should answer
	}
}

// senderDomain is the domain of a mailbox in ASCII; "" where it has none.
func senderDomain(mailbox string) string {
	address, err := mail.ParseAddress(mailbox)
	if err != nil {
		return ""
	}
	_, domain, _ := strings.Cut(address.Address, "@")
	domain, err = idna.Lookup.ToASCII(domain)
	if err != nil {
		return ""
	}
	return domain
}

// listName is a topic's title without what would end the phrase it stands in.
func listName(edition *campaigns.Edition, topic string) string {
	const longest = 60 // characters: a header's line
	at := slices.IndexFunc(edition.Topics, func(t campaigns.Topic) bool { return t.ID == topic })
	if at < 0 {
		return topic
	}
	name := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>"\`, r) {
			return -1
		}
		return r
	}, edition.Topics[at].Title))
	return strings.TrimSpace(string(name[:min(len(name), longest)]))
}
