package email

import (
	"errors"
	"net/mail"
	"strconv"
	"strings"

	sendgrid "github.com/sendgrid/sendgrid-go/helpers/mail"

	"rapport/channels"
)

// letter writes a message as SendGrid's mail send takes it. Every value that
// becomes a header is checked first.
func (s *mails) letter(m channels.Message) (*sendgrid.SGMailV3, error) {
	refuse := func(reason, why string) (*sendgrid.SGMailV3, error) {
		return nil, &channels.Refused{Reason: reason, Err: errors.New(why)}
	}
	content := m.Content.Email
	from, fromErr := mail.ParseAddress(either(m.From, s.from))
	switch {
	case !isMailbox(m.To):
		return refuse(channels.ReasonInvalidAddress, "the recipient is not a mailbox")
	case content == nil || content.Subject == "" || (content.HTML == "" && content.Text == ""):
		return refuse(channels.ReasonRejected, "the message has no subject or no content")
	case fromErr != nil:
		return refuse(channels.ReasonRejected, "the sender is not a mailbox")
	case !channels.OneLine(m.ToName, m.From, m.ReplyTo, content.Subject):
		return refuse(channels.ReasonRejected, "a header holds a line break")
	case strings.ContainsAny(m.Unsubscribe, "<>, \t\r\n\x00"):
		return refuse(channels.ReasonRejected, "the unsubscribe URL cannot stand in a header")
	}
	letter := sendgrid.NewV3Mail().SetFrom(sendgrid.NewEmail(from.Name, from.Address))
	letter.Subject = content.Subject
	if reply := either(m.ReplyTo, s.replyTo); reply != "" {
		address, err := mail.ParseAddress(reply)
		if err != nil {
			return refuse(channels.ReasonRejected, "the reply address is not a mailbox")
		}
		letter.SetReplyTo(sendgrid.NewEmail(address.Name, address.Address))
	}
	to := sendgrid.NewPersonalization()
	to.AddTos(sendgrid.NewEmail(m.ToName, m.To))
	letter.AddPersonalizations(to)
	write(letter, m)
	return letter, nil
}

// write adds the content, what comes back with every event, and the headers of
// RFC 8058 §3.1. SendGrid's own tracking stays off: the links and the pixel in
// the content are ours, and SendGrid's would hide the signed ones behind its own.
func write(letter *sendgrid.SGMailV3, m channels.Message) {
	if text := m.Content.Email.Text; text != "" {
		letter.AddContent(sendgrid.NewContent("text/plain", text))
	}
	if html := m.Content.Email.HTML; html != "" {
		letter.AddContent(sendgrid.NewContent("text/html", html))
	}
	letter.SetCustomArg("delivery", strconv.FormatInt(m.Delivery, 10))
	letter.SetCustomArg("attempt", strconv.Itoa(m.Attempt))
	if m.Unsubscribe != "" {
		letter.SetHeader("List-Unsubscribe", "<"+m.Unsubscribe+">")
		letter.SetHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	letter.SetTrackingSettings(sendgrid.NewTrackingSettings().
		SetClickTracking(sendgrid.NewClickTrackingSetting().SetEnable(false).SetEnableText(false)).
		SetOpenTracking(sendgrid.NewOpenTrackingSetting().SetEnable(false)).
		SetSubscriptionTracking(sendgrid.NewSubscriptionTrackingSetting().SetEnable(false)))
}

// Check refuses a message that SendGrid could not send.
func (s *mails) Check(m channels.Message) error {
	_, err := s.letter(m)
	return err
}

// isMailbox reports whether s is a bare RFC 5321 mailbox, without a name,
// comment or quotes around it.
func isMailbox(s string) bool {
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s && channels.OneLine(s)
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
