package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func TestTheOverviewListsCampaignsAndCases(t *testing.T) {
	s := open(t)
	s.ask(get("/")).says(t, http.StatusOK, "Nobody waits for an answer")
	s.openCase("The parcel came <b>open</b>")
	s.ask(post("/customers/c-1/follow-ups", followUp)).leads(t, "/customers/c-1?done=started")
	s.ask(get("/")).says(t, http.StatusOK,
		"A call after a complaint was settled", "<small>follow-up</small>",
		"The parcel came &lt;b&gt;open&lt;/b&gt;", `href="/customers/c-1"><bdi>Ada Quill</bdi> <small>c-1</small>`, "overdue", "support")
}

// A campaign that nobody has entered is listed too, each with its state.
func TestTheOverviewListsEveryCampaignInForce(t *testing.T) {
	s := open(t)
	files := sampleFiles(t)
	for name, change := range map[string][2]string{
		"campaigns/win-back.yaml": {"state: live", "state: draft"}, "campaigns/back-in-stock.yaml": {"state: live", "state: paused"},
	} {
		files[name] = []byte(strings.Replace(string(files[name]), change[0], change[1], 1))
	}
	catalog := &campaigns.Catalog{Archive: s.store.Archive()}
	if _, problems, err := catalog.Apply(t.Context(), files, s.now); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	s.ask(post("/customers/c-1/follow-ups", followUp))
	page := s.ask(get("/")).says(t, http.StatusOK, "<small>draft</small>", "<small>by its file</small>", "Journeys under way in it: 1.")
	edition, err := catalog.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for id := range edition.Campaigns {
		page.says(t, http.StatusOK, "<small>"+id+"</small>")
		if live := edition.Campaigns[id].State == campaigns.Live; live != strings.Contains(page.body, `action="/campaigns/`+id+`/paused"`) {
			t.Errorf("%s is %s: the page offers to pause it, or does not", id, edition.Campaigns[id].State)
		}
	}
	page.lacks(t, "/resumed") // what a file paused goes on by its file
}

func TestACampaignIsPausedAndResumedOnThePage(t *testing.T) {
	o := openOffice(t)
	anna, olga := o.signIn("anna"), o.signIn("olga")
	o.ask(from(get("/"), anna)).says(t, http.StatusOK, "<small>welcome</small>").lacks(t, "/paused", "/resumed")
	o.ask(from(get("/"), olga)).says(t, http.StatusOK, `action="/campaigns/welcome/paused"`).lacks(t, "/resumed")
	o.ask(from(post("/campaigns/welcome/paused", url.Values{"why": {"a <wrong> price"}}), olga)).leads(t, "/?done=paused")
	o.ask(from(get("/?done=paused"), olga)).says(t, http.StatusOK, `role="status"`, "The campaign is paused",
		`<span class="late">paused</span>`, "by olga: a &lt;wrong&gt; price", `action="/campaigns/welcome/resumed"`).lacks(t, "/campaigns/welcome/paused")
	o.ask(from(get("/"), anna)).says(t, http.StatusOK, "by olga: a &lt;wrong&gt; price").lacks(t, "/resumed")
	o.ask(from(post("/campaigns/welcome/resumed", nil), anna)).says(t, http.StatusForbidden, "needs the role operator")
	o.ask(from(post("/campaigns/welcome/resumed", nil), olga)).leads(t, "/?done=resumed")
	o.ask(from(get("/?done=resumed"), olga)).says(t, http.StatusOK, "The campaign goes on", `action="/campaigns/welcome/paused"`)
	o.ask(from(get("/?done=<b>made-up"), olga)).says(t, http.StatusOK).lacks(t, "made-up", `role="status"`)
}

