package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"rapport/channels"
	"rapport/channels/email"
	"rapport/channels/sms"
	"rapport/channels/twilio"
	"rapport/sandbox/sink"
)

// relayConnections are kept to a mail server, by the program and by the bare client.
const relayConnections = 10

// stuckAfter is how long nothing may arrive before a measurement is given up.
const stuckAfter = time.Minute

// way is one way of sending that is measured.
type way struct {
	name     string // the campaigns' names begin with it
	campaign string
	channel  channels.Channel
	provider string
	sender   channels.Sender
	kind     sink.Kind
	path     string // of the provider's requests
}

// sent is how fast messages left by one way.
type sent struct{ stage, whole figure }

// send sends to everybody twice: once with the ledger filled before, to measure
// the sending by itself, and once from the audience to the journeys' ends.
func (b *bench) send(ctx context.Context, w way) (sent, error) {
	if err := b.populate(ctx, b.sizes.N); err != nil {
		return sent{}, err
	}
	b.add(w.channel, w.provider, w.sender)
	defer b.restore()
	before, err := b.sink.count(ctx, w.kind)
	if err != nil {
		return sent{}, err
	}
	stage, err := b.stage(ctx, w)
	if err != nil {
		return sent{}, err
	}
	whole, err := b.whole(ctx, w)
	if err != nil {
		return sent{}, err
	}
	after, err := b.sink.count(ctx, w.kind)
	if err != nil {
		return sent{}, err
	}
	if took := int(after.Messages - before.Messages); took != 2*b.sizes.N {
		return sent{}, fmt.Errorf("the sink took %d messages of %d", took, 2*b.sizes.N)
	}
	size := (after.Bytes - before.Bytes) / (after.Messages - before.Messages)
	label := func(stage string) string { return fmt.Sprintf("%s, %s (%d bytes each)", w.name, stage, size) }
	return sent{
		measured(label("due → sent and on the timeline"), b.sizes.N, stage),
		measured(label("audience → journeys ended"), b.sizes.N, whole),
	}, nil
}

// restore puts the stand-ins back.
func (b *bench) restore() {
	for ch, sender := range b.usual {
		b.add(ch, standIns[ch], sender)
	}
}

// stage is how long planned deliveries take to be sent and settled, with nothing
// else going on.
func (b *bench) stage(ctx context.Context, w way) (time.Duration, error) {
	campaign := w.campaign + "-stage"
	if err := b.occur(ctx, campaign); err != nil {
		return 0, err
	}
	if err := b.enterAll(ctx); err != nil {
		return 0, err
	}
	if err := b.walk(ctx); err != nil {
		return 0, err
	}
	before, err := b.sink.count(ctx, w.kind)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	stop, err := b.serve(ctx, map[string]int{string(w.channel): 1})
	if err != nil {
		return 0, err
	}
	err = b.settled(ctx, w.kind, before.Messages+int64(b.sizes.N))
	took := time.Since(began)
	stop()
	if err != nil {
		return 0, err
	}
	if err := b.finish(ctx); err != nil {
		return 0, err
	}
	return took, b.allSent(ctx, campaign)
}

// settled waits until the sink has taken so many messages and the ledger knows.
func (b *bench) settled(ctx context.Context, kind sink.Kind, messages int64) error {
	var last int64
	for moved := time.Now(); ; {
		count, err := b.sink.count(ctx, kind)
		if err != nil {
			return err
		}
		if count.Messages != last {
			last, moved = count.Messages, time.Now()
		}
		if last >= messages {
			waiting, err := b.Store.Summary().Backlog(ctx, b.Now())
			if err != nil || waiting.Due+waiting.Held == 0 {
				return err
			}
		}
		if time.Since(moved) > stuckAfter {
			return fmt.Errorf("the sink still waits for %d messages", messages-last)
		}
		if err := moment(ctx); err != nil {
			return err
		}
	}
}

// finish does everything that is left, unmeasured.
func (b *bench) finish(ctx context.Context) error {
	stop, err := b.serve(ctx, nil)
	if err != nil {
		return err
	}
	defer stop()
	return b.drain(ctx)
}

