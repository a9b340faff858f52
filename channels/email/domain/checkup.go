package domain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"rapport/channels"
)

// Checkup is what is known of a domain that sends, and whom to ask about it.
type Checkup struct {
	DNS Resolver
	// Domain is that of the address customers see, in ASCII and small letters.
	Domain string
	// ReturnPath is the domain that bounces go to; empty is Domain.
	ReturnPath string
	// Relay is the host that mail leaves by, and Include what a provider wants
	// included in SPF in its place; either may be empty.
	Relay, Include string
	Keys           []Key
	// Inbound is the domain that customers' mail comes to, and Exchanger where its
	// MX must lead; either may be empty.
	Inbound, Exchanger string
	// PublicURL is where links lead; empty leaves it unlooked at.
	PublicURL string
	// Roots are trusted for it; nil are the system's.
	Roots *x509.CertPool
	Now   time.Time
}

// Run makes every check.
func (c Checkup) Run(ctx context.Context) []Finding {
	var findings []Finding
	for _, check := range []func(context.Context) []Finding{c.spf, c.dkim, c.dmarc, c.mail, c.link} {
		findings = append(findings, check(ctx)...)
	}
	return findings
}

func (c Checkup) returnPath() string { return either(c.ReturnPath, c.Domain) }

// mail looks at where mail goes: the sender's, so that it is a domain that can be
// answered, and ours for replies.
func (c Checkup) mail(ctx context.Context) []Finding {
	var findings []Finding
	for _, at := range []struct {
		name, exchanger string
		missing         Level
	}{{c.Domain, "", Warn}, {c.Inbound, c.Exchanger, Fail}} {
		if at.name == "" || at.name == c.Domain && at.missing == Fail && at.exchanger == "" {
			continue
		}
		findings = append(findings, c.exchanger(ctx, at.name, at.exchanger, at.missing))
	}
	return findings
}

func (c Checkup) exchanger(ctx context.Context, name, wanted string, missing Level) Finding {
	f := Finding{Check: "MX", Level: OK}
	if wanted != "" {
		f.Record = &Record{name, "MX", "10 " + wanted + "."}
	}
	servers, err := c.DNS.exchangers(ctx, name)
	wrong := func(what, mend string) Finding {
		f.Level, f.What, f.Mend = missing, name+" "+what, mend
		return f
	}
	switch {
	case err != nil:
		return wrong("cannot be looked up: "+err.Error(), "")
	case len(servers) == 0:
		return wrong("has no MX record, so that nobody can write to it", "write one")
	case len(servers) == 1 && servers[0] == ".":
		return wrong("says that it takes no mail (RFC 7505)", "write another MX record")
	case wanted != "" && strings.TrimSuffix(servers[0], ".") != wanted:
		return wrong("sends its mail to "+strings.TrimSuffix(servers[0], ".")+" and not to "+wanted, "write this MX record")
	}
	for _, server := range servers {
		if addresses, err := c.DNS.addresses(ctx, server); err != nil || len(addresses) == 0 {
			return wrong("sends its mail to "+strings.TrimSuffix(server, ".")+", which has no address", "")
		}
	}
	f.What, f.Record = name+" takes mail at "+strings.TrimSuffix(servers[0], "."), nil
	return f
}

// soon is how near the end of a certificate is worth a word.
const soon = 14 * 24 * time.Hour

// link looks at where the links and the one-click unsubscribe of every message
// lead.
func (c Checkup) link(ctx context.Context) []Finding {
	if c.PublicURL == "" {
		return nil
	}
	found := func(level Level, what, mend string) Finding {
		return Finding{Check: "link", Level: level, What: c.PublicURL + " " + what, Mend: mend}
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Scheme != "https" {
		return []Finding{found(Fail, "is not https, which one-click unsubscribe wants (RFC 8058)", "set public_url to an https address")}
	}
	host := public.Hostname()
	addresses, err := c.DNS.addresses(ctx, host)
	if err != nil || len(addresses) == 0 {
		return []Finding{found(Fail, "leads nowhere: its name has no address", "write an A, AAAA or CNAME record for "+host)}
	}
	var findings []Finding
	if !channels.IsPublic(addresses[0]) {
		findings = append(findings, found(Warn, "leads to an address that only this network reaches", ""))
	}
	port := either(public.Port(), "443")
	switch ends, err := c.certificate(ctx, net.JoinHostPort(addresses[0].String(), port), host); {
	case err != nil:
		findings = append(findings, found(Fail, "cannot be opened: "+err.Error(), ""))
	case ends.Sub(c.Now) < soon:
		findings = append(findings, found(Warn, "has a certificate that ends on "+ends.Format(time.DateOnly), "renew it"))
	default:
		findings = append(findings, found(OK, "has a certificate until "+ends.Format(time.DateOnly), ""))
	}
	if organisational(host) != organisational(c.Domain) {
		findings = append(findings, found(Warn, "is of another domain than the sender's; filters trust links of its own more",
			fmt.Sprintf("use a name below %s", organisational(c.Domain))))
	}
	return findings
}

// certificate is how long the one at an address holds for a host.
func (c Checkup) certificate(ctx context.Context, address, host string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = conn.Close() }()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return time.Time{}, errors.New("it shows no certificate")
	}
	return chain[0].NotAfter, nil
}
