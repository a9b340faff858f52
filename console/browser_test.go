package console_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/webhooks/browsertest"
)

// phone is a screen as most people have one in their pocket.
var phone = browsertest.View{Width: 390, Height: 844}

// namesakes are hard to tell apart and to lay out.
var namesakes = []customers.Customer{
	{ID: "n-1", FirstName: "Anna", LastName: "Karenina", Email: "anna@shop.example", Phone: "+4915112340001", City: "Köln", Country: "DE", Orders: customers.OrderTotals{Count: 1, LastAt: time.Now()}},
	{ID: "n-2", FirstName: "Anna", LastName: "Karenina", Phone: "+4915112340002", City: "Dar es Salaam", Country: "TZ"},
	{ID: strings.Repeat("a1b2c3d4", 8), FirstName: "Anna", LastName: strings.Repeat("Longname", 12), Email: "a@" + strings.Repeat("mail", 14) + ".example"},
	{ID: "n-3", FirstName: "Anna", LastName: "کریمی", City: "تهران", Country: "IR"},
}

// Every page can be worked with on a phone as at a desk: nothing has to be moved
// sideways, nothing keeps anybody out, and no page breaks its own policy.
func TestPagesInARealBrowser(t *testing.T) {
	browser := browsertest.Start(t)
	s := open(t)
	s.now = time.Now().UTC() // a cache of the browser's lives by its clock
	s.openCase("The parcel came open, and what was in it had broken into very many pieces")
	s.openCase("A second parcel")
	s.hears("Where is it? https://shop.example/orders/1234567890123456789012345678901234567890")
	s.ask(post("/customers/c-1/follow-ups", followUp)).leads(t, "/customers/c-1?done=started")
	s.ask(post("/campaigns/welcome/paused", nil)).leads(t, "/?done=paused")
	if err := s.store.Suppress(t.Context(), []customers.Suppression{{Channel: channels.SMS, Address: "+4915112345678", Reason: channels.ReasonNotTheirs, At: s.now}}); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.store.Outlets().Change(t.Context(), deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}, func(h deliveries.Health) deliveries.Health {
		return h.After(deliveries.Signs{Refused: true, Detail: "twilio answered 401"}, s.now)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.PutCustomers(t.Context(), s.now, namesakes); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.pages)
	t.Cleanup(server.Close)
	for _, c := range []struct {
		screen browsertest.View
		paths  []string
	}{
		{phone, []string{"/", "/cases/1", "/customers/c-1", "/customers?who=" + strings.Repeat("nobody", 20), "/customers?who=anna"}},
		{browsertest.View{}, []string{"/", "/customers/c-1", "/customers?who=zoe", "/customers?who=anna"}},
	} {
		page := browser.Page(c.screen)
		for n, path := range c.paths {
			t.Logf("%s, %d px wide", path, c.screen.Width) // shown beside what is wrong with it
			page.Open(server.URL + path)
			page.Do(chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil))
			if os.Getenv(browsertest.ShotsVariable) != "" { // for people to look at
				page.Shot(fmt.Sprintf("console-%d-%d", c.screen.Width, n))
			}
			page.Fits()
			page.Quiet()
			browsertest.Axe(t, page)
		}
	}
}
