package webhooks_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/webhooks"
)

// subscribed is what a shop's server sends after a browser subscribed.
func subscribed(t *testing.T, customer string, s channels.PushSubscription) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"userId": customer, "subscription": map[string]any{
		"endpoint": s.Endpoint, "expirationTime": nil, "keys": map[string]string{"p256dh": s.P256dh, "auth": s.Auth},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestAShopSubscribesABrowser(t *testing.T) {
	h := open(t)
	if w := h.get(http.StatusOK, base+deliveries.PathPushKey); w.Body.String() != h.doors.PushKey || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the key is %s", w.Body)
	}
	if w := h.get(http.StatusOK, base+deliveries.PathPushWorker); !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") || !strings.Contains(w.Body.String(), "showNotification") {
		t.Errorf("the worker is %s", w.Body)
	}
	if _, err := h.store.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-1"}}); err != nil {
		t.Fatal(err)
	}
	good := h.box.NewSubscription("c-1")
	other := func(change func(*channels.PushSubscription)) channels.PushSubscription {
		s := good
		change(&s)
		return s
	}
	for _, c := range []struct {
		what, key string
		body      []byte
		status    int
	}{
		{"no write key", "", subscribed(t, "c-1", good), http.StatusUnauthorized},
		{"a wrong one", "WK_wrong", subscribed(t, "c-1", good), http.StatusUnauthorized},
		{"nobody's", writeKey, subscribed(t, "", good), http.StatusBadRequest},
		{"no JSON", writeKey, []byte("endpoint=1"), http.StatusBadRequest},
		{"no endpoint", writeKey, subscribed(t, "c-1", other(func(s *channels.PushSubscription) { s.Endpoint = "" })), http.StatusBadRequest},
		{"no keys", writeKey, subscribed(t, "c-1", other(func(s *channels.PushSubscription) { s.Auth = "" })), http.StatusBadRequest},
		{"keys that are none", writeKey, subscribed(t, "c-1", other(func(s *channels.PushSubscription) { s.P256dh = "BAAA" })), http.StatusBadRequest},
		{"the metadata of a cloud", writeKey, subscribed(t, "c-1", other(func(s *channels.PushSubscription) { s.Endpoint = "http://169.254.169.254/latest" })), http.StatusBadRequest},
		{"a host that is no push service", writeKey, subscribed(t, "c-1", other(func(s *channels.PushSubscription) { s.Endpoint = "https://attacker.example/push" })), http.StatusBadRequest},
		{"an id that is too long", writeKey, subscribed(t, strings.Repeat("c", 256), good), http.StatusBadRequest},
		{"an id of nothing", writeKey, subscribed(t, " ", good), http.StatusBadRequest},
		{"an id nobody can read", writeKey, subscribed(t, "c\x00", good), http.StatusBadRequest},
		{"too long", writeKey, subscribed(t, strings.Repeat("c", 64<<10), good), http.StatusBadRequest},
	} {
		r := request(http.MethodPost, deliveries.PathPushSubscribe, c.body, nil)
		r.SetBasicAuth(c.key, "")
		if w := h.serve(r); w.Code != c.status || !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), "attacker") {
			t.Errorf("%s: answered %d %s", c.what, w.Code, w.Body)
		}
	}
	browsers := func() []channels.PushSubscription {
		all, err := h.store.Load(t.Context(), []string{"c-1"}, noon)
		if err != nil {
			t.Fatal(err)
		}
		return all["c-1"].Browsers
	}
	same(t, "before", browsers(), []channels.PushSubscription(nil))
	r := request(http.MethodPost, deliveries.PathPushSubscribe, subscribed(t, " c-1 ", good), nil)
	r.SetBasicAuth(writeKey, "")
	h.expect(http.StatusNoContent, r)
	same(t, "after", browsers(), []channels.PushSubscription{good})
}

