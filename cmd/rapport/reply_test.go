package main

import (
	"errors"
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
	if _, err := s.PutCustomers(t.Context(), now(), []customers.Customer{{ID: customer}}); err != nil {
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

// hears lets a customer write a text, in a store that nobody holds.
func hears(t *testing.T, data, customer string) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "rapport.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Append(t.Context(), []customers.Event{{
		Customer: customer, Name: "sms replied", At: now(), ReceivedAt: now(), Key: "a text", Properties: map[string]any{"text": "Where is it?"},
	}})
	if err := errors.Join(err, s.Close()); err != nil {
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

func TestACaseIsClosedFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	wants(t, 0, "in force", "apply", shopFolder, "--data", data)
	anOpenCase(t, data, "c00001")
	wants(t, 0, `rapport close 1 "what was done" --seen 0`, "cases", "1", "--data", data)
	hears(t, data, "c00001")
	wants(t, 1, "more has been said", "close", "1", "sent a parcel", "--seen", "0", "--data", data)
	wants(t, 1, "a note that says what was done", "close", "1", " ", "--data", data)
	wants(t, 1, "CASE is a number", "close", "one", "sent", "--data", data)
	wants(t, 1, "no such case", "close", "99", "sent", "--data", data)
	if out := wants(t, 0, "Case 1", "cases", "1", "--data", data); strings.Contains(out, "taken by") {
		t.Errorf("before it was taken:\n%s", out)
	}
	wants(t, 0, "case 1 is yours", "take", "1", "--data", data)
	wants(t, 0, "taken by "+agent(), "cases", "1", "--data", data)
	wants(t, 0, "case 1 is closed", "close", "1", "sent a parcel", "--data", data)
	if out := wants(t, 0, "closed", "cases", "1", "--data", data); strings.Contains(out, "rapport close") || !strings.Contains(out, "by "+agent()) {
		t.Errorf("the closed case:\n%s", out)
	}
	wants(t, 1, "the case is closed", "close", "1", "sent another", "--data", data)
	wants(t, 1, "the case is closed", "take", "1", "--data", data)
	wants(t, 0, "sent a parcel", "cases", "1", "--data", data)
	wants(t, 0, "case 1 is open", "reopen", "1", "--data", data)
}

func TestACaseIsClosedThroughARunningUp(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	startUp(t, data, address).signal(syscall.SIGTERM)
	anOpenCase(t, data, "c00001")
	hears(t, data, "c00001")
	startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	wants(t, 1, "more has been said", "close", "1", "sent a parcel", "--seen", "0", "--data", data)
	wants(t, 1, "a note that says what was done", "close", "1", "", "--data", data)
	wants(t, 0, "case 1 is yours", "take", "1", "--data", data)
	wants(t, 0, "taken by "+agent(), "cases", "1", "--data", data)
	wants(t, 0, `"state": "closed"`, "close", "1", "sent a parcel", "--data", data, "--format", "json")
	wants(t, 0, "by "+agent(), "cases", "1", "--data", data)
	wants(t, 1, "closed already", "close", "1", "sent another", "--data", data)
	wants(t, 0, "case 1 is open", "reopen", "1", "--data", data)
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
		return strings.Contains(shown, "It leaves our house today. (sent")
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
