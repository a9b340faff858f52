package webhooks

import (
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// Letters says how e-mail may come in over HTTP. What nothing here opens stays
// closed.
type Letters struct {
	// Forms are the services that post each e-mail in a form of theirs, by name.
	Forms map[string]FormDoor
	// Secrets open the route for raw messages to who bears one.
	Secrets []string
	// Memory is what they share with letters that come in by other ways.
	Memory *channels.LetterMemory
}

// FormDoor is how one service's forms come in.
type FormDoor struct {
	// Signed opens the route to forms that the service's listener verifies.
	Signed bool
	// Secrets open it to forms that are posted to its path with one of them at the
	// end.
	Secrets []string
}

// LetterForm is the name under which a service's forms are stored and its
// listener is registered.
func LetterForm(service string) string { return "mail/" + service }

// lettersAtOnce is how many letters may be on their way in at once by one route:
// each is held in memory whole. Routes share no places, for a form can be judged
// only when it is read, and strangers who send slowly must not stop the others;
// large letters share Letters.Memory. A letter waits so long for a place, and is to be
// sent again where there is none, or no room.
const (
	lettersAtOnce = 8
	placeWithin   = 3 * time.Second
)

// mountLetters adds the routes for e-mail that comes in.
func (d *Doors) mountLetters(mux *http.ServeMux) {
	handle := func(pattern, signedBy string, handler http.HandlerFunc) {
		places := make(chan struct{}, lettersAtOnce)
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if signedBy != "" && !d.sealed(w, r, signedBy) {
				return // it takes nobody's place
			}
			patience := time.NewTimer(placeWithin)
			defer patience.Stop()
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
				body, done := d.Letters.Memory.Letter(r.Body)
				defer done()
				r.Body = struct {
					io.Reader
					io.Closer
				}{body, r.Body}
				handler(w, r)
			case <-patience.C:
				crowded(w)
			case <-r.Context().Done():
			}
		})
	}
	for service, door := range d.Letters.Forms {
		path := deliveries.PathLetter + "/" + service
		if door.Signed {
			handle("POST "+path, LetterForm(service), d.signedForm(LetterForm(service)))
		}
		if len(door.Secrets) > 0 {
			handle("POST "+path+"/{secret}", "", d.secretForm(LetterForm(service), d.Addresses.Base+path, door.Secrets))
		}
	}
	if len(d.Letters.Secrets) > 0 {
		handle("POST "+deliveries.PathLetter, "", d.letter)
	}
}

// crowded answers a letter that is to come again.
func crowded(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	http.Error(w, "many letters are coming in; send it again", http.StatusServiceUnavailable)
}

// signedForm takes a form that its service signed.
func (d *Doors) signedForm(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := d.acceptUpTo(letterLimit, w, r, name); ok {
			w.WriteHeader(http.StatusOK) // services repeat what is answered otherwise, 204 among it
		}
	}
}

// secretForm takes a form from who knows the path. The secret is not stored.
func (d *Doors) secretForm(name, url string, secrets []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !among(secrets, r.PathValue("secret")) {
			http.NotFound(w, r)
			return
		}
		callback, ok := d.read(w, r, letterLimit)
		callback.URL = url
		if ok && d.store(w, r, name, callback) {
			w.WriteHeader(http.StatusOK)
		}
	}
}

// letter takes a raw message (RFC 5322), with its envelope in Envelope-From and
// Envelope-To where the server that brings it knows it.
func (d *Doors) letter(w http.ResponseWriter, r *http.Request) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !among(d.Letters.Secrets, bearer) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "send a secret of inbound.http: Authorization: Bearer …", http.StatusUnauthorized)
		return
	}
	callback, ok := d.read(w, r, letterLimit)
	if !ok {
		return
	}
	callback.Header = nil
	if from := r.Header.Values("Envelope-From"); len(from) > 0 {
		callback.Body = channels.Traced(strings.Trim(from[0], "<> "), r.Header.Values("Envelope-To"), callback.Body)
	}
	if d.store(w, r, Letter, callback) {
		w.WriteHeader(http.StatusNoContent)
	}
}

// among reports whether a text is one of the secrets, in a time that does not
// tell how much of it is right.
func among(secrets []string, text string) bool {
	given, found := sha256.Sum256([]byte(text)), 0
	for _, secret := range secrets {
		one := sha256.Sum256([]byte(secret))
		found |= subtle.ConstantTimeCompare(one[:], given[:])
	}
	return found == 1 && text != ""
}
