package channels

import (
	"cmp"
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
	// dialTimeout bounds how long a connection is waited for, its handshake included.
	dialTimeout = 4 * time.Second
	// Connections are dropped before providers' own idle limits: one that the
	// provider closes once a request has left leaves that message in doubt.
	idleTimeout = 30 * time.Second
	maxIdle     = 2 * mostAbreast // a worker has two windows under way
	maxAnswer   = 1 << 20
	// A letter and its header leave at once.
	writeBuffer = 16 << 10
)

// NewClient gives an HTTP client fit for handing messages to a provider: each
// Do is one request: bodies are never replayed, and a GET has a connection of its
// own, for net/http repeats one on each kept connection that breaks. Redirects come
// back as answers, proxies of the environment are not used, an answer is cut at
// 1 MiB, and connecting, sending and reading the answer together end after timeout.
//
// An error of Do is a *NotSent when not a byte can have left: no connection was
// had, or one that had ended, as idle ones do that a provider closes. Any other
// error is ambiguous. Errors carry the request's URL until Cause takes it off.
//
// Connections speak HTTP/1.1 only: one that breaks then leaves one message in
// doubt, not all that share it. A nil dialer is the usual one.
func NewClient(timeout time.Duration, dialer *net.Dialer) *http.Client {
	return newClient(timeout, dialer, nil)
}

// newClient is NewClient that trusts these certificates; nil are the system's.
func newClient(timeout time.Duration, dialer *net.Dialer, roots *x509.CertPool) *http.Client {
	if dialer == nil {
		dialer = &net.Dialer{Timeout: dialTimeout}
	}
	secure := &tls.Dialer{NetDialer: dialer, Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	kept := &http.Transport{
		DialContext:         counting(dialer.DialContext),
		DialTLSContext:      counting(secure.DialContext),
		Protocols:           &http1,
		MaxIdleConns:        4 * maxIdle,
		MaxIdleConnsPerHost: maxIdle,
		IdleConnTimeout:     idleTimeout,
		WriteBufferSize:     writeBuffer,
	}
	fresh := kept.Clone()
	fresh.DisableKeepAlives = true
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     once{timeout: timeout, transport: kept, questions: fresh},
	}
}

// counted is a connection that knows how much was written to it, encryption and
// its handshake apart.
type counted struct {
	net.Conn
	written atomic.Int64
}

func counting(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &counted{Conn: conn}, nil
	}
}

// Write counts what is under way, too, until it is known not to have left.
func (c *counted) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n - len(p)))
	return n, err
}

var errEnded = errors.New("the connection had ended before the request left")

// taken is a connection as a request found it.
type taken struct {
	conn    *counted // nil where it is none of ours
	written int64
}

// untouched reports whether nothing was written since, nor ever will be.
func (t *taken) untouched() bool {
	if t.conn == nil {
		return false
	}
	_ = t.conn.Close() // net/http has given it up; from here on each write fails whole
	return t.conn.written.Load() == t.written
}

// once makes a round trip that is never repeated and knows whether it began.
type once struct {
	timeout   time.Duration
	transport http.RoundTripper
	questions http.RoundTripper // of GETs: it keeps no connection
}

// RoundTrip puts its own deadline on the context: http.Client.Timeout would
// replace the error, and with it the evidence.
func (o once) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), o.timeout)
	var got atomic.Pointer[taken]
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			at := &taken{}
			if conn, is := info.Conn.(*counted); is {
				at = &taken{conn, conn.written.Load()}
			}
			got.Store(at)
		},
	})
	req = req.WithContext(ctx)
	req.GetBody = nil // net/http replays a body only where it can be had again
	transport := o.transport
	if req.Method == http.MethodGet {
		transport = o.questions
	}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		defer cancel()
		switch at := got.Load(); {
		case at == nil:
			return nil, &NotSent{Err: err}
		case at.untouched():
			return nil, &NotSent{Err: cmp.Or(ctx.Err(), errEnded)}
		}
		return nil, broken(err)
	}
	if answer.StatusCode/100 == 3 {
		answer.Header.Del("Location") // nobody goes there, and net/http quotes one that it cannot read
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
