package channeltest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"rapport/channels"
)

// endings are ways in which a service that has read the whole request can
// leave its sender without an answer. It may have the message after each.
var endings = map[string]func(http.ResponseWriter, *net.TCPConn){
	"reset after reading": func(_ http.ResponseWriter, c *net.TCPConn) {
		_ = c.SetLinger(0)
		_ = c.Close()
	},
	"end of file after reading": func(_ http.ResponseWriter, c *net.TCPConn) {
		_ = c.CloseWrite()
	},
	"an answer that is not HTTP": func(_ http.ResponseWriter, c *net.TCPConn) {
		_, _ = c.Write([]byte("220 " + echo + "\r\n"))
		_ = c.Close()
	},
	"a header that breaks off": func(_ http.ResponseWriter, c *net.TCPConn) {
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Le"))
		_ = c.Close()
	},
	"a body that breaks off": func(_ http.ResponseWriter, c *net.TCPConn) {
		_, _ = c.Write([]byte("HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\n{"))
		_ = c.Close()
	},
	"a header nobody can read": func(_ http.ResponseWriter, c *net.TCPConn) {
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n" + echo + "\r\n\r\n"))
		_ = c.Close()
	},
}

func (s Suite) ending(t *testing.T, end func(http.ResponseWriter, *net.TCPConn)) {
	service := serve(t, func(w http.ResponseWriter, r *http.Request) { end(w, hijack(t, w)) })
	_, err := s.send(t, t.Context(), service.URL)
	expect(t, err, s.doubt())
	service.had(t, 1)
}

// secondDies is where net/http repeats requests that it thinks safe.
func (s Suite) secondDies(t *testing.T) {
	service := serve(t, nil)
	service.answer = func(w http.ResponseWriter, r *http.Request) {
		if service.count() > 1 {
			_ = hijack(t, w).Close()
			return
		}
		s.Accept(w, r)
	}
	sender := s.Open(t, service.URL, patience)
	if _, err := sender.Send(t.Context(), s.Message(service.URL)); err != nil {
		t.Fatal(err)
	}
	_, err := sender.Send(t.Context(), s.Message(service.URL))
	expect(t, err, s.doubt())
	s.discreet(t, service.URL, err)
	service.had(t, 2)
}

func (s Suite) connectionRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme := "http://"
	if s.SMTP {
		scheme = "smtp://"
	}
	address := scheme + listener.Addr().String()
	_ = listener.Close()
	_, err = s.send(t, t.Context(), address)
	expect(t, err, channels.KnownNotSent)
}

func (s Suite) unknownCertificate(t *testing.T) {
	service := s.unknown(t)
	_, err := s.send(t, t.Context(), service.address())
	expect(t, err, channels.KnownNotSent)
	service.had(t, 0)
}

// unknown is a stand-in that nobody vouches for.
func (s Suite) unknown(t *testing.T) standIn {
	if s.SMTP {
		return NewRelay(t, Habits{Unknown: true})
	}
	service := &service{answer: s.Accept}
	service.Server = httptest.NewUnstartedServer(service)
	service.Config.ErrorLog = quiet
	service.StartTLS()
	t.Cleanup(service.Close)
	return service
}

func (s Suite) contextOver(t *testing.T) {
	service := s.accepting(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.send(t, ctx, service.address())
	expect(t, err, channels.KnownNotSent)
	service.had(t, 0)
}

func (s Suite) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	service := s.silent(t, cancel)
	_, err := s.send(t, ctx, service.address())
	expect(t, err, s.doubt())
	service.had(t, 1)
}

func (s Suite) timeLimit(t *testing.T) {
	service := s.silent(t, func() {})
	_, err := s.Open(t, service.address(), limit).Send(t.Context(), s.Message(service.address()))
	expect(t, err, s.doubt())
	s.discreet(t, service.address(), err)
	service.had(t, 1)
}

func hijack(t *testing.T, w http.ResponseWriter) *net.TCPConn {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return &net.TCPConn{}
	}
	tcp := connection.(*net.TCPConn)
	t.Cleanup(func() { _ = tcp.Close() })
	return tcp
}
