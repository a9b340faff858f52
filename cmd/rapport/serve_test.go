package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// piped is a listener with one client, which is connected already.
type piped struct{ conns chan net.Conn }

func (p piped) Accept() (net.Conn, error) {
	if conn, open := <-p.conns; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (p piped) Close() error   { return nil }
func (p piped) Addr() net.Addr { return &net.IPAddr{} }

// Who asks and never reads the answer is hung up on, unless the page asked for more
// time.
func TestWhoeverNeverReadsIsHungUpOn(t *testing.T) {
	for name, wanted := range map[string]time.Duration{"a page": longestAnswer, "a long one": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				here, there := net.Pipe()
				listener := piped{make(chan net.Conn, 1)}
				listener.conns <- there
				ctx, stop := context.WithCancel(t.Context())
				began, ended := time.Now(), make(chan time.Duration, 1)
				pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if wanted != longestAnswer {
						if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(wanted)); err != nil {
							t.Error(err)
						}
					}
					_, _ = io.Copy(w, strings.NewReader(strings.Repeat("x", 1<<20)))
					ended <- time.Since(began)
				})
				served := make(chan error, 1)
				go func() { served <- serveHTTP(ctx, listener, pages, 0, slog.New(slog.DiscardHandler)) }()
				if _, err := io.WriteString(here, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				if after := <-ended; after != wanted {
					t.Errorf("it was held for %s, want %s", after, wanted)
				}
				close(listener.conns)
				stop()
				<-served
				_ = here.Close()
			})
		})
	}
}
