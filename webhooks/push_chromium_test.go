package webhooks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/webhooks"
	"rapport/webhooks/browsertest"
)

// shopPage is a page of a shop with what docs/providers/webpush.md says to paste.
// The browser's push service cannot be reached in a test: its subscription is
// made up, and messages are handed to the worker by the debugger.
const shopPage = `<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>
<button id="notify" hidden>Tell me when it is back</button>
<script>
  const standIn = %s;
  PushManager.prototype.getSubscription = async () => window.subscribed ? standIn : null;
  PushManager.prototype.subscribe = async (options) => {
    window.key = options.applicationServerKey;
    window.subscribed = true;
    return standIn;
  };
  standIn.toJSON = () => ({ endpoint: standIn.endpoint, keys: standIn.keys });
  standIn.unsubscribe = async () => { window.subscribed = false; return true; };
</script>
<script src="%s/push/subscribe.js" data-worker="/rapport-worker.js" data-button="#notify" data-topic="marketing"></script>`

// A real browser loads the snippet, subscribes on a click, shows what is pushed
// and tells what becomes of it.
func TestARealBrowserSubscribesShowsAndTells(t *testing.T) {
	chromium := browsertest.Start(t)
	mux := http.NewServeMux()
	public := httptest.NewServer(mux)
	defer public.Close()
	heard := make(chan struct{}, 100)
	h := open(t, func(d *webhooks.Doors) {
		d.Ring = func(context.Context) { heard <- struct{}{} }
		d.Addresses.Base = public.URL
		d.Listeners[webhooks.OwnLinks] = webhooks.Own{Addresses: d.Addresses}
	})
	h.reader.Addresses = h.doors.Addresses
	mux.Handle("/", h.mux)
	bought := make(chan struct{}, 1)
	shop := h.shopServer(public.URL, bought)

	page := chromium.Page(browsertest.View{})
	ours := chromedp.FromContext(page.Ctx)
	permit := func(setting browser.PermissionSetting) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error {
			return browser.SetPermission(&browser.PermissionDescriptor{Name: "notifications"}, setting).WithOrigin(shop.URL).
				Do(cdp.WithExecutor(ctx, ours.Browser))
		})
	}
	page.Do(permit(browser.PermissionSettingPrompt))
	page.Open(shop.URL + "/")
	var shown bool
	page.Do(chromedp.Evaluate(`!document.querySelector("#notify").hidden && Notification.permission === "default" && !window.subscribed`, &shown))
	if !shown {
		t.Fatal("the page does not offer to subscribe, or asked by itself")
	}
	page.Do(permit(browser.PermissionSettingGranted))
	// Who lets the shop notify, by whatever way, has not subscribed to us.
	page.Open(shop.URL + "/")
	offered := until(`Notification.permission === "granted" && !document.querySelector("#notify").hidden && !window.subscribed`)
	subscribes := chromedp.Tasks{chromedp.Click("#notify", chromedp.ByQuery), until(`document.querySelector("#notify").hidden && window.key`)}
	page.Do(offered, subscribes)

	var visitor, key string
	page.Do(chromedp.Evaluate(`localStorage.getItem("rapport_anonymous_id")`, &visitor), chromedp.Evaluate(`window.key`, &key))
	if key != h.doors.PushKey {
		t.Errorf("the browser subscribed with the key %q", key)
	}
	all, err := h.store.Load(t.Context(), []string{"anonymous:" + visitor}, noon)
	if err != nil {
		t.Fatal(err)
	}
	who := all["anonymous:"+visitor]
	if who == nil || len(who.Browsers) != 1 || !who.Consented("marketing", channels.Push, false) {
		t.Fatalf("the visitor is kept as %+v", who)
	}

	d := h.greet(channels.Push)
	token := h.doors.Addresses.Signer.Sign(deliveries.Token{Purpose: deliveries.PushReport, Delivery: d.ID})
	message, err := json.Marshal(map[string]any{
		"title": "It is back", "body": "The rye bread", "tag": "bread", "url": shop.URL + "/bread", "require_interaction": true,
		"actions": []channels.PushAction{{ID: "buy", Title: "Buy now", URL: shop.URL + "/buy"}},
		"token":   token, "reports": h.doors.Addresses.PushReports(),
	})
	if err != nil {
		t.Fatal(err)
	}
	registrations := make(chan string, 8)
	chromedp.ListenTarget(page.Ctx, func(event any) {
		if updated, is := event.(*serviceworker.EventWorkerRegistrationUpdated); is {
			for _, r := range updated.Registrations {
				if strings.HasPrefix(r.ScopeURL, shop.URL) {
					select {
					case registrations <- string(r.RegistrationID):
					default:
					}
				}
			}
		}
	})
	page.Do(serviceworker.Enable())
	registration := ""
	select {
	case registration = <-registrations:
	case <-time.After(time.Minute):
		t.Fatal("the shop's worker is not registered")
	}
	// Nobody may look at notifications before the worker has told that one is shown:
	// Chromium forgets what it keeps but does not see on the screen yet.
	page.Do(serviceworker.DeliverPushMessage(shop.URL, serviceworker.RegistrationID(registration), string(message)))
	h.tells(heard, d, "push delivered", nil)

	var notification struct {
		Title, Body, Tag string
		Stays            bool
		Actions          int
	}
	page.Do(awaited(`navigator.serviceWorker.ready.then(r => r.getNotifications()).then(([n]) => n &&
		({title: n.title, body: n.body, tag: n.tag, stays: n.requireInteraction, actions: (n.actions || []).length}))`, &notification))
	if notification.Title != "It is back" || notification.Body != "The rye bread" || notification.Tag != "bread" || !notification.Stays || notification.Actions != 1 {
		t.Errorf("shown is %+v", notification)
	}

	// Headless browsers have no screen to press on: the worker is handed the event
	// that a press makes.
	press := func(kind, action string) {
		page.Do(chromedp.Evaluate(fmt.Sprintf(`navigator.serviceWorker.ready.then(r => r.active.postMessage({type: %q, action: %q}))`, kind, action), nil))
	}
	press("notificationclose", "")
	h.tells(heard, d, "push closed", nil)
	press("notificationclick", "buy")
	h.tells(heard, d, "push clicked", map[string]any{"link": shop.URL + "/buy", "action": "buy"})
	select {
	case <-bought:
	case <-time.After(time.Minute):
		t.Error("the press leads nowhere")
	}
	page.Do(until(`navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.length === 0)`))
	h.renews(page, shop.URL, public.URL, visitor)
	page.Do(awaited(`rapportPush.unsubscribe()`, nil))
	h.knows(visitor, 0)
	page.Do(until(`!document.querySelector("#notify").hidden`))
	page.Open(shop.URL + "/") // what somebody took back is theirs to give again
	page.Do(offered, subscribes)
	h.knows(visitor, 1)
}

