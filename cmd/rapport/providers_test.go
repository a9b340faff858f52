package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/config"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/workers"
)

// What a provider's section holds from the environment is told by the variable's name
// where the section cannot be read, and a switch is one.
func TestAVariableOfAProviderIsNamed(t *testing.T) {
	account := []string{"RAPPORT_PROVIDERS_CALL_TWILIO_ACCOUNT_SID=AC1", "RAPPORT_PROVIDERS_CALL_TWILIO_AUTH_TOKEN=secret"}
	for variable, want := range map[string]string{
		"RAPPORT_PROVIDERS_CALL_TWILIO_MACHINE_DETECTION=true":  "",
		"RAPPORT_PROVIDERS_CALL_TWILIO_TRANSCRIBE=false":        "",
		"RAPPORT_PROVIDERS_CALL_TWILIO_MACHINE_DETECTION=maybe": "RAPPORT_PROVIDERS_CALL_TWILIO_MACHINE_DETECTION",
		"RAPPORT_PROVIDERS_CALL_TWILIO_MACHINE=true":            "RAPPORT_PROVIDERS_CALL_TWILIO_MACHINE",
	} {
		c, err := config.Load("", append(account, variable))
		if err != nil {
			t.Fatal(err)
		}
		_, err = openProviders(c, time.Now)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

var toyShop = map[string][]byte{
	"rapport.yaml": []byte(`
workspace: shop
brand: {name: Shop, url: "https://shop.example", address: "1 High Street"}
locale: en
zone: UTC
currency: EUR
topics: [{id: service, title: About your orders, default: in}]
senders: {sms: {from: "+493012345678"}, call: {from: "+493012345678"}}
contact: {countries: {sms: [DE], call: [DE]}}
`),
	"campaigns/texted.yaml": []byte("campaign: texted\ntitle: Texted\nowner: support\ntopic: service\nstate: live\ntrigger: {event: Ordered}\n" +
		"steps:\n  - {ask: csat, by: sms, template: rate, answer_within: 2d}\n"),
	"campaigns/rang.yaml": []byte("campaign: rang\ntitle: Rang\nowner: support\ntopic: service\nstate: live\ntrigger: {event: Called}\n" +
		"steps:\n  - {ask: csat, by: call, template: rate}\n"),
	"templates/sms/rate.liquid": []byte("From 1 to 5?\n"),
	"templates/call/rate.yaml":  []byte("say: Good day.\nask: [{id: csat, say: From one to five?, expect: digits 1-5}]\nbye: Goodbye.\n"),
}

const toyKey = "a key of the toy"

// toyHouse is an installation whose texts and calls go through the toy service.
type toyHouse struct {
	*installation
	t    *testing.T
	took chan toyMessage // what the toy service was handed
}

// TestAProviderIsTwoFilesAndALine registers providers of texts and calls that
// nothing else in the house knows, and plays what they do to the ledger.
func TestAProviderIsTwoFilesAndALine(t *testing.T) {
	h := openToys(t)
	h.happens("Ordered")
	text := <-h.took
	d := h.named(text.Report, deliveries.Outlet{Channel: channels.SMS, Provider: "toy"})
	if text.To != "+4915112345678" || !strings.Contains(text.Text, "From 1 to 5?") {
		t.Errorf("the toy was handed %+v", text)
	}
	h.tells(http.StatusForbidden, text.Report, "another key", toyWord{Message: "toy 1", State: "arrived"})
	h.tells(http.StatusNoContent, text.Report, toyKey, toyWord{Message: "toy 1", State: "arrived"})
	h.stands(d, deliveries.Delivered)
	hook, _, _ := strings.Cut(text.Report, deliveries.HookStatus)
	h.tells(http.StatusNoContent, hook, toyKey, toyWord{Message: "toy 9", State: "said", From: text.To, Said: "5"})
	h.stands(d, deliveries.Answered)

	h.happens("Called")
	call := <-h.took
	d = h.named(call.Report, deliveries.Outlet{Channel: channels.Call, Provider: "toy"})
	if again := h.named(call.Script, deliveries.Outlet{Channel: channels.Call, Provider: "toy"}); again != d {
		t.Errorf("the script is of delivery %d, the report of %d", again, d)
	}
	says := h.tells(http.StatusOK, call.Script, toyKey, toyWord{Message: "toy 2"})
	if !strings.HasPrefix(says, "Good day. From one to five? "+call.Script+"?heard=0") {
		t.Errorf("the call says %q", says)
	}
	if hears := h.tells(http.StatusOK, call.Script, toyKey, toyWord{Message: "toy 3"}); hears != "hang up" {
		t.Errorf("another call hears %q", hears)
	}
	if bye := h.tells(http.StatusOK, call.Script+"?heard=0", toyKey, toyWord{Message: "toy 2", State: "pressed", Said: "4"}); bye != "Goodbye." {
		t.Errorf("having answered, the call hears %q", bye)
	}
	h.stands(d, deliveries.Answered)
}

func openToys(t *testing.T) *toyHouse {
	t.Helper()
	providers[channels.SMS]["toy"] = func(func() time.Time) opener { return &toyTexts{} }
	providers[channels.Call]["toy"] = func(func() time.Time) opener { return &toyCalls{} }
	t.Cleanup(func() {
		delete(providers[channels.SMS], "toy")
		delete(providers[channels.Call], "toy")
	})
	h := &toyHouse{t: t, took: make(chan toyMessage, 10)}
	n := 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m toyMessage
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		n++ // one message at a time
		fmt.Fprintf(w, `{"Name": "toy %d"}`, n)
		h.took <- m
	}))
	t.Cleanup(service.Close)
	section := config.Section(fmt.Sprintf("url: %s\nkey: %s\n", service.URL, toyKey))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Defaults()
	c.PublicURL = "http://" + listener.Addr().String()
	c.Providers = map[string]map[string]config.Section{"sms": {"toy": section}, "call": {"toy": section}}
	h.run(c, listener)
	return h
}

