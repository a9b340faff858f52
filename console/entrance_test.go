package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/accounts"
	"rapport/console"
	"rapport/recordings"
	"rapport/store"
)

const password = "correct horse battery"

// office is a console that people with an account reach from anywhere.
type office struct {
	*shop
	accounts store.Accounts
}

func openOffice(t *testing.T) *office {
	t.Helper()
	s := open(t)
	o := &office{s, s.store.Accounts()}
	hasher := accounts.NewHasher()
	hash, err := hasher.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	for name, role := range map[string]accounts.Role{"vera": accounts.Viewer, "anna": accounts.Agent, "olga": accounts.Operator} {
		if err := o.accounts.Add(t.Context(), accounts.Account{Name: name, Role: role, Password: hash, CreatedAt: s.now}); err != nil {
			t.Fatal(err)
		}
	}
	s.served(&console.Entrance{
		Host: "console.shop.example", Porter: accounts.Porter{Directory: o.accounts, Hasher: hasher}, Sessions: o.accounts, Audit: o.accounts,
	})
	return o
}

// from is a request as it comes through the ingress.
func from(r *http.Request, cookies ...*http.Cookie) *http.Request {
	r.Host, r.RemoteAddr = "console.shop.example", "10.1.2.3:50000"
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

// signIn gives the cookie of somebody who signed in.
func (o *office) signIn(name string) *http.Cookie {
	o.t.Helper()
	w := httptest.NewRecorder()
	o.pages.ServeHTTP(w, from(post("/sign-in", url.Values{"name": {name}, "password": {password}, "next": {"/cases/7"}})))
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/cases/7" || len(cookies) != 1 {
		o.t.Fatalf("%s was answered %d, leads to %q with %d cookies", name, w.Code, w.Header().Get("Location"), len(cookies))
	}
	if c := cookies[0]; c.Name != "__Host-rapport" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
		o.t.Errorf("the cookie is %s", c)
	}
	return cookies[0]
}

func (o *office) deeds() (all []string) {
	o.t.Helper()
	deeds, err := o.accounts.Deeds(o.t.Context(), "", "", 100)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, d := range deeds {
		all = append(all, strings.TrimSpace(d.Account+" "+d.What+" "+d.About))
	}
	return all
}

func TestNobodyComesInWithoutAnAccount(t *testing.T) {
	o := openOffice(t)
	o.ask(from(get("/customers/c-1?x=1"))).leads(t, "/sign-in?next=%2Fcustomers%2Fc-1%3Fx%3D1")
	o.ask(from(post("/customers/c-1/follow-ups", followUp))).says(t, http.StatusUnauthorized, "no longer signed in")
	o.ask(from(get("/"), &http.Cookie{Name: "__Host-rapport", Value: "made-up"})).leads(t, "/sign-in?next=%2F")
	o.ask(from(get("/sign-in?next=//evil.example"))).says(t, http.StatusOK, `name="next" value="/"`, `type="password"`)
	for _, wrong := range []url.Values{
		{"name": {"anna"}, "password": {"wrong"}}, {"name": {"nobody"}, "password": {password}}, {},
	} {
		o.ask(from(post("/sign-in", wrong))).says(t, http.StatusUnauthorized, "the name or the password is wrong")
	}
	long := url.Values{"filler": {strings.Repeat("a", 16<<10)}, "name": {"anna"}, "password": {password}}
	o.ask(from(post("/sign-in", long))).says(t, http.StatusUnauthorized, "the name or the password is wrong")
	elsewhere := get("/sign-in")
	elsewhere.Host = "evil.example"
	o.ask(elsewhere).says(t, http.StatusNotFound)
	o.ask(get("/customers/c-1")).says(t, http.StatusNotFound) // this machine is nobody special here
	foreign := from(post("/sign-in", url.Values{"name": {"anna"}, "password": {password}}))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	o.ask(foreign).says(t, http.StatusForbidden)
	if got := o.deeds(); len(got) != 1 || got[0] != "anna was refused at the door" {
		t.Errorf("the audit says %q", got)
	}
}

// Who was signed out while they typed gets their words back, and nobody else's page.
func TestWhatWasTypedOutlastsTheSession(t *testing.T) {
	o := openOffice(t)
	id := strconv.FormatInt(o.openCase("A broken cup"), 10)
	o.ask(from(post("/cases/"+id+"/replies", url.Values{"text": {"We send <a cup>."}, "password": {"hidden"}}))).
		says(t, http.StatusUnauthorized, "no longer signed in", ">We send &lt;a cup&gt;.</textarea>", `href="/sign-in?next=%2fcases%2f`+id+`"`).lacks(t, "hidden", "broken")
	o.ask(from(post("/cases/"+id+"/close", url.Values{"note": {"sent a cup"}}))).says(t, http.StatusUnauthorized, ">sent a cup</textarea>")
	o.ask(from(post("/customers/shop%2F7%3Fx%23y/follow-ups", followUp))).says(t, http.StatusUnauthorized, `next=%2fcustomers%2fshop%252F7%253Fx%2523y"`).lacks(t, "<textarea")
	o.ask(from(post("/campaigns/welcome/paused", nil))).says(t, http.StatusUnauthorized, `next=%2f"`)
	long := url.Values{"text": {strings.Repeat("a", 65<<10)}}
	o.ask(from(post("/cases/"+id+"/replies", long))).says(t, http.StatusUnauthorized, "no longer signed in").lacks(t, "aaa")
	if got := o.deeds(); len(got) != 0 || len(o.planned()) != 0 {
		t.Errorf("the audit says %q, planned %+v", got, o.planned())
	}
}

