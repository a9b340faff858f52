package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// View is how somebody looks at a page. The zero value is a desktop in light
// colours with scripts.
type View struct {
	Width, Height int // in CSS pixels; 0 is 1280 by 800
	Dark          bool
	NoScripts     bool
	Language      string // as Accept-Language writes it; "" is the browser's
}

// Phone is the narrowest screen that pages are made for (WCAG 2.2, 1.4.10).
var Phone = View{Width: 320, Height: 640}

// Page is one tab.
type Page struct {
	// Ctx is for steps of chromedp beyond those below.
	Ctx context.Context

	t        testing.TB
	mu       sync.Mutex
	troubles []trouble
	visited  map[string]bool // the addresses of pages that were shown
}

// trouble is what the console said, about which address if any.
type trouble struct{ text, about string }

// Page opens an empty tab in front of the others: Chromium lets the timers of a
// page that nobody sees run once a second.
func (b *Browser) Page(v View) *Page {
	b.t.Helper()
	ctx, leave := chromedp.NewContext(b.ctx)
	b.t.Cleanup(leave)
	p := &Page{Ctx: ctx, t: b.t, visited: map[string]bool{}}
	if err := chromedp.Run(ctx); err != nil { // opened under a time limit, the tab would close when that ends
		b.t.Fatalf("open a tab: %v", err)
	}
	chromedp.ListenTarget(ctx, p.listen)
	if v.Width == 0 {
		v.Width, v.Height = 1280, 800
	}
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	steps := []chromedp.Action{
		page.BringToFront(), log.Enable(), runtime.Enable(),
		emulation.SetDeviceMetricsOverride(int64(v.Width), int64(v.Height), 1, v.Width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
		emulation.SetScriptExecutionDisabled(v.NoScripts),
	}
	if v.Language != "" {
		steps = append(steps, network.Enable(), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": v.Language}))
	}
	p.Do(steps...)
	return p
}

// Do runs steps and fails the test where one cannot be done.
func (p *Page) Do(steps ...chromedp.Action) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.Ctx, patience)
	defer stop()
	if err := chromedp.Run(ctx, steps...); err != nil {
		p.t.Fatalf("on the page: %v", err)
	}
}

// Open goes to an address and waits until it is loaded.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(url))
}

// Follow clicks what a CSS selector finds and waits until the page that it
// leads to is loaded.
func (p *Page) Follow(selector string) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.Ctx, patience)
	defer stop()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		p.t.Fatalf("follow %s: %v", selector, err)
	}
}

// Text is what a reader sees of the page.
func (p *Page) Text() string {
	p.t.Helper()
	var text string
	p.Do(chromedp.Evaluate(`document.body.innerText`, &text))
	return text
}

// Fits fails the test where the page is wider than its window, or a part of it has to
// be moved sideways by itself.
func (p *Page) Fits() {
	p.t.Helper()
	var found struct {
		What, By string
		Over     int
	}
	p.Do(chromedp.Evaluate(`(() => {
		const room = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - room
		const wide = [...document.querySelectorAll("body *")].find(e => e.getBoundingClientRect().right > room + 0.5 || e.getBoundingClientRect().left < -0.5)
		if (over > 0) return {what: "the page", over, by: wide ? wide.outerHTML.slice(0, 200) : ""}
		const part = [...document.querySelectorAll("body *")].find(e => e.scrollWidth > e.clientWidth && ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
		return part ? {what: "a part of the page", over: part.scrollWidth - part.clientWidth, by: part.outerHTML.slice(0, 200)} : {over: 0, by: ""}
	})()`, &found))
	if found.Over > 0 {
		p.t.Errorf("%s is %d px wider than its window, by %s", found.What, found.Over, found.By)
	}
}

// Shot keeps a picture of the whole page as <name>.png, in the folder that
// RAPPORT_TEST_SHOTS names or with the test, and returns its path.
func (p *Page) Shot(name string) string {
	p.t.Helper()
	var picture []byte
	p.Do(page.BringToFront(), chromedp.FullScreenshot(&picture, 100))
	path := filepath.Join(shots(p.t), name+".png")
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// Quiet fails the test where the console has shown an error or a warning since
// the tab was opened, a broken content security policy included. A page that
// was shown with a status of 400 or more is no trouble: it was shown.
func (p *Page) Quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, trouble := range p.troubles {
		if !p.visited[trouble.about] {
			p.t.Errorf("the console says: %s %s", trouble.text, trouble.about)
		}
	}
}

func (p *Page) listen(event any) {
	var found trouble
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			p.visited[e.Frame.URL] = true
		}
	case *runtime.EventExceptionThrown:
		found.text = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if slices.Contains([]runtime.APIType{runtime.APITypeError, runtime.APITypeWarning, runtime.APITypeAssert}, e.Type) {
			found.text = string(e.Type)
			for _, argument := range e.Args {
				found.text += " " + string(argument.Value) + argument.Description
			}
		}
	case *log.EventEntryAdded:
		// A browser asks for /favicon.ico by itself, whether a page names one or not.
		if (e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning) && !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			found.text = e.Entry.Text
			if e.Entry.Source == log.SourceNetwork {
				found.about = e.Entry.URL
			} else {
				found.text += " " + e.Entry.URL
			}
		}
	}
	if found.text != "" {
		p.troubles = append(p.troubles, found)
	}
}
