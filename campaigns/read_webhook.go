package campaigns

import (
	"cmp"
	"net/url"

	"rapport/channels"
)

// readWebhook reads what another system is told.
func (c *campaignReader) readWebhook(n node) *Webhook {
	m := n.fields("a webhook as {url: https://crm.example/hook, body: {customer: \"{{ customer.id }}\"}}")
	hook := &Webhook{URL: small(m.need("url", "write the address that is told, such as \"url: https://crm.example/hook\""), "an address such as https://crm.example/hook", parseHookURL)}
	body := m.need("body", "write what it is told, such as \"body: {customer: '{{ customer.id }}'}\"")
	if body.is("what it is told as {customer: \"{{ customer.id }}\"}", aMap) {
		c.checkBody(body)
		hook.Body, _ = body.plain().(map[string]any)
	}
	m.end()
	return hook
}

// parseHookURL takes https on its own port alone: what is told about a customer
// is for one system's ears. Of services on this machine the operator's file says
// which may be told, however they listen.
func parseHookURL(text string) (string, *mistake) {
	const mend = "write it in full, such as https://crm.example/hook"
	address, err := url.Parse(text)
	switch {
	case err != nil || address.Hostname() == "" || address.Scheme != "https" && address.Scheme != "http":
		return "", wrong(quote(text)+" is not a web address", mend)
	case address.User != nil:
		return "", wrong("this address holds a name or a password", "take it out: what is sent is signed")
	case address.Fragment != "":
		return "", wrong("this address has a part after #, which is never sent", "take it out")
	case channels.OnThisMachine(address):
	case address.Scheme != "https":
		return "", wrong("this address is not encrypted", "write https:// instead of http://")
	case address.Port() != "" && address.Port() != "443":
		return "", wrong("this address has the port "+address.Port()+", and only 443 is spoken to", "take the port out")
	}
	return text, nil
}

// checkBody checks the Liquid in every text of a body.
func (c *campaignReader) checkBody(n node) {
	switch n.kind() {
	case aMap:
		for _, p := range n.pairs("a map") {
			c.checkBody(p.value)
		}
	case aList:
		for _, item := range n.items("a list") {
			c.checkBody(item)
		}
	case aText:
		c.checkBodyLine(n)
	}
}

// checkBodyLine checks one text of a body. What may be missing must have a
// default: the other system is never told a blank.
func (c *campaignReader) checkBodyLine(n node) {
	line := n.parseLine(n.raw())
	if line == nil {
		return
	}
	for _, field := range line.Named() {
		if field.Path[0] == "links" {
			n.problem("a webhook has no links", "take them out; they are made for messages to the customer")
			continue
		}
		n.report(cmp.Or(c.given(field, use{step: n}), c.exists(field, channels.Webhook)))
	}
}
