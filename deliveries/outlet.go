package deliveries

import "rapport/channels"

// Outlet is one way in which messages leave: a channel's provider and, where it
// matters, the sender they leave from (a number, a mailbox) or, of pushes and
// webhooks, the host they go to.
type Outlet struct {
	Channel  channels.Channel `json:"channel"`
	Provider string           `json:"provider"`
	Via      string           `json:"via,omitempty"`
}

// String is the outlet's name: "sms/twilio", "push/vapid via push.example".
func (o Outlet) String() string {
	name := string(o.Channel) + "/" + o.Provider
	if o.Via != "" {
		name += " via " + o.Via
	}
	return name
}
