package webhooks

import (
	"net/http"
	"net/url"

	"rapport/deliveries"
)

// pushKey is the public key a shop's page subscribes browsers with.
func (d *Doors) pushKey(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(d.PushKey))
}

// pushReport takes what a service worker tells about a notification. The token
// in it is the proof.
func (d *Doors) pushReport(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	var report struct {
		Token string `json:"token"`
		Kind  string `json:"kind"`
		Link  string `json:"url"`
		// Action is the button that was pressed; "" is the notification itself.
		Action string `json:"action"`
	}
	if !decode(w, r, formLimit, &report) {
		return
	}
	if _, err := d.Addresses.Signer.Open(deliveries.PushReport, report.Token); err != nil {
		http.NotFound(w, r)
		return
	}
	if d.store(w, r, OwnLinks, d.visit(r, url.Values{
		"token": {report.Token}, "kind": {report.Kind}, "link": {report.Link}, "action": {report.Action},
	})) {
		w.WriteHeader(http.StatusNoContent)
	}
}
