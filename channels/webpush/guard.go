package webpush

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"rapport/channels"
)

// usualHosts are the push services of the browsers in use: Chrome and Edge on
// Android, Firefox, Edge on Windows, Safari.
var usualHosts = []string{
	"fcm.googleapis.com",
	"updates.push.services.mozilla.com", "*.push.services.mozilla.com",
	"*.notify.windows.com",
	"*.push.apple.com",
}

// guard decides where a notification may go. The endpoint of a subscription
// comes from a browser, so from anybody: without a guard it would make this
// program fetch whatever an attacker names.
type guard struct {
	hosts []string
	// public reaches push services, judging the address at dial time, so that
	// a name that resolves to a private address leads nowhere.
	public *http.Client
	// local reaches the one stand-in of development, on loopback only.
	local  *http.Client
	origin string // of the stand-in; empty for none
}

func newGuard(hosts []string, standIn string, timeout time.Duration) (*guard, error) {
	if len(hosts) == 0 {
		hosts = usualHosts
	}
	for _, host := range hosts {
		if name := strings.TrimPrefix(host, "*."); name == "" || name != strings.ToLower(name) || strings.ContainsAny(name, "/:*@ ") {
			return nil, fmt.Errorf("hosts: %q is not a host name such as push.example or *.push.example", host)
		}
	}
	g := &guard{
		hosts:  hosts,
		public: channels.NewClient(timeout, &net.Dialer{Timeout: dialTimeout, Control: onlyPublic}),
		local:  channels.NewClient(timeout, &net.Dialer{Timeout: dialTimeout, Control: onlyLoopback}),
	}
	if standIn != "" {
		base, err := channels.BaseURL(standIn, "http://127.0.0.1:8025")
		if err != nil {
			return nil, err
		}
		if !isLoopback(base.Hostname()) {
			return nil, errors.New("base_url does not name loopback; it is for a stand-in on this machine, push services come from subscriptions")
		}
		g.origin = originOf(base)
	}
	return g, nil
}

// admit reads an endpoint and gives the client that may reach it.
func (g *guard) admit(endpoint string) (*url.URL, *http.Client, error) {
	target, err := url.Parse(endpoint)
	if err != nil || target.Host == "" || target.User != nil {
		return nil, nil, errors.New("the endpoint is not a URL of a push service")
	}
	if g.origin != "" && originOf(target) == g.origin {
		return target, g.local, nil
	}
	if target.Scheme != "https" || (target.Port() != "" && target.Port() != "443") {
		return nil, nil, errors.New("the endpoint is not https on port 443")
	}
	for _, host := range g.hosts {
		if matches(host, strings.ToLower(target.Hostname())) {
			return target, g.public, nil
		}
	}
	return nil, nil, errors.New("the endpoint's host is no known push service")
}

func matches(pattern, host string) bool {
	if suffix, wild := strings.CutPrefix(pattern, "*"); wild {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return host == pattern
}

// originOf is scheme, host and port, the usual port of https left out
// (RFC 6454 §6.2).
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// onlyPublic judges the address a connection is about to be made to.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Port() != 443 || !isPublic(to.Addr()) {
		return errors.New("a push service's name resolves to an address that is not public")
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

func isPublic(address netip.Addr) bool {
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
