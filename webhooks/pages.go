package webhooks

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"

	"rapport/campaigns"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// page is what a hosted page shows.
type page struct {
	speech
	Brand campaigns.Brand
	Style template.CSS
	Title string
	About any // what the page is about, its own
}

// show writes a hosted page, titled by one of its words. It runs no script,
// loads nothing but the brand's logo, and sends its form nowhere but back.
func (d *Doors) show(w http.ResponseWriter, r *http.Request, g guest, status int, name, title string, about any) {
	p := page{speech: g.speech, Brand: g.brand(), Style: styleFor(g.brand().Color), Title: g.speech.W[title], About: about}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", p.Locale)
	header.Set("Content-Security-Policy", policy(p))
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name+".html", p); err != nil {
		d.Log.Error("a page could not be written", "page", name, "path", routeOf(r), "error", err)
	}
}

// policy allows a page its own style sheet, by its digest, and the brand's logo.
func policy(p page) string {
	sum := sha256.Sum256([]byte(p.Style))
	allowed := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; "
	if p.Brand.Logo != "" {
		allowed += "img-src " + originOf(p.Brand.Logo) + "; "
	}
	return allowed + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// trouble tells a guest in two sentences why there is no page: lost, busy,
// again, elsewhere or long.
func (d *Doors) trouble(w http.ResponseWriter, r *http.Request, g guest, status int, what string) {
	d.show(w, r, g, status, "said", what+"_title", g.speech.W[what+"_body"])
}
