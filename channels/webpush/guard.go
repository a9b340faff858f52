package webpush

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rapport/channels"
)

// usualHosts are the push services of the browsers in use: Chrome and Edge on
// Android, Chromium as Linux distributions build it, Firefox, Edge on Windows,
// Safari.
var usualHosts = []string{
	"fcm.googleapis.com", "jmt17.google.com",
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
		public: channels.NewPublicClient(timeout),
		local:  channels.NewLoopbackClient(timeout, nil),
	}
	if standIn != "" {
		base, err := channels.StandIn(standIn, "http://127.0.0.1:8025")
		if err != nil {
			return nil, fmt.Errorf("base_url: %w; push services come from subscriptions", err)
		}
		g.origin = channels.Origin(base)
	}
	return g, nil
}

// admit reads an endpoint and gives the client that may reach it.
func (g *guard) admit(endpoint string) (*url.URL, *http.Client, error) {
	target, err := url.Parse(endpoint)
	if err != nil || target.Host == "" || target.User != nil {
		return nil, nil, errors.New("the endpoint is not a URL of a push service")
	}
	if g.origin != "" && channels.Origin(target) == g.origin {
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
