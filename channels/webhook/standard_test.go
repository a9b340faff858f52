package webhook_test

import (
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func settings() webhook.Standard {
	return webhook.Standard{
		Secrets: []channels.Secret{secret},
		Now:     func() time.Time { return time.Unix(1614265330, 0) },
	}
}

func open(t *testing.T, s webhook.Standard) channels.Sender {
	t.Helper()
	sender, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func told(url string) channels.Message {
	return channels.Message{
		Delivery: 812, Attempt: 1,
		Content: channels.Content{Webhook: &channels.WebhookContent{URL: url, Body: []byte(`{"order":"A1"}`)}},
	}
}

func TestStandard(t *testing.T) {
	to := func(url string) func(*channels.Message) {
		return func(m *channels.Message) { m.Content.Webhook.URL = url }
	}
	body := func(body string) func(*channels.Message) {
		return func(m *channels.Message) { m.Content.Webhook.Body = []byte(body) }
	}
	channeltest.Suite{
		Open: func(t *testing.T, baseURL string, timeout time.Duration) channels.Sender {
			s := settings()
			s.Allow, s.Timeout = []string{baseURL}, timeout
			return open(t, s)
		},
		Message:      func(baseURL string) channels.Message { return told(baseURL + "/path-of-crm?token=query-of-crm") },
		Accept:       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
		Receipt:      channels.Receipt{ProviderID: "dlv_812"},
		Evidence:     map[int]channels.Evidence{200: channels.Accepted}, // the status line is the whole answer
		Recognised:   true,
		KeepsRunning: true,
		Secrets:      []string{secret, strings.TrimPrefix(secret, "whsec_"), "path-of-crm", "query-of-crm", `"A1"`},
		Refused: map[string]func(*channels.Message){
			"not a webhook":       func(m *channels.Message) { m.Content = channels.Content{} },
			"no delivery":         func(m *channels.Message) { m.Delivery = 0 },
			"no body":             body(""),
			"a body that is text": body("order A1"),
			"a body too large":    body(`"` + strings.Repeat("x", 256<<10) + `"`),
			"no URL":              to(""),
			"a path alone":        to("/hooks"),
			"no host":             to("https:///hooks"),
			"http":                to("http://crm.example/hooks"),
			"another scheme":      to("file:///etc/passwd"),
			"another port":        to("https://crm.example:8443/hooks"),
			"a password":          to("https://me:secret@crm.example/hooks"),
			"a line break":        to("https://crm.example/hooks\r\nX: y"),
			"this machine":        to("https://127.0.0.1/hooks"),
			"another port of it":  to("http://127.0.0.1:1/hooks"),
			"cloud metadata":      to("https://169.254.169.254/latest"),
			"a mapped address":    to("https://[::ffff:10.0.0.1]/hooks"),
			"behind a translator": to("https://[64:ff9b::7f00:1]/hooks"),
		},
	}.Run(t)
}

// receiver is a system on this machine that keeps what it is told.
type receiver struct {
	*httptest.Server
	requests []*http.Request
	bodies   []string
	answer   func(http.ResponseWriter)
}

func listen(t *testing.T, serve func(http.Handler) *httptest.Server) *receiver {
	r := &receiver{answer: func(w http.ResponseWriter) {}}
	r.Server = serve(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.requests, r.bodies = append(r.requests, req), append(r.bodies, string(body))
		r.answer(w)
	}))
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(r.Close)
	return r
}

