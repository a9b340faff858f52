package main

import (
	"bytes"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"rapport/config"
	"rapport/sandbox"
)

// rewrite changes a folder's database behind the program's back.
func rewrite(t *testing.T, data, statement string) {
	t.Helper()
	raw, err := sql.Open("sqlite", filepath.Join(data, "rapport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// An embedded installation goes back by one release as a production one does.
func TestANewerProgramsFolderIsGoneOnWith(t *testing.T) {
	data := t.TempDir()
	wants(t, 0, "is in force", "apply", shopFolder, "--data", data)
	rewrite(t, data, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
	wants(t, 0, "is in force", "apply", shopFolder, "--data", data)
	wants(t, 0, "welcome", "status", "--data", data)
	wants(t, 1, "use a newer program", "migrate", "--data", data)
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	e, err := embed(t.Context(), &options{data: data}, config.Defaults(), now, sandbox.Lifelike(), 1, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	if _, err := assembleMigrated(t.Context(), e.backing, now, log); err != nil || !strings.Contains(said.String(), "a newer program has migrated the database") {
		t.Errorf("`rapport up` ends with %v, and says %s", err, said.String())
	}
}

// What the database lacks is told in our words before anything is read from it.
func TestACommandNamesTheMigrationsThatAreMissing(t *testing.T) {
	data := t.TempDir()
	wants(t, 0, "is in force", "apply", shopFolder, "--data", data)
	rewrite(t, data, "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)")
	for _, command := range [][]string{{"status"}, {"customer", "c00001"}, {"explain", "welcome", "c00001"}} {
		wants(t, 1, "rapport: the database lacks the migrations [", append(command, "--data", data)...)
	}
}

// Nothing begins before the first workspace, and that is not kept quiet.
func TestAnInstallationWithoutAWorkspaceSaysSo(t *testing.T) {
	i := assembled(t, config.Defaults(), now)
	i.Health.Look(t.Context(), i.checks(asWork))
	ready, findings := i.Health.Ready()
	noted := false
	for _, f := range findings {
		noted = noted || f.Name == "workspace" && strings.Contains(f.Note, "no workspace has been applied yet")
	}
	if !ready || !noted {
		t.Errorf("ready is %t: %+v", ready, findings)
	}
	data := t.TempDir()
	wants(t, 0, "applied", "migrate", "--data", data)
	t.Setenv("RAPPORT_STORE", "sqlite:"+filepath.Join(data, "rapport.db"))
	ask := []string{"doctor", "--domain", "127.0.0.1", "--dns", "127.0.0.1:1"}
	wants(t, 1, "warn  workspace no workspace has been applied yet", ask...)
	wants(t, 0, "is in force", "apply", shopFolder)
	if out, _, _ := rapport(t, ask...); strings.Contains(out, "workspace") {
		t.Errorf("after the first one:\n%s", out)
	}
}
