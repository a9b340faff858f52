package webhooks_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/email"
	"rapport/channels/sms"
	"rapport/channels/twilio"
	"rapport/channels/webpush"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/store"
	"rapport/store/storetest"
	"rapport/webhooks"
	"rapport/workers"
)

const (
	base      = "https://news.shop.example"
	writeKey  = "WK_shop"
	authToken = "twilio-auth-token"
	push      = "http://127.0.0.1:8025" // where the sandbox's browsers are
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// The outlets that call back, and where each does.
var (
	mailOut = deliveries.Outlet{Channel: channels.Email, Provider: "sendgrid"}
	textOut = deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}
	callOut = deliveries.Outlet{Channel: channels.Call, Provider: "twilio"}
)

const (
	mailHook = "/hooks/email/sendgrid"
	textHook = "/hooks/sms/twilio"
	formHook = "/hooks/mail/sendgrid"
)

// house is every public door on a real store, with the real providers behind
// them.
type house struct {
	t     *testing.T
	store *store.Store
	doors *webhooks.Doors
	mux   *http.ServeMux
	key   *ecdsa.PrivateKey // SendGrid's
	box   *sandbox.Sandbox
	log   bytes.Buffer
	rings int

	reader *workers.Reader // behind the doors
}

// open builds a house; change may alter its doors before they are mounted.
func open(t *testing.T, change ...func(*webhooks.Doors)) *house {
	t.Helper()
	h := &house{t: t, store: storetest.Open(t, storetest.SQLite(t)), mux: http.NewServeMux()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.key = key
	now := func() time.Time { return noon }
	h.box = sandbox.New(sandbox.Options{SelfURL: push, Now: now})
	senders, pushKey := providers(t, key, now)
	catalog := &campaigns.Catalog{Archive: h.store.Archive()}
	files, err := campaigns.ReadFolder(examples.Shop())
	if err != nil {
		t.Fatal(err)
	}
	if _, problems, err := catalog.Apply(t.Context(), files, noon); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	addresses := deliveries.Addresses{Base: base, Signer: deliveries.NewSigner([]byte("a key for links"))}
	ring := func(context.Context) { h.rings++ }
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	h.doors = &webhooks.Doors{
		Addresses: addresses, Inbox: h.store, Links: h.store, Record: h.store, Catalog: catalog,
		Listeners: map[string]channels.Listener{webhooks.OwnLinks: webhooks.Own{Addresses: addresses}},
		Directory: h.store, Preferences: h.store, Visitors: h.store,
		PushKey: pushKey, PushCheck: senders[channels.Push].(channels.Checker),
		Ingest: &webhooks.Ingest{
			Catalog: catalog, Registry: h.store, Messages: h.store, WriteKeys: []string{"WK_other", writeKey}, Ring: ring, Now: now, Log: log,
		},
		Ring: ring, Now: now, Log: log,
	}
	h.reader = &workers.Reader{
		Catalog: catalog, Inbox: h.store, Record: h.store, Responses: h.store.Responses(), Registry: h.store, Directory: h.store, Preferences: h.store,
		Listeners: h.doors.Listeners, Addresses: addresses, Now: now, Log: log,
	}
	h.doors.Heed = h.reader.Heed
	for name, ch := range map[string]channels.Channel{
		mailOut.String(): channels.Email, textOut.String(): channels.SMS, callOut.String(): channels.Call,
	} {
		h.doors.Listeners[name] = senders[ch].(channels.Listener)
	}
	for _, alter := range change {
		alter(h.doors)
	}
	h.doors.Mount(h.mux)
	return h
}

// passes lets time go by since noon, for whoever comes in and for whoever reads it.
func (h *house) passes(since time.Duration) {
	now := func() time.Time { return noon.Add(since) }
	h.doors.Now, h.reader.Now = now, now
}

// providers are the real ones; nothing is sent.
func providers(t *testing.T, key *ecdsa.PrivateKey, now func() time.Time) (map[channels.Channel]channels.Sender, string) {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	account := twilio.Account{AccountSID: "AC1", AuthToken: authToken}
	senders := map[channels.Channel]channels.Sender{}
	for ch, settings := range map[channels.Channel]interface {
		Open() (channels.Sender, error)
	}{
		channels.Email: email.SendGrid{APIKey: "SG.key", WebhookPublicKeys: []string{base64.StdEncoding.EncodeToString(der)}},
		channels.SMS:   sms.Twilio{Account: account, From: "+493012345678"},
		channels.Call:  call.Twilio{Account: account, From: "+493012345678"},
		channels.Push: webpush.VAPID{
			PublicKey: public, PrivateKey: channels.Secret(private), Subject: "mailto:ops@shop.example", BaseURL: push, Now: now,
		},
	} {
		if senders[ch], err = settings.Open(); err != nil {
			t.Fatal(err)
		}
	}
	return senders, public
}

// request is one visit. Whatever host it claims, nobody believes it.
func request(method, target string, body []byte, header map[string]string) *http.Request {
	r := httptest.NewRequest(method, target, bytes.NewReader(body))
	r.Host = "attacker.example"
	r.Header.Set("X-Forwarded-Host", "attacker.example")
	r.Header.Set("X-Forwarded-Proto", "http")
	r.Header.Set("Cookie", "session=secret")
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r
}

// at takes our own base URL off.
func at(absolute string) string { return strings.TrimPrefix(absolute, base) }

func (h *house) serve(r *http.Request) *httptest.ResponseRecorder {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	return w
}

// expect serves a request and wants a status.
func (h *house) expect(status int, r *http.Request) *httptest.ResponseRecorder {
	h.t.Helper()
	w := h.serve(r)
	if w.Code != status {
		h.t.Errorf("%s %s answered %d %s, want %d", r.Method, r.URL.Path, w.Code, w.Body, status)
	}
	return w
}

func (h *house) get(status int, absolute string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.expect(status, request(http.MethodGet, at(absolute), nil, nil))
}

func (h *house) form(status int, absolute string, fields url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.expect(status, request(http.MethodPost, at(absolute), []byte(fields.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}))
}

// sendGrid is a batch of events under SendGrid's signature.
func (h *house) sendGrid(body []byte) *http.Request {
	const timestamp = "1795348800"
	sum := sha256.Sum256(append([]byte(timestamp), body...))
	signature, err := ecdsa.SignASN1(rand.Reader, h.key, sum[:])
	if err != nil {
		h.t.Fatal(err)
	}
	return request(http.MethodPost, mailHook, body, map[string]string{
		"Content-Type":                           "application/json",
		"X-Twilio-Email-Event-Webhook-Signature": base64.StdEncoding.EncodeToString(signature),
		"X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
	})
}

// signed is a callback under Twilio's signature over the public URL.
func signed(absolute string, fields url.Values) *http.Request {
	text := absolute
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text += name + fields.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	mac.Write([]byte(text))
	return request(http.MethodPost, at(absolute), []byte(fields.Encode()), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	})
}

