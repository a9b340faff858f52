package config_test

import (
	"strings"
	"testing"

	"rapport/config"
)

func TestInboundMailNamesWhatIsWrong(t *testing.T) {
	const good = config.Secret("0123456789abcdef")
	for name, c := range map[string]struct {
		inbound config.Inbound
		says    string
	}{
		"nothing":                       {config.Inbound{}, ""},
		"all of it":                     {config.Inbound{Domain: "reply.shop.example", HTTP: config.InboundHTTP{Secrets: []config.Secret{good}}, SMTP: config.InboundSMTP{Listen: "0.0.0.0:25"}}, ""},
		"no way":                        {config.Inbound{Domain: "reply.shop.example"}, "no way is set"},
		"no domain":                     {config.Inbound{SMTP: config.InboundSMTP{Listen: ":25"}}, "inbound.domain: it is not set"},
		"an address":                    {config.Inbound{Domain: "hello@shop.example", SMTP: config.InboundSMTP{Listen: ":25"}}, "a domain in lower-case ASCII"},
		"a short secret":                {config.Inbound{Domain: "reply.shop.example", SendGrid: config.InboundForm{Secrets: []config.Secret{"short"}}}, "inbound.sendgrid.secrets[0]"},
		"a secret of slashes":           {config.Inbound{Domain: "reply.shop.example", SendGrid: config.InboundForm{Secrets: []config.Secret{"a/b/c/d/e/f/g/h/i/j"}}}, "inbound.sendgrid.secrets[0]"},
		"a key without its certificate": {config.Inbound{Domain: "reply.shop.example", SMTP: config.InboundSMTP{Listen: ":25", TLS: config.CertificateFiles{KeyFile: "k"}}}, "inbound.smtp.tls: cert_file and key_file belong together"},
		"a certificate for nobody":      {config.Inbound{Domain: "reply.shop.example", HTTP: config.InboundHTTP{Secrets: []config.Secret{good}}, SMTP: config.InboundSMTP{TLS: config.CertificateFiles{CertFile: "c", KeyFile: "k"}}}, "listen is not set"},
		"no port":                       {config.Inbound{Domain: "reply.shop.example", SMTP: config.InboundSMTP{Listen: "localhost"}}, "inbound.smtp.listen"},
	} {
		settings := config.Defaults()
		settings.Inbound = c.inbound
		err := settings.Check()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	read, err := config.Load("", []string{"RAPPORT_INBOUND_DOMAIN=reply.shop.example", "RAPPORT_INBOUND_HTTP_SECRETS=0123456789abcdef,fedcba9876543210"})
	if err != nil || read.Inbound.Domain != "reply.shop.example" || len(read.Inbound.HTTP.Secrets) != 2 {
		t.Errorf("from the environment: %+v, %v", read.Inbound, err)
	}
}
