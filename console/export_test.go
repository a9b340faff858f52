package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"
)

func TestAnOperatorExportsACustomer(t *testing.T) {
	o := openOffice(t)
	anna, olga := o.signIn("anna"), o.signIn("olga")
	o.ask(from(get("/customers/c-1"), olga)).says(t, http.StatusOK, `action="/customers/c-1/export"`)
	o.ask(from(get("/customers/c-1"), anna)).lacks(t, "/export")
	o.ask(from(post("/customers/c-1/export", url.Values{}), anna)).says(t, http.StatusForbidden, "operator")
	o.ask(from(post("/customers/nobody/export", url.Values{}), olga)).says(t, http.StatusNotFound, "Nobody has the id nobody")
	o.ask(from(post("/customers/c-1/export", url.Values{}), olga)).says(t, http.StatusOK, `"email": "ada@shop.example"`).lacks(t, "mallory")
	if got := o.deeds(); !slices.Contains(got, "olga exported customer c-1") || slices.Contains(got, "anna exported customer c-1") {
		t.Errorf("the audit has %q", got)
	}
}

// An export takes longer than a page may, whatever the console's clock says.
func TestAnExportMayTakeItsTime(t *testing.T) {
	s := open(t)
	w := &timed{ResponseRecorder: httptest.NewRecorder()}
	s.pages.ServeHTTP(w, post("/customers/c-1/export", url.Values{}))
	w.mayTake(t, time.Hour, 2*time.Hour)
}

func TestTheAuditHasWhatIsExportedOnThisMachine(t *testing.T) {
	s := open(t)
	s.ask(post("/customers/c-1/export", url.Values{"who": {"bea at the command line"}})).says(t, http.StatusOK, "ada@shop.example")
	noted, err := s.store.Accounts().Deeds(t.Context(), "bea at the command line", "customer c-1", 10)
	if err != nil || len(noted) != 1 || noted[0].What != "exported" {
		t.Errorf("%+v, %v", noted, err)
	}
}
