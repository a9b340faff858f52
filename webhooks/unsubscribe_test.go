package webhooks_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// refused reports whether the customer has said no to service by e-mail.
func (h *house) refused() bool {
	return !h.ada().Consented("service", channels.Email, true)
}

func TestAPostUnsubscribesAtOnce(t *testing.T) {
	const boundary = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	for name, c := range map[string]struct{ kind, body, source string }{
		"one click (RFC 8058 §3.2)": {"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", "one_click"},
		"one click, multipart":      {"multipart/form-data; boundary=b", boundary, "one_click"},
		"the page's button":         {"application/x-www-form-urlencoded", "page=1", "form"},
		"whatever a program sends":  {"text/plain", "%zz&", "one_click"},
	} {
		h := open(t)
		d := h.greet(channels.Email)
		link := h.ways(d)["unsubscribe"]
		page := hosted(t, h.expect(http.StatusOK, request(http.MethodPost, at(link), []byte(c.body), map[string]string{"Content-Type": c.kind})))
		if !h.refused() || h.ada().Consents[0].Source != c.source || !strings.Contains(page, "You are unsubscribed.") {
			t.Errorf("%s: consents %+v, page %s", name, h.ada().Consents, page)
		}
		h.expect(http.StatusOK, request(http.MethodPost, at(link), []byte(c.body), map[string]string{"Content-Type": c.kind})) // repeating is harmless
		h.settle()
		token := strings.TrimPrefix(link, base+deliveries.PathUnsubscribe)
		h.form(http.StatusNotFound, base+deliveries.PathUnsubscribe+flipped(token), nil)
		if stored := h.stored(); len(stored) > 0 {
			t.Errorf("%s: a stranger's word was stored: %+v", name, stored)
		}
	}
}

// The requests that RFC 8058 speaks of, as somebody else wrote them down.
func TestRFC8058Requests(t *testing.T) {
	text, err := os.ReadFile("../../shared/vectors/email/rfc8058_checks.json")
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	var vectors struct {
		Requests []struct {
			Method, Body, Expect string
			ContentType          string `json:"content_type"`
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors.Requests) < 4 {
		t.Fatal(vectors, err)
	}
	for _, v := range vectors.Requests {
		h := open(t)
		d := h.greet(channels.Email)
		header := map[string]string{}
		if v.ContentType != "" {
			header["Content-Type"] = v.ContentType
		}
		w := h.expect(http.StatusOK, request(v.Method, at(h.ways(d)["unsubscribe"]), []byte(v.Body), header))
		if w.Header().Get("Location") != "" || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: headers %v", v.Method, w.Header())
		}
		if want := v.Expect == "2xx and suppressed"; h.refused() != want {
			t.Errorf("%s %s: unsubscribed %v, want %v", v.Method, v.ContentType, h.refused(), want)
		}
	}
}

func TestAMistakeIsTakenBack(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	link := h.ways(d)["unsubscribe"]
	hosted(t, h.form(http.StatusConflict, link, url.Values{"keep": {"1"}})) // nobody said no by this link
	if len(h.ada().Consents) > 0 {
		t.Fatal("a link that was not used to say no said yes")
	}
	page := hosted(t, h.form(http.StatusOK, link, url.Values{"page": {"1"}}))
	if !strings.Contains(page, `name="keep"`) || !strings.Contains(page, base+deliveries.PathPreferences) {
		t.Errorf("the page offers no way back: %s", page)
	}
	h.passes(time.Minute)
	page = hosted(t, h.form(http.StatusOK, link, url.Values{"keep": {"1"}}))
	if h.refused() || !strings.Contains(page, "You stay subscribed.") {
		t.Errorf("consents %+v, page %s", h.ada().Consents, page)
	}
	h.settle()
	same(t, "the timeline", h.lines(), []string{"email sent", "email unsubscribed", "preferences changed"})
}

// A no counts although the campaign that wrote cannot be read any more.
func TestUnsubscribingNeedsNoCampaign(t *testing.T) {
	h := open(t)
	hosted(t, h.form(http.StatusOK, h.doors.Addresses.Unsubscribe(7), nil)) // of a message nobody knows
	same(t, "reports", h.reports(), []channels.Report{{Kind: channels.ReportUnsubscribed, At: noon}})
}
