package console_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"rapport/accounts"
	"rapport/console"
	"rapport/trust/bounds"
)

// asked is a page that takes what somebody wrote: what stands for ID is theirs too.
type asked struct{ method, path string }

var forms = []asked{
	{http.MethodPost, "/customers/ID/follow-ups"},
	{http.MethodPost, "/customers/ID/erasure"},
	{http.MethodPost, "/cases/ID/replies"},
	{http.MethodPost, "/cases/ID/close"},
	{http.MethodPost, "/campaigns/ID/paused"},
	{http.MethodPost, "/campaigns/ID/resumed"},
	{http.MethodPost, "/sign-in"},
	{http.MethodPost, "/sign-out"},
	{http.MethodGet, "/sign-in"},
	{http.MethodGet, "/customers"},
	{http.MethodGet, "/customers/ID"},
	{http.MethodGet, "/cases/ID"},
}

// quickDirectory has passwords that take no time to be found wrong.
type quickDirectory struct{ accounts.Directory }

func (d quickDirectory) Account(ctx context.Context, name string) (accounts.Account, error) {
	found, err := d.Directory.Account(ctx, name)
	found.Password = "$argon2id$v=19$m=8,t=1,p=1$" + base64.RawStdEncoding.EncodeToString(make([]byte, 16)) + "$" + base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	return found, err
}

// Whatever somebody sends for a form of the console, it answers with a page that
// holds no more than text of theirs, or leads to another of its own pages. A stranger
// does nothing, and nobody is signed in by chance.
func FuzzForms(f *testing.F) {
	const form = "application/x-www-form-urlencoded"
	for _, seed := range []struct {
		page            uint8
		id, query, body string
		kind            string
	}{
		{0, "c-1", "", "campaign=follow-up&order_id=o-9", form},
		{0, "c-1", "campaign=follow-up", "order_id=&order_id=2&campaign=none", form},
		{1, "c-2", "", "confirm=c-2", form},
		{2, "1", "", "by=email&text=Hello+%3Cb%3E&key=form-1", form},
		{3, "1", "", "note=sent+a+new+one%00&who=olga", form},
		{3, "1", "who=x", "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nsent\r\n--b--\r\n", "multipart/form-data; boundary=b"},
		{4, "follow-up", "", "why=%F0%9F%91%8D", form},
		{5, "follow-up", "", "", form},
		{6, "", "next=/cases/7", "name=anna&password=correct+horse+battery", form},
		{6, "", "", "next=//evil.example&name=Olga%20&password=%", form},
		{6, "", "", "next=/%03%00cases&name=Olga&password=no", form},
		{7, "", "", "", ""},
		{8, "", "next=%2F%5Cevil.example%3Cscript%3E", "", ""},
		{9, "", "who=<script>alert(1)</script>", "", ""},
		{9, "", "who=%2B4915112345678;x", "", ""},
		{10, "../c-1", "", "", ""},
		{10, "..", "", "", ""},
		{4, "", "", "", form},
		{11, "-9223372036854775809", "", "", ""},
	} {
		for _, staff := range []bool{true, false} {
			f.Add(seed.page, staff, seed.id, seed.query, seed.kind, seed.body)
		}
	}
	s := open(f)
	var log bytes.Buffer
	s.log = &log
	staff := s.store.Accounts()
	if err := staff.Add(f.Context(), accounts.Account{Name: "anna", Role: accounts.Operator, Password: "none", CreatedAt: s.now}); err != nil {
		f.Fatal(err)
	}
	token := accounts.NewToken()
	session := accounts.Session{Digest: accounts.Digest(token), Account: "anna", Began: s.now, SeenAt: s.now}
	begin := func(t testing.TB) {
		if err := staff.Begin(t.Context(), session); err != nil {
			t.Fatal(err)
		}
	}
	begin(f)
	s.openCase("A broken cup")
	s.served(&console.Entrance{
		Host: "console.shop.example", Porter: accounts.Porter{Directory: quickDirectory{staff}, Hasher: accounts.NewHasher()}, Sessions: staff, Audit: staff,
	})
	f.Fuzz(func(t *testing.T, page uint8, known bool, id, query, kind, body string) {
		defer bounds.Watch(t)()
		wanted := forms[int(page)%len(forms)]
		target := strings.Replace(wanted.path, "ID", url.PathEscape(id), 1) + "?" + query
		at, err := url.ParseRequestURI(target)
		if err != nil {
			return // the server answers that itself
		}
		r := httptest.NewRequest(wanted.method, "/", strings.NewReader(body))
		r.URL, r.RequestURI = at, target
		r.Header.Set("Content-Type", kind)
		from(r)
		if known {
			from(r, &http.Cookie{Name: "__Host-rapport", Value: token})
		}
		log.Reset()
		w := httptest.NewRecorder()
		s.pages.ServeHTTP(w, r)
		answered(t, w, log.String())
		if known && wanted.path == "/sign-out" {
			begin(t)
		}
		if strings.HasPrefix(wanted.path, "/sign-") || known {
			return
		}
		if to := w.Header().Get("Location"); w.Code < http.StatusMultipleChoices || w.Code == http.StatusSeeOther && !strings.HasPrefix(to, "/sign-in?next=") {
			t.Errorf("a stranger was answered %d and leads to %q:\n%s", w.Code, to, w.Body)
		}
	})
}

// answered holds an answer to what every page of the console is.
func answered(t *testing.T, w *httptest.ResponseRecorder, said string) {
	t.Helper()
	if w.Code >= http.StatusInternalServerError || said != "" {
		t.Errorf("answered %d:\n%s\n%s", w.Code, said, w.Body)
	}
	if to := w.Header().Get("Location"); to != "" && !ours(to) {
		t.Errorf("it leads to %q", to)
	}
	for _, c := range w.Result().Cookies() {
		if c.Value != "" {
			t.Errorf("somebody is signed in: %s", c.Name)
		}
	}
	for tokens := html.NewTokenizer(bytes.NewReader(w.Body.Bytes())); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			if err := tokens.Err(); !errors.Is(err, io.EOF) {
				t.Errorf("the page cannot be read: %v", err)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := tokens.Token()
			if slices.Contains([]string{"script", "iframe", "object", "img", "svg", "base", "b"}, tag.Data) {
				t.Errorf("the page holds %s", tag)
			}
			for _, a := range tag.Attr {
				if strings.Contains(tag.String(), `name="next"`) && a.Key == "value" && !ours(a.Val) {
					t.Errorf("after signing in it leads to %q", a.Val)
				}
				if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					t.Errorf("the page holds %s", tag)
				}
			}
		}
	}
}

// ours reports whether a browser stays with the console that is led there. What
// stands behind a # leads nowhere.
func ours(to string) bool {
	to, _, _ = strings.Cut(to, "#")
	at, err := url.Parse(to)
	return err == nil && at.Host == "" && at.Scheme == "" && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(at.Path, `\`)
}
