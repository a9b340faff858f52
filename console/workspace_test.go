package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rapport/campaigns"
	"rapport/campaigns/examples"
)

// upload asks the console to apply files.
func upload(t *testing.T, files map[string][]byte, trial bool) *http.Request {
	t.Helper()
	body, err := json.Marshal(map[string]any{"files": files, "order": campaigns.ApplyOptions{DryRun: trial}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/workspace", strings.NewReader(string(body)))
	r.Host, r.RemoteAddr = "127.0.0.1:8080", "127.0.0.1:50000"
	r.Header.Set("Content-Type", "application/json")
	return r
}

func sampleFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := campaigns.ReadFolder(examples.Shop())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (s *shop) inForce() int64 {
	s.t.Helper()
	number, _, err := s.store.Archive().Latest(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return number
}

func TestAWorkspaceIsAppliedThroughTheConsole(t *testing.T) {
	s := emptyShop(t)
	files := sampleFiles(t)
	s.ask(upload(t, files, true)).says(t, http.StatusOK, `"applied":false`, `"kind":"added"`)
	if s.inForce() != 0 || s.rings != 0 {
		t.Fatal("a trial changed something")
	}
	s.ask(upload(t, files, false)).says(t, http.StatusOK, `"applied":true`, `"workspace":1`)
	if s.inForce() != 1 || s.rings != 1 {
		t.Errorf("workspace %d is in force, %d rings", s.inForce(), s.rings)
	}
	files["rapport.yaml"] = []byte(strings.Replace(string(files["rapport.yaml"]), "locale: en", "locale: 17", 1))
	s.ask(upload(t, files, false)).says(t, http.StatusUnprocessableEntity, `"problems":[{`, `"file":"rapport.yaml"`)
	if s.inForce() != 1 {
		t.Error("a workspace with a mistake is in force")
	}
}

func TestAWorkspaceIsTakenFromNobodyElse(t *testing.T) {
	s := open(t)
	files := sampleFiles(t)
	files["templates/sms/new.liquid"] = []byte("new\n")
	for name, c := range map[string]struct {
		spoil  func(*http.Request)
		status int
	}{
		"another machine":     {func(r *http.Request) { r.RemoteAddr = "192.0.2.1:50000" }, http.StatusNotFound},
		"a stranger's name":   {func(r *http.Request) { r.Host = "evil.example" }, http.StatusNotFound},
		"another site's page": {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, http.StatusForbidden},
		"a form":              {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType},
		"no workspace":        {func(r *http.Request) { r.Body = http.NoBody }, http.StatusBadRequest},
	} {
		r := upload(t, files, false)
		c.spoil(r)
		if got := s.ask(r); got.status != c.status {
			t.Errorf("%s: status %d, want %d", name, got.status, c.status)
		}
	}
	for _, file := range []string{"../rapport.yaml", "/etc/passwd", "secrets/x.yaml", "templates/../x", "notes.md", ""} {
		s.ask(upload(t, map[string][]byte{file: {}}, false)).says(t, http.StatusBadRequest, "is no file of a workspace")
	}
	if s.inForce() != 1 {
		t.Errorf("workspace %d is in force", s.inForce())
	}
}
