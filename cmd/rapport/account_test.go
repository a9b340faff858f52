package main

import (
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"rapport/accounts"
	"rapport/sandbox"
	"rapport/store/storetest"
)

func TestAccountsAreKept(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	wants(t, 1, "rapport.db: no such file", "account", "add", "Bea", "--data", data) // a folder that no program has
	wants(t, 0, "is in force", "apply", shopFolder, "--data", data)
	wants(t, 0, "bea may work in the console as operator\npassword: ", "account", "add", "Bea", "--role", "operator", "--data", data)
	wants(t, 1, "there is an account of this name already", "account", "add", "bea", "--data", data)
	wants(t, 1, "there are viewer, agent and operator", "account", "add", "carl", "--role", "boss", "--data", data)
	wants(t, 1, "no name for an account", "account", "add", "two words", "--data", data)
	wants(t, 0, "bea is agent now", "account", "role", "bea", "agent", "--data", data)
	wants(t, 0, "bea is disabled", "account", "disable", "bea", "--data", data)
	wants(t, 0, "disabled", "account", "list", "--data", data)
	wants(t, 0, "bea is enabled", "account", "enable", "bea", "--data", data)
	wants(t, 0, "bea has another password\npassword: ", "account", "password", "bea", "--data", data)
	wants(t, 1, "no such account", "account", "password", "nobody", "--data", data)
	var added, changed struct {
		Name, Password string
		Role           accounts.Role
		Disabled       bool
	}
	asJSON(t, &added, "account", "add", "dora", "--data", data)
	if added.Name != "dora" || added.Role != accounts.Agent || added.Password == "" {
		t.Errorf("who is added is told as %+v", added)
	}
	asJSON(t, &changed, "account", "disable", "dora", "--data", data)
	if changed.Name != "dora" || !changed.Disabled || changed.Password != "" {
		t.Errorf("who is kept out is told as %+v", changed)
	}
	if out := wants(t, 0, `"bea"`, "account", "list", "--format", "json", "--data", data); strings.Contains(out, "argon2") {
		t.Errorf("the list tells hashes: %s", out)
	}
}

func TestPeopleWorkInTheConsoleFromAnywhere(t *testing.T) {
	r := newRig(t, storetest.Postgres(t), sandbox.Behaviour{})
	r.useRedis()
	r.fill(mixed, 3, "Go")
	address := "127.0.0.1:" + freePort(t)
	t.Setenv("RAPPORT_CONSOLE_LISTEN", address)
	t.Setenv("RAPPORT_CONSOLE_URL", "https://console.shop.example")
	out := wants(t, 0, "bea may work", "account", "add", "bea", "--config", r.configPath())
	password := regexp.MustCompile(`password: (\S+)`).FindStringSubmatch(out)[1]
	o := r.operate("console")
	o.becomes(http.StatusOK, "store")

	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path string, form url.Values, cookies ...*http.Cookie) (*http.Response, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "console.shop.example"
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			request.AddCookie(c)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		page, _ := io.ReadAll(answer.Body)
		return answer, string(page)
	}
	if answer, _ := ask(http.MethodGet, "/customers/p00001", nil); answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("without an account: %s", answer.Status)
	}
	answer, page := ask(http.MethodPost, "/sign-in", url.Values{"name": {"bea"}, "password": {password}})
	if answer.StatusCode != http.StatusSeeOther || len(answer.Cookies()) != 1 {
		t.Fatalf("signing in: %s %s", answer.Status, page)
	}
	if answer, page := ask(http.MethodGet, "/customers/p00001", nil, answer.Cookies()...); answer.StatusCode != http.StatusOK || !strings.Contains(page, "p00001@rig.example") {
		t.Errorf("signed in: %s", answer.Status)
	}
	wants(t, 0, "opened", "audit", "--about", "customer p00001", "--config", r.configPath())
	o.signal(syscall.SIGTERM)
	if o.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("it ended with %s: %s", o.cmd.ProcessState, o.stderr)
	}
}
