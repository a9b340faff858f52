package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"rapport/channels"
	"rapport/channels/inbound"
	"rapport/config"
	"rapport/webhooks"
)

// openInbound makes what e-mail that comes in needs. Without it no address of
// ours is given out, and its routes are closed.
func (b *backing) openInbound(c config.Inbound) error {
	b.Inbound, b.Addresses.Mail = c, c.Domain
	b.letters = nil
	if c.Domain == "" {
		return nil
	}
	b.letters = map[string]channels.Listener{webhooks.Letter: inbound.Raw{Ours: b.Addresses}}
	for name, postman := range postmen {
		forms, err := postman.open(postman.settings(c).WebhookPublicKeys, b.Addresses)
		if err != nil {
			return fmt.Errorf("inbound.%s: %w", name, err)
		}
		b.letters[webhooks.LetterForm(name)] = forms
	}
	return nil
}

// lettersBy are the routes that the settings open.
func lettersBy(c config.Inbound, memory *channels.LetterMemory) webhooks.Letters {
	letters := webhooks.Letters{Memory: memory, Forms: map[string]webhooks.FormDoor{}, Secrets: revealed(c.HTTP.Secrets)}
	for name, postman := range postmen {
		form := postman.settings(c)
		letters.Forms[name] = webhooks.FormDoor{Signed: len(form.WebhookPublicKeys) > 0, Secrets: revealed(form.Secrets)}
	}
	return letters
}

func revealed(secrets []config.Secret) []string {
	texts := make([]string, len(secrets))
	for i, secret := range secrets {
		texts[i] = secret.Reveal()
	}
	return texts
}

// takeMail serves SMTP beside something else, where that is configured, until
// stop is called, which waits for the messages under way.
func (i *installation) takeMail(ctx context.Context) (stop func(), err error) {
	if i.Inbound.SMTP.Listen == "" {
		return func() {}, nil
	}
	encrypted, err := offered(i.Inbound.SMTP.TLS, i.Now, i.Log)
	if err != nil {
		return nil, fmt.Errorf("inbound.smtp.tls: %w", err)
	}
	listener, err := net.Listen("tcp", i.Inbound.SMTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for mail on %s: %w", i.Inbound.SMTP.Listen, err)
	}
	server := &inbound.SMTP{Domain: i.Inbound.Domain, Ours: i.Addresses, Keep: i.keepLetter, TLS: encrypted, Memory: &i.letterMemory, Log: i.Log}
	return runBeside(context.WithoutCancel(ctx), func(ctx context.Context) {
		if err := server.Serve(ctx, listener); err != nil && ctx.Err() == nil {
			i.Log.Error("mail is not taken any more", "error", err)
		}
	}), nil
}

// keepLetter stores a message that came by SMTP like one that came by HTTP.
func (i *installation) keepLetter(ctx context.Context, from string, to []string, message []byte) error {
	_, err := i.Store.Receive(ctx, webhooks.Letter, channels.Callback{
		Method: http.MethodPost, URL: "smtp://" + i.Inbound.Domain, Body: channels.Traced(from, to, message), ReceivedAt: i.Now(),
	})
	if err == nil {
		i.Bell.Ring(ctx)
	}
	return err
}
