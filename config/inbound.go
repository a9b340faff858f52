package config

import (
	"errors"
	"fmt"
	"net"
	"regexp"
)

// Inbound is how e-mail comes to us: replies, failures and stops by mail.
type Inbound struct {
	// Domain is one whose mail reaches us and nobody else, such as
	// reply.shop.example; empty: none does.
	Domain string `yaml:"domain"`

	SendGrid InboundForm `yaml:"sendgrid"` // its Inbound Parse
	HTTP     InboundHTTP `yaml:"http"`
	SMTP     InboundSMTP `yaml:"smtp"`
}

// InboundForm is a service that posts each e-mail in a form of its own.
type InboundForm struct {
	// WebhookPublicKeys prove a signed form; two hold during a rotation.
	WebhookPublicKeys []string `yaml:"webhook_public_keys"`
	// Secrets end the URL of a webhook that is not signed.
	Secrets []Secret `yaml:"secrets"`
}

// InboundHTTP takes raw messages by POST.
type InboundHTTP struct {
	// Secrets are borne as Authorization: Bearer ….
	Secrets []Secret `yaml:"secrets"`
}

// InboundSMTP is a listener of our own.
type InboundSMTP struct {
	// Listen is its address, such as 0.0.0.0:25; empty: there is none.
	Listen string `yaml:"listen"`
	// TLS is how its connections are encrypted, where the other side asks for it
	// (STARTTLS, RFC 3207); without it none are.
	TLS CertificateFiles `yaml:"tls"`
}

// CertificateFiles are a certificate with those that vouch for it, and its key, in PEM.
type CertificateFiles struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Closed reports whether nothing comes in by the service.
func (f InboundForm) Closed() bool { return len(f.WebhookPublicKeys)+len(f.Secrets) == 0 }

// Closed reports whether no mail can come in.
func (i Inbound) Closed() bool {
	return i.SendGrid.Closed() && len(i.HTTP.Secrets) == 0 && i.SMTP.Listen == ""
}

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

// check names every setting that makes no sense.
func (i Inbound) check() error {
	var mistakes []error
	wrong := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("inbound."+format, args...))
	}
	switch {
	case i.Domain == "" && !i.Closed():
		wrong("domain: it is not set; name the domain whose mail reaches us, such as reply.shop.example")
	case i.Domain != "" && i.Closed():
		wrong("domain: no way is set by which its mail comes in; set sendgrid, http or smtp beside it")
	case i.Domain != "" && (!domainName.MatchString(i.Domain) || len(i.Domain) > 200):
		wrong("domain: must be a domain in lower-case ASCII, such as reply.shop.example")
	}
	for _, list := range []struct {
		name    string
		secrets []Secret
	}{{"sendgrid", i.SendGrid.Secrets}, {"http", i.HTTP.Secrets}} {
		for n, secret := range list.secrets {
			if len(secret) < 16 || !plainSecret.MatchString(secret.Reveal()) {
				wrong("%s.secrets[%d]: must have at least 16 letters and digits; `openssl rand -hex 32` makes some", list.name, n)
			}
		}
	}
	if _, _, err := net.SplitHostPort(i.SMTP.Listen); i.SMTP.Listen != "" && err != nil {
		wrong("smtp.listen: must be an address and a port, such as 0.0.0.0:25")
	}
	if files := i.SMTP.TLS; (files.CertFile == "") != (files.KeyFile == "") {
		wrong("smtp.tls: cert_file and key_file belong together")
	} else if files.CertFile != "" && i.SMTP.Listen == "" {
		wrong("smtp.tls: it is of the listener, and listen is not set")
	}
	return errors.Join(mistakes...)
}

var plainSecret = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
