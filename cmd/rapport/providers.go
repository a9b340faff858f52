package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/email"
	"rapport/channels/sms"
	"rapport/channels/twilio"
	"rapport/channels/webhook"
	"rapport/channels/webpush"
	"rapport/config"
	"rapport/deliveries"
)

// opener is a channel's settings, which are its factory.
type opener interface {
	Open() (channels.Sender, error)
}

// providers are those that can be configured, by channel and name. A new one
// is a file in its channel's package and a line here.
var providers = map[channels.Channel]map[string]func(clock func() time.Time) opener{
	channels.Email: {"sendgrid": func(func() time.Time) opener { return &email.SendGrid{} }},
	channels.SMS:   {"twilio": func(func() time.Time) opener { return &sms.Twilio{} }},
	channels.Call:  {"twilio": func(func() time.Time) opener { return &call.Twilio{} }},
	channels.Push:  {"vapid": func(clock func() time.Time) opener { return &webpush.VAPID{Now: clock} }},

	channels.Webhook: {"standard": func(clock func() time.Time) opener { return &webhook.Standard{Now: clock} }},
}

// openProviders opens the configured provider of each channel, and gives the
// public key browsers subscribe with. A channel without one sends nothing.
func openProviders(c config.Config, clock func() time.Time) (senders map[channels.Channel]channels.Sender, pushKey string, err error) {
	senders = map[channels.Channel]channels.Sender{}
	var mistakes []error
	for _, ch := range deliveries.Lanes() {
		sections := c.Providers[string(ch)]
		if len(sections) > 1 {
			mistakes = append(mistakes, fmt.Errorf("providers.%s: one provider is wanted, there are %d", ch, len(sections)))
			continue
		}
		for name, section := range sections {
			sender, settings, err := openProvider(ch, name, section, clock)
			if err != nil {
				mistakes = append(mistakes, fmt.Errorf("providers.%s.%s: %w", ch, name, err))
				continue
			}
			senders[ch] = sender
			if push, is := settings.(*webpush.VAPID); is {
				pushKey = push.PublicKey
			}
		}
	}
	return senders, pushKey, errors.Join(mistakes...)
}

func openProvider(ch channels.Channel, name string, section config.Section, clock func() time.Time) (channels.Sender, opener, error) {
	make, known := providers[ch][name]
	if !known {
		var names []string
		for name := range providers[ch] {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, nil, fmt.Errorf("no such provider; there is %s", strings.Join(names, ", "))
	}
	settings := make(clock)
	if err := section.Decode(settings); err != nil {
		return nil, nil, err
	}
	sender, err := settings.Open()
	return sender, settings, err
}

// twilioSettings are those of the sandbox's account.
func twilioSettings(k keys, baseURL string) twilio.Account {
	return twilio.Account{AccountSID: twilioAccount, AuthToken: channels.Secret(k.Twilio), BaseURL: baseURL}
}
