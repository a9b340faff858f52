package webhooks_test

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/webhooks"
	"rapport/webhooks/browsertest"
)

// serve puts the doors where a browser can reach them.
func (h *house) serveBrowsers(brand string) {
	h.t.Helper()
	server := httptest.NewServer(h.mux)
	h.t.Cleanup(server.Close)
	h.doors.Addresses.Base = server.URL
	h.doors.Listeners[webhooks.OwnLinks] = webhooks.Own{Addresses: h.doors.Addresses}
	h.reader.Addresses = h.doors.Addresses
	edition, err := h.doors.Catalog.Current(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	files := map[string][]byte{}
	for name, text := range edition.Files {
		files[name] = text
	}
	const painted = `, color: "#14532d"`
	settings := string(files["rapport.yaml"])
	if !strings.Contains(settings, painted) {
		h.t.Fatal("the sample shop has another colour")
	}
	files["rapport.yaml"] = []byte(strings.Replace(settings, painted, brand, 1))
	if _, problems, err := h.doors.Catalog.Apply(h.t.Context(), files, noon); err != nil || len(problems) > 0 {
		h.t.Fatal(err, problems)
	}
}

// visitor is somebody with a browser, who judges every page they come to.
type visitor struct {
	*browsertest.Page
	t    *testing.T
	view browsertest.View
	name string
}

func (v visitor) judge(page string, want ...string) {
	v.t.Helper()
	v.Fits()
	v.Quiet()
	if os.Getenv(browsertest.ShotsVariable) != "" { // for people to look at
		v.Shot(v.name + "-" + page)
	}
	if !v.view.NoScripts {
		browsertest.Axe(v.t, v.Page)
	}
	text := v.Text()
	for _, w := range want {
		if !strings.Contains(text, w) {
			v.t.Errorf("%s, %s: the page lacks %q: %s", v.name, page, w, text)
		}
	}
}

// Every page is walked through by real clicks, on a phone and on a desk, by day
// and by night, from left to right and from right to left, with scripts and
// without.
func TestPagesInARealBrowser(t *testing.T) {
	browser := browsertest.Start(t)
	for _, c := range []struct {
		name, locale, brand string
		view                browsertest.View
	}{
		{"phone-en", "en", `, color: "#ffd400"`, browsertest.Phone},
		{"phone-night-de", "de-AT", `, color: "#14532d"`, browsertest.View{Width: 320, Height: 640, Dark: true}},
		{"desk-fa", "fa", `, color: "#7f1d1d"`, browsertest.View{}},
		{"phone-plain-ar", "ar", "", browsertest.View{Width: 320, Height: 640, NoScripts: true}},
		{"desk-night-ru", "ru", `, color: "#000000"`, browsertest.View{Width: 1280, Height: 800, Dark: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			h.serveBrowsers(c.brand)
			d := h.greet(channels.Email)
			ada := customers.Customer{ID: "c-1", Locale: c.locale}
			if _, err := h.store.PutCustomers(t.Context(), noon, []customers.Customer{ada}); err != nil {
				t.Fatal(err)
			}
			if err := h.store.Suppress(t.Context(), []customers.Suppression{
				{Channel: channels.SMS, Address: "+4930123456", Reason: channels.ReasonOptedOut, At: noon},
				{Channel: channels.Call, Address: "+4930123456", Reason: channels.ReasonOptedOut, At: noon},
			}); err != nil {
				t.Fatal(err)
			}
			v := visitor{browser.Page(c.view), t, c.view, c.name}
			h.walk(v, h.ways(d))
		})
	}
}

func (h *house) walk(v visitor, ways map[string]string) {
	v.Open(ways["survey"] + "?score=7")
	v.judge("survey")
	v.Open(ways["survey"])
	v.Follow("form button")
	v.judge("survey-missing")
	v.Do(chromedp.Click(`input[value="2"]`, chromedp.ByQuery), chromedp.SendKeys("textarea", "It came late.", chromedp.ByQuery))
	v.Follow("form button")
	v.judge("thanks")
	v.Open(ways["survey"])
	v.judge("answered")

	v.Open(ways["unsubscribe"])
	v.judge("unsubscribe", "·")
	v.Follow("form button")
	v.judge("unsubscribed")
	if !h.refused() {
		h.t.Errorf("%s: the button did not unsubscribe", v.name)
	}
	v.Follow("a.way")
	v.judge("preferences")
	v.Do(chromedp.Click(`input[value="marketing/email"]`, chromedp.ByQuery), chromedp.Click(`input[name="free"]`, chromedp.ByQuery))
	v.Follow("form button")
	v.judge("preferences-saved")
	if !h.ada().Consented("marketing", channels.Email, false) || h.ada().Suppressed[channels.Call] != "" || h.ada().Suppressed[channels.SMS] == "" {
		h.t.Errorf("%s: chosen %v, blocked %v", v.name, h.said(), h.ada().Suppressed)
	}
	v.Follow("button.quiet")
	v.judge("preferences-stopped")

	v.Open(ways["not_me"])
	v.judge("notme")
	v.Follow("form button")
	v.judge("disowned")
	if h.ada().Suppressed[channels.Email] != channels.ReasonNotTheirs {
		h.t.Errorf("%s: blocked %v", v.name, h.ada().Suppressed)
	}
	v.Open(h.doors.Addresses.Unsubscribe(999))
	v.judge("unsubscribe-unknown")
}

// Every language fits the narrowest screen, and everybody can undo.
func TestEveryLanguageFitsAPhone(t *testing.T) {
	files, err := os.ReadDir("pages/words")
	if err != nil {
		t.Fatal(err)
	}
	browser := browsertest.Start(t)
	h := open(t)
	h.serveBrowsers("")
	d := h.greet(channels.Email)
	page := browser.Page(browsertest.Phone)
	for _, file := range filesOf(files) {
		locale := strings.TrimSuffix(file, ".yaml")
		if _, err := h.store.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-1", Locale: locale}}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"preferences", "survey", "not_me", "unsubscribe"} {
			page.Open(h.ways(d)[name])
			page.Fits()
		}
	}
	page.Quiet()
}

// Other scales have pages of their own.
func TestOtherScalesInARealBrowser(t *testing.T) {
	browser := browsertest.Start(t)
	h := open(t)
	h.serveBrowsers("")
	edition, err := h.doors.Catalog.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asks := edition.Campaigns["follow-up"].Steps
	for i, step := range asks {
		if step.Send == nil || step.Send.Ask == nil || step.Send.Ask.Scale != campaigns.CSAT5 {
			continue
		}
		d := h.plan("follow-up", deliveries.Delivery{Channel: channels.Email, Step: string(rune('0' + i))})
		for name, view := range map[string]browsertest.View{"phone": browsertest.Phone, "desk": {}} {
			v := visitor{browser.Page(view), t, view, "csat-" + name}
			v.Open(h.doors.Addresses.Survey(d.ID) + "?score=4")
			v.judge("survey", "How satisfied were you with us?", "very satisfied")
		}
		return
	}
	t.Fatal("the sample shop asks for no satisfaction")
}