// whole is how long a broadcast takes in all.
func (b *bench) whole(ctx context.Context, w way) (time.Duration, error) {
	stop, err := b.serve(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer stop()
	before, err := b.sink.count(ctx, w.kind)
	if err != nil {
		return 0, err
	}
	campaign, began := w.campaign+"-whole", time.Now()
	if err := b.occur(ctx, campaign); err != nil {
		return 0, err
	}
	b.Bell.Ring(ctx)
	if err := b.settled(ctx, w.kind, before.Messages+int64(b.sizes.N)); err != nil {
		return 0, err
	}
	if err := b.drain(ctx); err != nil {
		return 0, err
	}
	return time.Since(began), b.allSent(ctx, campaign)
}

// allSent checks by the ledger that a campaign's messages were sent, all of them.
func (b *bench) allSent(ctx context.Context, campaign string) error {
	funnels, err := b.Store.Summary().Funnels(ctx, time.Now())
	if err != nil {
		return err
	}
	for _, f := range funnels {
		if f.Campaign == campaign && f.Sent != int64(b.sizes.N) {
			return fmt.Errorf("of %d messages of %s %d were sent, %v failed, %v were skipped", b.sizes.N, campaign, f.Sent, f.Failed, f.Skipped)
		}
	}
	return nil
}

// besideBare holds what was sent against a bare client of the same provider, and
// shows that the sink could have taken more.
func (b *bench) besideBare(ctx context.Context, w way, s sent, share float64, bare func(samples [][]byte) (float64, error)) ([]figure, error) {
	samples, err := b.sink.samples(ctx, w.kind)
	if err != nil {
		return nil, err
	}
	rate, err := bare(samples)
	if err != nil {
		return nil, fmt.Errorf("measure a bare client: %w", err)
	}
	flood, err := b.flood(ctx, w.kind, floodable(w.kind, w.path, samples[0]), max(b.sizes.N, 20_000))
	if err != nil {
		return nil, fmt.Errorf("flood the sink: %w", err)
	}
	alone := figure{Work: w.name + ", the sink by itself", N: max(b.sizes.N, 20_000), Rate: flood, Seconds: float64(max(b.sizes.N, 20_000)) / flood}
	return []figure{
		s.stage.against("a bare client", rate).share(share),
		s.whole.against("a bare client", rate),
		alone.against("the program", s.stage.Rate).share(3),
	}, nil
}

// smtp measures letters by SMTP.
func (b *bench) smtp(ctx context.Context) ([]figure, error) {
	host, port, err := net.SplitHostPort(b.sink.SMTP)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	sender, err := email.SMTP{Host: host, Port: number, TLS: "none", Hello: "bench", Connections: relayConnections, Now: now}.Open()
	if err != nil {
		return nil, err
	}
	w := way{name: "e-mail by SMTP", campaign: "smtp", channel: channels.Email, provider: "smtp", sender: sender, kind: sink.Mail}
	s, err := b.send(ctx, w)
	if err != nil {
		return nil, err
	}
	return b.besideBare(ctx, w, s, 0.5, func(samples [][]byte) (float64, error) {
		return bareMail(b.sink.SMTP, samples, max(b.sizes.N, 20_000), relayConnections)
	})
}

// letters are e-mails through SendGrid's API, so many in one request.
func (b *bench) letters(name, campaign string, batch int) (way, error) {
	sender, err := email.SendGrid{APIKey: "SG.bench", BaseURL: b.sink.HTTP, Batch: batch}.Open()
	return way{
		name: name, campaign: campaign, channel: channels.Email, provider: "sendgrid", sender: sender, kind: sink.Letter, path: "/v3/mail/send",
	}, err
}

// sendgrid measures letters through SendGrid's API, one request each.
func (b *bench) sendgrid(ctx context.Context) ([]figure, error) {
	w, err := b.letters("e-mail by SendGrid, one request each", "single", 1)
	if err != nil {
		return nil, err
	}
	s, err := b.send(ctx, w)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer SG.bench"}, "User-Agent": {"bench"}}
	return b.besideBare(ctx, w, s, 0.5, func(samples [][]byte) (float64, error) {
		return bareRequests(ctx, b.sink.HTTP+w.path, header, samples, b.sizes.N, b.c.Worker.Window)
	})
}

// personalised measures letters through SendGrid's API, many to a request, against
// what the ledger allows.
func (b *bench) personalised(ctx context.Context) ([]figure, error) {
	if b.ceiling == nil {
		if _, err := b.ledger(ctx); err != nil {
			return nil, err
		}
	}
	w, err := b.letters("e-mail by SendGrid with personalisations", "woven", 0)
	if err != nil {
		return nil, err
	}
	s, err := b.send(ctx, w)
	if err != nil {
		return nil, err
	}
	return []figure{
		s.stage.against("the ledger: claim, settle", b.ceiling.stage).share(0.7),
		s.whole.against("the ledger: enter to end", b.ceiling.whole).share(0.7),
	}, nil
}

// sms measures texts.
func (b *bench) sms(ctx context.Context) ([]figure, error) {
	sender, err := sms.Twilio{
		Account: twilio.Account{AccountSID: twilioAccount, AuthToken: channels.Secret(b.keys.Twilio), BaseURL: b.sink.HTTP},
	}.Open()
	if err != nil {
		return nil, err
	}
	w := way{
		name: "text messages", campaign: "text", channel: channels.SMS, provider: "twilio", sender: sender, kind: sink.Text,
		path: "/2010-04-01/Accounts/" + twilioAccount + "/Messages.json",
	}
	s, err := b.send(ctx, w)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Basic bench"}, "User-Agent": {"bench"}}
	return b.besideBare(ctx, w, s, 0.5, func(samples [][]byte) (float64, error) {
		return bareRequests(ctx, b.sink.HTTP+w.path, header, samples, b.sizes.N, b.c.Worker.Window)
	})
}
