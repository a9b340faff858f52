package channeltest

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"rapport/channels"
)

// echo stands in what stand-ins write where a provider might repeat what it
// was sent. No error may pass it on.
const echo = "a-word-of-the-provider"

var quiet = log.New(io.Discard, "", 0)

// service is a stand-in that counts what reaches it.
type service struct {
	*httptest.Server
	answer http.HandlerFunc

	mu       sync.Mutex
	requests []http.Header
}

func serve(t *testing.T, answer http.HandlerFunc) *service {
	s := &service{answer: answer}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = quiet
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, r.Header)
	s.mu.Unlock()
	s.answer(w, r)
}

func (s *service) address() string { return s.URL }

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// had checks how many requests came, and that none carried a header that makes
// net/http repeat a POST.
func (s *service) had(t *testing.T, want int) {
	t.Helper()
	if got := s.count(); got != want {
		t.Errorf("%d requests reached the service, want %d", got, want)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, header := range s.requests {
		if header.Get("Idempotency-Key")+header.Get("X-Idempotency-Key") != "" {
			t.Error("a request asks to be repeated")
		}
	}
}

// answer gives a status with a body that repeats the recipient and secrets, as
// providers' explanations do.
func (s Suite) answer(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said := echo + " " + s.Message("http://"+r.Host).To + " " + strings.Join(s.Secrets, " ")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"code":"x","message":%q,"errors":[{"message":%q,"field":%q}]}`, said, said, said)
	}
}

// discreet checks that an error gives nothing away.
func (s Suite) discreet(t *testing.T, baseURL string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	m := s.Message(baseURL)
	private := []string{m.To, url.QueryEscape(m.To), m.Token, m.Unsubscribe, m.ScriptURL, m.StatusURL, echo}
	if path, is := strings.CutPrefix(m.To, baseURL); is {
		private = append(private, path)
	}
	for _, word := range append(private, s.Secrets...) {
		if word != "" && strings.Contains(err.Error(), word) {
			t.Errorf("the error gives away %q: %v", word, err)
		}
	}
}

func expect(t *testing.T, err error, want channels.Evidence) {
	t.Helper()
	if got := channels.Classify(err); got != want {
		t.Fatalf("got evidence %d (%v), want %d", got, err, want)
	}
}

func refusal(err error) *channels.Refused {
	var refused *channels.Refused
	errors.As(err, &refused)
	return refused
}

func notSent(err error) *channels.NotSent {
	var sent *channels.NotSent
	errors.As(err, &sent)
	return sent
}
