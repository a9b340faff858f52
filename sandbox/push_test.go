package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"rapport/channels"
)

// bubble is when time begins inside testing/synctest.
var bubble = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// captured keeps a request instead of sending it.
type captured struct{ request *http.Request }

func (c *captured) Do(r *http.Request) (*http.Response, error) {
	c.request = r
	return &http.Response{StatusCode: http.StatusCreated, Body: http.NoBody}, nil
}

// notify sends what an independent web push library makes. Its proof, which
// lives for twelve hours, is made at the beginning of the bubble's time; the
// sandbox judges it late later.
func (h *house) notify(to channels.PushSubscription, payload any, late time.Duration) *http.Response {
	h.t.Helper()
	h.clock.set(bubble.Add(late))
	var made captured
	synctest.Test(h.t, func(t *testing.T) {
		private, public, err := webpush.GenerateVAPIDKeys()
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		_, err = webpush.SendNotification(body,
			&webpush.Subscription{Endpoint: to.Endpoint, Keys: webpush.Keys{Auth: to.Auth, P256dh: to.P256dh}},
			&webpush.Options{HTTPClient: &made, Subscriber: "ops@shop.example", TTL: 60, VAPIDPublicKey: public, VAPIDPrivateKey: private})
		if err != nil {
			t.Fatal(err)
		}
	})
	if h.tamper != nil {
		h.tamper(made.request)
	}
	resp, err := h.api.Client().Do(made.request)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func (h *house) payload(token string) map[string]any {
	return map[string]any{"title": "It is back", "url": h.public.URL + "/l/pushlink", "token": token, "reports": h.public.URL + "/push/reports"}
}

func TestANotificationIsReadShownAndClicked(t *testing.T) {
	h := build(t, func(o *Options) { o.Behaviour.Push = PushBehaviour{Show: 1, Click: 1} })
	subscription := h.sandbox.NewSubscription("c1")
	resp := h.notify(subscription, h.payload("thetoken"), 0)
	if resp.StatusCode != http.StatusCreated || !strings.HasPrefix(resp.Header.Get("Location"), h.api.URL+"/push/message/") {
		t.Fatalf("got %d, Location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	if line := h.accepted()[0]; line.Token != "thetoken" || line.To != subscription.Endpoint || line.Subject != "It is back" {
		t.Errorf("the log says %+v", line)
	}
	h.playAll()
	var kinds []string
	for _, v := range h.visits("/push/reports") {
		var told report
		if err := json.Unmarshal(v.body, &told); err != nil || told.Token != "thetoken" || told.Kind == "clicked" && told.URL != h.public.URL+"/l/pushlink" {
			t.Errorf("a report says %s", v.body)
		}
		kinds = append(kinds, told.Kind)
	}
	wantList(t, "reports", kinds, "shown", "clicked")
	if len(h.visits("/l/pushlink")) != 1 {
		t.Error("the notification's link was not opened")
	}
}

func TestPushRefuses(t *testing.T) {
	h := build(t, nil)
	good := h.sandbox.NewSubscription("c1")
	foreign := good
	foreign.Endpoint = h.api.URL + "/push/bm9ib2R5.AAAAAAAAAAAAAAAA"
	swapped := good
	other := h.sandbox.NewSubscription("c2")
	swapped.P256dh, swapped.Auth = other.P256dh, other.Auth
	gone := h.sandbox.NewSubscription("c3")
	h.sandbox.gone.Store(h.sandbox.subscriptionID("c3"), struct{}{})
	cases := []struct {
		name string
		to   channels.PushSubscription
		late time.Duration
		want int
	}{
		{"nothing", good, 0, 201},
		{"an endpoint it never gave out", foreign, 0, 404},
		{"an expired subscription", gone, 0, 410},
		{"a proof that is over", good, 13 * time.Hour, 401},
		{"a proof too far ahead", good, -13 * time.Hour, 401},
		{"a message for another browser", swapped, 0, 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if resp := h.notify(c.to, h.payload("t"), c.late); resp.StatusCode != c.want {
				t.Errorf("got %d, want %d", resp.StatusCode, c.want)
			}
		})
	}
	if n := len(h.accepted()); n != 1 {
		t.Errorf("%d messages stand in the log, want 1", n)
	}
}

func TestPushRefusesASenderWhoProvesNothing(t *testing.T) {
	cases := []struct {
		name   string
		tamper func(r *http.Request)
		want   int
	}{
		{"no proof", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"a proof of somebody else's making", func(r *http.Request) {
			proof := r.Header.Get("Authorization")
			at := strings.LastIndexByte(proof, '.') + 5 // inside the signature
			swap := map[bool]string{true: "B", false: "A"}[proof[at] == 'A']
			r.Header.Set("Authorization", proof[:at]+swap+proof[at+1:])
		}, 401},
		{"no TTL", func(r *http.Request) { r.Header.Del("TTL") }, 400},
		{"an encoding of old", func(r *http.Request) { r.Header.Set("Content-Encoding", "aesgcm") }, 400},
		{"a topic too long", func(r *http.Request) { r.Header.Set("Topic", strings.Repeat("x", 33)) }, 400},
		{"an urgency nobody knows", func(r *http.Request) { r.Header.Set("Urgency", "now") }, 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := build(t, nil)
			h.tamper = c.tamper
			if resp := h.notify(h.sandbox.NewSubscription("c1"), h.payload("t"), 0); resp.StatusCode != c.want {
				t.Errorf("got %d, want %d", resp.StatusCode, c.want)
			}
		})
	}
	h := build(t, nil)
	to := h.sandbox.NewSubscription("c1")
	to.Endpoint = strings.Replace(to.Endpoint, "127.0.0.1", "localhost", 1)
	if resp := h.notify(to, h.payload("t"), 0); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a proof for another service: got %d, want 401", resp.StatusCode)
	}
}

func TestANotificationThatCannotBeShownInTimeNeverIs(t *testing.T) {
	h := build(t, func(o *Options) { o.Behaviour.Push = PushBehaviour{Show: 1, Showing: exactly(2 * time.Minute)} }) // it lives for one
	h.notify(h.sandbox.NewSubscription("c1"), h.payload("t"), 0)
	h.playAll()
	if n := len(h.visits("/push/reports")); n != 0 {
		t.Errorf("%d reports came", n)
	}
}

func TestASubscriptionThatExpiresStaysExpired(t *testing.T) {
	h := build(t, func(o *Options) { o.Behaviour.Push.Expire = 1 })
	to := h.sandbox.NewSubscription("c1")
	for range 2 {
		if resp := h.notify(to, h.payload("t"), 0); resp.StatusCode != http.StatusGone {
			t.Errorf("got %d, want 410", resp.StatusCode)
		}
	}
}

func TestSubscriptionsOutliveTheSandbox(t *testing.T) {
	options := Options{SelfURL: "http://127.0.0.1:1", Seed: 3, Now: func() time.Time { return start }}
	first, second := New(options).NewSubscription("c1"), New(options).NewSubscription("c1")
	if first != second {
		t.Errorf("two lives gave %+v and %+v", first, second)
	}
	options.Seed = 4
	if New(options).NewSubscription("c1") == first {
		t.Error("another seed gave the same subscription")
	}
}
