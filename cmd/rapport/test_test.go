package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// brokenShop is a copy of the sample shop in which one file is changed.
func brokenShop(t *testing.T, file, old, changed string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(folder, file), old, changed)
	return folder
}

func TestTheSampleShopsTestsAreRunByTheCommand(t *testing.T) {
	out, errOut, code := rapport(t, "test", shopFolder)
	if code != 0 || !strings.Contains(out, " 0 failed") {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	out, _, code = rapport(t, "test", shopFolder, "welcome", "-v", "--run", "German")
	if code != 0 || !strings.Contains(out, "1 passed, 0 failed") || !strings.Contains(out, "email welcome goes out: “Willkommen") {
		t.Errorf("one test by name and pattern: exit %d: %s", code, out)
	}
	if _, errOut, code := rapport(t, "test", shopFolder, "wellcome"); code != 1 || !strings.Contains(errOut, `no test is named "wellcome"`) {
		t.Errorf("a name nobody has: exit %d: %s", code, errOut)
	}
	if _, errOut, code := rapport(t, "test", shopFolder, "--run", "Germann"); code != 1 || !strings.Contains(errOut, `matches --run "Germann"`) {
		t.Errorf("a pattern of no title: exit %d: %s", code, errOut)
	}
}

func TestAFailingTestShowsItsDaysAndWhereTheyDiffer(t *testing.T) {
	folder, report := brokenShop(t, "campaigns/after-delivery.yaml", "  - wait: 24h\n", "  - wait: 25h\n"), filepath.Join(t.TempDir(), "results.xml")
	out, _, code := rapport(t, "test", folder, "after-delivery", "--junit", report)
	for _, want := range []string{
		"tests/after-delivery.yaml:13:5: an unhappy customer gets a case and an apology, and no offer: " +
			"expected {at: 2026-12-02 11:00, call: satisfaction}, but it happened on Wed 2026-12-02 at 12:00\n",
		"> Wed 2026-12-02  12:00:00  call satisfaction goes out\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	written, err := os.ReadFile(report)
	var suites junitSuites
	if err != nil || xml.Unmarshal(written, &suites) != nil || suites.Failures == 0 || suites.Suites[0].Cases[0].Failure == nil {
		t.Errorf("as JUnit: %v %s", err, written)
	}
	out, _, _ = rapport(t, "test", folder, "--format", "json")
	var results []result
	if err := json.Unmarshal([]byte(out), &results); err != nil || results[0].Passed || results[0].Line != 13 {
		t.Errorf("as JSON: %v %+v", err, results)
	}
}

func TestMistakesInTheWorkspaceComeFirst(t *testing.T) {
	folder := brokenShop(t, "campaigns/after-delivery.yaml", "          - sms: apology\n", "")
	out, errOut, code := rapport(t, "test", folder)
	if code != 1 || !strings.Contains(errOut, "tests/after-delivery.yaml:15:11: campaign after-delivery sends nothing by sms") || out != "" {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}
