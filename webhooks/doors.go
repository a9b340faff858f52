package webhooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Names under which callbacks are stored and listeners registered, beside those
// of the outlets that providers are (deliveries.Outlet) and of LetterForm.
const (
	OwnLinks = "link"
	Letter   = "mail/raw" // a message of RFC 5322, by whatever way it came
)

const (
	callbackLimit = 5 << 20 // bytes; providers batch their events
	letterLimit   = 30 << 20
	formLimit     = 64 << 10
)

// Doors is the public HTTP side of Rapport.
type Doors struct {
	Addresses deliveries.Addresses
	Inbox     deliveries.Inbox
	Links     deliveries.Links
	Record    deliveries.Record
	Catalog   *campaigns.Catalog
	// Listeners verify callbacks, by the names above. A route whose listener is
	// missing is closed. One that is a Talker tells calls what to say.
	Listeners   map[string]channels.Listener
	Directory   customers.Directory
	Preferences customers.Preferences
	Visitors    customers.Visitors
	// PushKey is the public VAPID key browsers subscribe with; "" closes the
	// push routes.
	PushKey string
	// PushCheck judges a subscription before it is kept; nil keeps any that is
	// complete.
	PushCheck channels.Checker
	Ingest    *Ingest
	// ReadAfter is how long opens and clicks lie before they are read, so that what
	// walks through all links of a letter is known for a machine; 0 is not at all.
	ReadAfter time.Duration
	// Heed puts in force at once what a stored callback of our own links says.
	Heed func(ctx context.Context, provider string, c channels.Callback) error
	// Letters opens the routes by which e-mail comes in.
	Letters Letters
	// Ring tells the workers that there is something to read.
	Ring func(context.Context)
	Now  func() time.Time
	Log  *slog.Logger

	links     pace[deliveries.Token]
	visitors  pace[string]
	newcomers pace[struct{}]
}

// Mount adds every public route to a mux.
func (d *Doors) Mount(mux *http.ServeMux) {
	const hooks = "POST " + deliveries.PathHooks + "{channel}/{provider}"
	mux.HandleFunc(hooks, d.callback)
	mux.HandleFunc(hooks+deliveries.HookStatus+"{token}", d.status)
	mux.HandleFunc(hooks+deliveries.HookScript+"{token}", d.voice)
	mux.HandleFunc("GET "+deliveries.PathClick+"{token}", d.click)
	mux.HandleFunc("GET "+deliveries.PathOpen+"{token}", d.open)
	mux.HandleFunc("GET "+deliveries.PathUnsubscribe+"{token}", d.guests(deliveries.Unsubscribe, d.unsubscribePage))
	mux.HandleFunc("POST "+deliveries.PathUnsubscribe+"{token}", d.guests(deliveries.Unsubscribe, d.unsubscribe))
	mux.HandleFunc("GET "+deliveries.PathPreferences+"{token}", d.guests(deliveries.Preferences, d.preferencesPage))
	mux.HandleFunc("POST "+deliveries.PathPreferences+"{token}", d.guests(deliveries.Preferences, d.preferences))
	mux.HandleFunc("GET "+deliveries.PathSurvey+"{token}", d.asked(d.surveyPage))
	mux.HandleFunc("POST "+deliveries.PathSurvey+"{token}", d.asked(d.survey))
	mux.HandleFunc("GET "+deliveries.PathNotMe+"{token}", d.guests(deliveries.NotMe, d.notMePage))
	mux.HandleFunc("POST "+deliveries.PathNotMe+"{token}", d.guests(deliveries.NotMe, d.notMe))
	d.mountLetters(mux)
	if d.PushKey != "" {
		mux.HandleFunc("GET "+deliveries.PathPushKey, d.pushKey)
		mux.HandleFunc("GET "+deliveries.PathPushWorker, d.script(workerScript))
		mux.HandleFunc("GET "+deliveries.PathPushScript, d.script(subscribeScript))
		mux.HandleFunc("POST "+deliveries.PathPushGone, d.pushUnsubscribe)
		mux.HandleFunc("POST "+deliveries.PathPushSubscribe, d.pushSubscribe)
		mux.HandleFunc("POST "+deliveries.PathPushReports, d.pushReport)
	}
	d.Ingest.Mount(mux)
}

