package campaigns

import (
	"net/mail"
	"regexp"
	"strings"

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
	if _, err := mail.ParseAddress(text); err != nil {
		n.problem(n.label+" is not an e-mail address", `write it as hello@shop.example or "Shop <hello@shop.example>"`)
		return ""
	}
	return text
}

// smsName is a sender of letters (GSM 03.38, at most 11 characters), or a
// messaging service of Twilio.
var smsName = regexp.MustCompile(`^([A-Za-z0-9 ]{0,10}[A-Za-z][A-Za-z0-9 ]{0,10}|MG[0-9a-f]{32})$`)

func (n node) smsSender() string {
	if n.kind() == aText && smsName.MatchString(n.raw()) && (len(n.raw()) <= 11 || strings.HasPrefix(n.raw(), "MG")) {
		return n.raw()
	}
	return n.phone()
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
		n.problem(n.label+" is not an international phone number", "write + and the country's number, then digits without spaces, such as \"+493012345678\"")
		return ""
	}
	return n.raw()
}
