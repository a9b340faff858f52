package webhooks_test

import (
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/webhooks"
)

// hosted checks what every page of ours promises: no script, nothing from
// elsewhere, not inside another page, not kept by anybody, and nothing of the
// customer's on it.
func hosted(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	header := w.Header()
	policy := header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy %q", policy)
	}
	if header.Get("Referrer-Policy") != "no-referrer" || header.Get("Cache-Control") != "no-store" || header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("headers %v", header)
	}
	_, body, _ := strings.Cut(w.Body.String(), "</style>")
	if strings.Contains(body, "<script") || strings.Contains(body, "src=") || !strings.Contains(body, "Lindenhof") {
		t.Errorf("the page is %s", body)
	}
	for _, private := range []string{"Ada", "Lovelace", "ada@home.example", "+4930123456", "A-1001"} {
		if strings.Contains(strings.ReplaceAll(html.UnescapeString(body), "+493012345678", "the shop's number"), private) {
			t.Errorf("the page tells %s: %s", private, body)
		}
	}
	return w.Body.String()
}

// greet sends a message to a customer of whom much is known.
func (h *house) greet(ch channels.Channel) deliveries.Delivery {
	h.t.Helper()
	d := h.plan("how-are-we-doing", deliveries.Delivery{Channel: ch})
	ada := customers.Customer{ID: "c-1", Email: "ada@home.example", FirstName: "Ada", LastName: "Lovelace", Traits: map[string]any{"favourite": "A-1001"}}
	if _, err := h.store.PutCustomers(h.t.Context(), noon, []customers.Customer{ada}); err != nil {
		h.t.Fatal(err)
	}
	h.send(d)
	return d
}

// send takes a planned delivery to where the provider has it.
func (h *house) send(d deliveries.Delivery) {
	h.t.Helper()
	if _, err := h.store.Due(h.t.Context(), noon, time.Minute, deliveries.QuotaFor(1), 1); err != nil {
		h.t.Fatal(err)
	}
	fence, claimed, err := h.store.Claim(h.t.Context(), []int64{d.ID}, noon, time.Minute)
	if err != nil || len(claimed) != 1 {
		h.t.Fatal(claimed, err)
	}
	goes := func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict { return deliveries.Verdict{Go: true} }
	if verdicts, err := h.store.Begin(h.t.Context(), fence, noon, noon.Add(-time.Hour), []deliveries.Candidate{{Delivery: claimed[0]}}, goes); err != nil || !verdicts[0].Go {
		h.t.Fatal(verdicts, err)
	}
	sent := deliveries.Outcome{ID: d.ID, Status: deliveries.Sent, ProviderID: "m1"}
	if n, err := h.store.Settle(h.t.Context(), fence, noon, []deliveries.Outcome{sent}); err != nil || n != 1 {
		h.t.Fatal(n, err)
	}
}

// ada is who the messages go to, as they are now.
func (h *house) ada() *customers.Customer {
	h.t.Helper()
	people, err := h.store.Load(h.t.Context(), []string{"c-1"}, noon)
	if err != nil || people["c-1"] == nil {
		h.t.Fatal(people, err)
	}
	return people["c-1"]
}

// lines are the names on the customer's timeline, the oldest first.
func (h *house) lines() []string {
	h.t.Helper()
	events, err := h.store.Of(h.t.Context(), "c-1", 100)
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	return names
}

