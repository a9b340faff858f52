package main

import (
	"fmt"
	"net/http"

	"rapport/deliveries"
)

// tryPage is what docs/providers/webpush.md says to paste into a shop's page, on
// a page of its own.
const tryPage = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Try web push</title>
<main><h1>Try web push</h1>
<p>This stands for a page of your shop. Press the button, allow notifications, and this browser is an anonymous visitor's.</p>
<p><button id="notify" hidden>Tell me about offers</button></p></main>
<script src="%s" data-worker="%s" data-button="#notify"></script></html>
`

// Where the page and its worker stand; a worker rules the pages below it.
const (
	tryPagePath   = "/try/push"
	tryWorkerPath = "/try/rapport-worker.js"
)

// mountTryPage adds a page to try web push at, where everything is served from
// this machine and no push service has been configured away.
func (i *installation) mountTryPage(mux *http.ServeMux) {
	mux.HandleFunc("GET "+tryPagePath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, tryPage, i.Addresses.Base+deliveries.PathPushScript, tryWorkerPath)
	})
	mux.HandleFunc("GET "+tryWorkerPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = fmt.Fprintf(w, "importScripts(%q);\n", i.Addresses.Base+deliveries.PathPushWorker)
	})
}
