package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestExplainTellsTheValuesThatDecide(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	if _, errOut, code := rapport(t, "follow-up", "follow-up", "c00001", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	if _, errOut, code := rapport(t, "pause", "advent-sale", "--why", "not yet", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	out, errOut, code := rapport(t, "explain", "advent-sale", "c00001", "--data", data)
	for _, want := range []string{
		"advent-sale: ", "Before a journey begins, with the values of today", "orders.count >= 1 (", "cases.open > 0 (0): no", "yes: never was in it",
		"holdout    ", "advent-sale: paused since ", ": not yet",
	} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, the account lacks %q:\n%s%s", code, want, out, errOut)
		}
	}
	out, _, _ = rapport(t, "explain", "follow-up", "c00001", "--format", "json", "--data", data)
	var told explanation
	if err := json.Unmarshal([]byte(out), &told); err != nil || len(told.Journeys) != 1 || told.Today == nil || told.Today.Again {
		t.Fatalf("as JSON: %v: %s", err, out)
	}
}
