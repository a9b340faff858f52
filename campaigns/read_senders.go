package campaigns

import (
	"net/mail"
	"regexp"

	"rapport/channels"
)

func readSenders(n node, senders map[channels.Channel]SenderRule) {
	m := n.fields("senders by channel, such as {sms: {from: \"+493012345678\"}}")
	for _, ch := range channels.All() {
		sender := m.get(string(ch))
		if !sender.present() {
			continue
		}
		senders[ch] = readSender(sender, ch)
	}
	m.end()
}

func readSender(n node, ch channels.Channel) SenderRule {
	m := n.fields("who messages come from, such as {from: …}")
	var rule SenderRule
	switch ch {
	case channels.Email:
		rule.From = m.need("from", `write who e-mails come from: from: "Shop <hello@shop.example>"`).mailbox()
		rule.ReplyTo = m.get("reply_to").mailbox()
	case channels.SMS:
		rule.From = m.need("from", `write the number messages come from: from: "+493012345678"`).smsSender()
		rule.ByCountry = readSendersByCountry(m.get("by_country"))
	case channels.Call:
		rule.From = m.need("from", `write the number calls come from: from: "+493012345678"`).phone()
		rule.Voice = readVoices(m.get("voice"))
	}
	m.end()
	return rule
}

// mailbox reads an RFC 5322 address, with or without a name before it.
func (n node) mailbox() string {
	text := n.text()
	if text == "" {
		return ""
	}
	if _, err := mail.ParseAddress(text); err != nil || curlyQuoted(text) { // which mailboxes may begin with
		n.report(wrong(n.label+" is not an e-mail address", `write it as hello@shop.example or "Shop <hello@shop.example>"`))
		return ""
	}
	return text
}

// smsSender reads whom texts come from: a number, a short code, a name, or a
// messaging service of the provider.
func (n node) smsSender() string {
	if n.kind() == aText && (channels.IsSenderName(n.raw()) || shortCode.MatchString(n.raw()) || messagingService.MatchString(n.raw())) {
		return n.raw()
	}
	return n.phone()
}

// readSendersByCountry reads {DE: "+49…", US: "12345"}. A name where none is
// delivered is a mistake: everything sent with it would be refused.
func readSendersByCountry(n node) map[string]string {
	var senders map[string]string
	for _, p := range n.pairs("senders by country, such as {AT: Lindenhof}") {
		country, problem := parseCountry(p.key)
		if problem != nil {
			p.problem(problem.message, problem.mend)
		}
		sender := p.value.smsSender()
		if country == "" || sender == "" {
			continue
		}
		if channels.IsSenderName(sender) && !channels.TakesSenderNames(country) {
			p.value.problem("texts to "+country+" cannot come from a name", `write a number that is registered there, such as "+12025550123", a short code or a messaging service`)
			continue
		}
		if senders == nil {
			senders = map[string]string{}
		}
		senders[country] = sender
	}
	return senders
}

func readVoices(n node) map[string]string {
	voices := map[string]string{}
	for _, p := range n.pairs("voices by language, such as {en: Polly.Joanna}") {
		if _, problem := parseLocale(p.key); problem != nil {
			p.problem(problem.message, problem.mend)
			continue
		}
		voices[p.key] = p.value.text()
	}
	return voices
}

// e164 is an international phone number (ITU-T E.164).
var e164 = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)

// phone reads a phone number. The number itself stays out of messages.
func (n node) phone() string {
	if n.kind() == aNumber {
		n.problem(n.label+" is a number, which loses its + and zeros", "put it in quotes, such as \"+493012345678\"")
		return ""
	}
	if !n.is("a phone number such as \"+493012345678\"", aText) {
		return ""
	}
	if !e164.MatchString(n.raw()) {
		n.report(wrong(n.label+" is not an international phone number", "write + and the country's number, then digits without spaces, such as \"+493012345678\""))
		return ""
	}
	return n.raw()
}
