package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/sandbox"
)

const (
	callbacksAtOnce = 64   // connections that providers keep open to us
	eventsAtOnce    = 1000 // events in one callback, as SendGrid sends at most
	eventsOfOne     = 4    // about each letter: it arrived and was clicked in thrice
)

// callbacks measures what comes back: a provider's batches and single requests,
// each verified and stored before its answer, against the same requests posted to
// the sink; and then what the reader makes of them.
func (b *bench) callbacks(ctx context.Context) ([]figure, error) {
	letters, texts := b.sizes.Events/eventsOfOne, b.sizes.Singles
	if err := b.populate(ctx, max(letters, texts)); err != nil {
		return nil, err
	}
	if err := b.deliverAll(ctx, "events", "statuses"); err != nil {
		return nil, err
	}
	sentLetters, err := b.sentBy(ctx, channels.Email, letters)
	if err != nil {
		return nil, err
	}
	sentTexts, err := b.sentBy(ctx, channels.SMS, texts)
	if err != nil {
		return nil, err
	}
	p := &poster{doors: b.Addresses, keys: b.keys, sandbox: b.sandbox, client: http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: callbacksAtOnce}, Timeout: 10 * time.Second,
	}}
	defer p.client.CloseIdleConnections()
	batches, err := p.events(sentLetters, eventsAtOnce)
	if err != nil {
		return nil, err
	}
	events := eventsOfOne * letters
	answered, err := b.posted(ctx, p, batches, events)
	if err != nil {
		return nil, err
	}
	answered.Work = fmt.Sprintf("events in signed batches of %d, stored and answered", eventsAtOnce)
	read, err := b.read(ctx, "the same events read, onto the timelines", events)
	if err != nil {
		return nil, err
	}
	singles := p.statuses(sentTexts)
	ones, err := p.events(sentLetters[:min(len(sentLetters), len(singles))/eventsOfOne], 1)
	if err != nil {
		return nil, err
	}
	singles = slices.Concat(singles, ones)
	one, err := b.posted(ctx, p, singles, len(singles))
	if err != nil {
		return nil, err
	}
	one.Work = "single signed requests, stored and answered"
	readOnes, err := b.read(ctx, "the same read, onto the timelines", len(singles))
	return []figure{answered.rate(20_000), read, one.rate(1_500), readOnes}, err
}

// deliverAll plans a campaign's messages and marks them as sent, without sending.
func (b *bench) deliverAll(ctx context.Context, names ...string) error {
	for _, campaign := range names {
		if err := b.occur(ctx, campaign); err != nil {
			return err
		}
	}
	for _, do := range []func(context.Context) error{b.enterAll, b.walk, b.pretend, b.walk} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// posted is how fast requests are answered by the doors, and by the sink.
func (b *bench) posted(ctx context.Context, p *poster, all []postedBack, n int) (figure, error) {
	began := time.Now()
	if err := p.post(ctx, b.Addresses.Base, all); err != nil {
		return figure{}, err
	}
	took := time.Since(began)
	bare, err := middle(n, func() error { return p.post(ctx, b.sink.HTTP, all) })
	return measured("", n, took).against("the same posted to the sink", bare), err
}

// read is how long the reader takes for what lies in the inbox.
func (b *bench) read(ctx context.Context, work string, n int) (figure, error) {
	before, err := b.Store.Summary().Backlog(ctx, b.Now())
	if err != nil {
		return figure{}, err
	}
	if before.Inbox == 0 {
		return figure{}, errors.New("nothing lies in the inbox")
	}
	began := time.Now()
	if err := b.finish(ctx); err != nil {
		return figure{}, err
	}
	return measured(work, n, time.Since(began)), nil
}

// sentBy are the latest messages that the first so many customers were sent.
func (b *bench) sentBy(ctx context.Context, ch channels.Channel, messages int) ([]deliveries.Delivery, error) {
	people := make([]string, messages)
	for n := range people {
		people[n] = customerNumber(n)
	}
	latest, err := b.Store.Latest(ctx, ch, people, 1)
	if err == nil && len(latest) != messages {
		err = fmt.Errorf("%d of %d messages by %s are in the ledger", len(latest), messages, ch)
	}
	var all []deliveries.Delivery
	for _, person := range slices.Sorted(maps.Keys(latest)) {
		all = append(all, latest[person]...)
	}
	return all, err
}

// poster calls back as providers do: signed, over connections that stay open.
type poster struct {
	doors   deliveries.Addresses
	keys    keys
	sandbox *sandbox.Sandbox
	client  http.Client
}

// standIn is the outlet whose provider the sandbox is.
func standIn(ch channels.Channel) deliveries.Outlet {
	return deliveries.Outlet{Channel: ch, Provider: standIns[ch]}
}

// postedBack is one signed request.
type postedBack struct {
	path   string
	header http.Header
	body   []byte
}

// statuses are Twilio's callbacks that texts have arrived.
func (p *poster) statuses(texts []deliveries.Delivery) []postedBack {
	account := sandbox.Twilio{AuthToken: p.keys.Twilio}
	all := make([]postedBack, len(texts))
	for n, d := range texts {
		form := url.Values{"MessageSid": {d.ProviderID}, "MessageStatus": {"delivered"}, "AccountSid": {twilioAccount}}
		at := p.doors.Status(standIn(channels.SMS), d.ID, 1)
		all[n] = postedBack{path: strings.TrimPrefix(at, p.doors.Base), body: []byte(form.Encode())}
		all[n].header = http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "X-Twilio-Signature": {account.Sign(at, form)},
		}
	}
	return all
}

// events are SendGrid's callbacks, so many events in each, that letters arrived
// and were clicked in.
func (p *poster) events(letters []deliveries.Delivery, atOnce int) ([]postedBack, error) {
	var events []map[string]any
	for n := range eventsOfOne {
		for _, d := range letters {
			event := map[string]any{
				"event": "delivered", "timestamp": now().Unix() + int64(n), "delivery": fmt.Sprint(d.ID), "email": "b@bench.example",
				"sg_message_id": d.ProviderID + ".filter", "sg_event_id": fmt.Sprintf("bench-%d-%d-%d", d.ID, n, atOnce),
			}
			if n > 0 {
				event["event"], event["url"] = "click", fmt.Sprintf("https://bench.example/%d", n)
			}
			events = append(events, event)
		}
	}
	var all []postedBack
	for some := range slices.Chunk(events, atOnce) {
		body, err := json.Marshal(some)
		if err != nil {
			return nil, err
		}
		header, err := p.sandbox.SignEvents(body, now())
		if err != nil {
			return nil, err
		}
		header.Set("Content-Type", "application/json")
		path := strings.TrimPrefix(p.doors.Hook(standIn(channels.Email)), p.doors.Base)
		all = append(all, postedBack{path: path, header: header, body: body})
	}
	return all, nil
}

// post makes all requests, as fast as they are answered.
func (p *poster) post(ctx context.Context, base string, all []postedBack) error {
	var taken atomic.Int64
	mistakes := make([]error, callbacksAtOnce)
	var connections sync.WaitGroup
	for c := range mistakes {
		connections.Go(func() {
			for n := taken.Add(1) - 1; n < int64(len(all)) && mistakes[c] == nil; n = taken.Add(1) - 1 {
				mistakes[c] = barePost(ctx, &p.client, base+all[n].path, all[n].header, all[n].body)
			}
		})
	}
	connections.Wait()
	return errors.Join(mistakes...)
}
