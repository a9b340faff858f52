package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Check names every setting that makes no sense.
func (c Config) Check() error {
	mistakes := checkPublicURL(c.PublicURL)
	mistakes = append(mistakes, checkKeys("link_keys", c.LinkKeys)...)
	mistakes = append(mistakes, checkKeys("erasure_keys", c.ErasureKeys)...)
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	for i, key := range c.WriteKeys {
		if key == "" {
			wrong("write_keys[%d]: must not be empty: anybody could send events", i)
		}
	}
	for i, address := range c.TestAddresses {
		if strings.TrimSpace(address) == "" {
			wrong("test_addresses[%d]: must not be empty", i)
		}
	}
	mistakes = append(mistakes, c.Redis.check(), c.Inbound.check())
	for _, channel := range slices.Sorted(maps.Keys(c.Providers)) {
		if !channelNames[channel] {
			wrong("providers.%s: no such channel; there are call, email, push, sms and webhook", channel)
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(c.Limits)) {
		limit := c.Limits[channel]
		if !channelNames[channel] || limit.PerSecond < 0 || limit.PerSender < 0 {
			wrong("limits.%s: must name a channel (call, email, push, sms, webhook) and a number of messages a second", channel)
		}
	}
	if c.TestMode && len(c.TestAddresses) == 0 {
		wrong("test_mode: nobody could be written to; list test_addresses")
	}
	mistakes = append(mistakes, c.Retention.check()...)
	mistakes = append(mistakes, c.Recordings.S3.check(c.Recordings.Folder != ""))
	if c.Alerts.Webhook != "" && len(c.Providers["webhook"]) == 0 {
		wrong("alerts.webhook: it is signed by the provider of webhooks; configure providers.webhook.standard")
	}
	mistakes = append(mistakes, c.Log.check()...)
	mistakes = append(mistakes, c.Worker.check()...)
	mistakes = append(append(mistakes, c.Ops.check()...), c.Console.check())
	mistakes = append(mistakes, c.Telemetry.check()...)
	if c.ConditionTimeout < time.Second {
		wrong("condition_timeout: must be at least 1s (1m recommended)")
	}
	return errors.Join(mistakes...)
}

func checkPublicURL(given string) (mistakes []error) {
	switch public, err := url.Parse(given); {
	case err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https":
		mistakes = append(mistakes, errors.New("public_url: must be an absolute http or https URL, such as https://news.shop.example"))
	case strings.TrimSuffix(public.Path, "/") != "" || public.RawQuery != "" || public.Fragment != "":
		mistakes = append(mistakes, errors.New("public_url: leave out what follows the host: the doors stand at the root of a host of their own, such as https://news.shop.example"))
	}
	if strings.HasSuffix(given, "/") {
		mistakes = append(mistakes, errors.New("public_url: leave out the slash at the end"))
	}
	return mistakes
}

// checkKeys checks keys that sign or hide something.
func checkKeys[K ~string](name string, keys []K) (mistakes []error) {
	for i, key := range keys {
		if len(key) < 16 {
			mistakes = append(mistakes, fmt.Errorf("%s[%d]: must have at least 16 characters; `openssl rand -hex 32` makes some", name, i))
		}
	}
	return mistakes
}

const (
	// shortestRetention outlives the day for which providers repeat a callback, by
	// which repeats are known.
	shortestRetention = 48 * time.Hour
	// shortestTimeline outlives journeys and what conditions usually look back on.
	shortestTimeline = 90 * 24 * time.Hour
)

func (r Retention) check() (mistakes []error) {
	if age := time.Duration(r.Callbacks); age < 0 || age > 0 && age < shortestRetention {
		mistakes = append(mistakes, errors.New("retention.callbacks: must be at least 2d, for providers repeat what they reported for a day; 0 keeps all"))
	}
	if age := time.Duration(r.Timeline); age < 0 || age > 0 && age < shortestTimeline {
		mistakes = append(mistakes, errors.New("retention.timeline: must be at least 90d, for journeys and conditions look back on it; 0 keeps all"))
	}
	if r.Recordings < 0 {
		mistakes = append(mistakes, errors.New("retention.recordings: must be a length of time such as 90d; 0 keeps them for ever"))
	}
	return mistakes
}

// check is asked also whether recordings go into a folder.
func (b Bucket) check(folder bool) error {
	switch {
	case b == Bucket{}:
		return nil
	case folder:
		return errors.New("recordings: both folder and s3 are set; keep one of them")
	case b.Endpoint == "" || b.Bucket == "":
		return errors.New("recordings.s3: must have an endpoint and a bucket, such as s3.eu-central-1.amazonaws.com and shop-voices")
	case strings.Contains(b.Endpoint, "/"):
		return errors.New("recordings.s3.endpoint: must be a host, with or without a port, and no https:// or path")
	case (b.AccessKey == "") != (b.SecretKey == ""):
		return errors.New("recordings.s3: access_key and secret_key belong together; without both the machine's role is used")
	}
	return nil
}

func (l Log) check() (mistakes []error) {
	if !logLevels[l.Level] {
		mistakes = append(mistakes, fmt.Errorf("log.level: %q is none of debug, info, warn, error", l.Level))
	}
	if l.Format != "text" && l.Format != "json" {
		mistakes = append(mistakes, fmt.Errorf("log.format: %q is neither text nor json", l.Format))
	}
	return mistakes
}

// mostQueueParts bounds what idle workers ask Redis about ten times a second.
const mostQueueParts = 64

func (w Worker) check() (mistakes []error) {
	if w.Concurrency < 1 || w.Window < 1 || w.InHand < 1 {
		mistakes = append(mistakes, errors.New("worker: concurrency, window and in_hand are at least 1"))
	}
	if w.QueueParts < 1 || w.QueueParts > mostQueueParts {
		mistakes = append(mistakes, fmt.Errorf("worker.queue_parts: must be a number from 1 to %d; 1 unless one node of a Redis cluster is the limit", mostQueueParts))
	}
	if w.Lease < 5*time.Second {
		mistakes = append(mistakes, errors.New("worker.lease: must be at least 5s (90s recommended)"))
	}
	return append(mistakes, w.inOrder()...)
}

// inOrder checks the worker's times against each other. A call that outlives the
// shutdown is torn off, and one that outlives the lease is taken for lost while it
// is under way: both leave messages of which nobody knows whether they were sent.
func (w Worker) inOrder() (mistakes []error) {
	switch {
	case w.Call < time.Second:
		mistakes = append(mistakes, errors.New("worker.call: must be at least 1s (10s recommended)"))
	case w.Doubt < 2*w.Call:
		mistakes = append(mistakes, fmt.Errorf("worker.doubt: must be at least twice a call to a provider (worker.call, %s), not %s", w.Call, w.Doubt))
	case w.Shutdown <= w.Call:
		mistakes = append(mistakes, fmt.Errorf("worker.shutdown: must be longer than a call to a provider (worker.call, %s), not %s", w.Call, w.Shutdown))
	case w.Lease <= w.Shutdown:
		mistakes = append(mistakes, fmt.Errorf("worker.lease: must be longer than a shutdown (worker.shutdown, %s), not %s", w.Shutdown, w.Lease))
	case w.Lease <= 2*w.Call:
		mistakes = append(mistakes, fmt.Errorf("worker.lease: must be longer than a call to a provider and what is written after it (twice worker.call, %s), not %s", 2*w.Call, w.Lease))
	}
	return mistakes
}

// Advice tells of times that can be worked with and make normal work look like
// trouble; "" where there are none. A task has the lease less two calls: where that is
// not as long again, rate limits alone make it end early.
func (w Worker) Advice() string {
	if w.Lease >= 4*w.Call {
		return ""
	}
	return fmt.Sprintf("worker.lease: %s is short beside a call to a provider (worker.call, %s): tasks that wait for a rate limit end early, and what they held is planned again; at least four times worker.call is recommended (%s)",
		w.Lease, w.Call, 4*w.Call)
}

var (
	channelNames = map[string]bool{"email": true, "sms": true, "call": true, "push": true, "webhook": true}
	logLevels    = map[string]bool{"debug": true, "info": true, "warn": true, "error": true}
)
