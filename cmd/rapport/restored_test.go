package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGoingOnFromABackupIsToldFirst(t *testing.T) {
	data := t.TempDir()
	if _, errOut, code := rapport(t, "migrate", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	for _, c := range []struct{ at, flag, out, problem string }{
		{"yesterday", "", "", "must be when the backup was begun"},
		{"2999-01-01T00:00:00Z", "", "", "is still to come"},
		{"2026-01-01T00:00:00Z", "--dry-run", "Nothing was changed.", ""},
		{"2026-01-01T00:00:00Z", "", "New rows get numbers that no lost row had.", ""},
	} {
		args := []string{"restored", "--data", data, "--backup-of", c.at}
		if c.flag != "" {
			args = append(args, c.flag)
		}
		out, errOut, code := rapport(t, args...)
		if (code == 0) != (c.problem == "") || !strings.Contains(out, c.out) || !strings.Contains(errOut, c.problem) {
			t.Errorf("%v: code %d\n%s\n%s", args, code, out, errOut)
		}
	}
}

// A folder from before the last upgrade is looked at, and stays what it was.
func TestTryingToGoOnFromABackupChangesNothing(t *testing.T) {
	data := t.TempDir()
	wants(t, 0, "is in force", "apply", shopFolder, "--data", data)
	rewrite(t, data, "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)")
	if err := os.Remove(filepath.Join(data, "keys.json")); err != nil {
		t.Fatal(err)
	}
	try := []string{"restored", "--data", data, "--backup-of", "2026-01-01T00:00:00Z", "--dry-run"}
	for range 2 {
		wants(t, 1, "the database lacks the migrations [", try...)
	}
	if _, err := os.Stat(filepath.Join(data, "keys.json")); err == nil {
		t.Error("keys were made")
	}
}