func TestACustomerIsErasedOnlyByTheirId(t *testing.T) {
	s := open(t)
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, `action="/customers/c-1/erasure"`)
	s.ask(post("/customers/c-1/erasure", url.Values{"confirm": {"c-2"}})).says(t, http.StatusBadRequest, "Nothing was erased")
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, "Ada Quill")
	s.ask(post("/customers/c-1/erasure", url.Values{"confirm": {"c-1"}})).leads(t, "/?done=erased")
	s.ask(get("/?done=erased")).says(t, http.StatusOK, "The customer is erased")
	s.ask(get("/customers/c-1")).says(t, http.StatusNotFound)
	s.ask(post("/customers/c-1/erasure", url.Values{"confirm": {"c-1"}})).says(t, http.StatusNotFound, "Nobody has the id c-1")
}

// What a form says behind its limit is not heard.
func TestAFormHasALimit(t *testing.T) {
	s := open(t)
	long := url.Values{"a": {strings.Repeat("a", 64<<10)}, "confirm": {"c-1"}}
	s.ask(post("/customers/c-1/erasure", long)).says(t, http.StatusRequestEntityTooLarge, "too long")
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, "Ada Quill")
}

func TestFollowUpsAreOfferedByTitle(t *testing.T) {
	s := open(t)
	files, err := campaigns.ReadFolder(examples.Shop())
	if err != nil {
		t.Fatal(err)
	}
	followUp := string(files["campaigns/follow-up.yaml"])
	for _, title := range []string{"Zebra", "Ask again", "May we call", "Before you go"} {
		id := strings.ReplaceAll(strings.ToLower(title), " ", "-")
		text := strings.Replace(followUp, "campaign: follow-up", "campaign: "+id, 1)
		files["campaigns/"+id+".yaml"] = []byte(strings.Replace(text, "title: A call", "title: "+title+", a call", 1))
	}
	catalog := &campaigns.Catalog{Archive: s.store.Archive()}
	if _, problems, err := catalog.Apply(t.Context(), files, s.now); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	page := s.ask(get("/customers/c-1")).says(t, http.StatusOK)
	var offered []string
	for _, option := range regexp.MustCompile(`<option value="([a-z-]+)">`).FindAllStringSubmatch(page.body, -1) {
		offered = append(offered, option[1])
	}
	if want := []string{"follow-up", "ask-again", "before-you-go", "may-we-call", "zebra"}; !slices.Equal(offered, want) {
		t.Errorf("offered are %q, want %q", offered, want)
	}
}

func TestBeforeAWorkspaceIsApplied(t *testing.T) {
	s := emptyShop(t)
	s.ask(get("/")).says(t, http.StatusOK, "No workspace is applied yet")
	s.ask(get("/customers/c-1")).says(t, http.StatusConflict, "no workspace has been applied yet")
}

func TestSearchLeadsToTheCustomer(t *testing.T) {
	s := open(t)
	if _, err := s.store.PutCustomers(t.Context(), s.now, []customers.Customer{{ID: "12"}}); err != nil {
		t.Fatal(err)
	}
	s.openCase("A broken cup")
	s.ask(get("/customers?who=2")).says(t, http.StatusNotFound, "Nobody has this id")
	for who, to := range map[string]string{
		"c-1": "/customers/c-1", " ada@shop.example ": "/customers/c-1", "+4915112345678": "/customers/c-1",
		"odd@shop.example": "/customers/shop%2F7%3Fx%23y", "1": "/cases/1", "case 1": "/cases/1", "12": "/customers/12",
	} {
		s.ask(get("/customers?who="+url.QueryEscape(who))).leads(t, to)
	}
	s.ask(get("/customers?who=nobody%3Ci%3E")).says(t, http.StatusNotFound, "Nobody has this id", "nobody&lt;i&gt;", "No name has words that begin so either", "anna kar")
}