// Whoever asks who looked at a customer is told of looks by their cases and recordings
// too.
func TestTheAuditKnowsWhoseCaseItIs(t *testing.T) {
	o := openOffice(t)
	id := strconv.FormatInt(o.openCase("A broken cup"), 10)
	sound := o.tape(recordings.Recording{ProviderID: "RE1", Customer: "c-1", Kind: recordings.Answer, Question: "csat", At: o.now, Media: "audio/mpeg", State: recordings.Kept}, "sound")
	anna := o.signIn("anna")
	o.ask(from(get("/cases/"+id), anna)).says(t, http.StatusOK)
	o.ask(from(get(sound), anna)).says(t, http.StatusOK)
	o.ask(from(get("/cases/404"), anna)).says(t, http.StatusNotFound)
	o.ask(from(get("/customers/"+url.PathEscape("c\n1\u202e"+strings.Repeat("é", 200))), anna)).says(t, http.StatusNotFound)
	o.ask(from(post("/sign-out", nil), anna)).leads(t, "/sign-in")
	about, err := o.accounts.Deeds(t.Context(), "", "customer c-1", 10)
	if err != nil || len(about) != 2 || about[0].What != "listened to recording "+path.Base(sound)+" of" || about[1].What != "opened case "+id+" of" {
		t.Errorf("about the customer: %+v, %v", about, err)
	}
	all := o.deeds()
	if all[0] != "anna signed out" || !strings.HasPrefix(all[1], `anna opened customer c\n1\u202e`+"é") || len(all[1]) > 255+len("anna opened customer ") || all[2] != "anna opened case 404" {
		t.Errorf("the audit says %q", all)
	}
}

func TestARoleOpensItsDoorsAndNoOthers(t *testing.T) {
	o := openOffice(t)
	id := "/cases/" + strconv.FormatInt(o.openCase("A broken cup"), 10)
	vera, anna, olga := o.signIn("vera"), o.signIn("anna"), o.signIn("olga")

	o.ask(from(get("/customers/c-1"), vera)).says(t, http.StatusOK, "Ada Quill", "Sign out").lacks(t, "/follow-ups", "/erasure")
	o.ask(from(post("/customers/c-1/follow-ups", followUp), vera)).says(t, http.StatusForbidden, "needs the role agent")
	o.ask(from(get("/customers/c-1"), anna)).says(t, http.StatusOK, "/follow-ups").lacks(t, "/erasure")
	o.ask(from(post("/campaigns/follow-up/paused", nil), anna)).says(t, http.StatusForbidden, "needs the role operator")
	o.ask(from(post(id+"/close", url.Values{"note": {"sent a new one"}}), anna)).leads(t, "/?done=closed&case=1")
	o.ask(from(get(id), olga)).says(t, http.StatusOK, "<small>anna</small>")
	o.ask(from(post("/campaigns/follow-up/paused", nil), olga)).leads(t, "/?done=paused")

	want := []string{
		"olga paused campaign follow-up", "olga opened case 1 of customer c-1", "olga opened case 1", "anna closed case 1 of customer c-1", "anna closed case 1", "anna opened customer c-1", "vera opened customer c-1",
		"olga signed in", "anna signed in", "vera signed in",
	}
	if got := o.deeds(); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("the audit says %q, want %q", got, want)
	}
}

func TestASessionEnds(t *testing.T) {
	o := openOffice(t)
	in := func(c *http.Cookie) bool { return o.ask(from(get("/"), c)).status == http.StatusOK }
	began := o.now
	for name, end := range map[string]func(*http.Cookie){
		"by signing out": func(c *http.Cookie) { o.ask(from(post("/sign-out", nil), c)).leads(t, "/sign-in") },
		"when idle":      func(*http.Cookie) { o.now = o.now.Add(2 * time.Hour) },
		"after a day's work": func(c *http.Cookie) {
			for range 11 {
				o.now = o.now.Add(time.Hour)
				if !in(c) {
					t.Errorf("it ended after %s of work", o.now.Sub(began))
				}
			}
			o.now = o.now.Add(time.Hour)
		},
		"with another password": func(*http.Cookie) { o.change(func(a *accounts.Account) { a.Password = "another" }) },
		"with another role":     func(*http.Cookie) { o.change(func(a *accounts.Account) { a.Role = accounts.Viewer }) },
		"when disabled":         func(*http.Cookie) { o.change(func(a *accounts.Account) { a.Disabled = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			before, err := o.accounts.Account(t.Context(), "anna")
			if err != nil {
				t.Fatal(err)
			}
			o.now = began
			c := o.signIn("anna")
			if !in(c) {
				t.Fatal("it did not begin")
			}
			end(c)
			if in(c) {
				t.Error("it goes on")
			}
			o.change(func(a *accounts.Account) { *a = before })
		})
	}
}

func (o *office) change(how func(*accounts.Account)) {
	o.t.Helper()
	if err := o.accounts.Change(context.Background(), "anna", how); err != nil {
		o.t.Fatal(err)
	}
}

// deaf is an audit that cannot be written.
type deaf struct{ store.Accounts }

func (deaf) Note(context.Context, accounts.Deed) error { return errors.New("the disk is full") }

func TestWhatCannotBeNotedIsNotDone(t *testing.T) {
	o := openOffice(t)
	id := "/cases/" + strconv.FormatInt(o.openCase("A broken cup"), 10)
	anna := o.signIn("anna")
	o.served(&console.Entrance{Host: "console.shop.example", Sessions: o.accounts, Audit: deaf{o.accounts}})
	o.ask(from(post(id+"/close", url.Values{"note": {"done"}}), anna)).says(t, http.StatusInternalServerError)
	if len(o.cases()) != 1 {
		t.Error("a case was closed without a trace")
	}
}
