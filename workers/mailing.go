package workers

import (
	"strings"

	"rapport/campaigns"
	"rapport/channels"
)

// list says which of the shop's lists an e-mail of a campaign belongs to, so that
// mail programs can sort it and complaints can be told apart. A topic is a list:
// it is what a customer leaves by the way out.
func (o *desk) list(m *channels.Message, p *parcel) {
	topic := p.delivery.Topic
	if domain := o.readMailbox(m.From).domain; domain != "" {
		which := listing{topic, domain}
		if _, known := o.lists[which]; !known {
			o.lists[which] = listName(o.edition, topic) + " <" + topic + "." + domain + ">"
		}
		m.Envelope.ListID = o.lists[which]
	}
	m.Envelope.FeedbackID = p.delivery.Campaign + ":" + topic + ":" + string(channels.Email) + ":" + o.edition.Name
	if !p.campaign.Trigger.Broadcast() {
		m.Envelope.AutoSubmitted = "auto-generated" // an event made us write, and no machine should answer
	}
}

// listing is a topic that is written about from a domain.
type listing struct{ topic, domain string }

// listName is a topic's title without what would end the phrase it stands in.
func listName(edition *campaigns.Edition, topic string) string {
	const longest = 60 // characters: a header's line
	known, ok := edition.Topic(topic)
	if !ok {
		return topic
	}
	name := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>"\`, r) {
			return -1
		}
		return r
	}, known.Title))
	return strings.TrimSpace(string(name[:min(len(name), longest)]))
}
