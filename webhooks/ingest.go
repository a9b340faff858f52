package webhooks

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/telemetry"
)

// Limits of Segment's HTTP API; a body beyond them is answered 400, as there.
const (
	eventLimit = 32 << 10
	batchLimit = 500 << 10
	batchMost  = 2500
)

// Ingest takes live events in the form of Segment's HTTP API: POST
// /v1/identify, /v1/track and /v1/batch, Basic auth with a write key. An event
// is durable before it is answered and counted once by its messageId. What comes
// to POST /v1/history, in the form of a batch, stands on the timeline where it
// happened. History triggers nothing as an event; but a customer whom it moves into or
// out of a watched segment starts that segment's campaigns as usual.
//
// The sound messages of a batch are taken, as clients drop a batch that is
// refused. The answer names the others, each by its place; when none is left
// to take it is a 400. What was left out of those taken, such as a number that is none,
// is named beside; no value of theirs is repeated, there or in the log.
type Ingest struct {
	Catalog  *campaigns.Catalog
	Registry customers.Registry
	Messages customers.Messages
	// WriteKeys are those accepted; without any the doors are closed.
	WriteKeys []string
	Ring      func(context.Context)
	Metrics   *telemetry.Metrics
	Trails    deliveries.Trails // nil: no traces are kept
	Now       func() time.Time
	Log       *slog.Logger
}

// Mount adds the routes to a mux.
func (i *Ingest) Mount(mux *http.ServeMux) {
	for _, kind := range kinds {
		mux.HandleFunc("POST /v1/"+kind, i.single(kind))
	}
	mux.HandleFunc("POST /v1/batch", i.batch(false))
	mux.HandleFunc("POST /v1/import", i.batch(false)) // which Segment's clients for Ruby call for what happens now
	mux.HandleFunc("POST /v1/history", i.batch(true))
	mux.HandleFunc("/v1/", nowhere)
}

// kinds are the types of messages, each with a route of its own; batches are the other
// routes.
var (
	kinds   = []string{"identify", "track", "page", "screen", "group", "alias"}
	batches = []string{"batch", "import", "history"}
)

// nowhere answers what is no route of these, or comes by another method, as machines
// read it.
func nowhere(w http.ResponseWriter, r *http.Request) {
	routes := slices.Concat(kinds, batches)
	if slices.Contains(routes, strings.TrimPrefix(r.URL.Path, "/v1/")) {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "send it by POST")
		return
	}
	refuse(w, http.StatusNotFound, "there is no such route; those there are begin with /v1/ and end with "+strings.Join(routes, ", "))
}

func (i *Ingest) single(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var message json.RawMessage
		if i.authorised(w, r) && decode(w, r, eventLimit, &message) {
			i.take(w, r, func(t *taking) { t.single(kind, message) })
		}
	}
}

func (i *Ingest) batch(history bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var whole json.RawMessage
		if !i.authorised(w, r) || !decode(w, r, batchLimit, &whole) {
			return
		}
		var b batchBody
		if err := json.Unmarshal(whole, &b); err != nil {
			mend := ""
			if bytes.HasPrefix(bytes.TrimSpace(whole), []byte("[")) {
				mend = `; send {"batch": [ … ]}`
			}
			refuse(w, http.StatusBadRequest, "the body is not the JSON expected here: "+place(err)+mend)
			return
		}
		switch {
		case b.Batch == nil:
			refuse(w, http.StatusBadRequest, "batch is missing")
			return
		case len(b.Batch) > batchMost:
			refuse(w, http.StatusBadRequest, fmt.Sprintf("batch has %d messages; send at most %d", len(b.Batch), batchMost))
			return
		}
		i.take(w, r, func(t *taking) {
			t.history = history
			t.batch(b)
		})
	}
}