// run starts all parts of the house, on a Tuesday at noon.
func (h *toyHouse) run(c config.Config, listener net.Listener) {
	h.t.Helper()
	began, noon := now(), time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return noon.Add(now().Sub(began)) }
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	e, err := embed(h.t.Context(), &options{data: h.t.TempDir()}, c, clock, sandbox.Lifelike(), 1, log)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(e.Close)
	if h.installation, err = assembleMigrated(h.t.Context(), e.backing, clock, log); err != nil {
		h.t.Fatal(err)
	}
	if _, problems, err := h.Catalog.Apply(h.t.Context(), toyShop, clock()); err != nil || len(problems) > 0 {
		h.t.Fatal(err, problems)
	}
	ann := customers.Customer{ID: "ann", Phone: "+4915112345678", Country: "DE", Zone: "Europe/Berlin"}
	if _, err := h.Store.PutCustomers(h.t.Context(), clock(), []customers.Customer{ann}); err != nil {
		h.t.Fatal(err)
	}
	server := h.server(workers.ServerOptions{Concurrency: 2, Poll: 20 * time.Millisecond})
	if err := server.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(server.Stop)
	h.t.Cleanup(runBeside(h.t.Context(), func(ctx context.Context) { _ = h.scheduler().Run(ctx) }))
	doors := &http.Server{Handler: h.publicRoutes(), ReadHeaderTimeout: time.Second}
	go func() { _ = doors.Serve(listener) }() // ends with Close
	h.t.Cleanup(func() { _ = doors.Close() })
}

// happens puts an event on the customer's timeline.
func (h *toyHouse) happens(event string) {
	h.t.Helper()
	at := h.Now()
	if _, err := h.Store.Append(h.t.Context(), []customers.Event{
		{Customer: "ann", Name: event, At: at, ReceivedAt: at, Key: event, Live: true},
	}); err != nil {
		h.t.Fatal(err)
	}
	h.Bell.Ring(h.t.Context())
}

// named is the delivery that an address names, which must be one of the outlet's.
func (h *toyHouse) named(address string, out deliveries.Outlet) int64 {
	h.t.Helper()
	token, named := h.Addresses.Named(address)
	if !named || !strings.HasPrefix(address, h.Addresses.Hook(out)+"/") {
		h.t.Fatalf("%s names no delivery of %s", address, out)
	}
	return token.Delivery
}

// tells brings a callback to the doors and gives what they answer.
func (h *toyHouse) tells(status int, address, key string, word toyWord) string {
	h.t.Helper()
	body, err := json.Marshal(word)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("X-Toy-Seal", toySeal(key, address, body))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	says, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		h.t.Errorf("%s answered %d %s, %v", address, answer.StatusCode, says, err)
	}
	return string(says)
}

// stands waits until the ledger says so of a delivery.
func (h *toyHouse) stands(id int64, want deliveries.Status) {
	h.t.Helper()
	eventually(h.t, 30*time.Second, "delivery is "+string(want), func() bool {
		known, err := h.Store.Lookup(h.t.Context(), []deliveries.Ref{{ID: id}})
		return err == nil && known[0].Status == want
	})
}
