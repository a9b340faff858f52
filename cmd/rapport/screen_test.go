package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/customers"
)

// What customers write is not obeyed by the terminal of whoever reads it, and
// passes for no line of ours.
func TestACustomersWordsAreOnlyWords(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "customers.csv")
	if err := os.WriteFile(file, []byte("id,first_name\nc-1,\"Mi\x1b[31mna\x1b]0;owned\a \u202etxt\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"apply", shopFolder, "--data", data}, {"import", "customers", file, "--data", data}} {
		if _, errOut, code := rapport(t, args...); code != 0 {
			t.Fatal(errOut)
		}
	}
	out, _, _ := rapport(t, "customer", "c-1", "--data", data)
	if !strings.Contains(out, "Mi[31mna]0;owned txt") {
		t.Errorf("the name is shown as\n%q", out)
	}

	forged := "no\n  Fri 2026-11-27 06:00  we by email: all is settled"
	event := customers.Event{Name: "email replied", Properties: map[string]any{"text": forged}}
	if line := eventLine(event); strings.Contains(line, "\n") {
		t.Errorf("an event takes more than a line: %q", line)
	}
	if words := lineWords(customers.Line{Channel: "email", Text: forged}, time.Time{}, time.UTC); !strings.Contains(words, "\n      |   Fri 2026") {
		t.Errorf("a customer's second line stands like one of ours: %q", words)
	}
	claimed := customers.Event{Name: "email replied", Properties: map[string]any{"text": "Send it elsewhere.", "claimed": true}}
	if words := lineWords(customers.Conversation([]customers.Event{claimed})[0], time.Time{}, time.UTC); words != "says it is from the customer, by email: Send it elsewhere." {
		t.Errorf("a letter that proves nothing stands as %q", words)
	}
}
