package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"rapport/console"
)

// ops is the port at which a process tells whatever runs it how it does.
type ops struct {
	Health *health
	// Metrics are those of the process; nil has none.
	Metrics http.Handler
}

// routes are what the port answers.
func (o *ops) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", o.alive)
	mux.HandleFunc("GET /readyz", o.ready)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	return mux
}

// mountLocal adds to a mux what the port answers, for this machine alone.
func (o *ops) mountLocal(mux *http.ServeMux) {
	routes := o.routes()
	for _, path := range []string{"GET /readyz", "GET /metrics"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if !console.FromHere(r) {
				http.NotFound(w, r)
				return
			}
			routes.ServeHTTP(w, r)
		})
	}
}

// alive answers 200 while the process's loops turn. It asks no server, so that
// one that is away restarts nothing.
func (o *ops) alive(w http.ResponseWriter, _ *http.Request) {
	if dead := o.Health.Dead(); dead != "" {
		http.Error(w, dead+" does not turn any more; restart the process", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "alive")
}

// ready answers 200 while the process can do its work, and tells why not.
func (o *ops) ready(w http.ResponseWriter, _ *http.Request) {
	var answer struct {
		Ready  bool      `json:"ready"`
		Checks []finding `json:"checks"`
	}
	answer.Ready, answer.Checks = o.Health.Ready()
	w.Header().Set("Content-Type", "application/json")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	lines.SetIndent("", "  ")
	_ = lines.Encode(answer) // whoever asked has gone
}

// serve answers at an address until stop is called; "" serves nothing.
func (o *ops) serve(address string, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("ops.listen: listen on %s: %w", address, err)
	}
	server := &http.Server{
		Handler: o.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := runBeside(context.Background(), func(context.Context) {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the operations port is closed", "error", err)
		}
	})
	return func() {
		_ = server.Close() // the process ends
		served()
	}, nil
}
