package channels

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// NewPublicClient is NewClient for URLs that others write, who would otherwise
// make this program fetch whatever they name: it connects to port 443 of public
// addresses only. The address is judged when it is dialled, so that a name that
// resolves to a private one leads nowhere.
func NewPublicClient(timeout time.Duration) *http.Client {
	return newClient(timeout, &net.Dialer{Timeout: dialTimeout, Control: onlyPublic}, nil)
}

// NewLoopbackClient is NewClient for a stand-in on this machine: it connects to
// loopback only. roots are trusted in place of the system's; nil changes
// nothing.
func NewLoopbackClient(timeout time.Duration, roots *x509.CertPool) *http.Client {
	return newClient(timeout, &net.Dialer{Timeout: dialTimeout, Control: onlyLoopback}, roots)
}

// Origin is scheme, host and port, the usual port of https left out
// (RFC 6454 §6.2).
func Origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}

// StandIn reads the base URL of a service on this machine that stands for the
// true one in development.
func StandIn(base, example string) (*url.URL, error) {
	target, err := BaseURL(base, example)
	if err != nil {
		return nil, err
	}
	if !OnThisMachine(target) {
		return nil, errors.New("a stand-in is on this machine, such as " + example)
	}
	return target, nil
}

// OnThisMachine reports whether a URL names this machine itself: localhost or a
// loopback address.
func OnThisMachine(u *url.URL) bool {
	address, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && address.IsLoopback()
}

// onlyPublic judges the address a connection is about to be made to.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Port() != 443 || !IsPublic(to.Addr()) {
		return errors.New("the name resolves to an address that is not public")
	}
	return nil
}

func onlyLoopback(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().IsLoopback() {
		return errors.New("the stand-in's name does not resolve to loopback")
	}
	return nil
}

// special are addresses that are not the public internet's (IANA's special
// purpose registries). IPv6 is allowed inside 2000::/3 only, which leaves out
// link-local, unique local, mapped and 64:ff9b::/96 addresses.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
}

var global6 = netip.MustParsePrefix("2000::/3")

// IsPublic reports whether an address is one of the public internet.
func IsPublic(address netip.Addr) bool {
	if !address.Is4() && !global6.Contains(address) {
		return false
	}
	for _, prefix := range special {
		if prefix.Contains(address) {
			return false
		}
	}
	return true
}