// settle reads the inbox as a worker does later, which must change nothing.
func (h *house) settle() {
	h.t.Helper()
	before := h.ada()
	lines := h.lines()
	if err := h.reader.Read(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	same(h.t, "the customer after the inbox was read", h.ada(), before)
	same(h.t, "the timeline after the inbox was read", h.lines(), lines)
}

// ways are the links of a message that lead to pages.
func (h *house) ways(d deliveries.Delivery) map[string]string {
	links := map[string]string{}
	for name, link := range h.doors.Addresses.Links(d.ID, h.ada().Address(d.Channel)) {
		links[name] = link.(string)
	}
	return links
}

// Mail scanners follow every link: looking must change nothing that a customer
// wants, by any door.
func TestLookingChangesNothing(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	before, lines := h.ada(), h.lines()
	for name, link := range h.ways(d) {
		for _, target := range []string{link, link + "?score=9", link + "?List-Unsubscribe=One-Click&keep=1&stop=all&yes=marketing/email"} {
			hosted(t, h.get(http.StatusOK, target))
			h.expect(http.StatusOK, request(http.MethodHead, at(target), nil, nil))
		}
		if stored := h.stored(); len(stored) > 0 || h.rings > 0 {
			t.Errorf("looking at %s stored %+v", name, stored)
		}
	}
	for _, link := range []string{h.doors.Addresses.Click(d.ID, 1), h.doors.Addresses.Open(d.ID)} {
		h.serve(request(http.MethodHead, at(link), nil, nil))
		h.serve(request(http.MethodGet, at(link), nil, map[string]string{"User-Agent": "LinkScanner"}))
	}
	if err := h.reader.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "consents", h.ada().Consents, before.Consents)
	same(t, "suppressions", h.ada().Suppressed, before.Suppressed)
	for _, line := range h.lines()[len(lines):] {
		if !strings.HasPrefix(line, "email opened") && !strings.HasPrefix(line, "email clicked") {
			t.Errorf("looking put %q on the timeline", line)
		}
	}
}

func TestALinkThatLeadsNowhereSaysSo(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	for name, link := range h.ways(d) {
		cut := strings.LastIndexByte(link, '/') + 1
		for _, lost := range []string{link[:cut] + flipped(link[cut:]), link[:len(link)-3], link[:cut] + "x"} {
			page := hosted(t, h.get(http.StatusNotFound, lost))
			if !strings.Contains(page, "This link leads nowhere.") {
				t.Errorf("%s: %s", name, page)
			}
			h.form(http.StatusNotFound, lost, nil)
		}
	}
	// A token opens its own page and no other.
	survey := h.ways(d)["survey"]
	h.get(http.StatusNotFound, strings.Replace(survey, deliveries.PathSurvey, deliveries.PathPreferences, 1))
	if page := hosted(t, h.get(http.StatusNotFound, h.doors.Addresses.Preferences(d.ID+1))); !strings.Contains(page, "leads nowhere") {
		t.Errorf("of a message nobody knows: %s", page)
	}
	german := request(http.MethodGet, at(survey)+"x", nil, map[string]string{"Accept-Language": "tlh, de-AT;q=0.8, en;q=0.5"})
	if page := hosted(t, h.expect(http.StatusNotFound, german)); !strings.Contains(page, `lang="de"`) {
		t.Errorf("a stranger reads %s", page)
	}
	if stored := h.stored(); len(stored) > 0 {
		t.Errorf("stored %+v", stored)
	}
}

func TestALeakedLinkCannotBeHammered(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	refused := 0
	for range 60 {
		if w := h.serve(request(http.MethodPost, at(h.ways(d)["not_me"]), nil, nil)); w.Code == http.StatusTooManyRequests {
			refused++
			if !strings.Contains(hosted(t, w), "One moment, please.") || w.Header().Get("Retry-After") == "" {
				t.Errorf("%v", w.Header())
			}
		}
	}
	if refused != 20 {
		t.Errorf("%d of 60 were refused", refused)
	}
	h.get(http.StatusOK, h.ways(d)["unsubscribe"]) // another link is another matter
	h.passes(time.Minute)
	h.get(http.StatusOK, h.ways(d)["not_me"])
}

// A stranger's page that holds a link may say stop with it and nothing else.
func TestFormsComeFromOurOwnPages(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	for what, header := range map[string]map[string]string{
		"Sec-Fetch-Site: cross-site": {"Sec-Fetch-Site": "cross-site"},
		"Sec-Fetch-Site: same-site":  {"Sec-Fetch-Site": "same-site"},
		"Origin of a stranger":       {"Origin": "https://attacker.example"},
	} {
		for name, body := range map[string]string{"preferences": "stop=all", "survey": "score=9", "not_me": "", "unsubscribe": "keep=1"} {
			w := h.expect(http.StatusForbidden, request(http.MethodPost, at(h.ways(d)[name]), []byte(body), header))
			if !strings.Contains(hosted(t, w), "another website") {
				t.Errorf("%s, %s: %s", what, name, w.Body)
			}
		}
		if stored := h.stored(); len(stored) > 0 {
			t.Errorf("%s: stored %+v", what, stored)
		}
	}
	header := map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example", "Content-Type": "application/x-www-form-urlencoded"}
	h.expect(http.StatusOK, request(http.MethodPost, at(h.ways(d)["unsubscribe"]), []byte("List-Unsubscribe=One-Click"), header))
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "null"}, {"Origin": base}, {}} {
		h.expect(http.StatusOK, request(http.MethodPost, at(h.ways(d)["survey"]), []byte("score=9"), header))
	}
}

