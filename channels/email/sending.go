package email

import "net"

// Sending is what a provider's settings tell of how its mail leaves, for whoever
// looks at what DNS says of it.
type Sending struct {
	// From is the mailbox used where the workspace names none.
	From string
	// Include is what the provider wants included in SPF, Relay the host mail
	// leaves by; either may be empty.
	Include, Relay string
	// Selectors name the keys that the provider usually keeps for the sender's
	// domain, Keys are those that we sign with.
	Selectors []string
	Keys      []DKIM
	// ReturnsToUs says that bounces go to the domain whose mail reaches us.
	ReturnsToUs bool
	// Unproven is the setting that is missing to prove the provider's events; empty
	// where none is.
	Unproven string
}

// Sending tells how mail leaves SendGrid.
func (g SendGrid) Sending() Sending {
	s := Sending{From: g.From, Include: "sendgrid.net", Selectors: []string{"s1", "s2"}}
	if len(g.WebhookPublicKeys) == 0 {
		s.Unproven = "webhook_public_keys"
	}
	return s
}

// Sending tells how mail leaves the relay. One on this machine has a name of its
// own, which is not known here.
func (o SMTP) Sending() Sending {
	s := Sending{From: o.From, Keys: o.DKIM, ReturnsToUs: true}
	if ip := net.ParseIP(o.Host); o.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		s.Relay = o.Host
	}
	return s
}
