package channels

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 4 * time.Second
	// Connections are dropped before providers' own idle limits: one that the
	// provider closes under a request leaves that message in doubt.
	idleTimeout = 30 * time.Second
	maxIdle     = 256
	maxAnswer   = 1 << 20
	// A letter and its header leave at once.
	writeBuffer = 16 << 10
)

// NewClient gives an HTTP client fit for handing messages to a provider: each
// Do is one request. Redirects come back as answers, bodies are never replayed,
// proxies of the environment are not used, an answer is cut at 1 MiB, and
// connecting, sending and reading the answer together end after timeout.
//
// An error of Do is a *NotSent when no connection was had, so that not a byte
// can have left; any other error is ambiguous. Errors carry the request's URL
// until Cause takes it off. Connections speak HTTP/1.1 only: one that breaks
// then leaves one message in doubt, not all that share it. A nil dialer is the
// usual one.
func NewClient(timeout time.Duration, dialer *net.Dialer) *http.Client {
	return newClient(timeout, dialer, nil)
}

// newClient is NewClient that trusts these certificates; nil are the system's.
func newClient(timeout time.Duration, dialer *net.Dialer, roots *x509.CertPool) *http.Client {
	if dialer == nil {
		dialer = &net.Dialer{Timeout: dialTimeout}
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: once{timeout: timeout, transport: &http.Transport{
			DialContext:         dialer.DialContext,
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: dialTimeout,
			Protocols:           &http1,
			MaxIdleConns:        4 * maxIdle,
			MaxIdleConnsPerHost: maxIdle,
			IdleConnTimeout:     idleTimeout,
			WriteBufferSize:     writeBuffer,
		}},
	}
}

// once makes a round trip that is never repeated and knows whether it began.
type once struct {
	timeout   time.Duration
	transport http.RoundTripper
}

// RoundTrip puts its own deadline on the context: http.Client.Timeout would
// replace the error, and with it the evidence.
func (o once) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), o.timeout)
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req = req.Clone(ctx)
	req.GetBody = nil // net/http replays a body only where it can be had again
	answer, err := o.transport.RoundTrip(req)
	if err != nil {
		cancel()
		if !connected.Load() {
			return nil, &NotSent{Err: err}
		}
		return nil, broken(err)
	}
	answer.Body = body{Reader: io.LimitReader(answer.Body, maxAnswer), Closer: answer.Body, done: cancel}
	return answer, nil
}

// broken keeps errors of the connection as they are and hides the text of any
// other: net/http quotes the bytes it cannot read, and a provider's bytes may
// hold an address.
func broken(err error) error {
	var connection *net.OpError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &connection):
		return err
	}
	return fmt.Errorf("the answer could not be read (%T)", err)
}

// body ends the round trip's deadline when it is closed.
type body struct {
	io.Reader
	io.Closer
	done context.CancelFunc
}

func (b body) Close() error {
	defer b.done()
	return b.Closer.Close()
}

// Cause takes the URL off an error of an HTTP client: it may be a push
// endpoint or name an account.
func Cause(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}
