package email

import (
	"strconv"

	sendgrid "github.com/sendgrid/sendgrid-go/helpers/mail"

	"rapport/channels"
)

// request writes a message as SendGrid's mail send takes it.
func (s *mails) request(m channels.Message) (*sendgrid.SGMailV3, error) {
	l, err := read(m, s.from, s.replyTo)
	if err != nil {
		return nil, err
	}
	request := sendgrid.NewV3Mail().SetFrom(sendgrid.NewEmail(l.from.Name, l.from.Address))
	request.Subject = l.content.Subject
	if l.reply != nil {
		request.SetReplyTo(sendgrid.NewEmail(l.reply.Name, l.reply.Address))
	}
	to := sendgrid.NewPersonalization()
	to.AddTos(sendgrid.NewEmail(l.to.Name, l.to.Address))
	request.AddPersonalizations(to)
	write(request, m)
	for _, f := range l.fields {
		request.SetHeader(f.name, f.value)
	}
	return request, nil
}

// write adds the content and what comes back with every event. SendGrid's own tracking stays off: the links and the pixel in
// the content are ours, and SendGrid's would hide the signed ones behind its own.
func write(request *sendgrid.SGMailV3, m channels.Message) {
	if text := m.Content.Email.Text; text != "" {
		request.AddContent(sendgrid.NewContent("text/plain", text))
	}
	if html := m.Content.Email.HTML; html != "" {
		request.AddContent(sendgrid.NewContent("text/html", html))
	}
	request.SetCustomArg("delivery", strconv.FormatInt(m.Delivery, 10))
	request.SetCustomArg("attempt", strconv.Itoa(m.Attempt))
	request.SetTrackingSettings(sendgrid.NewTrackingSettings().
		SetClickTracking(sendgrid.NewClickTrackingSetting().SetEnable(false).SetEnableText(false)).
		SetOpenTracking(sendgrid.NewOpenTrackingSetting().SetEnable(false)).
		SetSubscriptionTracking(sendgrid.NewSubscriptionTrackingSetting().SetEnable(false)))
}

// Check refuses a message that SendGrid could not send.
func (s *mails) Check(m channels.Message) error {
	_, err := s.request(m)
	return err
}
