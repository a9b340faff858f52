package console_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/console"
	"rapport/customers"
	"rapport/recordings"
	"rapport/store"
)

// shop is the sample shop's console over a database of its own.
type shop struct {
	vault recordings.Vault
	t     testing.TB
	log   io.Writer
	store *store.Store
	pages http.Handler
	now   time.Time
	rings int
}

func open(t testing.TB) *shop {
	t.Helper()
	s := emptyShop(t)
	files, err := campaigns.ReadFolder(examples.Shop())
	if err != nil {
		t.Fatal(err)
	}
	catalog := &campaigns.Catalog{Archive: s.store.Archive()}
	if _, problems, err := catalog.Apply(t.Context(), files, s.now); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return s
}

// emptyShop has customers and no workspace.
func emptyShop(t testing.TB) *shop {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/rapport.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, log: t.Output(), store: db, vault: recordings.Folder{Path: t.TempDir()}, now: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)}
	_, err = db.PutCustomers(t.Context(), s.now, []customers.Customer{
		{ID: "c-1", Email: "ada@shop.example", Phone: "+4915112345678", FirstName: "Ada", LastName: "Quill"},
		{ID: "c-2", Email: "mallory@shop.example", FirstName: "<script>alert(1)</script>", LastName: `"><b>`},
		{ID: "shop/7?x#y", Email: "odd@shop.example", FirstName: "Odd"},
	})
	if err != nil {
		t.Fatal(err)
	}
	db.ErasureKeys = [][]byte{[]byte("a key of some length")}
	s.served(nil)
	return s
}

// served makes the pages, behind an entrance or for this machine alone.
func (s *shop) served(entrance *console.Entrance) {
	db := s.store
	starts := 0
	clock := func() time.Time { return s.now }
	catalog := &campaigns.Catalog{Archive: db.Archive()}
	mux := http.NewServeMux()
	(&console.Console{
		Entrance: entrance,
		Catalog:  catalog, Directory: db, Timeline: db, Summary: db.Summary(), Ledger: db, Casebook: db.Casebook(), Outlets: db.Outlets(),
		Starter: campaigns.Starter{
			Catalog: catalog, Entries: db, News: db, Now: clock,
			NewID: func() string { starts++; return strconv.Itoa(starts) },
		},
		Applier: campaigns.Applier{Catalog: catalog, Census: db, Journeys: db, Now: clock},
		Replier: campaigns.Replier{Catalog: catalog, Casebook: db.Casebook(), Directory: db, Timeline: db, Letters: db.Replies(), Now: clock},
		Access:  db, Audit: db.Accounts(), Eraser: db, Pauser: campaigns.Pauser{Catalog: catalog, Brake: db, Now: clock},
		NewKey: func() string { starts++; return "form-" + strconv.Itoa(starts) },
		Shelf:  db.Recordings(), Vault: s.vault,
		Ring: func(context.Context) { s.rings++ }, Now: clock, Log: slog.New(slog.NewTextHandler(s.log, nil)),
	}).Mount(mux)
	s.pages = mux
}

// openCase opens a case of c-1, due an hour ago.
func (s *shop) openCase(title string) int64 {
	s.t.Helper()
	err := s.store.Casebook().Open(s.t.Context(), []customers.Case{{
		Customer: "c-1", Queue: "support", Priority: "high", Title: title, Why: "complaint",
		OpenedAt: s.now.Add(-2 * time.Hour), DueAt: s.now.Add(-time.Hour),
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	open := s.cases()
	return open[len(open)-1].ID
}

func (s *shop) cases() []customers.Case {
	s.t.Helper()
	open, err := s.store.Casebook().Cases(s.t.Context(), "", 10)
	if err != nil {
		s.t.Fatal(err)
	}
	return open
}

func (s *shop) journeys(customer string) int {
	s.t.Helper()
	ids, err := s.store.EntriesOf(s.t.Context(), "follow-up", customer)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(ids)
}

// answer is what a browser got.
type answer struct {
	status int
	header http.Header
	body   string
}

func get(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:8080", "127.0.0.1:50000"
	return r
}

func post(path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Host, r.RemoteAddr = "127.0.0.1:8080", "127.0.0.1:50000"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (s *shop) ask(r *http.Request) answer {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.Code, w.Header(), string(body)}
}

// says checks the status and that each of the words is in the answer.
func (a answer) says(t *testing.T, status int, words ...string) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d:\n%s", a.status, status, a.body)
	}
	for _, word := range words {
		if !strings.Contains(a.body, word) {
			t.Errorf("%q is not in:\n%s", word, a.body)
		}
	}
	return a
}

// lacks checks that words are not in the answer.
func (a answer) lacks(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(a.body, word) {
			t.Errorf("%q is in:\n%s", word, a.body)
		}
	}
}

// leads checks that the answer is a redirect after which a browser GETs.
func (a answer) leads(t *testing.T, to string) {
	t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != to {
		t.Errorf("status %d to %q, want 303 to %q:\n%s", a.status, a.header.Get("Location"), to, a.body)
	}
}

var followUp = url.Values{"campaign": {"follow-up"}, "order_id": {"o-9"}}
