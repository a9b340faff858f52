package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/sandbox"
)

const (
	callbacksAtOnce = 32   // connections that providers keep open to us
	eventsAtOnce    = 1000 // events in one callback, as SendGrid sends at most
	burstPerSecond  = 500
)

// callbacks measures what comes back while messages leave: callbacks one by one
// and in a burst of a steady pace, each verified and stored before its answer,
// then a provider's batches, and all of them read onto the timelines.
func (b *bench) callbacks(ctx context.Context, edition *campaigns.Edition, messages int) ([]measurement, error) {
	texts, err := b.sentBy(ctx, channels.SMS, messages)
	if err != nil {
		return nil, err
	}
	letters, err := b.sentBy(ctx, channels.Email, messages)
	if err != nil {
		return nil, err
	}
	p := &poster{doors: b.Addresses, keys: b.keys, sandbox: b.sandbox, client: http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: callbacksAtOnce}, Timeout: 10 * time.Second,
	}}
	defer p.client.CloseIdleConnections()
	statuses := slices.Concat(p.statuses(texts, "queued"), p.statuses(texts, "sent"))
	single, _, err := b.beside(ctx, edition, benchBeside[0], p, statuses, 0)
	if err != nil {
		return nil, err
	}
	single.what = "callbacks one by one, stored and answered, " + single.what
	burst, waits, err := b.beside(ctx, edition, benchBeside[1], p, p.statuses(texts, "delivered"), burstPerSecond)
	if err != nil {
		return nil, err
	}
	burst.what = fmt.Sprintf("callbacks, %d coming a second, half answered in %s, 99 of 100 in %s, %s",
		burstPerSecond, waited(waits, 50), waited(waits, 99), burst.what)
	batches, err := b.batches(ctx, p, letters)
	return append([]measurement{single, burst}, batches...), err
}

// beside posts from a campaign's first message on, while it sends, then waits until all is sent and read. It
// gives how long each request waited.
func (b *bench) beside(ctx context.Context, edition *campaigns.Edition, campaign string, p *poster, all []postedBack, perSecond int) (measurement, []time.Duration, error) {
	if err := b.occur(ctx, edition, campaign); err != nil {
		return measurement{}, nil, err
	}
	b.Bell.Ring(ctx)
	before := b.sandbox.Tally().Accepted[channels.Email]
	for b.sandbox.Tally().Accepted[channels.Email] == before {
		if err := b.pause(ctx); err != nil {
			return measurement{}, nil, err
		}
	}
	began := time.Now()
	waits, err := p.post(ctx, all, perSecond)
	if err != nil {
		return measurement{}, nil, err
	}
	left := b.sandbox.Tally().Accepted[channels.Email] - before
	took := measurement{fmt.Sprintf("beside %d e-mails that left", left), len(all), time.Since(began)}
	return took, waits, b.drain(ctx)
}

// batches measures events in batches: until they are answered, and until they are
// read.
func (b *bench) batches(ctx context.Context, p *poster, letters []deliveries.Delivery) ([]measurement, error) {
	events := 4 * len(letters)
	requests, err := p.events(letters)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if _, err := p.post(ctx, requests, 0); err != nil {
		return nil, err
	}
	stored := measurement{fmt.Sprintf("events in batches of %d, stored and answered", eventsAtOnce), events, time.Since(began)}
	err = b.drain(ctx)
	return []measurement{stored, {"the same events, until they stand on timelines", events, time.Since(began)}}, err
}

// sentBy are the messages that the bench's campaigns sent on a channel.
func (b *bench) sentBy(ctx context.Context, ch channels.Channel, messages int) ([]deliveries.Delivery, error) {
	people := make([]string, messages)
	for n := range people {
		people[n] = fmt.Sprintf("b%07d", n)
	}
	latest, err := b.Store.Latest(ctx, ch, people)
	if err == nil && len(latest) != messages {
		err = fmt.Errorf("%d of %d messages by %s are in the ledger", len(latest), messages, ch)
	}
	return slices.SortedFunc(maps.Values(latest), func(x, y deliveries.Delivery) int { return strings.Compare(x.Customer, y.Customer) }), err
}

