package domain_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"rapport/channels/email"
	"rapport/channels/email/domain"
)

// serve answers from records in the form of a zone file, over UDP and TCP.
func serve(t *testing.T, records ...string) domain.Resolver {
	t.Helper()
	zone := map[string][]dns.RR{}
	for _, text := range records {
		record, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.ToLower(record.Header().Name)
		zone[name] = append(zone[name], record)
	}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		asked := q.Question[0]
		all, there := zone[strings.ToLower(asked.Name)]
		if !there {
			m.Rcode = dns.RcodeNameError
		}
		for _, record := range all {
			if record.Header().Rrtype == dns.TypeHINFO {
				m.Rcode = dns.RcodeServerFailure
			}
			if record.Header().Rrtype == asked.Qtype {
				m.Answer = append(m.Answer, record)
			}
		}
		if w.LocalAddr().Network() == "udp" {
			m.Truncate(dns.MinMsgSize)
		}
		_ = w.WriteMsg(m)
	})
	packets, streams := samePort(t)
	up := make(chan struct{}, 2)
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: streams, Handler: handler}} {
		server.NotifyStartedFunc = func() { up <- struct{}{} }
		go func() { _ = server.ActivateAndServe() }()
		<-up
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	return domain.Resolver{Server: packets.LocalAddr().String()}
}

// samePort listens on one port for both kinds of questions.
func samePort(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 100 { // another program may have one of the two
		streams, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if packets, err := net.ListenPacket("udp", streams.Addr().String()); err == nil {
			return packets, streams
		}
		_ = streams.Close()
	}
	t.Fatal("there is no port for both")
	return nil, nil
}

