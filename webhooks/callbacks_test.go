package webhooks_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/webhooks"
)

func TestAGenuineCallbackIsStoredOnceAsItCame(t *testing.T) {
	h := open(t)
	body := []byte("[{\"email\":\"ann@shop.example\",\"event\":\"delivered\",\"delivery\":\"7\"}]\r\n")
	h.expect(http.StatusNoContent, h.sendGrid(body))
	h.expect(http.StatusNoContent, h.sendGrid(body)) // SendGrid repeats itself for a day
	stored := h.stored()
	if len(stored) != 1 || h.rings == 0 {
		t.Fatalf("stored %d times, %d rings", len(stored), h.rings)
	}
	c := stored[0].Callback
	if stored[0].Provider != mailOut.String() || c.URL != base+mailHook || !bytes.Equal(c.Body, body) || !c.ReceivedAt.Equal(noon) {
		t.Errorf("stored as %+v", stored[0])
	}
	if c.Header.Get("Cookie") != "" || c.Header.Get("X-Forwarded-Host") != "" {
		t.Errorf("kept the headers %v", c.Header)
	}
	reports, err := h.doors.Listeners[mailOut.String()].Reports(c)
	if err != nil || len(reports) != 1 || reports[0].Kind != channels.ReportDelivered || reports[0].Delivery != 7 {
		t.Errorf("reads as %+v, %v", reports, err)
	}
}

func TestForgedCallbacksAreRefused(t *testing.T) {
	h, stranger := open(t), open(t)
	body := []byte(`[{"event":"bounce"}]`)
	status := h.doors.Addresses.Status(textOut, 7, 1)
	fields := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}}
	altered := func(r *http.Request, body string) *http.Request {
		r.Body = io.NopCloser(strings.NewReader(body))
		return r
	}
	for what, r := range map[string]*http.Request{
		"no signature":             request(http.MethodPost, mailHook, body, nil),
		"a stranger's key":         stranger.sendGrid(body),
		"altered":                  altered(h.sendGrid(body), `[{"event":"spamreport"}]`),
		"written anew":             altered(h.sendGrid(append(body, "\r\n"...)), string(body)),
		"twilio, no signature":     request(http.MethodPost, at(status), []byte(fields.Encode()), nil),
		"twilio, altered":          altered(signed(status, fields), "MessageSid=SM1&MessageStatus=failed"),
		"twilio, for another host": signed("https://attacker.example"+at(status), fields),
		"twilio, another delivery": signed(h.doors.Addresses.Status(textOut, 8, 1), fields),
	} {
		if strings.HasPrefix(what, "twilio, for") || strings.HasSuffix(what, "delivery") {
			r.URL.Path = at(status)
		}
		if w := h.serve(r); w.Code != http.StatusForbidden {
			t.Errorf("%s: answered %d", what, w.Code)
		}
	}
	if stored := h.stored(); len(stored) > 0 || h.rings > 0 {
		t.Errorf("stored %+v", stored)
	}
	if log := h.log.String(); strings.Contains(log, at(status)) || !strings.Contains(log, "a callback was refused") {
		t.Errorf("the log is %s", log)
	}
}

func TestTwilioIsHeardOnItsPublicURLs(t *testing.T) {
	h := open(t)
	addresses := h.doors.Addresses
	for _, c := range []struct{ absolute, provider string }{
		{base + textHook, textOut.String()},
		{addresses.Status(textOut, 7, 1), textOut.String()},
		{addresses.Status(callOut, 8, 2) + "?foo=bar", callOut.String()},
	} {
		h.expect(http.StatusNoContent, signed(c.absolute, url.Values{"From": {"+4930123456"}, "MessageSid": {"SM1"}}))
		stored := h.stored()
		if len(stored) != 1 || stored[0].Provider != c.provider || stored[0].Callback.URL != c.absolute {
			t.Errorf("%s: stored %+v", c.absolute, stored)
		}
	}
}

func TestADoorWithoutItsKeyIsClosed(t *testing.T) {
	h := open(t, func(d *webhooks.Doors) {
		d.Listeners, d.PushKey, d.Ingest.WriteKeys = nil, "", []string{""}
	})
	addresses := h.doors.Addresses
	h.expect(http.StatusNotFound, h.sendGrid([]byte("[]")))
	for _, absolute := range []string{
		base + textHook, addresses.Status(textOut, 1, 1), addresses.Status(callOut, 1, 1), addresses.Script(callOut, 1, 1),
		base + deliveries.PathPushReports, base + deliveries.PathPushSubscribe,
	} {
		h.expect(http.StatusNotFound, signed(absolute, url.Values{}))
	}
	h.get(http.StatusNotFound, base+deliveries.PathPushKey)
	h.get(http.StatusNotFound, base+deliveries.PathPushWorker)
	keyless := request(http.MethodPost, "/v1/track", []byte(`{}`), nil)
	keyless.SetBasicAuth("", "")
	h.expect(http.StatusUnauthorized, keyless)
	// A call's script needs a voice and a listener.
	silent := open(t, func(d *webhooks.Doors) { delete(d.Listeners, callOut.String()) })
	silent.expect(http.StatusNotFound, signed(silent.doors.Addresses.Script(callOut, 1, 1), url.Values{}))
}

func TestBodiesAreLimited(t *testing.T) {
	h := open(t)
	largest := bytes.Repeat([]byte(" "), 5<<20)
	h.expect(http.StatusNoContent, h.sendGrid(largest))
	h.expect(http.StatusRequestEntityTooLarge, h.sendGrid(append(largest, ' ')))
	d := h.greet(channels.Email)
	h.form(http.StatusOK, h.doors.Addresses.Survey(d.ID), url.Values{"text": {strings.Repeat("a", 64<<10-len("text="))}})
	h.form(http.StatusRequestEntityTooLarge, h.doors.Addresses.Survey(d.ID), url.Values{"text": {strings.Repeat("a", 64<<10)}})
	torn := h.sendGrid([]byte("[]"))
	torn.Body = io.NopCloser(broken{strings.NewReader("[")})
	h.expect(http.StatusBadRequest, torn)
}

func TestACallbackThatCannotBeStoredIsAskedForAgain(t *testing.T) {
	inbox := &troubled{down: true}
	h := open(t, func(d *webhooks.Doors) { inbox.Inbox, d.Inbox = d.Inbox, inbox })
	h.expect(http.StatusServiceUnavailable, h.sendGrid([]byte("[]")))
	h.form(http.StatusServiceUnavailable, h.doors.Addresses.Unsubscribe(1), url.Values{})
	h.form(http.StatusServiceUnavailable, h.doors.Addresses.Survey(h.greet(channels.Email).ID), url.Values{"score": {"5"}})
	if h.rings > 0 {
		t.Error("rang for nothing")
	}
	inbox.down = false
	h.expect(http.StatusNoContent, h.sendGrid([]byte("[]")))
	if stored := h.stored(); len(stored) != 1 {
		t.Errorf("stored %+v", stored)
	}
}
