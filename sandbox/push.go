package sandbox

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// pushError is the form of an error of Mozilla's push service.
type pushError struct {
	Code     int    `json:"code"`
	Errno    int    `json:"errno"`
	Error    string `json:"error"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
}

func pushRefusal(status, errno int, message string) answer {
	return saying(status, pushError{
		Code: status, Errno: errno, Error: http.StatusText(status), Message: message,
		MoreInfo: "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
	})
}

var pushVoice = voice{
	limited: func() answer { return pushRefusal(http.StatusTooManyRequests, 201, "Too many requests") },
	broken:  func(status int) answer { return pushRefusal(status, 201, "Use exponential back-off for retries") },
}

// pushLimit is the largest encrypted body a push service must take (RFC 8030
// §7.2).
const pushLimit = 4096

// notification is what the service worker reads: the content, and where to tell
// what became of it.
type notification struct {
	channels.PushContent
	Token   string `json:"token"`
	Reports string `json:"reports"`
}

// push is POST /push/{id}: RFC 8030 with the encryption of RFC 8291 and the
// sender's proof of RFC 8292.
func (s *Sandbox) push(w http.ResponseWriter, r *http.Request) {
	s.tally.requests.Add(1)
	body, whole := bodyOf(w, r, pushLimit)
	if !whole {
		pushRefusal(http.StatusRequestEntityTooLarge, 104, "Data payload must be 4096 bytes or less").write(w)
		return
	}
	id := r.PathValue("id")
	browser, known := s.browserOf(id)
	if !known {
		pushRefusal(http.StatusNotFound, 102, "Invalid URL endpoint").write(w)
		return
	}
	if refused := s.faultyPush(r); refused != nil {
		refused.write(w)
		return
	}
	if _, gone := s.gone.Load(id); gone {
		pushRefusal(http.StatusGone, 106, "No such subscription").write(w)
		return
	}
	s.acceptPush(w, r, id, browser, body)
}

// faultyPush refuses what a push service refuses; nil when the request is in
// order.
func (s *Sandbox) faultyPush(r *http.Request) *answer {
	refuse := func(status, errno int, message string) *answer {
		a := pushRefusal(status, errno, message)
		return &a
	}
	if wrong := s.vouch(r); wrong != "" {
		return refuse(http.StatusUnauthorized, 109, wrong)
	}
	if ttl, err := strconv.Atoi(r.Header.Get("TTL")); err != nil || ttl < 0 {
		return refuse(http.StatusBadRequest, 111, "Missing TTL Header")
	}
	if r.Header.Get("Content-Encoding") != "aes128gcm" {
		return refuse(http.StatusBadRequest, 110, "Invalid Content-Encoding")
	}
	topic := r.Header.Get("Topic")
	if len(topic) > 32 || strings.Trim(topic, base64URL) != "" {
		return refuse(http.StatusBadRequest, 113, "Invalid Topic")
	}
	switch r.Header.Get("Urgency") {
	case "", "very-low", "low", "normal", "high":
		return nil
	}
	return refuse(http.StatusBadRequest, 110, "Invalid Urgency")
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// acceptPush takes a message, unless a fault or the end of the subscription
// says otherwise.
func (s *Sandbox) acceptPush(w http.ResponseWriter, r *http.Request, id string, to browserKeys, body []byte) {
	message, err := to.open(body)
	if err != nil {
		// A real service cannot tell; a stand-in that stays silent would hide it.
		pushRefusal(http.StatusBadRequest, 110, err.Error()).write(w)
		return
	}
	endpoint := s.endpoint(id)
	c := s.ordinals.next(s.chance(string(channels.Push), id, message.Title, message.Body))
	fault := s.faults.pick(channels.Push, c)
	if fault.Kind != "" && !fault.Kind.takes() {
		fault.refuse(w, pushVoice)
		return
	}
	who := s.person(to.customer)
	if c.happens("expire", who.behaviour.Push.Expire) {
		s.gone.Store(id, struct{}{})
		pushRefusal(http.StatusGone, 106, "No such subscription").write(w)
		return
	}
	now := s.now()
	location := s.options.SelfURL + "/push/message/" + s.sid(c, "push")
	line := Accepted{At: now, Channel: channels.Push, ProviderID: location, To: endpoint, Subject: message.Title, Token: message.Token, Fault: fault.Kind}
	if err := s.journal.append(line); err != nil {
		pushVoice.broken(http.StatusInternalServerError).write(w)
		return
	}
	s.tally.accept(channels.Push, 1)
	ttl, _ := strconv.Atoi(r.Header.Get("TTL"))
	if s.outside.base != nil {
		s.plan.add(&story{key: c, acts: s.show(message, who, c, now, time.Duration(ttl)*time.Second)})
	}
	good := answer{status: http.StatusCreated}.with("Location", location).with("TTL", strconv.Itoa(ttl))
	fault.spoil(w, r, c, pushVoice, good)
}

// show plans what the service worker and the customer do with a notification.
// One that cannot be shown within its time to live never is.
func (s *Sandbox) show(message notification, who person, c chance, now time.Time, ttl time.Duration) []act {
	b := who.behaviour.Push
	wait := c.wait("showing", b.Showing)
	if !c.happens("show", b.Show) || ttl > 0 && wait > ttl {
		return nil
	}
	shown := now.Add(wait)
	acts := []act{s.reportPush(message, "shown", "", shown)}
	if !c.happens("click", b.Click) {
		return acts
	}
	clicked := shown.Add(c.wait("reaction", b.Reaction))
	acts = append(acts, s.reportPush(message, "clicked", message.URL, clicked))
	if _, err := s.outside.allow(message.URL); err == nil {
		acts = append(acts, s.click(message.URL, who, c, 0, Delay{}, clicked))
	}
	return acts
}

// report is what the service worker tells.
type report struct {
	Token string `json:"token"`
	Kind  string `json:"kind"` // shown or clicked
	URL   string `json:"url,omitempty"`
}

// reportPush posts what the service worker tells, as text, which needs nobody's
// leave across origins. A path is under the public URL, where the worker comes
// from.
func (s *Sandbox) reportPush(message notification, kind, opened string, at time.Time) act {
	return act{at: at, report: true, do: func(ctx context.Context) []act {
		target := message.Reports
		if target == "" {
			target = s.options.PublicURL + "/push/reports"
		} else if u, err := url.Parse(target); err == nil && u.Host == "" {
			target = s.outside.base.ResolveReference(u).String()
		}
		body, err := json.Marshal(report{Token: message.Token, Kind: kind, URL: opened})
		if err != nil {
			return nil
		}
		s.visit(ctx, visit{method: http.MethodPost, url: target, header: http.Header{"User-Agent": {browser}}, body: body, kind: "text/plain"})
		return nil
	}}
}
