package webhooks

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"

	"rapport/channels"
	"rapport/deliveries"
)

// pixel is a transparent picture of one point (GIF89a).
var pixel, _ = base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

// click leads on to the stored link a token names, and records the click. A
// customer gets where they wanted to go even while nothing can be recorded.
func (d *Doors) click(w http.ResponseWriter, r *http.Request) {
	token, err := d.Addresses.Signer.Open(deliveries.ClickLink, r.PathValue("token"))
	if err != nil {
		d.trouble(w, r, d.stranger(r), http.StatusNotFound, "lost")
		return
	}
	target, err := d.Links.URL(r.Context(), token.Number)
	if err != nil {
		d.Log.Error("a link could not be looked up", "link", token.Number, "error", err)
		d.trouble(w, r, d.stranger(r), http.StatusServiceUnavailable, "again")
		return
	}
	if target == "" {
		d.trouble(w, r, d.stranger(r), http.StatusNotFound, "lost")
		return
	}
	d.look(r, token, url.Values{"link": {target}})
	http.Redirect(w, r, target, http.StatusFound)
}

// open records that an e-mail's pictures were loaded.
func (d *Doors) open(w http.ResponseWriter, r *http.Request) {
	token, err := d.Addresses.Signer.Open(deliveries.OpenPixel, r.PathValue("token"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	d.look(r, token, url.Values{})
	w.Header().Set("Content-Type", "image/gif")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(pixel)
}

// look stores an open or a click, which is read a little later, so that the
// others of the same message can be read with it.
func (d *Doors) look(r *http.Request, token deliveries.Token, what url.Values) {
	callback := d.visit(r, what)
	callback.About = token.Delivery
	if d.ReadAfter > 0 {
		callback.ReadAt = callback.ReceivedAt.Add(d.ReadAfter)
	}
	d.keep(r, callback)
}

// keep stores a visit.
func (d *Doors) keep(r *http.Request, callback channels.Callback) {
	if _, err := d.Inbox.Receive(r.Context(), OwnLinks, callback); err != nil {
		d.Log.Error("a visit could not be recorded", "path", routeOf(r), "error", err)
		return
	}
	d.Ring(r.Context())
}

// visit is a request to one of our links as a callback. Visits look alike, so the
// moment is made part of what is stored.
func (d *Doors) visit(r *http.Request, what url.Values) channels.Callback {
	now := d.Now()
	what.Set("at", strconv.FormatInt(now.UnixMilli(), 10))
	return channels.Callback{
		Method: r.Method, URL: d.Addresses.Base + r.URL.Path,
		Header: kept(r.Header), Body: []byte(what.Encode()), ReceivedAt: now,
	}
}
