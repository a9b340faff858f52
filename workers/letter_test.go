package workers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/webhooks"
)

// mail is what SendGrid was asked to send.
type mail struct {
	Headers map[string]string `json:"headers"`
	Content []struct{ Type, Value string }
}

func (m mail) part(kind string) string {
	for _, part := range m.Content {
		if part.Type == kind {
			return part.Value
		}
	}
	return ""
}

func (s *shop) mails() []mail {
	s.t.Helper()
	var all []mail
	for _, got := range s.provider.requests() {
		var m mail
		ok(s.t, json.Unmarshal([]byte(got.body), &m))
		all = append(all, m)
	}
	return all
}

// public serves the doors the world knocks at.
func (s *shop) public() *http.ServeMux {
	mux := http.NewServeMux()
	(&webhooks.Doors{
		Addresses: s.doors, Inbox: s.store, Links: s.store, Record: s.store, Catalog: s.catalog, Listeners: s.reader.Listeners,
		Directory: s.store, Preferences: s.store, Visitors: s.store, Ingest: &webhooks.Ingest{}, Heed: s.reader.Heed, Ring: func(context.Context) {}, Now: s.clock, Log: s.log,
	}).Mount(mux)
	return mux
}

func (s *shop) visit(method, address, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.ctx(), method, strings.TrimPrefix(address, publicURL), strings.NewReader(body))
	r.Header.Set("User-Agent", s.agent())
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.public().ServeHTTP(w, r)
	ok(s.t, s.reader.Read(s.ctx()))
	return w
}

// agent is the program that visits: a telephone's browser, unless a test says
// otherwise.
func (s *shop) agent() string {
	if s.browser != "" {
		return s.browser
	}
	return "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
}

var href = regexp.MustCompile(`href="([^"]+)"`)

func TestLinksOfAMailLeadBackAndOn(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Wrote")
	s.deliver()
	html := s.mails()[0].part("text/html")
	if strings.Contains(html, "https://shop.example/sale") {
		t.Error("a link is not wrapped")
	}
	var click, stop string
	for _, found := range href.FindAllStringSubmatch(html, -1) {
		switch {
		case strings.HasPrefix(found[1], publicURL+deliveries.PathClick):
			click = found[1]
		case strings.HasPrefix(found[1], publicURL+deliveries.PathUnsubscribe):
			stop = found[1]
		}
	}
	if stop == "" {
		t.Error("the link to unsubscribe was wrapped")
	}
	if !strings.Contains(html, publicURL+deliveries.PathOpen) {
		t.Error("there is no picture to tell that it was opened")
	}
	s.later(time.Minute)
	w := s.visit(http.MethodGet, click, "")
	if w.Code != http.StatusFound || w.Header().Get("Location") != "https://shop.example/sale?a=1&b=2" {
		t.Errorf("the link answers %d and leads to %s", w.Code, w.Header().Get("Location"))
	}
	s.stands(deliveries.Clicked, "")
}

func TestAMailCanBeUnsubscribedFromWithOneClick(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Wrote")
	s.deliver()
	headers := s.mails()[0].Headers
	if headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" {
		t.Errorf("headers: %v", headers)
	}
	address := strings.Trim(headers["List-Unsubscribe"], "<>")
	s.visit(http.MethodGet, address, "")
	s.stands(deliveries.Sent, "") // looking changes nothing
	if w := s.visit(http.MethodPost, address, "List-Unsubscribe=One-Click"); w.Code != http.StatusOK {
		t.Errorf("the answer is %d", w.Code)
	}
	s.stands(deliveries.Unsubscribed, "")
	if s.customer("ann").Consented("service", channels.Email, true) {
		t.Error("it is still taken for consent")
	}
}

func TestAMailSaysWhichListItIsOf(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Wrote")
	s.deliver()
	headers := s.mails()[0].Headers
	for name, want := range map[string]string{
		"List-ID": `"About your orders" <service.shop.example>`, "Feedback-ID": "letter:service:email:shop", "Auto-Submitted": "auto-generated",
	} {
		if headers[name] != want {
			t.Errorf("%s is %q, want %q", name, headers[name], want)
		}
	}
}

