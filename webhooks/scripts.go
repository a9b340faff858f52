package webhooks

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
)

// The scripts a shop loads into its page and its service worker.
var (
	//go:embed pages/worker.js
	workerScript []byte
	//go:embed pages/subscribe.js
	subscribeScript []byte
)

// script serves one of our scripts to pages of any origin. It changes with the
// program: browsers ask after ten minutes whether it has, by its digest.
func (d *Doors) script(source []byte) http.HandlerFunc {
	text := bytes.ReplaceAll(source, []byte("{{base}}"), []byte(d.Addresses.Base))
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/javascript; charset=utf-8")
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "public, max-age=600")
		header.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(text)
	}
}
