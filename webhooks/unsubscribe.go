package webhooks

import (
	"io"
	"net/http"
	"net/url"

	"rapport/deliveries"
)

// stopping is what the pages about unsubscribing show.
type stopping struct {
	Kind               string // of message, such as "Offers and news"; "" where not known
	Channel            string // by which it comes
	Preferences, NotMe string // links; "" leads nowhere
	Undo               bool   // the guest may take it back
}

func (d *Doors) stopping(g guest) stopping {
	s := stopping{Kind: g.topic(g.delivery.Topic), Channel: g.speech.W[string(g.delivery.Channel)]}
	if g.customer != nil {
		s.Preferences = d.Addresses.Preferences(g.delivery.ID)
		s.NotMe = d.Addresses.NotMe(g.delivery.ID, g.customer.Address(g.delivery.Channel))
	}
	s.Undo = g.customer != nil && g.edition != nil
	return s
}

// topic is what customers call a topic.
func (g guest) topic(id string) string {
	if g.edition == nil {
		return ""
	}
	topic, known := g.edition.Topic(id)
	if !known {
		return ""
	}
	return topic.TitleIn(g.speech.Locale)
}

// unsubscribePage shows a question; only its answer changes anything, because
// mail scanners follow every link.
func (d *Doors) unsubscribePage(w http.ResponseWriter, r *http.Request, g guest) {
	d.show(w, r, g, http.StatusOK, "unsubscribe", "stop_title", d.stopping(g))
}

// unsubscribe takes the word of the page or of the mail program's own button
// (RFC 8058 §3.2: a POST of List-Unsubscribe=One-Click, without cookies). The
// page also takes it back, from whoever said it there.
func (d *Doors) unsubscribe(w http.ResponseWriter, r *http.Request, g guest) {
	said := url.Values{}
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, formLimit)) // whatever it holds, a POST says stop
	switch form, _ := url.ParseQuery(string(body)); {
	case form.Has("keep") && d.elsewhere(r):
		d.trouble(w, r, g, http.StatusForbidden, "elsewhere")
		return
	case form.Has("keep"):
		d.keepSending(w, r, g)
		return
	case form.Has("page"):
		said.Set("page", "1")
	}
	if d.wish(w, r, g, said) {
		d.show(w, r, g, http.StatusOK, "unsubscribed", "stopped_title", d.stopping(g))
	}
}

// keepSending takes an unsubscribe back that was a mistake. Nobody can say yes
// by it who has not said no by the same link.
func (d *Doors) keepSending(w http.ResponseWriter, r *http.Request, g guest) {
	if g.customer == nil || g.delivery.Status != deliveries.Unsubscribed {
		d.show(w, r, g, http.StatusConflict, "unsubscribe", "stop_title", d.stopping(g))
		return
	}
	if d.wish(w, r, g, url.Values{"yes": {choiceName(g.delivery.Topic, g.delivery.Channel)}}) {
		d.show(w, r, g, http.StatusOK, "undone", "undone_title", d.stopping(g))
	}
}
