package browsertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"rapport/webhooks/browsertest"
)

// shop is a page with one flaw at a time.
func shop(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'self'")
		body := map[string]string{
			"/":        `<form method="post" action="/thanks"><label>Word <input name="word"></label> <button>Send</button></form><noscript>plain</noscript>`,
			"/thanks":  "<p>Thank you for " + r.FormValue("word") + "</p>",
			"/wide":    `<p style="width: 400px">wide</p>`,
			"/part":    `<div style="overflow-x: auto"><p style="width: 400px">wide</p></div>`,
			"/barrier": `<input name="nameless">`,
			"/noise":   `<script>console.error("oh")</script>`,
			"/foreign": `<img alt="logo" src="http://127.0.0.1:1/logo.png">`,
		}[r.URL.Path]
		fmt.Fprintf(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Shop</title><main><h1>Shop</h1>%s</main></html>`, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// witness records whether a judge found something, without failing.
type witness struct {
	testing.TB
	said string
}

func (w *witness) Helper()                   {}
func (w *witness) Errorf(f string, a ...any) { w.said += fmt.Sprintf(f, a...) }

func TestAPageIsOpenedUsedAndJudged(t *testing.T) {
	url, browser := shop(t), browsertest.Start(t)
	for _, view := range []browsertest.View{{}, browsertest.Phone, {Width: 320, Height: 640, Dark: true, NoScripts: true, Language: "fa"}} {
		page := browser.Page(view)
		page.Open(url + "/")
		page.Do(chromedp.SendKeys("input", "tea", chromedp.ByQuery))
		if !view.NoScripts {
			browsertest.Axe(t, page)
		}
		page.Fits()
		page.Follow("button")
		if text := page.Text(); !strings.Contains(text, "Thank you for tea") {
			t.Errorf("%+v: the page reads %q", view, text)
		}
		if picture, err := os.ReadFile(page.Shot("thanks")); err != nil || !strings.HasPrefix(string(picture), "\x89PNG") {
			t.Errorf("the picture is %.8q, %v", picture, err)
		}
		page.Quiet()
	}
}

// A judge that finds nothing wrong anywhere is no judge.
func TestJudgesFindWhatIsWrong(t *testing.T) {
	url := shop(t)
	w := &witness{TB: t}
	browser := browsertest.Start(w)
	for path, c := range map[string]struct {
		judge func(*browsertest.Page)
		want  string
	}{
		"/wide":    {(*browsertest.Page).Fits, "the page is"},
		"/part":    {(*browsertest.Page).Fits, "a part of the page is"},
		"/barrier": {func(p *browsertest.Page) { browsertest.Axe(w, p) }, "axe: label"},
		"/noise":   {(*browsertest.Page).Quiet, "oh"},
		"/foreign": {(*browsertest.Page).Quiet, "Content Security Policy"},
	} {
		w.said = ""
		page := browser.Page(browsertest.Phone)
		page.Open(url + path)
		c.judge(page)
		if !strings.Contains(w.said, c.want) {
			t.Errorf("%s: the judge says %q, want %q", path, w.said, c.want)
		}
	}
}