func TestCustomersAreFoundByName(t *testing.T) {
	o := openOffice(t)
	vera := o.signIn("vera")
	namesakes := []customers.Customer{
		{ID: "n-1", FirstName: "Änna", LastName: "Berg", Email: "anna.berg@shop.example", City: "Köln", Country: "DE", Orders: customers.OrderTotals{Count: 1, LastAt: o.now.Add(-time.Hour)}},
		{ID: "n/2?", FirstName: "Anna", LastName: "Berg", Phone: "+4915155556666"},
	}
	for n := range 600 {
		namesakes = append(namesakes, customers.Customer{ID: fmt.Sprint("m-", n), FirstName: "Maria", LastName: fmt.Sprint("Berg", n%6)})
	}
	if _, err := o.store.PutCustomers(t.Context(), o.now, namesakes); err != nil {
		t.Fatal(err)
	}
	search := func(who string) answer {
		t.Helper()
		return o.ask(from(get("/customers?who="+url.QueryEscape(who)), vera))
	}
	search("berg ANN").says(t, http.StatusOK, "2 customers with a name", `href="/customers/n-1"><bdi>Änna Berg</bdi></a> <small><bdi>n-1</bdi></small>`, `href="/customers/n%2F2%3F"`,
		"a…@shop.example", "…6666", "Köln", "Mon 4 May 2026", `value="berg ANN"`).lacks(t, "anna.berg@", "+49151", "These are")
	search("odd").says(t, http.StatusOK, "One customer with a name", `href="/customers/shop%2F7%3Fx%23y"`)
	search("script").says(t, http.StatusOK, "&lt;script&gt;alert(1)").lacks(t, "<script")
	search("maria").says(t, http.StatusOK, "More than 500 customers", "These are 50 of them")
	search("maria berg3").says(t, http.StatusOK, "100 customers", "These are 50 of them")
	search("z").says(t, http.StatusNotFound, "at least two letters")
	search("zoe").says(t, http.StatusNotFound, "No name has words that begin so either", "How to search")
	search("zoe@shop.example").says(t, http.StatusNotFound, "Nobody has this id").lacks(t, "No name")
	search("n-1").leads(t, "/customers/n-1")
	if got := o.deeds(); !slices.Contains(got, "vera searched names") || strings.Contains(strings.Join(got, " "), "berg") {
		t.Errorf("the audit says %q", got)
	}
}

func TestACustomersPage(t *testing.T) {
	s := open(t)
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, "Ada Quill", "ada@shop.example", "Nothing yet.",
		`action="/customers/c-1/follow-ups"`, `<option value="follow-up">`)
	s.ask(get("/customers/c-404")).says(t, http.StatusNotFound, "Nobody has the id c-404.")

	odd := "/customers/shop%2F7%3Fx%23y"
	s.ask(get(odd)).says(t, http.StatusOK, `action="`+odd+`/follow-ups"`)
	s.ask(post(odd+"/follow-ups", followUp)).leads(t, odd+"?done=started")
}

func TestNamesAreText(t *testing.T) {
	page := open(t).ask(get("/customers/c-2"))
	page.says(t, http.StatusOK, "&lt;script&gt;alert(1)&lt;/script&gt;")
	if strings.Contains(page.body, "<script") || strings.Contains(page.body, `"><b>`) {
		t.Errorf("a name is markup in:\n%s", page.body)
	}
}

func TestAFollowUpIsStartedOnce(t *testing.T) {
	s := open(t)
	s.ask(post("/customers/c-1/follow-ups", followUp)).leads(t, "/customers/c-1?done=started")
	if s.journeys("c-1") != 1 || s.rings != 1 {
		t.Errorf("%d journeys, %d rings, want one each", s.journeys("c-1"), s.rings)
	}
	const why = "c-1 is in follow-up already, or was in it too lately"
	s.ask(post("/customers/c-1/follow-ups", followUp)).says(t, http.StatusConflict, "<h1>", why)

	plain := post("/customers/c-1/follow-ups", followUp)
	plain.Header.Set("Accept", "text/plain")
	refusal := s.ask(plain)
	refusal.says(t, http.StatusConflict)
	if refusal.body != why+"\n" || !strings.HasPrefix(refusal.header.Get("Content-Type"), "text/plain") {
		t.Errorf("got %s: %q", refusal.header.Get("Content-Type"), refusal.body)
	}
	if s.journeys("c-1") != 1 || s.rings != 1 {
		t.Errorf("%d journeys, %d rings after the refusals, want one each", s.journeys("c-1"), s.rings)
	}
}

