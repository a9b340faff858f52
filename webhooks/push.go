package webhooks

import (
	_ "embed"
	"errors"
	"net/http"
	"net/url"

	"rapport/channels"
	"rapport/deliveries"
)

//go:embed pages/worker.js
var pushWorkerScript []byte

// pushKey is the public key a shop's page subscribes browsers with.
func (d *Doors) pushKey(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(d.PushKey))
}

// pushWorker is the service worker a shop serves from its own origin.
func (d *Doors) pushWorker(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write(pushWorkerScript)
}

// subscription is what the shop's server sends after a browser subscribed. It
// takes a write key: a stranger must not bind a browser to a customer.
type subscription struct {
	UserID       string `json:"userId"`
	Subscription struct {
		Endpoint string `json:"endpoint"`
		Keys     struct {
			P256dh string `json:"p256dh"`
			Auth   string `json:"auth"`
		} `json:"keys"`
	} `json:"subscription"`
}

func (s subscription) browser() channels.PushSubscription {
	return channels.PushSubscription{
		Endpoint: s.Subscription.Endpoint, P256dh: s.Subscription.Keys.P256dh, Auth: s.Subscription.Keys.Auth,
	}
}

// check says what is wrong with a subscription. What the sender would refuse
// later is refused now: its endpoint may point anywhere.
func (s subscription) check(sender channels.Checker) error {
	keys := s.browser()
	switch {
	case s.UserID == "":
		return errors.New("userId is missing")
	case keys.Endpoint == "":
		return errors.New("subscription.endpoint is missing")
	case keys.P256dh == "" || keys.Auth == "":
		return errors.New("subscription.keys needs p256dh and auth")
	case sender == nil:
		return nil
	}
	return sender.Check(channels.Message{To: keys.Endpoint, Push: &keys, Content: channels.Content{Push: &channels.PushContent{Title: "Hello"}}})
}

func (d *Doors) pushSubscribe(w http.ResponseWriter, r *http.Request) {
	var s subscription
	if !d.Ingest.authorised(w, r) || !decode(w, r, formLimit, &s) {
		return
	}
	if err := s.check(d.PushCheck); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := d.Preferences.Subscribe(r.Context(), s.UserID, s.browser(), d.Now()); err != nil {
		d.Log.Error("a push subscription could not be stored", "error", err)
		refuse(w, http.StatusServiceUnavailable, "not stored; send it again")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// pushReport takes what a service worker tells about a notification. The token
// in it is the proof.
func (d *Doors) pushReport(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	var report struct {
		Token string `json:"token"`
		Kind  string `json:"kind"`
		Link  string `json:"url"`
	}
	if !decode(w, r, formLimit, &report) {
		return
	}
	if _, err := d.Addresses.Signer.Open(deliveries.PushReport, report.Token); err != nil {
		http.NotFound(w, r)
		return
	}
	if d.store(w, r, OwnLinks, d.visit(r, url.Values{"token": {report.Token}, "kind": {report.Kind}, "link": {report.Link}})) {
		w.WriteHeader(http.StatusNoContent)
	}
}
