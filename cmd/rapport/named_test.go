package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A configuration that names no store means another database than the folder that lies
// where the command is run. Nothing is done on that, and nothing is said to be done.
func TestNoFolderIsTakenForTheDatabaseThatIsMeant(t *testing.T) {
	stops := "channel,address,reason,at\nemail,ann@shop.example,opted_out,2027-03-01T14:07:00Z\n"
	shop, err := filepath.Abs(shopFolder)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"stops.csv": stops, "config.yaml": "public_url: https://news.shop.example\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	restored := []string{"restored", "--backup-of", "2026-01-01T00:00:00Z"}
	commands := [][]string{
		restored,
		{"erase", "ann", "--yes"},
		{"pause", "welcome"},
		{"account", "add", "bea", "--role", "operator"},
		{"doubts"},
		{"status"},
		{"apply", shop},
		{"apply", shop, "--dry-run"},
		{"import", "suppressions", "stops.csv"},
	}
	refuse := func() {
		t.Helper()
		for _, command := range commands {
			wants(t, 1, "no database is named; add --data DIR", append(command, "--config", "config.yaml")...)
		}
		wants(t, 1, "fail  store     no database is named", "doctor", "--config", "config.yaml", "--domain", "127.0.0.1", "--dns", "127.0.0.1:1")
	}
	refuse()
	t.Run("an empty variable", func(t *testing.T) {
		t.Setenv("RAPPORT_STORE", "")
		for _, command := range commands {
			wants(t, 1, "no database is named", command...)
		}
	})
	// Only what may come first makes a folder.
	for _, command := range commands[1:6] {
		wants(t, 1, "rapport.db: no such file", command...)
	}
	wants(t, 1, "no database is named", restored...)
	wants(t, 1, "rapport.db: no such file or directory; give --config FILE", append(restored, "--data", "elsewhere")...)
	wants(t, 1, "rapport.db: no such file or directory; add --data DIR", append(restored, "--data", "elsewhere", "--config", "config.yaml")...)
	for _, folder := range []string{"rapport-data", "elsewhere"} {
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s was made", folder)
		}
	}
	wants(t, 0, "1 taken", "import", "suppressions", "stops.csv")
	wants(t, 0, "is in force", "apply", shop)
	wants(t, 0, "welcome is paused", "pause", "welcome")
	wants(t, 1, "no database is named", restored...)
	wants(t, 0, "Nothing was changed", append(restored, "--dry-run", "--data", "rapport-data")...)
	refuse()
	wants(t, 0, "welcome", "status", "--config", "config.yaml", "--data", "rapport-data")
}
