package sandbox

import (
	"strings"
	"testing"

	"github.com/sendgrid/sendgrid-go/helpers/mail"
)

func TestCustomersWriteBack(t *testing.T) {
	for name, c := range map[string]struct {
		email EmailBehaviour
		says  []string
	}{
		"a reply":    {EmailBehaviour{Open: 1, Reply: 1}, []string{"Re: How was it?", "In-Reply-To: <m7@shop.example>", "reply-x@" + MailDomain, "> How was it?"}},
		"on holiday": {EmailBehaviour{Open: 1, Away: 1}, []string{"Automatic reply: How was it?", "Auto-Submitted: auto-replied"}},
	} {
		h := build(t, func(o *Options) {
			o.Behaviour.Email = c.email
			o.SendGrid.InboundURL = o.PublicURL + "/hooks/mail/sendgrid"
		})
		for _, domain := range []string{MailDomain, "shop.example"} {
			m := mail.NewSingleEmail(mail.NewEmail("Shop", "hello@shop.example"), "How was it?", mail.NewEmail("", "ann@home.example"), "Tell us", "<p>Tell us</p>")
			m.SetReplyTo(mail.NewEmail("Shop", "reply-x@"+domain))
			m.SetHeader("Message-ID", "<m7@shop.example>")
			h.mustMail(m)
		}
		h.playAll()
		came := h.visits("/hooks/mail/sendgrid")
		if len(came) != 1 { // answers to shop.example go elsewhere
			t.Fatalf("%s: %d letters came", name, len(came))
		}
		for _, words := range c.says {
			if !strings.Contains(string(came[0].body), words) {
				t.Errorf("%s lacks %q: %s", name, words, came[0].body)
			}
		}
	}
}
