package email

import (
	sendgrid "github.com/sendgrid/sendgrid-go/helpers/mail"

	"rapport/channels"
)

// request writes one message as SendGrid's mail send takes it.
func (s *mails) request(m channels.Message) (*sendgrid.SGMailV3, error) {
	l, err := read(m, s.from, s.replyTo)
	if err != nil {
		return nil, err
	}
	request := frame(l)
	request.AddPersonalizations(envelope(l))
	for name, value := range marks(m) {
		request.SetCustomArg(name, value)
	}
	for _, f := range l.fields {
		request.SetHeader(f.name, f.value)
	}
	return request, nil
}

// frame is a request without its recipients. SendGrid's own tracking stays off:
// the links and the pixel in the content are ours, and SendGrid's would hide the
// signed ones behind its own.
func frame(l letter) *sendgrid.SGMailV3 {
	request := sendgrid.NewV3Mail().SetFrom(sendgrid.NewEmail(l.from.Name, l.from.Address))
	request.Subject = l.content.Subject
	if l.reply != nil {
		request.SetReplyTo(sendgrid.NewEmail(l.reply.Name, l.reply.Address))
	}
	if l.content.Text != "" {
		request.AddContent(sendgrid.NewContent("text/plain", l.content.Text))
	}
	if l.content.HTML != "" {
		request.AddContent(sendgrid.NewContent("text/html", l.content.HTML))
	}
	return request.SetTrackingSettings(sendgrid.NewTrackingSettings().
		SetClickTracking(sendgrid.NewClickTrackingSetting().SetEnable(false).SetEnableText(false)).
		SetOpenTracking(sendgrid.NewOpenTrackingSetting().SetEnable(false)).
		SetSubscriptionTracking(sendgrid.NewSubscriptionTrackingSetting().SetEnable(false)))
}

// Check refuses a message that SendGrid could not send.
func (s *mails) Check(m channels.Message) error {
	_, err := s.request(m)
	return err
}
