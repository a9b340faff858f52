package domain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Resolver asks one DNS server.
type Resolver struct {
	// Server is its address and port.
	Server string
}

// SystemResolver asks the server that this machine is set up to ask.
func SystemResolver() (Resolver, error) {
	system, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil || len(system.Servers) == 0 {
		return Resolver{}, errors.New("find a DNS server: /etc/resolv.conf names none; give one with --dns")
	}
	return Resolver{Server: net.JoinHostPort(system.Servers[0], system.Port)}, nil
}

const questionTimeout = 5 * time.Second

// ask gives the records of a name, with those of what it is an alias of. A name
// that does not exist, or has none of the type, gives no records and no error.
func (r Resolver) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), kind)
	question.SetEdns0(1232, false) // what goes over UDP unbroken (DNS flag day 2020)
	client := &dns.Client{Timeout: questionTimeout}
	answer, _, err := client.ExchangeContext(ctx, question, r.Server)
	if err == nil && answer.Truncated {
		client.Net = "tcp"
		answer, _, err = client.ExchangeContext(ctx, question, r.Server)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask for %s of %s: %w", dns.TypeToString[kind], name, err)
	case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("ask for %s of %s: the server answers %s", dns.TypeToString[kind], name, dns.RcodeToString[answer.Rcode])
	}
	return answer.Answer, nil
}

// texts are the TXT records of a name, each joined from its strings.
func (r Resolver) texts(ctx context.Context, name string) ([]string, error) {
	records, err := r.ask(ctx, name, dns.TypeTXT)
	var list []string
	for _, record := range records {
		if t, is := record.(*dns.TXT); is {
			list = append(list, strings.Join(t.Txt, ""))
		}
	}
	return list, err
}

// addresses are where a name leads.
func (r Resolver) addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{address}, nil
	}
	var list []netip.Addr
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		records, err := r.ask(ctx, name, kind)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			var ip net.IP
			switch a := record.(type) {
			case *dns.A:
				ip = a.A
			case *dns.AAAA:
				ip = a.AAAA
			}
			if address, ok := netip.AddrFromSlice(ip); ok {
				list = append(list, address.Unmap())
			}
		}
	}
	return list, nil
}

// exchangers are the mail servers of a name; "." alone says that there is none
// (RFC 7505).
func (r Resolver) exchangers(ctx context.Context, name string) ([]string, error) {
	records, err := r.ask(ctx, name, dns.TypeMX)
	var list []string
	for _, record := range records {
		if mx, is := record.(*dns.MX); is {
			list = append(list, strings.ToLower(mx.Mx))
		}
	}
	return list, err
}
