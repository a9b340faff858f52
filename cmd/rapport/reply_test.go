package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport/customers"
	"rapport/store"
)

// anOpenCase opens a case in a store that nobody holds.
func anOpenCase(t *testing.T, data, customer string) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "rapport.db"))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Casebook().Open(t.Context(), []customers.Case{{
		Customer: customer, Queue: "support", Priority: customers.High, Title: "A parcel that never came", Why: "complaint", OpenedAt: now(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A list that does not show all says so.
func TestCasesSaysThatMoreAreOpen(t *testing.T) {
	data := t.TempDir()
	if _, errOut, code := rapport(t, "apply", shopFolder, "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	for _, who := range []string{"c00001", "c00002"} {
		anOpenCase(t, data, who)
	}
	for limit, more := range map[string]bool{"1": true, "2": false} {
		out, errOut, code := rapport(t, "cases", "--limit", limit, "--data", data)
		if code != 0 || strings.Contains(errOut, "more are open") != more || strings.Contains(out, "c00002") == more {
			t.Errorf("--limit %s: exit %d: %s%s", limit, code, out, errOut)
		}
	}
	if _, errOut, code := rapport(t, "cases", "--limit", "0", "--data", data); code != 1 || !strings.Contains(errOut, "1 or more") {
		t.Errorf("no limit: exit %d: %s", code, errOut)
	}
}

func TestAnAgentAnswersThroughARunningUp(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	startUp(t, data, address).signal(syscall.SIGTERM)
	anOpenCase(t, data, "c00001")

	up := startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	for range 2 { // the same words twice
		out, errOut, code := rapport(t, "reply", "1", "It leaves our house today.", "--by", "email", "--data", data)
		if code != 0 || !strings.Contains(out, "case 1 is answered") {
			t.Fatalf("exit %d: %s%s", code, out, errOut)
		}
	}
	var shown string
	eventually(t, time.Minute, "the answer was sent", func() bool {
		shown, _, _ = rapport(t, "cases", "1", "--data", data)
		return strings.Contains(shown, "It leaves our house today. (")
	})
	if n := strings.Count(shown, "It leaves our house today."); n != 1 {
		t.Errorf("it was said %d times:\n%s", n, shown)
	}
	if !strings.Contains(shown, "(Europe/Berlin)") {
		t.Errorf("the case is not told by the shop's clock:\n%s", shown)
	}
	if out, _, _ := rapport(t, "cases", "--data", data); !strings.Contains(out, "answered") || !strings.Contains(out, "times in Europe/Berlin") {
		t.Errorf("the list:\n%s", out)
	}
	if _, errOut, code := rapport(t, "reply", "99", "Hello", "--data", data); code != 1 || !strings.Contains(errOut, "no such case") {
		t.Errorf("a case that is not there: exit %d: %s", code, errOut)
	}

	// And with nobody at work: it waits in the ledger.
	up.signal(syscall.SIGTERM)
	if out, errOut, code := rapport(t, "reply", "1", "Did it come?", "--by", "email", "--data", data); code != 0 {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if out, _, _ := rapport(t, "status", "--data", data); !strings.Contains(out, "(answers)") {
		t.Errorf("the status:\n%s", out)
	}
	if _, errOut, code := rapport(t, "reply", "one", "Hello", "--data", data); code != 1 || !strings.Contains(errOut, "CASE is a number") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}
