package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rapport/store"
)

// Two installations run on one machine. What is meant for one is done by it, wherever it
// listens, and never by the one that listens where commands used to ask.
func TestACommandActsOnTheInstallationOfItsFolder(t *testing.T) {
	ours, theirs := filepath.Join(t.TempDir(), "ours"), filepath.Join(t.TempDir(), "theirs")
	startUp(t, ours, "127.0.0.1:"+freePort(t))
	elsewhere := "127.0.0.1:" + freePort(t)
	startUp(t, theirs, elsewhere)
	t.Setenv("RAPPORT_LISTEN", elsewhere)

	wants(t, 0, "c00001 is erased", "erase", "c00001", "--yes", "--data", ours)
	wants(t, 0, "welcome is paused", "pause", "welcome", "--data", ours)
	wants(t, 0, "is in force", "apply", shopFolder, "--data", ours)
	wants(t, 1, "c00001", "customer", "c00001", "--data", ours)
	wants(t, 0, "c00001", "customer", "c00001", "--data", theirs)
	if out := wants(t, 0, "", "status", "--data", theirs); strings.Contains(out, "Paused") {
		t.Errorf("the other shop's campaign is paused:\n%s", out)
	}

	// Somebody else came to listen where the holder of a folder said that it does.
	lock, err := os.ReadFile(filepath.Join(theirs, "rapport.db.lock"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(lock), "\n")
	lines[2] = "another word"
	if err := os.WriteFile(filepath.Join(theirs, "rapport.db.lock"), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"erase", "c00001", "--yes"}, {"pause", "welcome"}, {"apply", shopFolder}, {"export", "c00001"}, {"follow-up", "follow-up", "c00001"},
	} {
		wants(t, 1, "this rapport has another folder", append(command, "--data", theirs)...)
	}
	wants(t, 0, "c00001", "customer", "c00001", "--data", theirs)
}

// A command that has the folder is no console, and one whose console is gone is named.
func TestAFolderWithoutAConsoleIsNotAskedAbout(t *testing.T) {
	data := t.TempDir()
	wants(t, 0, "is in force", "apply", shopFolder, "--data", data)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "rapport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("somebody else was asked") }))
	defer other.Close()
	t.Setenv("RAPPORT_LISTEN", strings.TrimPrefix(other.URL, "http://"))
	for _, command := range [][]string{{"pause", "welcome"}, {"apply", shopFolder}} {
		wants(t, 1, "has no console to ask: it is a command, is only starting, found the port of its console taken, or is of an older release", append(command, "--data", data)...)
	}
	if err := s.SignConsole(other.URL, ""); err != nil { // written in part
		t.Fatal(err)
	}
	wants(t, 1, "has no console to ask", "apply", shopFolder, "--data", data)
	if err := s.SignConsole("http://127.0.0.1:1", "word"); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"pause", "welcome"}, {"apply", shopFolder}} {
		wants(t, 1, "try again, or stop it if it has the folder", append(command, "--data", data)...)
	}
}
