package webhooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// guest is somebody who followed a link of ours: the delivery it stands in and
// the customer that went to. Whoever holds the link may be somebody else, so no
// page shows anything of the customer's but what they chose.
type guest struct {
	token    deliveries.Token
	delivery deliveries.Delivery // zero where the ledger knows it no more
	customer *customers.Customer // nil where nobody has the id any more
	edition  *campaigns.Edition  // nil where no workspace can be read
	speech   speech
}

// guests serves those whose link was made for a purpose. Everybody else, and
// whoever comes too often, is told so.
func (d *Doors) guests(purpose deliveries.Purpose, serve func(http.ResponseWriter, *http.Request, guest)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, err := d.Addresses.Signer.Open(purpose, r.PathValue("token"))
		if err != nil {
			d.trouble(w, r, d.stranger(r), http.StatusNotFound, "lost")
			return
		}
		if !d.links.allows(token, visits, d.Now()) {
			w.Header().Set("Retry-After", "60")
			d.trouble(w, r, d.stranger(r), http.StatusTooManyRequests, "busy")
			return
		}
		g, err := d.meet(r, token)
		if err != nil {
			d.Log.Error("a guest could not be looked up", "path", routeOf(r), "delivery", token.Delivery, "error", err)
			d.trouble(w, r, d.stranger(r), http.StatusServiceUnavailable, "again")
			return
		}
		serve(w, r, g)
	}
}

// meet looks up who follows a link.
func (d *Doors) meet(r *http.Request, token deliveries.Token) (guest, error) {
	g := d.stranger(r)
	g.token = token
	found, err := d.Record.Lookup(r.Context(), []deliveries.Ref{{ID: token.Delivery}})
	if err != nil {
		return g, err
	}
	g.delivery = found[0]
	return g, d.recall(r.Context(), &g)
}

// recall reads the guest's customer, and what they have chosen by now.
func (d *Doors) recall(ctx context.Context, g *guest) error {
	if g.delivery.Customer == "" {
		return nil
	}
	people, err := d.Directory.Load(ctx, []string{g.delivery.Customer}, d.Now())
	if err != nil {
		return fmt.Errorf("load the customer of delivery %d: %w", g.delivery.ID, err)
	}
	if g.customer = people[g.delivery.Customer]; g.customer != nil {
		g.speech = spoken(g.customer.Locale, g.locale())
	}
	return nil
}

// stranger is a guest of whom nothing is known but their browser's languages.
func (d *Doors) stranger(r *http.Request) guest {
	g := guest{}
	edition, err := d.Catalog.Current(r.Context())
	if err == nil {
		g.edition = edition
	} else if !errors.Is(err, campaigns.ErrNoWorkspace) {
		d.Log.Error("the workspace cannot be read; pages go without its brand", "path", routeOf(r), "error", err)
	}
	g.speech = spoken(accepted(r.Header.Get("Accept-Language")), g.locale())
	return g
}

// locale is the workspace's.
func (g guest) locale() string {
	if g.edition == nil {
		return ""
	}
	return g.edition.Locale
}

// brand is the shop's look; empty while no workspace can be read.
func (g guest) brand() campaigns.Brand {
	if g.edition == nil {
		return campaigns.Brand{}
	}
	return g.edition.Brand
}

// form reads what a page of ours sent. Where it says no it has answered.
func (d *Doors) form(w http.ResponseWriter, r *http.Request, g guest) (url.Values, bool) {
	if d.elsewhere(r) {
		d.trouble(w, r, g, http.StatusForbidden, "elsewhere")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, formLimit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		d.trouble(w, r, g, http.StatusRequestEntityTooLarge, "long")
		return nil, false
	}
	form, parsed := url.ParseQuery(string(body))
	if err != nil || parsed != nil {
		d.trouble(w, r, g, http.StatusBadRequest, "again")
		return nil, false
	}
	return form, true
}

// elsewhere reports whether a browser says that another site's page sent the
// form. A link is enough to say stop (RFC 8058), but not to have a stranger's
// page say more with it. Browsers that keep the origin to themselves send
// "null", as our own pages' policy makes them.
func (d *Doors) elsewhere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	return origin != "" && origin != "null" && origin != originOf(d.Addresses.Base)
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// wish makes durable what a guest said and puts it in force, before they are
// told so. Where it cannot it has answered. While no workspace can be read
// nothing is sent, so that what is durable is soon enough.
func (d *Doors) wish(w http.ResponseWriter, r *http.Request, g guest, said url.Values) bool {
	callback := d.visit(r, said)
	if _, err := d.Inbox.Receive(r.Context(), OwnLinks, callback); err != nil {
		d.Log.Error("a guest's word could not be stored", "path", routeOf(r), "error", err)
		d.trouble(w, r, g, http.StatusServiceUnavailable, "again")
		return false
	}
	err := d.Heed(r.Context(), OwnLinks, callback)
	d.Ring(r.Context())
	if err != nil {
		d.Log.Error("a guest's word is stored and not yet in force", "path", routeOf(r), "delivery", g.token.Delivery, "error", err)
	}
	if err != nil && g.edition != nil {
		d.trouble(w, r, g, http.StatusServiceUnavailable, "again")
		return false
	}
	return true
}
