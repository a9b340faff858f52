package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// planned lists the messages that wait to be sent.
func (s *shop) planned() []deliveries.Delivery {
	s.t.Helper()
	var refs []deliveries.Ref
	for id := range 5 {
		refs = append(refs, deliveries.Ref{ID: int64(id + 1)})
	}
	found, err := s.store.Lookup(s.t.Context(), refs)
	if err != nil {
		s.t.Fatal(err)
	}
	var all []deliveries.Delivery
	for _, d := range found {
		if d.ID != 0 {
			all = append(all, d)
		}
	}
	return all
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

func TestACaseIsAnsweredOnceHoweverOftenTheButtonIsPressed(t *testing.T) {
	s := open(t)
	id := s.openCase("<b>Broken</b> parcel")
	path := "/cases/" + strconv.FormatInt(id, 10)
	page := s.ask(get(path))
	page.says(t, http.StatusOK, "&lt;b&gt;Broken&lt;/b&gt; parcel", "overdue", "not yet", `<label for="text">`)
	key := keyField.FindStringSubmatch(page.body)
	if key == nil {
		t.Fatalf("the form has no key:\n%s", page.body)
	}
	form := url.Values{"text": {"We send <another>."}, "by": {"sms"}, "key": {key[1]}}
	for range 3 {
		s.ask(post(path+"/replies", form)).leads(t, path+"?done=replied")
	}
	if all := s.planned(); len(all) != 1 || all[0].Case != id || all[0].Content.SMS.Text != "We send <another>." {
		t.Errorf("planned %+v", all)
	}
	if s.rings == 0 {
		t.Error("nobody was told")
	}
	s.ask(get(path+"?done=replied")).says(t, http.StatusOK, `role="status"`, "The answer is taken down", "We send &lt;another&gt;.", "console, by sms", "Mon 4 May 2026")
	s.ask(get("/")).says(t, http.StatusOK, `href="`+path+`"`, "answered")

	another := keyField.FindStringSubmatch(s.ask(get(path)).body)[1]
	if another == key[1] {
		t.Error("two forms have one key")
	}
	form.Set("key", another)
	s.ask(post(path+"/replies", form)).leads(t, path+"?done=replied")
	if all := s.planned(); len(all) != 2 {
		t.Errorf("the same words from another form: %d are planned", len(all))
	}
}

var seenField = regexp.MustCompile(`name="seen" value="([^"]+)"`)

// seenOn is how far a page tells what was said, in each of its forms.
func seenOn(t *testing.T, page answer, forms int) string {
	t.Helper()
	all := seenField.FindAllStringSubmatch(page.body, -1)
	if len(all) != forms || all[0][1] != all[forms-1][1] {
		t.Fatalf("the forms say %v:\n%s", all, page.body)
	}
	return all[0][1]
}

// hears lets c-1 write a text.
func (s *shop) hears(text string) {
	s.t.Helper()
	_, err := s.store.Append(s.t.Context(), []customers.Event{{
		Customer: "c-1", Name: "sms replied", At: s.now, ReceivedAt: s.now, Key: text, Properties: map[string]any{"text": text},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// What an agent has not read they neither close nor answer; what they typed is kept.
func TestAPageThatIsOldDecidesNothing(t *testing.T) {
	s := open(t)
	id := s.openCase("A broken cup")
	path := "/cases/" + strconv.FormatInt(id, 10)
	page := s.ask(get(path)).says(t, http.StatusOK, "Nothing yet.", `name="note" value=""`)
	page.lacks(t, "More has been said", "no value", "selected")
	seen, listed := seenOn(t, page, 2), seenOn(t, s.ask(get("/")), 1)

	s.hears("The <saucer> too!")
	for _, old := range []string{seen, listed} {
		page = s.ask(post(path+"/close", url.Values{"note": {`sent a "cup"`}, "seen": {old}}))
		page.says(t, http.StatusConflict, "More has been said", "The &lt;saucer&gt; too!", `value="sent a &#34;cup&#34;"`)
	}
	page = s.ask(post(path+"/replies", url.Values{"text": {"We send <a cup>."}, "by": {"email"}, "key": {"a"}, "seen": {seen}}))
	page.says(t, http.StatusConflict, "More has been said", "The &lt;saucer&gt; too!", ">We send &lt;a cup&gt;.</textarea>", `value="email" selected`)
	if len(s.cases()) != 1 || len(s.planned()) != 0 {
		t.Fatalf("cases %+v, planned %+v", s.cases(), s.planned())
	}

	seen = seenOn(t, page, 2) // two agents have read it
	s.ask(post(path+"/replies", url.Values{"text": {"We send both."}, "by": {"sms"}, "key": {"b"}, "seen": {seen}})).leads(t, path+"?done=replied")
	page = s.ask(post(path+"/replies", url.Values{"text": {"So sorry."}, "by": {"sms"}, "key": {"c"}, "seen": {seen}}))
	page.says(t, http.StatusConflict, "More has been said", "We send both.", ">So sorry.</textarea>")
	if all := s.planned(); len(all) != 1 {
		t.Errorf("planned %+v", all)
	}
	s.ask(post(path+"/close", url.Values{"note": {"done"}, "seen": {"x"}})).says(t, http.StatusBadRequest, "The form could not be read.")
	s.ask(post(path+"/close", url.Values{"note": {"done"}, "seen": {seenOn(t, s.ask(get("/")), 1)}})).leads(t, "/?done=closed&case=1")
	if left := s.cases(); len(left) != 0 {
		t.Errorf("still open: %+v", left)
	}
}

func TestACaseShowsWhatWasSaidInOrder(t *testing.T) {
	s := open(t)
	id := s.openCase("Words")
	line := func(name string, minute int, properties map[string]any) customers.Event {
		at := s.now.Add(time.Duration(minute) * time.Minute)
		return customers.Event{Customer: "c-1", Name: name, At: at, ReceivedAt: at, Key: name + at.String(), Properties: properties, Delivery: 9}
	}
	_, err := s.store.Append(t.Context(), []customers.Event{
		line("sms sent", 0, map[string]any{"template": "how-was-it"}),
		line("sms replied", 1, map[string]any{"text": "<script>alert(1)</script>", "media": []string{"javascript:alert(1)"}}),
		line("sms delivered", 2, nil),
		line("email replied", 3, map[string]any{"text": "Send it elsewhere.", "claimed": true}),
	})
	if err != nil {
		t.Fatal(err)
	}
	page := s.ask(get("/cases/" + strconv.FormatInt(id, 10)))
	page.says(t, http.StatusOK, "how-was-it", "delivered", "&lt;script&gt;alert(1)&lt;/script&gt;", "javascript:alert(1)",
		"<small>customer, by sms", "<small>says it is from the customer, by email")
	if regexp.MustCompile(`<script|href="javascript`).MatchString(page.body) {
		t.Error("a customer's words are taken for HTML")
	}
}

// looks lets c-1 look at a product, n times.
func (s *shop) looks(n int) {
	s.t.Helper()
	var views []customers.Event
	for i := range n {
		views = append(views, customers.Event{Customer: "c-1", Name: "Product Viewed", At: s.now, ReceivedAt: s.now, Key: "view:" + strconv.Itoa(i)})
	}
	if _, err := s.store.Append(s.t.Context(), views); err != nil {
		s.t.Fatal(err)
	}
}

// However much a customer does, what they said stands on the case, and they are
// answered the way they wrote.
func TestWordsAreNotLostAmongAllElse(t *testing.T) {
	s := open(t)
	path := "/cases/" + strconv.FormatInt(s.openCase("Words"), 10)
	s.ask(get(path)).says(t, http.StatusOK, "Nothing yet.", `<option value="">e-mail: they have written nothing</option>`)
	s.hears("Where is it?")
	s.looks(350)
	s.ask(get(path)).says(t, http.StatusOK, "Where is it?", `<option value="">the way they wrote: text message</option>`)
	s.ask(post(path+"/replies", url.Values{"text": {"On its way."}})).leads(t, path+"?done=replied")
	if all := s.planned(); len(all) != 1 || all[0].Channel != "sms" {
		t.Errorf("planned %+v", all)
	}
}

func TestACustomersPageSaysThatMoreHappened(t *testing.T) {
	s := open(t)
	s.looks(300)
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, "What happened").lacks(t, "the latest 300")
	s.hears("Where is it?")
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, "the latest 300", `<a href="?events=600">Show more</a>`)
	s.ask(get("/customers/c-1?events=600")).lacks(t, "Show more")
}

// An answer that is held looks held, on the case and in the list.
func TestAHeldAnswerIsNotYetSent(t *testing.T) {
	s := open(t)
	id := s.openCase("Words")
	path, later := "/cases/"+strconv.FormatInt(id, 10), s.now.Add(21*time.Hour)
	_, _, err := s.store.Replies().Reply(t.Context(), s.now, deliveries.Delivery{
		Customer: "c-1", Channel: channels.SMS, Template: deliveries.Reply, Step: "reply:1", Case: id, DueAt: later, PlannedAt: s.now, ExpiresAt: later.Add(time.Hour),
		Content: &channels.Content{SMS: &channels.SMSContent{Text: "Hello"}},
	}, customers.Event{
		Customer: "c-1", Name: customers.CaseReplied, At: s.now, ReceivedAt: s.now, Key: "r", Properties: map[string]any{"by": "bea", "channel": "sms", "text": "Hello"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.ask(get(path)).says(t, http.StatusOK, "waits until Tue 5 May 2026, 09:00", "it leaves on Tue 5 May 2026, 09:00")
	s.ask(get("/")).says(t, http.StatusOK, "answer waits until Tue 5 May 2026, 09:00").lacks(t, ">answered<")
	s.now = later.Add(time.Minute)
	s.ask(get("/")).says(t, http.StatusOK, ">answered<").lacks(t, "answer waits")
}

// Closing a case keeps what it was about; it is opened again where that was too soon.
func TestACaseIsOpenedAgain(t *testing.T) {
	o := openOffice(t)
	err := o.store.Casebook().Open(t.Context(), []customers.Case{{
		Customer: "c-1", Queue: "support", Priority: "high", Title: "A broken cup", Note: "The handle came off", Why: "complaint", OpenedAt: o.now,
	}})
	if err != nil {
		t.Fatal(err)
	}
	vera, anna := o.signIn("vera"), o.signIn("anna")
	o.ask(from(get("/cases/1"), anna)).lacks(t, "Open it again")
	o.ask(from(post("/cases/1/close", url.Values{"note": {"sent a cup"}}), anna)).leads(t, "/?done=closed&case=1")
	o.ask(from(get("/cases/1"), vera)).says(t, http.StatusOK, "The handle came off", "sent a cup").lacks(t, "Open it again")
	o.ask(from(post("/cases/1/reopen", nil), vera)).says(t, http.StatusForbidden, "needs the role agent")
	o.ask(from(get("/cases/1"), anna)).says(t, http.StatusOK, "Open it again")
	o.ask(from(post("/cases/1/reopen", nil), anna)).leads(t, "/cases/1?done=reopened")
	o.ask(from(get("/cases/1?done=reopened"), anna)).says(t, http.StatusOK, "The case is open.", "The handle came off", "sent a cup", `<label for="text">`)
	if got := o.deeds(); got[2] != "anna opened again case 1 of customer c-1" {
		t.Errorf("the audit says %q", got)
	}
}

// Two agents see who is at a case.
func TestACaseIsTaken(t *testing.T) {
	o := openOffice(t)
	o.openCase("A broken cup")
	vera, anna, olga := o.signIn("vera"), o.signIn("anna"), o.signIn("olga")
	o.ask(from(post("/cases/1/take", nil), vera)).says(t, http.StatusForbidden, "needs the role agent")
	o.ask(from(post("/cases/1/take", nil), anna)).leads(t, "/cases/1?done=taken")
	o.ask(from(get("/cases/1"), anna)).says(t, http.StatusOK, "<dd>anna</dd>").lacks(t, "I take it")
	o.ask(from(get("/cases/1"), olga)).says(t, http.StatusOK, "<dd>anna</dd>", "I take it")
	o.ask(from(get("/"), vera)).says(t, http.StatusOK, "anna has it")
	o.ask(from(post("/cases/1/close", url.Values{"note": {"done"}}), anna)).leads(t, "/?done=closed&case=1")
	o.ask(from(post("/cases/1/take", nil), olga)).says(t, http.StatusConflict, "closed")
}

// One moment has one date on every page, and each page says by which clock.
func TestPagesTellWhoseClock(t *testing.T) {
	s := open(t)
	if _, err := s.store.PutCustomers(t.Context(), s.now, []customers.Customer{{ID: "c-1", Zone: "Asia/Tokyo"}}); err != nil {
		t.Fatal(err)
	}
	path := "/cases/" + strconv.FormatInt(s.openCase("Words"), 10)
	s.now = time.Date(2026, 5, 4, 17, 57, 0, 0, time.UTC)
	s.hears("Hello?")
	const said, clock = "Mon 4 May 2026, 19:57", "Times in Europe/Berlin"
	s.ask(get(path)).says(t, http.StatusOK, said, clock, "theirs is 02:57 now")
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, said, clock, "theirs is 02:57 now", "Asia/Tokyo")
	s.ask(get("/")).says(t, http.StatusOK, clock).lacks(t, "theirs")
	s.ask(get("/customers/c-2")).says(t, http.StatusOK, clock).lacks(t, "theirs")
}

func TestRepliesThatAreRefused(t *testing.T) {
	s := open(t)
	id := strconv.FormatInt(s.openCase("Words"), 10)
	err := s.store.Suppress(t.Context(), []customers.Suppression{{Channel: "sms", Address: "+4915112345678", Reason: "opted_out", At: s.now}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path   string
		form   url.Values
		status int
		says   string
	}{
		{"/cases/" + id + "/replies", url.Values{"text": {"Hello"}, "by": {"sms"}}, http.StatusConflict, "suppressed"},
		{"/cases/" + id + "/replies", url.Values{"text": {""}, "by": {"email"}}, http.StatusConflict, "needs words"},
		{"/cases/99/replies", url.Values{"text": {"Hello"}}, http.StatusNotFound, "no such case"},
		{"/cases/x/replies", url.Values{"text": {"Hello"}}, http.StatusNotFound, "no such case"},
	} {
		s.ask(post(c.path, c.form)).says(t, c.status, c.says)
	}
	s.ask(get("/cases/99")).says(t, http.StatusNotFound, "no such case")
	if all := s.planned(); len(all) != 0 {
		t.Errorf("planned %+v", all)
	}
	for _, c := range []struct{ text, by, says string }{
		{strings.Repeat("é", 1601), "sms", "at most 1600 characters"},
		{"Send <this> by text.", "sms", "suppressed"},
	} { // nothing that was typed is lost
		page := s.ask(post("/cases/"+id+"/replies", url.Values{"text": {c.text}, "by": {c.by}, "key": {"k"}}))
		page.says(t, http.StatusConflict, "Nothing was sent", c.says, ">"+html.EscapeString(c.text)+"</textarea>", `value="sms" selected`)
	}
	long := url.Values{"text": {strings.Repeat("a", 64<<10)}, "by": {"email"}}
	s.ask(post("/cases/"+id+"/replies", long)).says(t, http.StatusRequestEntityTooLarge, "too long")
	plain := post("/cases/"+id+"/replies", url.Values{"text": {"Hello"}, "by": {"sms"}})
	plain.Header.Set("Accept", "text/plain")
	if got := s.ask(plain); got.status != http.StatusConflict || strings.Contains(got.body, "<") {
		t.Errorf("a program is told %d: %s", got.status, got.body)
	}
	stranger := post("/cases/"+id+"/replies", url.Values{"text": {"Hello"}, "by": {"email"}})
	stranger.Header.Set("Origin", "https://evil.example")
	stranger.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := s.ask(stranger); got.status != http.StatusForbidden || len(s.planned()) != 0 {
		t.Errorf("a page of others answers customers: %d", got.status)
	}
}
