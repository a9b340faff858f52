package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/email"
	"rapport/channels/sms"
	"rapport/channels/twilio"
	"rapport/channels/webhook"
	"rapport/channels/webpush"
	"rapport/config"
	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/workers"
)

// standIns are the providers that the sandbox stands in for.
var standIns = map[channels.Channel]string{
	channels.Email: "sendgrid", channels.SMS: "twilio", channels.Call: "twilio", channels.Push: "vapid", channels.Webhook: "standard",
}

// twilioAccount is the sandbox's own.
const twilioAccount = "AC00000000000000000000000000000001"

// embedding is a backing that needs nothing but a folder: SQLite, a Redis inside
// the process, and providers that are simulated.
type embedding struct {
	*backing
	Sandbox *sandbox.Sandbox
	Keys    keys
}

// embed makes an installation's backing in a folder. What the configuration
// names (a store, a Redis, a provider) is used instead of what is embedded.
func embed(ctx context.Context, o *options, c config.Config, clock func() time.Time, behaviour sandbox.Behaviour, seed uint64, log *slog.Logger) (*embedding, error) {
	e := &embedding{backing: &backing{DSN: o.dsn(c)}}
	var err error
	if e.Keys, err = loadKeys(o.data); err != nil {
		return nil, err
	}
	if e.Vault, err = openVault(besideStore(c.Recordings, o.data)); err != nil {
		return nil, err
	}
	e.configure(c)
	if len(c.LinkKeys) == 0 {
		e.Addresses.Signer = deliveries.NewSigner([]byte(e.Keys.Links))
	}
	if len(e.ErasureKeys) == 0 {
		e.ErasureKeys = [][]byte{[]byte(e.Keys.Erasure)}
	}
	if len(e.WriteKeys) == 0 {
		e.WriteKeys = []string{e.Keys.Write}
	}
	if err := e.openRedis(ctx, c); err != nil {
		e.Close()
		return nil, err
	}
	if err := e.openSenders(c, o.data, clock, behaviour, seed, log); err != nil {
		e.Close()
		return nil, err
	}
	if err := e.openInbound(e.inbound(c)); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// inbound is how mail comes in: by the sandbox's Inbound Parse where the sandbox
// sends the mail and nothing else is configured.
func (e *embedding) inbound(c config.Config) config.Inbound {
	if c.Inbound.Domain != "" || e.Sandbox == nil || len(c.Providers[string(channels.Email)]) > 0 {
		return c.Inbound
	}
	return config.Inbound{
		Domain: sandbox.MailDomain, SendGrid: config.InboundForm{WebhookPublicKeys: []string{e.Sandbox.SendGridPublicKey()}},
	}
}

// openRedis starts a Redis inside the process. It keeps nothing over a restart,
// which the ledger does not mind.
func (e *embedding) openRedis(ctx context.Context, c config.Config) error {
	inside := !c.Redis.Set()
	if inside {
		server := miniredis.NewMiniRedis()
		if err := server.Start(); err != nil {
			return fmt.Errorf("start Redis inside the process: %w", err)
		}
		e.close = append(e.close, func() error { server.Close(); return nil })
		go passTime(ctx, server)
		c.Redis.URL, e.RedisInside = config.Secret("redis://"+server.Addr()), true
	}
	r, err := openRedis(c.Redis)
	if err != nil {
		return err
	}
	e.Redis = r
	e.close = append(e.close, r.Close)
	if inside {
		return nil
	}
	return workers.CheckRedis(ctx, r)
}

// passTime lets keys expire: the embedded Redis has no clock of its own.
func passTime(ctx context.Context, inside *miniredis.Miniredis) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			inside.FastForward(time.Second)
		}
	}
}

// openSenders opens the configured providers and puts the sandbox in the place
// of those that are not.
func (e *embedding) openSenders(c config.Config, folder string, clock func() time.Time, behaviour sandbox.Behaviour, seed uint64, log *slog.Logger) error {
	var err error
	if e.opened, err = openProviders(c, clock); err != nil {
		return err
	}
	if len(e.Senders) == len(deliveries.Lanes()) {
		return nil
	}
	self, err := e.startSandbox(c, folder, clock, behaviour, seed, log)
	if err != nil {
		return err
	}
	account := twilio.Account{AccountSID: twilioAccount, AuthToken: channels.Secret(e.Keys.Twilio), BaseURL: self}
	stand := map[channels.Channel]opener{
		channels.Email: email.SendGrid{
			APIKey: channels.Secret(e.Keys.SendGrid), BaseURL: self, WebhookPublicKeys: []string{e.Sandbox.SendGridPublicKey()},
		},
		channels.SMS:  sms.Twilio{Account: account},
		channels.Call: call.Twilio{Account: account, MachineDetection: true},
		channels.Push: webpush.VAPID{
			PublicKey: e.Keys.PushPublic, PrivateKey: channels.Secret(e.Keys.PushPrivate),
			Subject: "mailto:operator@localhost.example", BaseURL: self, Now: clock,
		},
		channels.Webhook: webhook.Standard{
			Secrets: []channels.Secret{channels.Secret(e.Keys.Webhook)}, BaseURL: self + sandbox.Webhooks, Now: clock,
		},
	}
	var mistakes []error
	for ch, settings := range stand {
		if e.Senders[ch] != nil {
			continue
		}
		sender, err := settings.Open()
		mistakes = append(mistakes, err)
		e.add(ch, standIns[ch], sender)
	}
	return errors.Join(mistakes...)
}

// startSandbox serves the simulated providers on a free port and gives its URL.
func (e *embedding) startSandbox(c config.Config, folder string, clock func() time.Time, behaviour sandbox.Behaviour, seed uint64, log *slog.Logger) (string, error) {
	accepted, err := os.OpenFile(filepath.Join(folder, "accepted.ndjson"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("open the list of accepted messages: %w", err)
	}
	e.close = append(e.close, accepted.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for the simulated providers: %w", err)
	}
	self := "http://" + listener.Addr().String()
	settings := sandboxOptions(e.Keys, self, c.PublicURL, seed, accepted)
	settings.Behaviour, settings.Now = behaviour, clock
	e.Sandbox = sandbox.New(settings)
	if err := e.Sandbox.Check(); err != nil {
		return "", fmt.Errorf("set up the simulated providers: %w", err)
	}
	server := &http.Server{Handler: e.Sandbox.Handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	e.close = append(e.close, server.Close)
	go func() { _ = server.Serve(listener) }() // ends with Close
	return self, nil
}

// sandboxOptions are the sandbox's accounts, set to call back where our doors are.
func sandboxOptions(k keys, self, public string, seed uint64, accepted *os.File) sandbox.Options {
	doors := deliveries.Addresses{Base: public}
	at := func(ch channels.Channel) string {
		return doors.Hook(deliveries.Outlet{Channel: ch, Provider: standIns[ch]})
	}
	return sandbox.Options{
		PublicURL: public, SelfURL: self, Seed: seed, Behaviour: sandbox.Lifelike(), Now: now, Log: accepted,
		SendGrid: sandbox.SendGrid{
			APIKey: k.SendGrid, EventsURL: at(channels.Email), InboundURL: public + deliveries.PathLetter + "/" + standIns[channels.Email],
		},
		Twilio: sandbox.Twilio{AccountSID: twilioAccount, AuthToken: k.Twilio, InboundURL: at(channels.SMS)},
	}
}