// renews has the push service give up the visitor's subscription, and Rapport
// forget it: the next visit subscribes again, without a click.
func (h *house) renews(page *browsertest.Page, shop, rapport, visitor string) {
	h.t.Helper()
	if err := h.store.Unsubscribe(h.t.Context(), h.knows(visitor, 1)[0].Endpoint); err != nil {
		h.t.Fatal(err)
	}
	page.Open(shop + "/") // whose subscription is nowhere but in the page before
	page.Do(until(fmt.Sprintf(`window.subscribed && performance.getEntriesByName("%s/push/subscriptions").length > 0
		|| !document.querySelector("#notify").hidden`, rapport)))
	h.knows(visitor, 1)
}

// knows are the browsers that Rapport has of a visitor, who should be so many.
func (h *house) knows(visitor string, want int) []channels.PushSubscription {
	h.t.Helper()
	all, err := h.store.Load(h.t.Context(), []string{"anonymous:" + visitor}, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	known := all["anonymous:"+visitor].Browsers
	if len(known) != want {
		h.t.Fatalf("%d browsers of the visitor are known, want %d", len(known), want)
	}
	return known
}

// shopServer is the shop's own origin: its page, the worker that loads ours, and
// where a button of the notification leads.
func (h *house) shopServer(rapport string, bought chan<- struct{}) *httptest.Server {
	h.t.Helper()
	made := h.box.NewSubscription("visitor")
	standIn, err := json.Marshal(map[string]any{"endpoint": made.Endpoint, "keys": map[string]string{"p256dh": made.P256dh, "auth": made.Auth}})
	if err != nil {
		h.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, shopPage, standIn, rapport)
	})
	mux.HandleFunc("GET /buy", func(http.ResponseWriter, *http.Request) { bought <- struct{}{} })
	mux.HandleFunc("GET /rapport-worker.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprintf(w, shopWorker, rapport)
	})
	server := httptest.NewServer(mux)
	h.t.Cleanup(server.Close)
	return server
}

// shopWorker loads our worker, as documented, and makes the events of a press at
// the test's word. Chromium lets an event that a script made neither keep the
// worker alive nor open a window: the word's own event keeps it alive, and what
// would be opened is fetched.
const shopWorker = `importScripts("%s/push/worker.js");
clients.openWindow = (url) => fetch(url);
addEventListener("message", (word) => word.waitUntil((async () => {
  const [notification] = await registration.getNotifications();
  const press = new NotificationEvent(word.data.type, {notification, action: word.data.action});
  const done = [];
  press.waitUntil = (work) => done.push(work);
  dispatchEvent(press);
  await Promise.all(done);
})()));
`

// tells waits until the timeline has a line of a delivery, by our doors and the
// worker that reads what they stored.
func (h *house) tells(heard <-chan struct{}, d deliveries.Delivery, line string, want map[string]any) {
	h.t.Helper()
	patience := time.After(time.Minute)
	for {
		if err := h.reader.Read(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
		events, err := h.store.Of(h.t.Context(), d.Customer, 100)
		if err != nil {
			h.t.Fatal(err)
		}
		at := slices.IndexFunc(events, func(e customers.Event) bool { return e.Delivery == d.ID && e.Name == line })
		if at >= 0 {
			for name, value := range want {
				same(h.t, line+": "+name, events[at].Properties[name], value)
			}
			return
		}
		select {
		case <-heard:
		case <-patience:
			h.t.Fatalf("the timeline has no %q", line)
		}
	}
}

// until waits for something that comes to hold on the page.
func until(expression string) chromedp.Action {
	return awaited(`(async () => { while (!(await (`+expression+`))) await new Promise((r) => setTimeout(r, 50)) })()`, nil)
}

// awaited evaluates a promise.
func awaited(expression string, into any) chromedp.Action {
	return chromedp.Evaluate(expression, into, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })
}
