package webhooks

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"rapport/channels"
	"rapport/customers"
)

// subscription is what a page, its service worker or the shop's server says of a
// browser that subscribed. Whose it is must be proven: by the write key, or by an
// identity that the shop's server signed. Without either it is an anonymous
// visitor's, whatever the page says; and a browser that is a customer's stays
// theirs.
type subscription struct {
	UserID      string `json:"userId"`
	AnonymousID string `json:"anonymousId"`
	Identity    string `json:"identity"`
	// Topic is what the visitor asked to hear of; "" asks for nothing.
	Topic string `json:"topic"`
	// Replaces is the endpoint the same browser had before.
	Replaces     string `json:"replaces"`
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

// anonymousForm is what a visitor's id looks like.
var anonymousForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{8,64}$`)

// check says what is wrong with a subscription. What the sender would refuse
// later is refused now: its endpoint may point anywhere.
func (s subscription) check(sender channels.Checker) error {
	keys := s.browser()
	switch {
	case s.UserID == "" && s.AnonymousID == "" && s.Replaces == "":
		return errors.New("userId or anonymousId is missing")
	case unkeepable(s.UserID) != "":
		return errors.New("userId " + unkeepable(s.UserID))
	case s.AnonymousID != "" && !anonymousForm.MatchString(s.AnonymousID):
		return errors.New("anonymousId is not 8 to 64 letters, digits, _ . -")
	case keys.Endpoint == "":
		return errors.New("subscription.endpoint is missing")
	case keys.P256dh == "" || keys.Auth == "":
		return errors.New("subscription.keys needs p256dh and auth")
	case sender == nil:
		return nil
	}
	return sender.Check(channels.Message{To: keys.Endpoint, Push: &keys, Content: channels.Content{Push: &channels.PushContent{Title: "Hello"}}})
}

// pushSubscribe keeps a subscription: the shop's server's, a page's, or the
// renewed one of a service worker.
func (d *Doors) pushSubscribe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	var s subscription
	_, _, withKey := r.BasicAuth()
	if withKey && !d.Ingest.authorised(w, r) || !decode(w, r, formLimit, &s) {
		return
	}
	proven := withKey || d.Ingest.identified(s.UserID, s.Identity, d.Now()) // as it was signed
	s.UserID = strings.TrimSpace(s.UserID)
	if err := s.check(d.PushCheck); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if s.Topic != "" && !d.hasTopic(r, s.Topic) {
		refuse(w, http.StatusBadRequest, "topic is none of rapport.yaml's")
		return
	}
	if !proven && s.Identity != "" {
		refuse(w, http.StatusForbidden, "the identity is not genuine, or over; let the shop's server sign a new one")
		return
	}
	if !proven && s.UserID != "" && s.AnonymousID+s.Replaces == "" && !d.Ingest.authorised(w, r) {
		return // a page that names a customer and proves nothing
	}
	if !proven && s.AnonymousID != "" && d.hurried(w, r, s.AnonymousID) {
		return
	}
	if err := d.keepBrowser(r.Context(), s, proven); err != nil {
		d.Log.Error("a push subscription could not be stored", "error", err)
		refuse(w, http.StatusServiceUnavailable, "not stored; send it again")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// hurried reports whether an anonymous visitor comes too often, or with too many
// others whom nobody knows: anybody can make visitors up, and each becomes a
// profile. Where it says so it has answered.
func (d *Doors) hurried(w http.ResponseWriter, r *http.Request, visitor string) bool {
	now, who := d.Now(), anonymous+visitor
	slow := !d.visitors.allows(visitor, visits, now)
	if !slow {
		known, err := d.Directory.Load(r.Context(), []string{who}, now)
		if err != nil {
			d.Log.Error("a visitor could not be looked up", "error", err)
			refuse(w, http.StatusServiceUnavailable, "not stored; send it again")
			return true
		}
		slow = known[who] == nil && !d.newcomers.allows(struct{}{}, newcomers, now)
	}
	if slow {
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "too many subscriptions of anonymous visitors; send it again in a minute")
	}
	return slow
}

// keepBrowser binds a browser to a customer whose it is proven to be, to whom it
// was before, or to an anonymous visitor.
func (d *Doors) keepBrowser(ctx context.Context, s subscription, proven bool) error {
	now := d.Now()
	if s.Replaces != "" {
		if known, err := d.Visitors.Renew(ctx, s.Replaces, s.browser(), now); known || err != nil || s.UserID+s.AnonymousID == "" {
			return err
		}
	}
	who := anonymous + s.AnonymousID
	switch {
	case proven && s.UserID != "":
		who = s.UserID
		if _, err := d.Ingest.Registry.PutCustomers(ctx, now, []customers.Customer{{ID: who}}); err != nil {
			return err
		}
		if err := d.Preferences.Subscribe(ctx, who, s.browser(), now); err != nil {
			return err
		}
	case s.AnonymousID == "": // the subscription it replaces is not known any more
		return nil
	default:
		if _, err := d.Ingest.Registry.PutCustomers(ctx, now, []customers.Customer{{ID: who}}); err != nil {
			return err
		}
		if bound, err := d.Visitors.SubscribeVisitor(ctx, who, s.browser(), now); err != nil || !bound {
			return err
		}
	}
	if s.Topic == "" {
		return nil
	}
	return d.Preferences.Consent(ctx, now, []customers.Consent{{Customer: who, Topic: s.Topic, Channel: channels.Push, In: true, At: now, Source: customers.ByPage}})
}

func (d *Doors) hasTopic(r *http.Request, id string) bool {
	edition, err := d.Catalog.Current(r.Context())
	if err != nil {
		return false
	}
	_, known := edition.Topic(id)
	return known
}

// pushUnsubscribe forgets a browser. Its endpoint is known to it and to us only,
// and is the proof.
func (d *Doors) pushUnsubscribe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	var gone struct {
		Endpoint string `json:"endpoint"`
	}
	if !decode(w, r, formLimit, &gone) {
		return
	}
	if err := d.Preferences.Unsubscribe(r.Context(), gone.Endpoint); err != nil {
		d.Log.Error("a push subscription could not be removed", "error", err)
		refuse(w, http.StatusServiceUnavailable, "not removed; send it again")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