// take makes what a request says durable, and answers.
func (i *Ingest) take(w http.ResponseWriter, r *http.Request, read func(*taking)) {
	now := i.Now()
	edition, err := i.Catalog.Current(r.Context())
	if err != nil {
		i.Log.Error("events cannot be taken", "error", err)
		refuse(w, http.StatusServiceUnavailable, "not ready; send it again")
		return
	}
	t := newTaking(edition.Workspace, now)
	read(t)
	if len(t.mistakes) > 0 {
		i.Log.Warn("messages were refused", "path", routeOf(r), "refused", len(t.mistakes), "taken", t.taken, "first", t.mistakes[0])
	}
	if len(t.mistakes) > 0 && t.taken == 0 {
		i.Metrics.Ingested(0, len(t.mistakes), 0)
		refuse(w, http.StatusBadRequest, "nothing was taken", t.mistakes...)
		return
	}
	if t.leftOut > 0 {
		i.Log.Info("something was left out of messages", "path", routeOf(r), "left_out", t.leftOut, "first", t.left[0])
	}
	repeated, err := i.keep(r.Context(), t, now)
	if err != nil {
		i.Metrics.Ingested(0, len(t.mistakes), t.taken)
		i.Log.Error("events could not be stored", "messages", t.taken, "error", err)
		refuse(w, http.StatusServiceUnavailable, "not stored; send it again")
		return
	}
	i.Metrics.Ingested(t.taken, len(t.mistakes), 0)
	i.Ring(r.Context())
	reply(w, http.StatusOK, verdict{Success: true, Mistakes: t.mistakes, Repeated: repeated, LeftOut: t.leftover()})
}

// keep makes what was taken durable, and tells of orders that are in no sum. It returns
// how many messages had come before.
func (i *Ingest) keep(ctx context.Context, t *taking, now time.Time) (repeated int, err error) {
	if len(t.messages) == 0 {
		return 0, nil
	}
	take := i.Messages.Take
	if t.history {
		take = i.Messages.TakePast
	}
	if repeated, err = take(ctx, now, t.messages); err != nil {
		return 0, err
	}
	var events []customers.Event
	abroad := 0
	for _, m := range t.messages {
		if m.Event != nil {
			events = append(events, *m.Event)
		}
		if m.Order != nil && m.Order.Abroad() {
			abroad++
		}
	}
	if abroad > 0 {
		i.Log.Warn("orders came in another currency than the workspace's: they are kept, and in no total", "orders", abroad)
	}
	if !t.history {
		i.trail(ctx, events, now)
	}
	return repeated, nil
}

// trail remembers the trace that events came by, where it is kept: the journeys
// that they begin go on with it. Nobody's event is refused over it.
func (i *Ingest) trail(ctx context.Context, events []customers.Event, now time.Time) {
	mark := telemetry.Mark(ctx)
	if i.Trails == nil || mark == "" || len(events) == 0 {
		return
	}
	_ = i.Trails.MarkEvents(ctx, events, mark, now)
}

// authorised checks the write key, given as the user of Basic auth with an
// empty password.
func (i *Ingest) authorised(w http.ResponseWriter, r *http.Request) bool {
	key, _, given := r.BasicAuth()
	known := slices.ContainsFunc(i.WriteKeys, func(k string) bool {
		return k != "" && subtle.ConstantTimeCompare([]byte(k), []byte(key)) == 1
	})
	if !given || !known {
		w.Header().Set("WWW-Authenticate", `Basic realm="write key"`)
		refuse(w, http.StatusUnauthorized, "send a known write key as the Basic-auth user name; one in the body is not read")
		return false
	}
	return true
}

// verdict is the answer to a request for machines.
type verdict struct {
	Success  bool     `json:"success"`
	Message  string   `json:"message,omitempty"`
	Mistakes []string `json:"mistakes,omitempty"` // of messages that were refused
	Repeated int      `json:"repeated,omitempty"` // messages that had come before, and were not taken again
	LeftOut  []string `json:"left_out,omitempty"` // of those that were taken
}

func refuse(w http.ResponseWriter, status int, why string, mistakes ...string) {
	reply(w, status, verdict{Message: why, Mistakes: mistakes})
}

func reply(w http.ResponseWriter, status int, v verdict) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that hung up hears nothing more
}