// poster calls back as providers do: signed, over connections that stay open.
type poster struct {
	doors   deliveries.Doors
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
	url    string
	header http.Header
	body   []byte
}

// statuses are Twilio's callbacks that texts have come so far.
func (p *poster) statuses(texts []deliveries.Delivery, status string) []postedBack {
	account := sandbox.Twilio{AuthToken: p.keys.Twilio}
	all := make([]postedBack, len(texts))
	for n, d := range texts {
		form := url.Values{"MessageSid": {d.ProviderID}, "MessageStatus": {status}, "AccountSid": {twilioAccount}}
		all[n] = postedBack{url: p.doors.Status(standIn(channels.SMS), d.ID, 1), body: []byte(form.Encode())}
		all[n].header = http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "X-Twilio-Signature": {account.Sign(all[n].url, form)},
		}
	}
	return all
}

// events are SendGrid's batches that letters arrived and were clicked in thrice.
func (p *poster) events(letters []deliveries.Delivery) ([]postedBack, error) {
	var events []map[string]any
	for n := range 4 {
		for _, d := range letters {
			event := map[string]any{
				"event": "delivered", "timestamp": now().Unix() + int64(n), "delivery": fmt.Sprint(d.ID),
				"sg_message_id": d.ProviderID + ".f", "sg_event_id": fmt.Sprintf("bench-%d-%d", d.ID, n),
			}
			if n > 0 {
				event["event"], event["url"] = "click", fmt.Sprintf("https://bench.example/%d", n)
			}
			events = append(events, event)
		}
	}
	var all []postedBack
	for some := range slices.Chunk(events, eventsAtOnce) {
		body, err := json.Marshal(some)
		if err != nil {
			return nil, err
		}
		header, err := p.sandbox.SignEvents(body, now())
		if err != nil {
			return nil, err
		}
		header.Set("Content-Type", "application/json")
		all = append(all, postedBack{url: p.doors.Hook(standIn(channels.Email)), header: header, body: body})
	}
	return all, nil
}

// post makes all requests, so many a second or, at 0, as fast as they are answered,
// and says how long each waited for its answer. One whose turn came waits from
// then on, whether or not a connection is free.
func (p *poster) post(ctx context.Context, all []postedBack, perSecond int) ([]time.Duration, error) {
	waits := make([]time.Duration, len(all))
	began := time.Now()
	var taken atomic.Int64
	mistakes := make([]error, callbacksAtOnce)
	var connections sync.WaitGroup
	for c := range callbacksAtOnce {
		connections.Go(func() {
			for n := taken.Add(1) - 1; n < int64(len(all)) && mistakes[c] == nil; n = taken.Add(1) - 1 {
				due := time.Now()
				if perSecond > 0 {
					due = began.Add(time.Duration(n) * time.Second / time.Duration(perSecond))
				}
				mistakes[c] = errors.Join(until(ctx, due), p.call(ctx, all[n]))
				waits[n] = time.Since(due)
			}
		})
	}
	connections.Wait()
	return waits, errors.Join(mistakes...)
}

// call makes one request, which must be taken.
func (p *poster) call(ctx context.Context, c postedBack) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	r.Header = c.header
	answer, err := p.client.Do(r)
	if err != nil {
		return fmt.Errorf("call back: %w", err)
	}
	defer answer.Body.Close() // only read
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return fmt.Errorf("read the answer to a callback: %w", err)
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("a callback was answered %s", answer.Status)
	}
	return nil
}

// until waits for a moment.
func until(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// waited is how long the given share of a hundred waited at most.
func waited(waits []time.Duration, of int) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(waits))
	return sorted[(len(sorted)-1)*of/100].Round(100 * time.Microsecond)
}