// stored takes what the inbox holds that was not taken before.
func (h *house) stored() []deliveries.Received {
	h.t.Helper()
	waiting, err := h.store.Waiting(h.t.Context(), noon, 1000*time.Hour, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return waiting
}

// reports are what the doors' own listener reads from what was stored.
func (h *house) reports() []channels.Report {
	h.t.Helper()
	var all []channels.Report
	for _, in := range h.stored() {
		if in.Provider != webhooks.OwnLinks {
			h.t.Errorf("a visit is stored as %s's", in.Provider)
		}
		reports, err := h.doors.Listeners[in.Provider].Reports(in.Callback)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, reports...)
	}
	return all
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// plan adds a delivery of a campaign's first step to a new customer.
func (h *house) plan(campaign string, d deliveries.Delivery) deliveries.Delivery {
	h.t.Helper()
	edition, err := h.doors.Catalog.Current(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.store.PutCustomers(h.t.Context(), noon, []customers.Customer{{ID: "c-1", Phone: "+4930123456"}}); err != nil {
		h.t.Fatal(err)
	}
	entry := campaigns.Entry{
		Campaign: campaign, Version: edition.Campaigns[campaign].Version, Customer: "c-1", Trigger: "manual:1", State: campaigns.Running,
		EnteredAt: noon, ArrivedAt: noon, WakeAt: noon,
	}
	if _, err := h.store.Enter(h.t.Context(), []campaigns.Entry{entry}, campaigns.Again{Mode: "always"}); err != nil {
		h.t.Fatal(err)
	}
	awake, err := h.store.Awake(h.t.Context(), noon, time.Minute, 1)
	if err != nil || len(awake) != 1 {
		h.t.Fatal(awake, err)
	}
	travellers, err := h.store.Travellers(h.t.Context(), awake, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	d.Step, d.Topic, d.Template, d.Ambiguous = cmp.Or(d.Step, "0"), "service", "hello", deliveries.Hold
	d.DueAt, d.PlannedAt, d.ExpiresAt = noon, noon, noon.AddDate(0, 0, 7)
	if err := h.store.Apply(h.t.Context(), noon, []campaigns.Move{{Entry: travellers[0].Entry, Plan: []deliveries.Delivery{d}}}); err != nil {
		h.t.Fatal(err)
	}
	planned, err := h.store.Summary().Of(h.t.Context(), awake[0])
	if err != nil || len(planned) != 1 {
		h.t.Fatal(planned, err)
	}
	return planned[0]
}

// call is a call that was placed and keeps its script.
func (h *house) call(script channels.CallScript) deliveries.Delivery {
	h.t.Helper()
	planned := h.plan("how-are-we-doing", deliveries.Delivery{Channel: channels.Call})
	if _, err := h.store.Due(h.t.Context(), noon, time.Minute, deliveries.QuotaFor(1), 1); err != nil {
		h.t.Fatal(err)
	}
	fence, claimed, err := h.store.Claim(h.t.Context(), []int64{planned.ID}, noon, time.Minute)
	if err != nil || len(claimed) != 1 {
		h.t.Fatal(claimed, err)
	}
	candidates := []deliveries.Candidate{{Delivery: claimed[0], Content: &channels.Content{Call: &script}}}
	goes := func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict { return deliveries.Verdict{Go: true} }
	if verdicts, err := h.store.Begin(h.t.Context(), fence, noon, noon.Add(-time.Hour), candidates, goes); err != nil || !verdicts[0].Go {
		h.t.Fatal(verdicts, err)
	}
	return planned
}

// troubled is an inbox that may be out of order.
type troubled struct {
	deliveries.Inbox
	down bool
}

func (i *troubled) Receive(ctx context.Context, provider string, c channels.Callback) (bool, error) {
	if i.down {
		return false, errors.New("the disk is full")
	}
	return i.Inbox.Receive(ctx, provider, c)
}

// broken is a body that ends before its time.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
