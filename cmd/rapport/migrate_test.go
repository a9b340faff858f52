package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rapport/store/storetest"
)

func TestMigrateSaysWhatItDidAndToWhichDatabase(t *testing.T) {
	t.Chdir(t.TempDir())
	out, errOut, code := rapport(t, "migrate")
	if code == 0 || !strings.Contains(errOut, "--config") {
		t.Errorf("no database is named: exit %d, %s%s", code, out, errOut)
	}
	if made, _ := os.ReadDir("."); len(made) > 0 {
		t.Errorf("it made %v", made)
	}
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "store: %q\n", storetest.Postgres(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, named := range map[string][]string{"PostgreSQL": {"--config", file}, "SQLite": {"--data", "here"}} {
		t.Run(what, func(t *testing.T) {
			var did migrated
			asJSON(t, &did, append([]string{"migrate"}, named...)...)
			if did.Applied == 0 || did.Schema != "up to date" || did.Database == "" {
				t.Errorf("it is told as %+v", did)
			}
			out, errOut, code := rapport(t, append([]string{"migrate"}, named...)...)
			if code != 0 || !strings.Contains(out, did.Database+": the schema was up to date") {
				t.Errorf("once more: exit %d, %s%s", code, out, errOut)
			}
		})
	}
}