func TestABrowserTellsWhatBecameOfANotification(t *testing.T) {
	h := open(t)
	signer := h.doors.Addresses.Signer
	token := signer.Sign(deliveries.Token{Purpose: deliveries.PushReport, Delivery: 7})
	report := func(status int, token, kind, link string, action ...string) {
		t.Helper()
		body, err := json.Marshal(map[string]string{"token": token, "kind": kind, "url": link, "action": strings.Join(action, "")})
		if err != nil {
			t.Fatal(err)
		}
		w := h.expect(status, request(http.MethodPost, deliveries.PathPushReports, body, map[string]string{"Content-Type": "text/plain"}))
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Error("a page of the shop may not read the answer")
		}
	}
	report(http.StatusNoContent, token, "shown", "")
	report(http.StatusNoContent, token, "clicked", shop, "buy")
	report(http.StatusNoContent, token, "closed", "")
	report(http.StatusNoContent, token, "polished", "")
	report(http.StatusNotFound, flipped(token), "clicked", shop)
	report(http.StatusNotFound, signer.Sign(deliveries.Token{Purpose: deliveries.Survey, Delivery: 7}), "clicked", shop)
	h.expect(http.StatusBadRequest, request(http.MethodPost, deliveries.PathPushReports, []byte("shown"), nil))
	same(t, "reports", h.reports(), []channels.Report{
		{Channel: channels.Push, Delivery: 7, Kind: channels.ReportDelivered, At: noon},
		{Channel: channels.Push, Delivery: 7, Kind: channels.ReportClicked, At: noon, Link: shop, Action: "buy"},
		{Channel: channels.Push, Delivery: 7, Kind: channels.ReportClosed, At: noon},
	})
}

// A stranger's word binds no browser to a customer: a page may say who its
// visitor is only with what the shop's server signed.
func TestAPageSubscribesItsVisitor(t *testing.T) {
	h := open(t)
	if _, err := h.store.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-1"}}); err != nil {
		t.Fatal(err)
	}
	const visitor = "9f0c1b52-visitor"
	browser := h.box.NewSubscription("c-1")
	say := func(status int, more map[string]string) {
		t.Helper()
		said := map[string]any{"subscription": map[string]any{"endpoint": browser.Endpoint, "keys": map[string]string{"p256dh": browser.P256dh, "auth": browser.Auth}}}
		for name, value := range more {
			said[name] = value
		}
		body, err := json.Marshal(said)
		if err != nil {
			t.Fatal(err)
		}
		w := h.expect(status, request(http.MethodPost, deliveries.PathPushSubscribe, body, map[string]string{"Content-Type": "text/plain"}))
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Error("the page may not read the answer")
		}
	}
	whose := func(want string) {
		t.Helper()
		all, err := h.store.Load(t.Context(), []string{"c-1", "anonymous:" + visitor}, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"c-1", "anonymous:" + visitor} {
			if c := all[id]; (c != nil && len(c.Browsers) == 1) != (id == want) {
				t.Errorf("the browser of %s: %+v, want it to be %q's", id, c, want)
			}
		}
	}
	say(http.StatusUnauthorized, map[string]string{"userId": "c-1"})
	say(http.StatusBadRequest, map[string]string{"anonymousId": "a b"})
	say(http.StatusBadRequest, map[string]string{"anonymousId": "a b", "userId": "c-1"})
	say(http.StatusBadRequest, map[string]string{"anonymousId": visitor, "topic": "gossip"})
	whose("")
	say(http.StatusNoContent, map[string]string{"anonymousId": visitor, "userId": "c-1", "topic": "marketing"})
	whose("anonymous:" + visitor)

	genuine := webhooks.Identity(writeKey, "c-1", noon.Add(time.Hour))
	for what, identity := range map[string]string{
		"made up": "1.abc", "another's": webhooks.Identity(writeKey, "c-2", noon.Add(time.Hour)), "of another key": webhooks.Identity("WK_guess", "c-1", noon.Add(time.Hour)),
		"over": webhooks.Identity(writeKey, "c-1", noon.Add(-time.Second)), "for ever": webhooks.Identity(writeKey, "c-1", noon.AddDate(1, 0, 0)), "altered": genuine + "0",
	} {
		t.Log(what)
		say(http.StatusForbidden, map[string]string{"anonymousId": visitor, "userId": "c-1", "identity": identity})
		whose("anonymous:" + visitor)
	}
	h.taken("/v1/identify", `{"userId": "c-1", "anonymousId": "`+visitor+`"}`)
	whose("c-1")
	all, err := h.store.Load(t.Context(), []string{"c-1"}, noon)
	if err != nil || !all["c-1"].Consented("marketing", channels.Push, false) {
		t.Errorf("what the visitor agreed to is not the customer's: %v", err)
	}
	say(http.StatusNoContent, map[string]string{"anonymousId": visitor}) // another visitor of the same machine
	whose("c-1")
	say(http.StatusNoContent, map[string]string{"anonymousId": visitor, "userId": "c-1", "identity": genuine})
	whose("c-1")

	before := browser.Endpoint
	browser = h.box.NewSubscription("c-1")
	say(http.StatusNoContent, map[string]string{"replaces": before + "?guessed"})
	say(http.StatusNoContent, map[string]string{"replaces": before})
	whose("c-1")
	all, err = h.store.Load(t.Context(), []string{"c-1"}, noon)
	if err != nil || all["c-1"].Browsers[0].Endpoint != browser.Endpoint {
		t.Errorf("a renewed subscription is not kept: %v", err)
	}
	h.expect(http.StatusNoContent, request(http.MethodPost, deliveries.PathPushGone, []byte(`{"endpoint": "`+browser.Endpoint+`"}`), nil))
	whose("")
}

