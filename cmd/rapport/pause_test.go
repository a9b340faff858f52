package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// wants runs the program and checks how it ends and what it says.
func wants(t *testing.T, code int, says string, args ...string) string {
	t.Helper()
	out, errOut, got := rapport(t, args...)
	if got != code || !strings.Contains(out+errOut, says) {
		t.Errorf("rapport %s: exit %d, want %d and %q:\n%s%s", strings.Join(args, " "), got, code, says, out, errOut)
	}
	return out
}

func TestACampaignIsPausedAndResumed(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	wants(t, 0, "in force", "apply", shopFolder, "--data", data)
	pauseAndResume(t, data)
}

// The running program sees it without being told twice.
func TestACampaignIsPausedBesideTheRunningProgram(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	wants(t, 0, "follow-up is paused", "pause", "follow-up", "--data", data)
	wants(t, 1, "campaign follow-up is paused", "follow-up", "follow-up", "c00001", "--data", data)
	wants(t, 0, "follow-up is resumed", "resume", "follow-up", "--data", data)
	wants(t, 0, "is started", "follow-up", "follow-up", "c00001", "--data", data)
	pauseAndResume(t, data)
}

func pauseAndResume(t *testing.T, data string) {
	t.Helper()
	wants(t, 1, `there is no campaign "welcom"`, "pause", "welcom", "--data", data)
	wants(t, 1, "campaign welcome is not paused", "resume", "welcome", "--data", data)
	wants(t, 0, "welcome is paused", "pause", "welcome", "--why", "a wrong price", "--data", data)
	wants(t, 1, "campaign welcome is paused already", "pause", "welcome", "--data", data)
	wants(t, 0, "a wrong price", "status", "--data", data)
	wants(t, 0, "nothing is different", "diff", shopFolder, "--exit-code", "--data", data)
	var all []struct {
		Campaign, State string
		Pause           *struct{ Why, Source string }
	}
	out := wants(t, 0, "", "status", "--data", data, "--format", "json")
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatal(err)
	}
	paused := 0
	for _, c := range all {
		if c.Campaign == "welcome" && c.State == "paused" && c.Pause != nil && c.Pause.Why == "a wrong price" && c.Pause.Source == agent() {
			paused++
		}
	}
	if paused != 1 {
		t.Errorf("as JSON: %s", out)
	}
	wants(t, 0, "welcome is resumed", "resume", "welcome", "--data", data)
	if out := wants(t, 0, "", "status", "--data", data); strings.Contains(out, "Paused") {
		t.Errorf("after resume: %s", out)
	}
}
