package webhooks

import (
	"net/http"
	"net/url"

	"rapport/deliveries"
)

// unsubscribePage shows a question; only its answer changes anything, because
// mail scanners follow every link.
func (d *Doors) unsubscribePage(w http.ResponseWriter, r *http.Request) {
	if _, err := d.Addresses.Signer.Open(deliveries.Unsubscribe, r.PathValue("token")); err != nil {
		http.NotFound(w, r)
		return
	}
	d.show(w, r, http.StatusOK, "unsubscribe", page{Brand: d.brand(r)})
}

// unsubscribe takes the word of the page or of the mail program's own button
// (RFC 8058 §3.2: a POST of List-Unsubscribe=One-Click, without cookies).
func (d *Doors) unsubscribe(w http.ResponseWriter, r *http.Request) {
	if _, err := d.Addresses.Signer.Open(deliveries.Unsubscribe, r.PathValue("token")); err != nil {
		http.NotFound(w, r)
		return
	}
	if !d.store(w, r, OwnLinks, d.visit(r, url.Values{})) {
		return
	}
	d.show(w, r, http.StatusOK, "unsubscribed", page{Brand: d.brand(r)})
}
