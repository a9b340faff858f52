package email

import (
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"rapport/channels"
)

// longestName is how many bytes of a customer's name a header has room for; a
// longer one is no name and is left out.
const longestName = 256

// letter is a message that has been found fit to leave, in the terms of
// RFC 5322. Each provider writes it in its own form.
type letter struct {
	from, to mail.Address
	reply    *mail.Address
	content  *channels.EmailContent
	fields   []field
}

// field is one header field beside the addresses, the subject and what
// describes the content.
type field struct{ name, value string }

// read checks everything of a message that becomes a header, and gives the
// letter. from and reply are used where the message names none. Domains are
// written in ASCII (RFC 5891): not every relay takes them otherwise.
func read(m channels.Message, from, reply string) (letter, error) {
	l := letter{content: m.Content.Email}
	refuse := func(reason, why string) (letter, error) {
		return letter{}, &channels.Refused{Reason: reason, Err: errors.New(why)}
	}
	from, reply = either(m.From, from), either(m.ReplyTo, reply)
	sender, fromErr := parse(from)
	switch {
	case !isMailbox(m.To):
		return refuse(channels.ReasonInvalidAddress, "the recipient is not a mailbox")
	case l.content == nil || l.content.Subject == "" || (l.content.HTML == "" && l.content.Text == ""):
		return refuse(channels.ReasonRejected, "the message has no subject or no content")
	case fromErr != nil:
		return refuse(channels.ReasonRejected, "the sender is not a mailbox")
	case !channels.OneLine(m.ToName, from, reply, l.content.Subject):
		return refuse(channels.ReasonRejected, "a header holds a line break")
	}
	l.from, l.to = *sender, mail.Address{Name: m.ToName, Address: m.To}
	if len(l.to.Name) > longestName {
		l.to.Name = ""
	}
	if !asciiDomain(&l.from) {
		return refuse(channels.ReasonRejected, "the sender's domain has no form in ASCII")
	}
	if !asciiDomain(&l.to) {
		return refuse(channels.ReasonInvalidAddress, "the recipient's domain has no form in ASCII")
	}
	if reply != "" {
		address, err := parse(reply)
		if err != nil || !asciiDomain(address) {
			return refuse(channels.ReasonRejected, "the reply address is not a mailbox")
		}
		l.reply = address
	}
	var err error
	l.fields, err = fields(m)
	return l, err
}

// parse reads a mailbox (RFC 5322 §3.4). Those that are written without ado, as ours
// are, need no parser.
func parse(mailbox string) (*mail.Address, error) {
	name, address, named := strings.Cut(mailbox, " <")
	if !named {
		name, address = "", mailbox
	} else if last := len(address) - 1; last >= 0 && address[last] == '>' {
		address = address[:last]
	} else {
		return mail.ParseAddress(mailbox)
	}
	if quotes := len(name) > 2 && name[0] == '"' && name[len(name)-1] == '"'; quotes {
		name = name[1 : len(name)-1]
	} else if named && name == "" {
		return mail.ParseAddress(mailbox)
	}
	for i := range len(name) {
		if c := name[i]; c != ' ' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return mail.ParseAddress(mailbox)
		}
	}
	if !isDotAtom(address) || strings.HasPrefix(name, " ") || strings.HasSuffix(name, " ") || strings.Contains(name, "  ") {
		return mail.ParseAddress(mailbox)
	}
	return &mail.Address{Name: name, Address: address}, nil
}

// asciiDomain writes the domain of an address in ASCII and reports whether it
// could.
func asciiDomain(a *mail.Address) bool {
	local, domain := halves(a.Address)
	if isASCII(domain) {
		return true
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	a.Address = local + "@" + ascii
	return err == nil
}

// halves are the two sides of a mailbox's last @.
func halves(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	return address[:max(at, 0)], address[at+1:]
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 126 {
			return false
		}
	}
	return true
}

// isMailbox reports whether s is a bare RFC 5321 mailbox, without a name,
// comment or quotes around it.
func isMailbox(s string) bool {
	if isDotAtom(s) {
		return true
	}
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s && channels.OneLine(s)
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