func TestAWebhookIsSignedAndNamed(t *testing.T) {
	crm := listen(t, httptest.NewTLSServer)
	s := settings()
	s.Allow, s.Roots = []string{crm.URL}, x509.NewCertPool()
	s.Roots.AddCert(crm.Certificate())
	sender := open(t, s)
	for range 2 {
		if _, err := sender.Send(t.Context(), told(crm.URL+"/hooks?shop=1")); err != nil {
			t.Fatal(err)
		}
	}
	for i, req := range crm.requests {
		got := []string{
			req.Method, req.URL.String(), crm.bodies[i], req.Header.Get("Content-Type"),
			req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp"), req.Header.Get("webhook-signature"),
		}
		want := []string{
			"POST", "/hooks?shop=1", `{"order":"A1"}`, "application/json",
			// The signature is openssl's, of dlv_812.1614265330.{"order":"A1"}.
			"dlv_812", "1614265330", "v1,/kiQ2wCnNWYOOtptlLIRnl/KKAdO5u7N6suFP/dZdSI=",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestOnlyWhatIsAllowedOnThisMachineIsReached(t *testing.T) {
	crm := listen(t, httptest.NewTLSServer)
	_, err := open(t, settings()).Send(t.Context(), told(crm.URL))
	if channels.Classify(err) != channels.KnownRefused {
		t.Errorf("got %v", err)
	}
	// A name that leads here is found out when it is dialled.
	_, err = open(t, settings()).Send(t.Context(), told("https://localhost/hooks"))
	if channels.Classify(err) != channels.KnownNotSent || !strings.Contains(err.Error(), "not public") {
		t.Errorf("got %v", err)
	}
	if len(crm.requests) > 0 {
		t.Error("it was reached")
	}
}

func TestAReceiverSaysWhenToComeBack(t *testing.T) {
	crm := listen(t, httptest.NewServer)
	s := settings()
	s.Allow = []string{crm.URL}
	for _, status := range []int{408, 425, 429, 500, 503} {
		crm.answer = func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		}
		_, err := open(t, s).Send(t.Context(), told(crm.URL))
		var notSent *channels.NotSent
		if !errors.As(err, &notSent) || notSent.RetryAfter != 7*time.Second {
			t.Errorf("%d: got %v", status, err)
		}
	}
}

func TestAReceiverThatIsGone(t *testing.T) {
	crm := listen(t, httptest.NewServer)
	crm.answer = func(w http.ResponseWriter) { w.WriteHeader(http.StatusGone) }
	s := settings()
	s.Allow = []string{crm.URL}
	_, err := open(t, s).Send(t.Context(), told(crm.URL))
	var refused *channels.Refused
	if !errors.As(err, &refused) || refused.Reason != channels.ReasonGone || refused.Broken {
		t.Errorf("got %v", err)
	}
}

func TestAStandInGetsEveryWebhook(t *testing.T) {
	standIn := listen(t, httptest.NewServer)
	s := settings()
	s.BaseURL = standIn.URL + "/webhooks/"
	sender := open(t, s)
	if _, err := sender.Send(t.Context(), told("https://crm.example/a%2Fb?c=d")); err != nil {
		t.Fatal(err)
	}
	if got := standIn.requests[0].URL.String(); got != "/webhooks/crm.example/a%2Fb?c=d" {
		t.Errorf("got %s", got)
	}
	if _, err := sender.Send(t.Context(), told("http://crm.example/a")); channels.Classify(err) != channels.KnownRefused {
		t.Errorf("what could not be sent in earnest: %v", err)
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for says, spoil := range map[string]func(*webhook.Standard){
		"secrets":  func(s *webhook.Standard) { s.Secrets = nil },
		"allow":    func(s *webhook.Standard) { s.Allow = []string{"https://10.0.0.1"} },
		"base_url": func(s *webhook.Standard) { s.BaseURL = "https://crm.example" },
		"timeout":  func(s *webhook.Standard) { s.Timeout = -time.Second },
		"Now":      func(s *webhook.Standard) { s.Now = nil },
	} {
		s := settings()
		spoil(&s)
		if _, err := s.Open(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", says, err)
		}
	}
}

func TestSettingsAreReadStrictly(t *testing.T) {
	var got webhook.Standard
	text := "secrets: [a, b]\nallow: ['https://127.0.0.1:8443']\nbase_url: http://127.0.0.1:8025\ntimeout: 5s\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &got, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	want := webhook.Standard{
		Secrets: []channels.Secret{"a", "b"}, Allow: []string{"https://127.0.0.1:8443"},
		BaseURL: "http://127.0.0.1:8025", Timeout: 5 * time.Second,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(webhook.Standard{}, "Now")); diff != "" {
		t.Error(diff)
	}
}
