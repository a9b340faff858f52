package webhooks

import (
	"embed"
	"html/template"
	"net/http"

	"rapport/campaigns"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// page is what a hosted page shows.
type page struct {
	Brand   campaigns.Brand
	Scores  []string // buttons from the worst to the best
	Choices []string
	Chosen  string
}

// show writes a hosted page. It runs no script, loads nothing from elsewhere,
// and sends its form nowhere but back.
func (d *Doors) show(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name+".html", p); err != nil {
		d.Log.Error("a page could not be written", "page", name, "path", routeOf(r), "error", err)
	}
}

// brand is the shop's name on a page; empty while no workspace is applied.
func (d *Doors) brand(r *http.Request) campaigns.Brand {
	edition, err := d.Catalog.Current(r.Context())
	if err != nil {
		return campaigns.Brand{}
	}
	return edition.Brand
}
