package webhooks_test

import (
	"net/http"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/webhooks"
)

const shop = "https://lindenhof.example/advent?utm=1"

// link stores a link and gives its number.
func (h *house) link(url string) int64 {
	h.t.Helper()
	numbers, err := h.store.Intern(h.t.Context(), []string{url})
	if err != nil {
		h.t.Fatal(err)
	}
	return numbers[url]
}

func TestAClickLeadsToTheStoredLink(t *testing.T) {
	h := open(t)
	click := h.doors.Addresses.Click(7, h.link(shop))
	w := h.get(http.StatusFound, click+"?url=https://attacker.example/")
	if to := w.Header().Get("Location"); to != shop {
		t.Errorf("led to %s", to)
	}
	same(t, "reports", h.reports(), []channels.Report{{Kind: channels.ReportClicked, At: noon, Link: shop}})
	if h.rings != 1 {
		t.Errorf("%d rings", h.rings)
	}
}

// Whatever is not our word leads nowhere and leaves no trace.
func TestTamperedLinksLeadNowhere(t *testing.T) {
	h := open(t)
	addresses, number := h.doors.Addresses, h.link(shop)
	click := addresses.Click(7, number)
	token := strings.TrimPrefix(click, base+"/l/")
	for _, absolute := range []string{
		base + "/l/" + flipped(token), base + "/l/" + token + "A", base + "/l/" + token[:len(token)-1], base + "/l/", base + "/l/1",
		base + "/l/https:%2F%2Fattacker.example", base + "/o/" + token, base + "/u/" + token, base + "/s/" + token,
		base + "/o/" + flipped(strings.TrimPrefix(addresses.Open(7), base+"/o/")),
		base + "/l/" + strings.TrimPrefix(addresses.Open(7), base+"/o/"),
		addresses.Click(7, number+1), // ours, but there is no such link
	} {
		if w := h.get(http.StatusNotFound, absolute); w.Header().Get("Location") != "" {
			t.Errorf("%s leads to %s", absolute, w.Header().Get("Location"))
		}
	}
	h.form(http.StatusMethodNotAllowed, click, nil)
	if stored := h.stored(); len(stored) > 0 {
		t.Errorf("stored %+v", stored)
	}
}

func flipped(token string) string {
	if token[4] == 'A' {
		return token[:4] + "B" + token[5:]
	}
	return token[:4] + "A" + token[5:]
}

func TestThePixelTellsThatAnEmailWasOpened(t *testing.T) {
	h := open(t)
	w := h.get(http.StatusOK, h.doors.Addresses.Open(7))
	if !strings.HasPrefix(w.Body.String(), "GIF89a") || w.Header().Get("Content-Type") != "image/gif" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("answered %q, %v", w.Body, w.Header())
	}
	same(t, "reports", h.reports(), []channels.Report{{Kind: channels.ReportOpened, At: noon}})
}

func TestMachinesAreKnownAsSuch(t *testing.T) {
	h := open(t)
	for i, c := range []struct {
		method, agent string
		bot           bool
	}{
		{http.MethodHead, "Mozilla/5.0", true},
		{http.MethodGet, "BarracudaScanner/1.0", true},
		{http.MethodGet, "Mozilla/5.0 (compatible; Googlebot/2.1)", true},
		{http.MethodGet, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", false},
		{http.MethodGet, "", false},
	} {
		click := at(h.doors.Addresses.Click(int64(i+1), h.link(shop)))
		h.expect(http.StatusFound, request(c.method, click, nil, map[string]string{"User-Agent": c.agent}))
		same(t, c.method+" by "+c.agent, h.reports(), []channels.Report{{Kind: channels.ReportClicked, At: noon, Link: shop, Bot: c.bot}})
	}
}

// A customer gets where they wanted to go even when nothing can be recorded.
func TestAClickLeadsOnWhileTheInboxIsDown(t *testing.T) {
	inbox := &troubled{down: true}
	h := open(t, func(d *webhooks.Doors) { inbox.Inbox, d.Inbox = d.Inbox, inbox })
	h.get(http.StatusFound, h.doors.Addresses.Click(7, h.link(shop)))
	h.get(http.StatusOK, h.doors.Addresses.Open(7))
	if log := h.log.String(); !strings.Contains(log, "a visit could not be recorded") || strings.Contains(log, at(h.doors.Addresses.Open(7))) {
		t.Errorf("the log is %s", log)
	}
}