func TestAFollowUpThatCannotBe(t *testing.T) {
	s := open(t)
	for campaign, why := range map[string]string{
		"nothing": "there is no campaign", "welcome": "starts by itself", "": "there is no campaign",
	} {
		s.ask(post("/customers/c-1/follow-ups", url.Values{"campaign": {campaign}})).says(t, http.StatusConflict, why)
	}
	s.ask(post("/customers/c-404/follow-ups", followUp)).says(t, http.StatusNotFound, "Nobody has the id c-404.")
	huge := url.Values{"campaign": {"follow-up"}, "order_id": {strings.Repeat("9", 65<<10)}}
	s.ask(post("/customers/c-1/follow-ups", huge)).says(t, http.StatusRequestEntityTooLarge, "too long")
	if s.journeys("c-1") != 0 || s.rings != 0 {
		t.Errorf("%d journeys, %d rings, want none", s.journeys("c-1"), s.rings)
	}
}

func TestACaseIsClosed(t *testing.T) {
	s := open(t)
	id := strconv.FormatInt(s.openCase("A broken cup"), 10)
	closing := "/cases/" + id + "/close"
	for _, empty := range []string{"", " "} {
		s.ask(post(closing, url.Values{"note": {empty}})).says(t, http.StatusBadRequest, "Nothing was closed")
	}
	note := url.Values{"note": {"a new cup is on its way"}}
	for range 2 { // the button pressed twice
		s.ask(post(closing, note)).leads(t, "/?done=closed&case="+id)
	}
	s.ask(get("/?done=closed&case="+id)).says(t, http.StatusOK, "The case is closed.", `href="/cases/`+id+`"`)
	if left := s.cases(); len(left) != 0 {
		t.Errorf("still open: %v", left)
	}
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, "case closed", "a new cup is on its way", "by console")
	for _, id := range []string{"404", "x"} {
		s.ask(post("/cases/"+id+"/close", note)).says(t, http.StatusNotFound, "There is no such case.")
	}
}

// Whoever comes second is told, and keeps what they typed.
func TestACaseThatSomebodyElseClosed(t *testing.T) {
	s := open(t)
	path := "/cases/" + strconv.FormatInt(s.openCase("A broken cup"), 10)
	if err := s.store.Casebook().Close(t.Context(), 1, "bea", "sent a cup", s.now, nil); err != nil {
		t.Fatal(err)
	}
	s.ask(post(path+"/close", url.Values{"note": {"rang <them>"}})).says(t, http.StatusConflict, "It was closed before", "bea", "sent a cup", "rang &lt;them&gt;")
	s.ask(post(path+"/replies", url.Values{"text": {"We send <two>."}, "by": {"sms"}})).says(t, http.StatusConflict, "It was closed before", "We send &lt;two&gt;.")
	plain := post(path+"/close", url.Values{"note": {"rang them"}})
	plain.Header.Set("Accept", "text/plain")
	if got := s.ask(plain); got.status != http.StatusConflict || got.body != "Nothing was changed: the case was closed already.\n" {
		t.Errorf("a program is told %d: %s", got.status, got.body)
	}
	if all := s.planned(); len(all) != 0 {
		t.Errorf("planned %+v", all)
	}
}

// From a customer one gets to each of their cases, and from there back, by name.
func TestCasesAndCustomersLeadToEachOther(t *testing.T) {
	s := open(t)
	s.openCase("A broken cup")
	if err := s.store.Casebook().Close(t.Context(), 1, "bea", "sent a cup", s.now, nil); err != nil {
		t.Fatal(err)
	}
	s.openCase("A broken saucer")
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, `<a href="/cases/1"><bdi>A broken cup</bdi></a>`, "closed on", "by bea",
		`<a href="/cases/2"><bdi>A broken saucer</bdi></a>`, "overdue", `<a href="/cases/1">case 1</a>`).lacks(t, "case: 1")
	s.ask(get("/customers/c-2")).says(t, http.StatusOK).lacks(t, "/cases/")
	s.ask(get("/cases/2")).says(t, http.StatusOK, `<a href="/customers/c-1"><bdi>Ada Quill</bdi> <small>c-1</small></a>`)
}