// Anybody can make visitors up, and each becomes a profile: so many in a while
// and no more. Whom Rapport knows, and who is proven, is not held up by it.
func TestMadeUpVisitorsAreSlowedDown(t *testing.T) {
	h := open(t)
	const known = "visitor-known"
	say := func(visitor, more string) int {
		t.Helper()
		browser := h.box.NewSubscription("c-1")
		r := request(http.MethodPost, deliveries.PathPushSubscribe, fmt.Appendf(nil, `{"anonymousId": %q%s, "subscription": {"endpoint": %q, "keys": {"p256dh": %q, "auth": %q}}}`,
			visitor, more, browser.Endpoint, browser.P256dh, browser.Auth), nil)
		w := h.serve(r)
		if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			t.Errorf("the answer %d has the headers %v", w.Code, w.Header())
		}
		return w.Code
	}
	refused := func(most int, visitor func(int) string) bool {
		for i := range most {
			switch code := say(visitor(i), ""); code {
			case http.StatusNoContent:
			case http.StatusTooManyRequests:
				return i > 20
			default:
				t.Fatalf("answered %d", code)
			}
		}
		return false
	}
	if code := say(known, ""); code != http.StatusNoContent {
		t.Fatalf("answered %d", code)
	}
	if !refused(1000, func(i int) string { return fmt.Sprintf("made-up-%d", i) }) {
		t.Error("a thousand made-up visitors are taken at once, or hardly any")
	}
	if code := say(known, ""); code != http.StatusNoContent {
		t.Errorf("a visitor who is known is answered %d", code)
	}
	if _, err := h.store.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-1"}}); err != nil {
		t.Fatal(err)
	}
	proof := fmt.Sprintf(`, "userId": "c-1", "identity": %q`, webhooks.Identity(writeKey, "c-1", noon.Add(time.Hour)))
	if code := say("made-up-too", proof); code != http.StatusNoContent {
		t.Errorf("a customer is answered %d", code)
	}
	if !refused(1000, func(int) string { return known }) {
		t.Error("one visitor may come a thousand times at once")
	}
}

func TestScriptsForPagesOfTheShop(t *testing.T) {
	h := open(t)
	for _, path := range []string{deliveries.PathPushWorker, deliveries.PathPushScript} {
		w := h.get(http.StatusOK, base+path)
		if !strings.Contains(w.Body.String(), base) || strings.Contains(w.Body.String(), "{{") || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s is %s", path, w.Body)
		}
		again := request(http.MethodGet, path, nil, map[string]string{"If-None-Match": w.Header().Get("ETag")})
		h.expect(http.StatusNotModified, again)
	}
}
