package webhooks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"rapport/channels"
	"rapport/channels/inbound"
	"rapport/deliveries"
	"rapport/webhooks"
)

const letterSecret = "0123456789abcdef0123456789abcdef"

// openMail is a house that mail reaches by every way.
func openMail(t *testing.T) *house {
	return open(t, func(d *webhooks.Doors) {
		d.Addresses.Mail = "reply.shop.example"
		d.Letters = webhooks.Letters{
			Forms:   map[string]webhooks.FormDoor{"sendgrid": {Signed: true, Secrets: []string{letterSecret}}},
			Secrets: []string{"another", letterSecret}, Memory: &channels.LetterMemory{},
		}
		d.Listeners[webhooks.Letter] = inbound.Raw{Ours: d.Addresses}
		d.Listeners[webhooks.LetterForm("sendgrid")] = d.Listeners[mailOut.String()] // the same keys; forms are read below
	})
}

func parseForm(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../shared/vectors/sendgrid/" + name)
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	return raw
}

var formHeader = map[string]string{"Content-Type": "multipart/form-data; boundary=xYzZY"}

func TestLettersComeInByEveryWay(t *testing.T) {
	for _, name := range []string{"inbound_sendgridgo_default.multipart.txt", "inbound_sendgridgo_raw.multipart.txt"} {
		h := openMail(t)
		body := parseForm(t, name)
		r := h.sendGrid(body)
		r.URL.Path, r.RequestURI = formHook, formHook
		r.Header.Set("Content-Type", formHeader["Content-Type"])
		h.expect(http.StatusOK, r)
		h.expect(http.StatusOK, request(http.MethodPost, formHook+"/"+letterSecret, body, formHeader)) // the same once more
		stored := h.stored()
		if len(stored) != 1 || stored[0].Provider != webhooks.LetterForm("sendgrid") || strings.Contains(stored[0].Callback.URL, letterSecret) {
			t.Fatalf("%s: stored %+v", name, stored)
		}
		forms, err := inbound.SendGrid{Ours: h.doors.Addresses}.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := forms.Reports(stored[0].Callback)
		if err != nil || len(got) != 1 || got[0].Text != "Hello Twilio SendGrid!" {
			t.Errorf("%s reads as %+v, %v", name, got, err)
		}
	}
	h := openMail(t)
	to := h.doors.Addresses.Box(channels.MailReply, 7)
	h.expect(http.StatusNoContent, request(http.MethodPost, deliveries.PathLetter, []byte("From: ann@shop.example\r\nSubject: Re: x\r\n\r\nhello"),
		map[string]string{"Authorization": "Bearer " + letterSecret, "Envelope-From": "<ann@shop.example>", "Envelope-To": to}))
	stored := h.stored()
	if len(stored) != 1 || strings.Contains(stored[0].Callback.Header.Get("Authorization"), letterSecret) {
		t.Fatalf("stored %+v", stored)
	}
	got, err := h.doors.Listeners[webhooks.Letter].Reports(stored[0].Callback)
	if err != nil || len(got) != 1 || got[0].Delivery != 7 || got[0].Text != "hello" || got[0].Kind != channels.ReportReplied {
		t.Errorf("reads as %+v, %v", got, err)
	}
}

func TestLettersOfStrangersAreRefused(t *testing.T) {
	h := openMail(t)
	body := []byte("--xYzZY\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n--xYzZY--")
	for what, c := range map[string]struct {
		path   string
		header map[string]string
		status int
	}{
		"a form without a signature": {formHook, formHeader, http.StatusForbidden},
		"a form with another secret": {formHook + "/" + letterSecret[1:], formHeader, http.StatusNotFound},
		"a message without a secret": {deliveries.PathLetter, nil, http.StatusUnauthorized},
		"with another":               {deliveries.PathLetter, map[string]string{"Authorization": "Bearer " + letterSecret + "0"}, http.StatusUnauthorized},
		"with none":                  {deliveries.PathLetter, map[string]string{"Authorization": "Bearer "}, http.StatusUnauthorized},
	} {
		if w := h.serve(request(http.MethodPost, c.path, body, c.header)); w.Code != c.status {
			t.Errorf("%s is answered with %d, want %d", what, w.Code, c.status)
		}
	}
	if stored := h.stored(); len(stored) != 0 {
		t.Errorf("stored %+v", stored)
	}
	closed := open(t)
	for _, path := range []string{formHook, formHook + "/" + letterSecret, formHook + "/", deliveries.PathLetter} {
		if w := closed.serve(request(http.MethodPost, path, body, formHeader)); w.Code != http.StatusNotFound {
			t.Errorf("%s is open: %d", path, w.Code)
		}
	}
}

