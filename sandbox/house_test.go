package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"
	twilioclient "github.com/twilio/twilio-go/client"
)

const (
	testSID   = "AC0123456789abcdef0123456789abcdef"
	testToken = "0123456789abcdef0123456789abcdef"
	testKey   = "SG.test"
)

var start = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

// visitor is one request the house received.
type visitor struct {
	method, path, agent string
	form                url.Values
	body                []byte
}

// house is the other side of a sandbox: public routes that check every
// signature with the providers' own libraries and remember who came.
type house struct {
	t       *testing.T
	sandbox *Sandbox
	api     *httptest.Server // the sandbox's
	public  *httptest.Server
	log     *ledgerFile
	clock   *clock
	// answer, where set, answers a route; the default is an empty 200.
	answer func(w http.ResponseWriter, r *http.Request, v visitor) bool
	// tamper, where set, changes a push message on its way.
	tamper func(r *http.Request)

	mu   sync.Mutex
	came []visitor
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// build makes a house and a sandbox that know each other.
func build(t *testing.T, change func(*Options)) *house {
	t.Helper()
	h := &house{t: t, log: &ledgerFile{}, clock: &clock{now: start}}
	h.public = httptest.NewServer(http.HandlerFunc(h.receive))
	h.api = httptest.NewUnstartedServer(nil)
	o := Options{
		PublicURL: h.public.URL,
		SelfURL:   "http://" + h.api.Listener.Addr().String(),
		SendGrid:  SendGrid{APIKey: testKey},
		Twilio:    Twilio{AccountSID: testSID, AuthToken: testToken},
		Seed:      7, Now: h.clock.Now, Log: h.log,
	}
	if change != nil {
		change(&o)
	}
	h.sandbox = New(o)
	if err := h.sandbox.Check(); err != nil {
		t.Fatal(err)
	}
	h.api.Config.Handler = h.sandbox.Handler()
	h.api.Start()
	t.Cleanup(func() {
		h.api.Close()
		h.public.Close()
		h.sandbox.outside.client.CloseIdleConnections()
	})
	return h
}

func (h *house) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Error(err)
	}
	v := visitor{method: r.Method, path: r.URL.RequestURI(), agent: r.UserAgent(), body: body}
	if strings.HasPrefix(r.Header.Get("Content-Type"), formType) {
		v.form, _ = url.ParseQuery(string(body))
	}
	if strings.HasPrefix(r.URL.Path, "/hooks/") {
		h.verify(r, body)
	}
	h.mu.Lock()
	h.came = append(h.came, v)
	h.mu.Unlock()
	if h.answer != nil && h.answer(w, r, v) {
		return
	}
	w.WriteHeader(http.StatusOK)
}

// verify checks a callback with the provider's own library.
func (h *house) verify(r *http.Request, body []byte) {
	if strings.HasSuffix(r.URL.Path, "/sendgrid") {
		key, err := eventwebhook.ConvertPublicKeyBase64ToECDSA(h.sandbox.SendGridPublicKey())
		if err != nil {
			h.t.Error(err)
			return
		}
		genuine, err := eventwebhook.VerifySignature(key, body, r.Header.Get(eventwebhook.VerificationHTTPHeader), r.Header.Get(eventwebhook.TimestampHTTPHeader))
		if err != nil || !genuine {
			h.t.Errorf("events are not signed as SendGrid signs them: %v", err)
		}
		return
	}
	validator := twilioclient.NewRequestValidator(testToken)
	if !validator.ValidateBody(h.public.URL+r.URL.RequestURI(), body, r.Header.Get("X-Twilio-Signature")) {
		h.t.Errorf("%s is not signed as Twilio signs it", r.URL.Path)
	}
}

// playAll plays to the end, the clock going with it.
func (h *house) playAll() int {
	h.t.Helper()
	total := 0
	for range 10_000 {
		next, any := h.sandbox.Next()
		if !any {
			return total
		}
		if next.After(h.clock.Now()) {
			h.clock.set(next)
		}
		n, err := h.sandbox.Play(context.Background(), h.clock.Now())
		if err != nil {
			h.t.Fatal(err)
		}
		total += n
	}
	h.t.Fatal("the sandbox never comes to rest")
	return 0
}

// visits lists who came to a route, in order; to all below it where it ends in a
// slash.
func (h *house) visits(route string) []visitor {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []visitor
	for _, v := range h.came {
		if path, _, _ := strings.Cut(v.path, "?"); path == route || strings.HasSuffix(route, "/") && strings.HasPrefix(path, route) {
			found = append(found, v)
		}
	}
	return found
}

// values lists a form field of the visits to a route.
func (h *house) values(route, field string) []string {
	var found []string
	for _, v := range h.visits(route) {
		found = append(found, v.form.Get(field))
	}
	return found
}

// events lists SendGrid's events, in order.
func (h *house) events() []map[string]any {
	h.t.Helper()
	var all []map[string]any
	for _, v := range h.visits("/hooks/email/sendgrid") {
		var batch []map[string]any
		if err := json.Unmarshal(v.body, &batch); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, batch...)
	}
	return all
}

func (h *house) eventNames() []string {
	h.t.Helper()
	var names []string
	for _, e := range h.events() {
		names = append(names, e["event"].(string))
	}
	return names
}

// accepted reads the log.
func (h *house) accepted() []Accepted {
	h.t.Helper()
	var lines []Accepted
	for line := range bytes.Lines(h.log.text()) {
		var one Accepted
		if err := json.Unmarshal(line, &one); err != nil {
			h.t.Fatalf("the log holds a line that is not JSON: %q", line)
		}
		lines = append(lines, one)
	}
	return lines
}

func wantList[T comparable](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// ledgerFile counts what a file would be asked.
type ledgerFile struct {
	mu     sync.Mutex
	lines  bytes.Buffer
	writes int
	syncs  int
	synced int // bytes that were synced
	fail   error
	told   func() // when something was written
}

func (f *ledgerFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return 0, f.fail
	}
	f.writes++
	if f.told != nil {
		defer f.told()
	}
	return f.lines.Write(p)
}

func (f *ledgerFile) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs++
	f.synced = f.lines.Len()
	return nil
}

// text is all that was written.
func (f *ledgerFile) text() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.lines.Bytes())
}
