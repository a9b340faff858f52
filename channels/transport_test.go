package channels

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func do(t *testing.T, inner roundTrip) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://provider.example/ada@customer.example", bytes.NewBufferString("body"))
	if err != nil {
		t.Fatal(err)
	}
	if req.GetBody == nil {
		t.Fatal("the body could not be replayed anyway")
	}
	return (&http.Client{Transport: once{timeout: time.Minute, transport: inner}}).Do(req)
}

// ask makes a request and reads its answer to the end.
func ask(ctx context.Context, t *testing.T, client *http.Client, method, address string) error {
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader("body")
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		t.Error(err)
		return err
	}
	answer, err := client.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	return err
}

func TestABodyCannotBeReplayed(t *testing.T) {
	_, _ = do(t, func(r *http.Request) (*http.Response, error) {
		if r.GetBody != nil {
			t.Error("net/http could send the body twice")
		}
		return nil, errors.New("enough")
	})
}

func TestAnErrorBeforeAnyConnectionIsNotSent(t *testing.T) {
	_, err := do(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("no such host") })
	if Classify(err) != KnownNotSent {
		t.Errorf("got %v", err)
	}
	_, err = do(t, func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
		return nil, io.EOF
	})
	if Classify(err) != Ambiguous {
		t.Errorf("got %v", err)
	}
}

// A connection that was kept may end just when the next message takes it: not a byte
// of that one has left, and nothing of it is in doubt.
func TestAConnectionThatHadEndedLeavesNoDoubt(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"in the clear": (*httptest.Server).Start, "TLS": (*httptest.Server).StartTLS} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			service := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
			start(service)
			defer service.Close()
			roots := x509.NewCertPool()
			if service.Certificate() != nil {
				roots.AddCert(service.Certificate())
			}
			client := newClient(time.Minute, nil, roots)
			if err := ask(t.Context(), t, client, http.MethodPost, service.URL); err != nil {
				t.Fatal(err)
			}
			taken := false
			closing := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
				taken = info.Reused
				_ = info.Conn.Close()
			}})
			err := ask(closing, t, client, http.MethodPost, service.URL)
			if !taken || Classify(err) != KnownNotSent || requests.Load() != 1 {
				t.Errorf("the kept one was taken: %v; %d requests came; %v", taken, requests.Load(), err)
			}
		})
	}
}

// net/http repeats a GET on one kept connection after another while they break, as
// all do when a provider falls: a probe would be one request for each.
func TestAQuestionIsAskedOnce(t *testing.T) {
	var down atomic.Bool
	var questions atomic.Int32
	const kept = 8
	var together sync.WaitGroup
	together.Add(kept)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			together.Done()
			together.Wait()
		}
		if down.Load() {
			questions.Add(1)
			panic(http.ErrAbortHandler)
		}
	}))
	defer service.Close()
	client := NewClient(time.Minute, nil)
	var posts sync.WaitGroup
	for range kept {
		posts.Go(func() {
			if err := ask(t.Context(), t, client, http.MethodPost, service.URL); err != nil {
				t.Error(err)
			}
		})
	}
	posts.Wait()
	if err := ask(t.Context(), t, client, http.MethodGet, service.URL); err != nil {
		t.Fatal(err)
	}
	down.Store(true)
	if err := ask(t.Context(), t, client, http.MethodGet, service.URL); err == nil || questions.Load() != 1 {
		t.Errorf("asked %d times: %v", questions.Load(), err)
	}
}

func TestAnErrorNeverQuotesTheProviderOrTheURL(t *testing.T) {
	_, err := do(t, func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
		return nil, errors.New(`malformed HTTP response "ada@customer.example"`)
	})
	if text := Cause(err).Error(); strings.Contains(text, "@") {
		t.Errorf("got %q", text)
	}
}

// net/http reads where a redirect leads before anybody says that nobody goes there.
func TestARedirectIsAnAnswerWhereverItLeads(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://provider.example/%zz?to=ada@customer.example")
		w.WriteHeader(http.StatusFound)
	}))
	defer service.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, service.URL, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := NewClient(time.Minute, nil).Do(req)
	if err != nil || answer.StatusCode != http.StatusFound {
		t.Fatalf("got %v, %v", answer, err)
	}
	_ = answer.Body.Close()
}

func TestTheTimeLimitHoldsUntilTheBodyIsRead(t *testing.T) {
	stop := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	}))
	defer service.Close()
	defer close(stop)
	answer, err := NewClient(100*time.Millisecond, nil).Get(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.ReadAll(answer.Body); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAnswersAreCut(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 2*maxAnswer))
	}))
	defer service.Close()
	answer, err := NewClient(time.Minute, nil).Get(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if body, err := io.ReadAll(answer.Body); len(body) != maxAnswer || err != nil {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	if NewClient(time.Minute, nil).Transport.(once).transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy is used")
	}
}
