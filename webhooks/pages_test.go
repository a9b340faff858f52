package webhooks_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/deliveries"
)

// hosted checks what every page of ours promises: no script, nothing from
// elsewhere, not inside another page, not kept by anybody.
func hosted(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	header := w.Header()
	policy := header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
	if header.Get("Referrer-Policy") != "no-referrer" || header.Get("Cache-Control") != "no-store" || header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("headers %v", header)
	}
	body := w.Body.String()
	if strings.Contains(body, "<script") || strings.Contains(body, "src=") || !strings.Contains(body, "Lindenhof") {
		t.Errorf("the page is %s", body)
	}
	return body
}

// Mail scanners follow every link: looking must not unsubscribe anybody.
func TestLookingDoesNotUnsubscribe(t *testing.T) {
	h := open(t)
	link := h.doors.Addresses.Unsubscribe(7)
	page := hosted(t, h.get(http.StatusOK, link))
	if !strings.Contains(page, `<form method="post">`) {
		t.Errorf("the page asks nothing: %s", page)
	}
	h.expect(http.StatusOK, request(http.MethodHead, at(link), nil, nil))
	h.get(http.StatusOK, link+"?List-Unsubscribe=One-Click")
	if stored := h.stored(); len(stored) > 0 || h.rings > 0 {
		t.Errorf("stored %+v", stored)
	}
}

func TestAPostUnsubscribes(t *testing.T) {
	const boundary = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	for name, c := range map[string]struct{ kind, body string }{
		"one click (RFC 8058 §3.2)": {"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
		"one click, multipart":      {"multipart/form-data; boundary=b", boundary},
		"the page's button":         {"application/x-www-form-urlencoded", ""},
	} {
		h := open(t)
		link := h.doors.Addresses.Unsubscribe(7)
		hosted(t, h.expect(http.StatusOK, request(http.MethodPost, at(link), []byte(c.body), map[string]string{"Content-Type": c.kind})))
		same(t, name, h.reports(), []channels.Report{{Kind: channels.ReportUnsubscribed, At: noon}})
		token := strings.TrimPrefix(link, base+deliveries.PathUnsubscribe)
		h.form(http.StatusNotFound, base+deliveries.PathUnsubscribe+flipped(token), nil)
		if stored := h.stored(); len(stored) > 0 {
			t.Errorf("%s: a stranger's word was stored: %+v", name, stored)
		}
	}
}

func TestASurveyAsksTheQuestionOfItsDelivery(t *testing.T) {
	h := open(t)
	d := h.plan("how-are-we-doing", deliveries.Delivery{Channel: channels.Email})
	link := h.doors.Addresses.Survey(d.ID)
	page := hosted(t, h.get(http.StatusOK, link+"?score=9"))
	if strings.Count(page, `type="radio"`) != 11 || strings.Count(page, "checked") != 1 || !strings.Contains(page, `value="9" checked`) {
		t.Errorf("the page is %s", page)
	}
	if hosted(t, h.get(http.StatusOK, link+"?score="+url.QueryEscape(`9" onfocus="alert(1)`))); len(h.stored()) > 0 {
		t.Error("looking was an answer")
	}
	hosted(t, h.form(http.StatusOK, link, url.Values{"score": {"9"}, "text": {"  all good\n"}}))
	same(t, "reports", h.reports(), []channels.Report{{Kind: channels.ReportAnswered, At: noon, Answer: "9", Text: "all good"}})
	h.form(http.StatusBadRequest, link, url.Values{"text": {"  "}})
	h.form(http.StatusBadRequest, link+"?score=9", nil)
	h.expect(http.StatusBadRequest, request(http.MethodPost, at(link), []byte("score=%zz"), nil))
	h.get(http.StatusNotFound, h.doors.Addresses.Survey(d.ID+1)) // asks nothing
	if stored := h.stored(); len(stored) > 0 {
		t.Errorf("stored %+v", stored)
	}
}