// A link stands in the store once, whoever it was sent to.
func TestALinkIsStoredOnce(t *testing.T) {
	s := open(t, files)
	s.person("ben")
	s.plan("ann", "Wrote")
	s.deliver()
	s.plan("ben", "Wrote")
	s.deliver()
	numbers, err := s.store.Intern(s.ctx(), []string{"https://shop.example/sale?a=1&b=2"})
	ok(t, err)
	for id, m := range s.mails() {
		want := s.doors.Click(int64(id+1), numbers["https://shop.example/sale?a=1&b=2"])
		if !strings.Contains(m.part("text/html"), want) {
			t.Errorf("mail %d does not hold %s", id+1, want)
		}
	}
}

// A link in which a customer's data stand may be longer than an index can hold. It
// leads straight to its target, and costs neither its letter nor the others.
func TestALinkThatIsTooLongIsLeftAsItIs(t *testing.T) {
	var noise [3000]byte
	for i := range noise {
		noise[i] = "0123456789abcdef"[rand.IntN(16)]
	}
	long := "https://shop.example/cart?state=" + string(noise[:])
	const template = "templates/email/note.liquid"
	s := open(t, with(map[string]string{template: replace(files[template], "<mj-text>", `<mj-text><a href="`+long+`">Cart</a>`)}))
	s.plan("ann", "Wrote")
	s.deliver()
	s.stands(deliveries.Sent, "")
	if html := s.mails()[0].part("text/html"); !strings.Contains(html, `href="`+long+`"`) || strings.Contains(html, "https://shop.example/sale") {
		t.Error("the long link is gone, or the other one is not wrapped")
	}
}

// What machines do with a letter stands beside what people do, moves no journey,
// and is told once, whoever tells it.
func TestMachinesDoNotCountAsPeople(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Wrote")
	s.deliver()
	delivery := s.only()
	number, err := s.store.Intern(s.ctx(), []string{"https://shop.example/sale?a=1&b=2"})
	ok(t, err)
	click, open := s.doors.Click(delivery.ID, number["https://shop.example/sale?a=1&b=2"]), s.doors.Open(delivery.ID)

	s.browser = "Mozilla/5.0" // Apple's proxy, when the letter arrives
	s.visit(http.MethodGet, open, "")
	s.browser = ""
	s.visit(http.MethodGet, click, "") // a scanner that looks like a browser, at once
	s.stands(deliveries.Sent, "")
	if lines := s.timeline("ann"); !slices.Contains(lines, "email opened by a machine") || !slices.Contains(lines, "email clicked by a machine") {
		t.Errorf("the timeline holds %v", lines)
	}

	s.later(time.Hour)
	s.visit(http.MethodGet, open, "")
	s.visit(http.MethodGet, click, "")
	s.receive(mailOut.String(), publicURL+mailHook, fmt.Sprintf(
		`[{"event": "open", "email": "ann@home.example", "timestamp": %[1]d, "sg_event_id": "o1", "delivery": "%[2]d"},
		  {"event": "click", "url": %[3]q, "email": "ann@home.example", "timestamp": %[1]d, "sg_event_id": "c1", "delivery": "%[2]d"}]`,
		s.clock().Unix()-1, delivery.ID, click))
	s.stands(deliveries.Clicked, "")
	told := map[string]int{}
	for _, line := range s.timeline("ann") {
		told[line]++
	}
	if told["email opened"] != 1 || told["email clicked"] != 1 {
		t.Errorf("told are %v", told)
	}
	funnels, err := s.store.Summary().Funnels(s.ctx(), s.clock())
	ok(t, err)
	for _, f := range funnels {
		if f.Campaign == delivery.Campaign && (f.Opened != 1 || f.OpenedRaw != 1 || f.ClickedRaw != 1) {
			t.Errorf("one letter counts as %+v", f)
		}
	}
}