// found is what a checkup says of one check, a line a finding.
func found(t *testing.T, c domain.Checkup, check string) string {
	t.Helper()
	var lines []string
	for _, f := range c.Run(t.Context()) {
		if f.Check != check {
			continue
		}
		line := string(f.Level) + ": " + f.What
		if f.Record != nil {
			line += " -> " + f.Record.Name + " " + f.Record.Type + " " + f.Record.Value
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func many(n int, format string) string {
	var terms strings.Builder
	for i := range n {
		terms.WriteString(strings.ReplaceAll(format, "#", string(rune('a'+i))))
	}
	return terms.String()
}

// noise are records of others beside ours.
func noise() []string {
	var records []string
	for i := range 20 {
		records = append(records, `shop.example. TXT "`+strings.Repeat(string(rune('a'+i)), 80)+`"`)
	}
	return records
}

func TestSPF(t *testing.T) {
	const relay, include = "smtp.relay.example", "sendgrid.net"
	for _, c := range []struct {
		name, relay, include string
		records              []string
		want                 string
	}{
		{"none", relay, "", nil, "fail: shop.example has no SPF record -> shop.example TXT v=spf1 a:smtp.relay.example ~all"},
		{
			"none, and a provider that needs none", "", include,
			[]string{`shop.example. TXT "google-site-verification=x"`},
			"warn: shop.example has no SPF record -> shop.example TXT v=spf1 include:sendgrid.net ~all",
		},
		{
			"two", relay, "",
			[]string{`shop.example. TXT "v=spf1 -all"`, `shop.example. TXT "v=spf1 a ~all"`},
			"fail: shop.example has 2 SPF records, so that none counts (RFC 7208 §4.5)",
		},
		{
			"a network that holds the relay", relay, "",
			[]string{`shop.example. TXT "v=spf1 ip4:203.0.113.0/24 -all"`, "smtp.relay.example. A 203.0.113.9"},
			"ok: shop.example has one SPF record, which needs 0 of 10 lookups",
		},
		{
			"the relay by its name, in strings", relay, "",
			[]string{`shop.example. TXT "v=spf1 a:smtp." "relay.example ~all"`, "smtp.relay.example. A 203.0.113.9"},
			"ok: shop.example has one SPF record, which needs 1 of 10 lookups",
		},
		{
			"a network that does not", relay, "",
			[]string{`shop.example. TXT "v=spf1 ip4:198.51.100.0/24 ~all"`, "smtp.relay.example. A 203.0.113.9"},
			"ok: shop.example has one SPF record, which needs 0 of 10 lookups\n" +
				"warn: shop.example does not let smtp.relay.example send -> shop.example TXT v=spf1 a:smtp.relay.example ip4:198.51.100.0/24 ~all",
		},
		{"an include of an include", "", include, []string{
			`shop.example. TXT "v=spf1 include:mail.example -all"`, `mail.example. TXT "v=spf1 include:sendgrid.net ~all"`,
			`sendgrid.net. TXT "v=spf1 ip4:167.89.0.0/17 ~all"`,
		}, "ok: shop.example has one SPF record, which needs 2 of 10 lookups"},
		{
			"ten lookups", "", "",
			[]string{`shop.example. TXT "v=spf1` + many(10, " exists:#.shop.example") + ` -all"`},
			"ok: shop.example has one SPF record, which needs 10 of 10 lookups",
		},
		{
			"eleven lookups", "", "",
			[]string{`shop.example. TXT "v=spf1` + many(11, " exists:#.shop.example") + ` -all"`},
			"fail: shop.example has an SPF record that does not hold: it needs more than 10 DNS lookups, so that receivers give up on it",
		},
		{
			"everybody", "", "",
			[]string{`shop.example. TXT "v=spf1 mx +all"`},
			"ok: shop.example has one SPF record, which needs 1 of 10 lookups\n" +
				"fail: shop.example lets everybody send in its name (+all) -> shop.example TXT v=spf1 mx ~all",
		},
		{
			"a redirect", "", "",
			[]string{`shop.example. TXT "v=spf1 redirect=_spf.mail.example"`, `_spf.mail.example. TXT "v=spf1 ip6:2001:db8::/32 -all"`},
			"ok: shop.example has one SPF record, which needs 1 of 10 lookups",
		},
		{
			"no end", "", "",
			[]string{`shop.example. TXT "v=spf1 mx"`},
			"ok: shop.example has one SPF record, which needs 1 of 10 lookups\nwarn: shop.example says nothing about who else may send",
		},
		{
			"an include of nothing", "", "",
			[]string{`shop.example. TXT "v=spf1 include:gone.example -all"`},
			"fail: shop.example has an SPF record that does not hold: include:gone.example has 0 SPF records where there must be one",
		},
		{
			"a slip", "", "",
			[]string{`shop.example. TXT "v=spf1 inlcude:sendgrid.net -all"`},
			`fail: shop.example has an SPF record that does not hold: "inlcude:sendgrid.net" is no term of SPF`,
		},
		{
			"more records than one packet holds", "", "", append(noise(), `shop.example. TXT "v=spf1 mx -all"`),
			"ok: shop.example has one SPF record, which needs 1 of 10 lookups",
		},
		{
			"a server that is ill", "", "",
			[]string{`shop.example. HINFO "a" "b"`},
			"fail: shop.example cannot be looked up: ask for TXT of shop.example: the server answers SERVFAIL",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkup := domain.Checkup{DNS: serve(t, c.records...), Domain: "shop.example", Relay: c.relay, Include: c.include}
			if got := found(t, checkup, "SPF"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestDKIM(t *testing.T) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := ed25519.GenerateKey(rand.Reader)
	record, _ := email.Record(public)
	wrong, _ := email.Record(other)
	const name = "r1._domainkey.shop.example"
	paste := " -> " + name + " TXT " + record
	for _, c := range []struct{ name, text, want string }{
		{"none", "", "fail: " + name + " has no record, so that signatures prove nothing" + paste},
		{"ours", record, "ok: " + name + " is of the configured key"},
		{"another", wrong, "fail: " + name + " is of another key than the configured one" + paste},
		{"a test", record + "; t=s:y", "warn: " + name + " says that it is only a test (t=y), so that receivers pass over it" + paste},
		{"revoked", "v=DKIM1; p=", "fail: " + name + " cannot be used: its key was revoked (p is empty)" + paste},
		{"cut", "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQ", "fail: " + name + " cannot be used: its key is not base64; it may have been cut" + paste},
	} {
		t.Run(c.name, func(t *testing.T) {
			var records []string
			if c.text != "" {
				records = append(records, name+`. TXT "`+strings.ReplaceAll(c.text, ";", `\;`)+`"`)
			}
			checkup := domain.Checkup{
				DNS: serve(t, records...), Domain: "shop.example", Keys: []domain.Key{{Domain: "shop.example", Selector: "r1", Public: public}},
			}
			if got := found(t, checkup, "DKIM"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestDMARC(t *testing.T) {
	key := func(name string) []domain.Key { return []domain.Key{{Domain: name, Selector: "r1"}} }
	const good = "ok: shop.example asks that what fails is treated as: quarantine\n"
	for _, c := range []struct {
		name, policy, returnPath string
		keys                     []domain.Key
		want                     string
	}{
		{"none", "", "", key("shop.example"), "fail: shop.example has no DMARC policy, which large mailbox providers want of who sends much" +
			" -> _dmarc.shop.example TXT v=DMARC1; p=none; rua=mailto:dmarc@shop.example"},
		{"all is well", "v=DMARC1; p=quarantine; rua=mailto:d@shop.example", "", key("shop.example"), good + "ok: signatures and the envelope speak for news.shop.example"},
		{
			"strict signatures", "v=DMARC1; p=quarantine; adkim=s; rua=mailto:d@shop.example", "", key("shop.example"),
			good + "warn: only the envelope speaks for news.shop.example: forwarded mail fails",
		},
		{
			"another's envelope", "v=DMARC1; p=quarantine; rua=mailto:d@shop.example", "em1.relay.example", key("news.shop.example"),
			good + "ok: signatures speak for news.shop.example, the envelope speaks for em1.relay.example",
		},
		{
			"nothing of ours", "v=DMARC1; p=quarantine; rua=mailto:d@shop.example", "em1.relay.example", key("relay.example"),
			good + "fail: neither a signature nor the envelope speaks for news.shop.example, so that every message fails",
		},
		{"watching only", "v=DMARC1; p=quarantine; sp=none", "", key("shop.example"), "warn: shop.example asks that what fails is treated as: none\n" +
			"warn: shop.example asks for no reports (rua), so that nobody learns what fails\nok: signatures and the envelope speak for news.shop.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var records []string
			if c.policy != "" {
				records = append(records, `_dmarc.shop.example. TXT "`+strings.ReplaceAll(c.policy, ";", `\;`)+`"`)
			}
			checkup := domain.Checkup{DNS: serve(t, records...), Domain: "news.shop.example", ReturnPath: c.returnPath, Keys: c.keys}
			if got := found(t, checkup, "DMARC"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestMX(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []string
		want    string
	}{
		{
			"all is well",
			[]string{"shop.example. MX 10 mx.shop.example.", "mx.shop.example. A 203.0.113.1", "in.shop.example. MX 10 mx.sendgrid.net.", "mx.sendgrid.net. A 203.0.113.2"},
			"ok: shop.example takes mail at mx.shop.example\nok: in.shop.example takes mail at mx.sendgrid.net",
		},
		{"none", nil, "warn: shop.example has no MX record, so that nobody can write to it\n" +
			"fail: in.shop.example has no MX record, so that nobody can write to it -> in.shop.example MX 10 mx.sendgrid.net."},
		{"elsewhere", []string{"shop.example. MX 0 .", "in.shop.example. MX 10 mx.shop.example."}, "warn: shop.example says that it takes no mail (RFC 7505)\n" +
			"fail: in.shop.example sends its mail to mx.shop.example and not to mx.sendgrid.net -> in.shop.example MX 10 mx.sendgrid.net."},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkup := domain.Checkup{DNS: serve(t, c.records...), Domain: "shop.example", Inbound: "in.shop.example", Exchanger: "mx.sendgrid.net"}
			if got := found(t, checkup, "MX"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestWhereLinksLead(t *testing.T) {
	site := httptest.NewUnstartedServer(nil)
	site.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	site.Config.ErrorLog = log.New(io.Discard, "", 0)
	site.StartTLS() // its certificate is of example.com, until 2084
	t.Cleanup(site.Close)
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	_, port, _ := net.SplitHostPort(site.Listener.Addr().String())
	at := "https://example.com:" + port
	private := "warn: " + at + " leads to an address that only this network reaches\n"
	dns := serve(t, "example.com. A 127.0.0.1")
	for _, c := range []struct {
		name string
		domain.Checkup
		want string
	}{
		{"all is well", domain.Checkup{PublicURL: at, Domain: "news.example.com", Roots: roots}, private + "ok: " + at + " has a certificate until 2084-01-29"},
		{
			"in the open",
			domain.Checkup{PublicURL: "http://example.com", Domain: "example.com"},
			"fail: http://example.com is not https, which one-click unsubscribe wants (RFC 8058)",
		},
		{
			"nowhere",
			domain.Checkup{PublicURL: "https://gone.example", Domain: "gone.example"},
			"fail: https://gone.example leads nowhere: its name has no address",
		},
		{
			"another domain, at the end",
			domain.Checkup{PublicURL: at, Domain: "shop.example", Roots: roots, Now: time.Date(2084, 1, 20, 0, 0, 0, 0, time.UTC)},
			private + "warn: " + at + " has a certificate that ends on 2084-01-29\n" +
				"warn: " + at + " is of another domain than the sender's; filters trust links of its own more",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.DNS = dns
			if got := found(t, c.Checkup, "link"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	unknown := domain.Checkup{DNS: dns, PublicURL: at, Domain: "example.com", Roots: x509.NewCertPool()}
	if got := found(t, unknown, "link"); !strings.Contains(got, "fail: "+at+" cannot be opened: ") {
		t.Errorf("a certificate nobody knows: %s", got)
	}
}
