package webhooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Names under which callbacks are stored and listeners registered: channel and
// provider.
const (
	SendGrid   = "email/sendgrid"
	TwilioSMS  = "sms/twilio"
	TwilioCall = "call/twilio"
	OwnLinks   = "link"
	LetterForm = "mail/sendgrid" // SendGrid's Inbound Parse
	Letter     = "mail/raw"      // a message of RFC 5322, by whatever way it came
)

const (
	callbackLimit = 5 << 20 // bytes; providers batch their events
	letterLimit   = 30 << 20
	formLimit     = 64 << 10
)

// Doors is the public HTTP side of Rapport.
type Doors struct {
	Addresses deliveries.Doors
	Inbox     deliveries.Inbox
	Links     deliveries.Links
	Record    deliveries.Record
	Catalog   *campaigns.Catalog
	// Listeners verify callbacks, by the names above. A route whose listener is
	// missing is closed.
	Listeners map[string]channels.Listener
	// Talker tells calls what to say; nil closes the route.
	Talker      channels.Talker
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
	// Judge is how long opens and clicks lie before they are read, so that what
	// walks through all links of a letter is known for a machine; 0 is not at all.
	Judge time.Duration
	// Heed puts in force at once what a stored callback of our own links says.
	Heed func(ctx context.Context, provider string, c channels.Callback) error
	// Letters opens the routes by which e-mail comes in.
	Letters Letters
	// Ring tells the workers that there is something to read.
	Ring func(context.Context)
	Now  func() time.Time
	Log  *slog.Logger

	pace pace
}

// Mount adds every public route to a mux.
func (d *Doors) Mount(mux *http.ServeMux) {
	mux.HandleFunc("POST "+deliveries.PathSendGrid, d.callback(SendGrid))
	mux.HandleFunc("POST "+deliveries.PathTwilioText, d.callback(TwilioSMS))
	mux.HandleFunc("POST "+deliveries.PathMessageStatus+"{token}", d.callback(TwilioSMS))
	mux.HandleFunc("POST "+deliveries.PathCallStatus+"{token}", d.callStatus)
	mux.HandleFunc("POST "+deliveries.PathCallScript+"{token}", d.voice)
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
func (d *Doors) callback(provider string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := d.accept(w, r, provider); ok {
			w.WriteHeader(http.StatusNoContent)
		}
	}
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
	callback, ok := d.read(w, r, limit)
	if !ok {
		return callback, false
	}
	if err := listener.Verify(callback); err != nil {
		d.Log.Warn("a callback was refused", "provider", provider, "path", routeOf(r), "error", err)
		http.Error(w, "the signature does not match; check the keys and the public URL", http.StatusForbidden)
		return callback, false
	}
	return callback, d.store(w, r, provider, callback)
}

// store makes a callback durable. The provider hears of trouble, and repeats.
func (d *Doors) store(w http.ResponseWriter, r *http.Request, provider string, c channels.Callback) bool {
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
	case err != nil:
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return channels.Callback{}, false
	}
	return channels.Callback{
		Method: r.Method, URL: d.Addresses.Base + r.URL.RequestURI(),
		Header: kept(r.Header), Body: body, ReceivedAt: d.Now(),
	}, true
}

// kept is what of a request's headers is needed later. Cookies and addresses
// of people are not.
func kept(all http.Header) http.Header {
	header := http.Header{}
	for name, values := range all {
		switch name {
		case "Content-Type", "User-Agent", "X-Twilio-Signature", "I-Twilio-Idempotency-Token",
			"X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp":
			header[name] = values
		}
	}
	return header
}

// routeOf is the matched pattern, which holds no token.
func routeOf(r *http.Request) string { return r.Pattern }