// callback takes a provider's callback: verified, stored, answered, in that
// order. It is read later.
func (d *Doors) callback(w http.ResponseWriter, r *http.Request) {
	if _, ok := d.accept(w, r, outletOf(r).String()); ok {
		w.WriteHeader(http.StatusNoContent)
	}
}

// outletOf is the outlet whose provider a request's path names; the zero Outlet,
// to which nobody listens, where the path names no channel of ours.
func outletOf(r *http.Request) deliveries.Outlet {
	ch := channels.Channel(r.PathValue("channel"))
	if !ch.Valid() {
		return deliveries.Outlet{}
	}
	return deliveries.Outlet{Channel: ch, Provider: r.PathValue("provider")}
}

// accept verifies a callback and makes it durable. Where it says no it has
// answered already.
func (d *Doors) accept(w http.ResponseWriter, r *http.Request, provider string) (channels.Callback, bool) {
	return d.acceptUpTo(callbackLimit, w, r, provider)
}

func (d *Doors) acceptUpTo(limit int64, w http.ResponseWriter, r *http.Request, provider string) (channels.Callback, bool) {
	listener := d.Listeners[provider]
	if listener == nil {
		http.NotFound(w, r)
		return channels.Callback{}, false
	}
	if !d.sealed(w, r, provider) {
		return channels.Callback{}, false
	}
	callback, ok := d.read(w, r, limit)
	if !ok {
		return callback, false
	}
	if err := listener.Verify(callback); err != nil {
		d.refuse(w, r, provider, err)
		return callback, false
	}
	return callback, d.store(w, r, provider, callback)
}

// sealed turns away, before anything of its body is read, what bears no signature
// where the provider's listener can tell.
func (d *Doors) sealed(w http.ResponseWriter, r *http.Request, provider string) bool {
	if listener, can := d.Listeners[provider].(channels.Sealed); !can || listener.Sealed(r.Header) {
		return true
	}
	d.refuse(w, r, provider, errUnsealed)
	return false
}

var errUnsealed = errors.New("it bears no signature")

// refuse answers what proves nothing.
func (d *Doors) refuse(w http.ResponseWriter, r *http.Request, provider string, err error) {
	d.Log.Warn("a callback was refused", "provider", provider, "path", routeOf(r), "error", err)
	http.Error(w, "the signature does not match; check the keys and the public URL", http.StatusForbidden)
}

// store makes a callback durable. The provider hears of trouble, and repeats.
func (d *Doors) store(w http.ResponseWriter, r *http.Request, provider string, c channels.Callback) bool {
	c.Header = kept(c.Header)
	if _, err := d.Inbox.Receive(r.Context(), provider, c); err != nil {
		d.Log.Error("a callback could not be stored", "provider", provider, "error", err)
		http.Error(w, "not stored; send it again", http.StatusServiceUnavailable)
		return false
	}
	d.Ring(r.Context())
	return true
}

// read takes a request's bytes as they came and puts them under the configured
// URL, whatever host the request claims.
func (d *Doors) read(w http.ResponseWriter, r *http.Request, limit int64) (channels.Callback, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, fmt.Sprintf("the body is too large; at most %d KiB are taken", limit>>10), http.StatusRequestEntityTooLarge)
		return channels.Callback{}, false
	case errors.Is(err, channels.ErrNoRoom):
		crowded(w)
		return channels.Callback{}, false
	case errors.Is(err, os.ErrDeadlineExceeded): // a slow line is no mistake: the sender is to try again
		http.Error(w, "the body took too long; send it again", http.StatusServiceUnavailable)
		return channels.Callback{}, false
	case err != nil:
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return channels.Callback{}, false
	}
	return channels.Callback{
		Method: r.Method, URL: d.Addresses.Base + r.URL.RequestURI(),
		Header: r.Header, Body: body, ReceivedAt: d.Now(),
	}, true
}

// kept is what of a request's headers is needed later. What proved a callback,
// cookies and addresses of people are not.
func kept(all http.Header) http.Header {
	header := http.Header{}
	for _, name := range []string{"Content-Type", "User-Agent"} {
		if values := all.Values(name); len(values) > 0 {
			header[name] = values
		}
	}
	return header
}

// routeOf is the matched pattern, which holds no token.
func routeOf(r *http.Request) string { return r.Pattern }
