package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rapport/deliveries"
)

func TestThePageToTryPushAtLoadsOurScripts(t *testing.T) {
	mux := http.NewServeMux()
	(&installation{backing: &backing{Addresses: deliveries.Addresses{Base: "http://127.0.0.1:8080"}}}).mountTryPage(mux)
	for path, want := range map[string]string{
		tryPagePath:   `src="http://127.0.0.1:8080/push/subscribe.js" data-worker="/try/rapport-worker.js"`,
		tryWorkerPath: `importScripts("http://127.0.0.1:8080/push/worker.js");`,
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
	}
}