func TestNothingIsPromisedThatIsNotStored(t *testing.T) {
	inbox := &troubled{down: true}
	h := open(t, func(d *webhooks.Doors) { inbox.Inbox = d.Inbox; d.Inbox = inbox })
	d := h.greet(channels.Email)
	for name, body := range map[string]string{"unsubscribe": "", "preferences": "stop=all", "survey": "score=9", "not_me": ""} {
		w := h.expect(http.StatusServiceUnavailable, request(http.MethodPost, at(h.ways(d)[name]), []byte(body), nil))
		if !strings.Contains(hosted(t, w), "try again in a moment") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	huge := request(http.MethodPost, at(h.ways(d)["survey"]), []byte("text="+strings.Repeat("x", 70<<10)), nil)
	if page := hosted(t, h.expect(http.StatusRequestEntityTooLarge, huge)); !strings.Contains(page, "too long") {
		t.Error(page)
	}
}

// Pages speak the customer's language, as templates do; where we do not know
// it, the workspace's.
func TestPagesSpeakTheCustomersLanguage(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	for locale, want := range map[string]string{"": "en", "de-AT": "de", "pt-BR": "pt", "fa-IR": "fa", "ja": "en", "zh-Hant-TW": "en"} {
		if locale != "" {
			if _, err := h.store.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-1", Locale: locale}}); err != nil {
				t.Fatal(err)
			}
		}
		page := hosted(t, h.get(http.StatusOK, h.ways(d)["unsubscribe"]))
		direction := map[bool]string{true: "rtl", false: "ltr"}[want == "fa"]
		if !strings.Contains(page, `<html lang="`+want+`" dir="`+direction+`">`) {
			t.Errorf("in %q the page begins %.60s", locale, page)
		}
	}
}

// Every language has every word that pages use, and none besides.
func TestEveryLanguageHasEveryWord(t *testing.T) {
	used := map[string]bool{"dir": true}
	for _, file := range sources(t) {
		for _, m := range regexp.MustCompile(`\.W\.([a-z0-9_]+)|"([a-z0-9]+_[a-z0-9_]+)"|\.W\["([a-z0-9_]+)"\]`).FindAllStringSubmatch(file, -1) {
			used[m[1]+m[2]+m[3]] = true
		}
	}
	for _, put := range []string{"lost", "busy", "again", "elsewhere", "long"} {
		used[put+"_title"], used[put+"_body"] = true, true
	}
	for _, put := range []string{"email", "sms", "call", "push", "answer_yes", "answer_no", "ask_csat5", "ask_nps", "saved", "blocked_opted_out", "blocked_complained", "blocked_not_theirs"} {
		used[put] = true
	}
	files, err := os.ReadDir("pages/words")
	if err != nil || len(files) < 13 {
		t.Fatal(files, err)
	}
	var english []string
	for _, locale := range append([]string{"en.yaml"}, filesOf(files)...) {
		text, err := os.ReadFile("pages/words/" + locale)
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]string{}
		if err := yaml.Unmarshal(text, &words); err != nil {
			t.Fatal(locale, err)
		}
		have := slices.Sorted(maps.Keys(words))
		if english == nil {
			english = have
		}
		same(t, "the words of "+locale, have, english)
		for name, word := range words {
			if strings.TrimSpace(word) == "" {
				t.Errorf("%s: %s is empty", locale, name)
			}
			if !used[name] {
				t.Errorf("no page says %s", name)
			}
		}
	}
	for name := range used {
		if !slices.Contains(english, name) && !strings.Contains(name, "style") {
			t.Logf("not a word: %s", name)
		}
	}
}

func filesOf(files []os.DirEntry) []string {
	var all []string
	for _, f := range files {
		all = append(all, f.Name())
	}
	return all
}

// sources are the package's Go files and pages.
func sources(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{".", "pages"} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range filesOf(files) {
			if strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".html") {
				continue
			}
			text, err := os.ReadFile(dir + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(text))
		}
	}
	return all
}
