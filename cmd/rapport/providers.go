package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/email"
	"rapport/channels/inbound"
	"rapport/channels/sms"
	"rapport/channels/webhook"
	"rapport/channels/webpush"
	"rapport/config"
	"rapport/deliveries"
)

// opener is a channel's settings, which are its factory.
type opener interface {
	Open() (channels.Sender, error)
}

// providers are those that can be configured, by channel and name. A new one is
// a file in its channel's package, one beside it for its callbacks, and a line
// here. Its callbacks come to /hooks/CHANNEL/NAME (deliveries.Addresses).
var providers = map[channels.Channel]map[string]func(clock func() time.Time) opener{
	channels.Email: {
		"sendgrid": func(func() time.Time) opener { return &email.SendGrid{} },
		"smtp":     func(clock func() time.Time) opener { return &email.SMTP{Now: clock} },
	},
	channels.SMS:  {"twilio": func(func() time.Time) opener { return &sms.Twilio{} }},
	channels.Call: {"twilio": func(func() time.Time) opener { return &call.Twilio{} }},
	channels.Push: {"vapid": func(clock func() time.Time) opener { return &webpush.VAPID{Now: clock} }},

	channels.Webhook: {"standard": func(clock func() time.Time) opener { return &webhook.Standard{Now: clock} }},
}

// postman is a service that posts us e-mail in a form of its own.
type postman struct {
	settings func(config.Inbound) config.InboundForm
	open     func(keys []string, ours inbound.Ours) (channels.Listener, error)
	// exchanger is the server that takes mail for it, as an MX record names it.
	exchanger string
}

// postmen are those that can be configured. Their forms come to /hooks/mail/NAME.
var postmen = map[string]postman{
	"sendgrid": {
		settings: func(c config.Inbound) config.InboundForm { return c.SendGrid },
		open: func(keys []string, ours inbound.Ours) (channels.Listener, error) {
			return inbound.SendGrid{PublicKeys: keys, Ours: ours}.Open()
		},
		exchanger: "mx.sendgrid.net",
	},
}

// opened are the providers that are open, one a channel at most.
type opened struct {
	Senders map[channels.Channel]channels.Sender
	// Names are the providers', as in the configuration.
	Names map[channels.Channel]string
}

func (o *opened) add(ch channels.Channel, name string, sender channels.Sender) {
	if o.Senders == nil {
		o.Senders, o.Names = map[channels.Channel]channels.Sender{}, map[channels.Channel]string{}
	}
	o.Senders[ch], o.Names[ch] = sender, name
}

// listeners are the providers that understand callbacks, each by the name its
// callbacks are stored under.
func (o *opened) listeners() map[string]channels.Listener {
	listeners := map[string]channels.Listener{}
	for ch, sender := range o.Senders {
		if listener, able := sender.(channels.Listener); able {
			listeners[deliveries.Outlet{Channel: ch, Provider: o.Names[ch]}.String()] = listener
		}
	}
	return listeners
}

// subscriptionKey is what browsers subscribe with; "" where nothing pushes.
func (o *opened) subscriptionKey() string {
	if push, able := o.Senders[channels.Push].(channels.Subscribed); able {
		return push.SubscriptionKey()
	}
	return ""
}

// openProviders opens the configured provider of each channel. A channel without
// one sends nothing.
func openProviders(c config.Config, clock func() time.Time) (all opened, err error) {
	var mistakes []error
	for _, ch := range deliveries.Lanes() {
		sections := c.Providers[string(ch)]
		if len(sections) > 1 {
			mistakes = append(mistakes, fmt.Errorf("providers.%s: name one provider; there are %d", ch, len(sections)))
			continue
		}
		for name, section := range sections {
			sender, err := openProvider(ch, name, section, clock)
			if set := c.Variables[string(ch)+"."+name]; err != nil && len(set) > 0 {
				err = fmt.Errorf("%w; the environment sets %s", err, strings.Join(set, ", "))
			}
			if err != nil {
				mistakes = append(mistakes, fmt.Errorf("providers.%s.%s: %w", ch, name, err))
				continue
			}
			all.add(ch, name, sender)
		}
	}
	return all, errors.Join(mistakes...)
}

func openProvider(ch channels.Channel, name string, section config.Section, clock func() time.Time) (channels.Sender, error) {
	make, known := providers[ch][name]
	if !known {
		names := slices.Sorted(maps.Keys(providers[ch]))
		return nil, fmt.Errorf("no such provider; there is %s", strings.Join(names, ", "))
	}
	settings := make(clock)
	if err := section.Decode(settings); err != nil {
		return nil, err
	}
	return settings.Open()
}