// However many cases are open, nobody is hidden without a word.
func TestTheOverviewSaysThatMoreCasesAreOpen(t *testing.T) {
	s := open(t)
	cases := func(n int) {
		t.Helper()
		for range n {
			s.openCase("Words")
		}
	}
	shows := func(path string, rows int, link string) {
		t.Helper()
		page := s.ask(get(path)).says(t, http.StatusOK, link)
		if n := strings.Count(page.body, `"What"><a href="/cases/`); n != rows || (link == "") == strings.Contains(page.body, "More cases are open") {
			t.Errorf("%s shows %d cases, want %d, and the link %q", path, n, rows, link)
		}
	}
	cases(100)
	shows("/", 100, "")
	cases(1)
	shows("/", 100, `<a href="/?cases=200">`)
	shows("/?cases=200", 101, "")
	for _, odd := range []string{"-1", "x", "9223372036854775807"} {
		if page := s.ask(get("/?cases=" + odd)); page.status != http.StatusOK {
			t.Errorf("cases=%s answers %d", odd, page.status)
		}
	}
}

// Each queue can be seen by itself.
func TestTheOverviewShowsOneQueue(t *testing.T) {
	s := open(t)
	s.openCase("A broken cup")
	err := s.store.Casebook().Open(t.Context(), []customers.Case{{Customer: "c-2", Queue: "a <b> & c", Priority: "high", Title: "A bill", Why: "complaint", OpenedAt: s.now}})
	if err != nil {
		t.Fatal(err)
	}
	s.ask(get("/")).says(t, http.StatusOK, "A broken cup", "A bill", `<a href="/?queue=support">support</a>`, `<a href="/?queue=a%20%3cb%3e%20%26%20c">`)
	s.ask(get("/?queue="+url.QueryEscape("a <b> & c"))).says(t, http.StatusOK, "A bill", `<a href="/">All queues</a>`).lacks(t, "A broken cup")
	s.ask(get("/?queue=none")).says(t, http.StatusOK, "Nobody waits for an answer", `<a href="/">All queues</a>`)
}

// What others wrote turns no line of ours around.
func TestWordsOfOthersStandApart(t *testing.T) {
	s := open(t)
	if _, err := s.store.PutCustomers(t.Context(), s.now, []customers.Customer{{ID: "c-1", FirstName: "\u202eAda"}}); err != nil {
		t.Fatal(err)
	}
	path := "/cases/" + strconv.FormatInt(s.openCase("Words"), 10)
	s.hears("\u05e9\u05dc\u05d5\u05dd")
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, "<h1><bdi>\u202eAda Quill</bdi>")
	s.ask(get("/")).says(t, http.StatusOK, "<bdi>\u202eAda Quill</bdi>")
	s.ask(get(path)).says(t, http.StatusOK, "<bdi>\u202eAda Quill</bdi>", `<span class="said" dir="auto">`+"\u05e9", `<textarea id="text" name="text" dir="auto"`)
}

func TestTheOverviewSaysThatAProviderIsDown(t *testing.T) {
	s := open(t)
	if page := s.ask(get("/")); strings.Contains(page.body, "is down") || strings.Contains(page.body, "Test mode") {
		t.Errorf("without a cause:\n%s", page.body)
	}
	_, _, err := s.store.Outlets().Change(t.Context(), deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}, func(h deliveries.Health) deliveries.Health {
		return h.After(deliveries.Signs{Refused: true, Detail: "twilio answered 401 <b>"}, s.now)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.ask(get("/")).says(t, http.StatusOK, `role="alert"`, "sms/twilio is down", "the provider refuses the account", "401 &lt;b&gt;", "next probe")
}