// crowd sends as many forms as one route takes in at once, slowly and under a
// signature that is none, until the test ends.
func (h *house) crowd() {
	h.t.Helper()
	var slow sync.WaitGroup
	h.t.Cleanup(slow.Wait) // after all have hung up
	for range 8 {
		body, drip := io.Pipe()
		r := h.sendGrid([]byte("something else"))
		r.URL.Path, r.RequestURI, r.Body = formHook, formHook, body
		slow.Go(func() { h.mux.ServeHTTP(httptest.NewRecorder(), r) })
		h.t.Cleanup(func() { _ = drip.Close() })
		if _, err := drip.Write([]byte("-")); err != nil { // it is being read
			h.t.Fatal(err)
		}
	}
}

// Whoever sends forms slowly, and has proven nothing yet, keeps nobody else's
// letters out, and those of the same route only for as long as they send again.
func TestSlowStrangersStopNoOtherRoute(t *testing.T) {
	h := openMail(t)
	h.crowd()
	patient, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	h.expect(http.StatusNoContent, request(http.MethodPost, deliveries.PathLetter, []byte("From: ann@shop.example\r\n\r\nhello"),
		map[string]string{"Authorization": "Bearer " + letterSecret}).WithContext(patient))
	genuine := h.sendGrid([]byte("hello"))
	genuine.URL.Path, genuine.RequestURI = formHook, formHook
	if w := h.serve(genuine); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a letter without a place is answered with %d, and its service does not send it again", w.Code)
	}
}

// Large letters share what memory there is for them, small ones come in beside them.
func TestALargeLetterWaitsForAnother(t *testing.T) {
	h := openMail(t)
	letter, done := h.doors.Letters.Memory.Letter(strings.NewReader(strings.Repeat("x", 31<<20)))
	if _, err := io.Copy(io.Discard, letter); err != nil {
		t.Fatal(err)
	}
	bring := func(size int) *httptest.ResponseRecorder {
		return h.serve(request(http.MethodPost, deliveries.PathLetter, []byte("From: ann@shop.example\r\n\r\n"+strings.Repeat("x", size)),
			map[string]string{"Authorization": "Bearer " + letterSecret}))
	}
	if w := bring(2 << 20); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a large one beside another is answered with %d", w.Code)
	}
	if w := bring(50 << 10); w.Code != http.StatusNoContent {
		t.Errorf("a small one is answered with %d", w.Code)
	}
	done()
	for range 2 { // what is stored, or was refused, takes no room
		if w := bring(2 << 20); w.Code != http.StatusNoContent {
			t.Errorf("once there is room a large one is answered with %d", w.Code)
		}
	}
}

// A form without a signature is turned away before it is read, and takes no place.
func TestWhatBearsNoSignatureIsNotRead(t *testing.T) {
	h := openMail(t)
	h.crowd()
	for name, header := range map[string]map[string]string{
		"none":        nil,
		"no time":     {"X-Twilio-Email-Event-Webhook-Signature": "MEUC"},
		"no time's":   {"X-Twilio-Email-Event-Webhook-Signature": "MEUC", "X-Twilio-Email-Event-Webhook-Timestamp": "now"},
		"not base64":  {"X-Twilio-Email-Event-Webhook-Signature": "-", "X-Twilio-Email-Event-Webhook-Timestamp": "1795348800"},
		"only a time": {"X-Twilio-Email-Event-Webhook-Timestamp": "1795348800"},
	} {
		for _, path := range []string{formHook, mailHook} {
			r := request(http.MethodPost, path, nil, header)
			r.Body = io.NopCloser(iotest.ErrReader(errors.New("it was read")))
			if w := h.serve(r); w.Code != http.StatusForbidden {
				t.Errorf("%s, %s: answered with %d", path, name, w.Code)
			}
		}
	}
}

// A body that did not come in time is to be sent again.
func TestABodyThatTakesTooLongIsAskedForAgain(t *testing.T) {
	h := openMail(t)
	for err, want := range map[error]int{
		fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded): http.StatusServiceUnavailable, io.ErrUnexpectedEOF: http.StatusBadRequest,
	} {
		r := h.sendGrid([]byte("hello"))
		r.URL.Path, r.RequestURI = formHook, formHook
		r.Body = io.NopCloser(iotest.ErrReader(err))
		if w := h.serve(r); w.Code != want {
			t.Errorf("%v: answered with %d, want %d", err, w.Code, want)
		}
	}
}
