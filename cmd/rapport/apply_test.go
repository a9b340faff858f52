package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rapport/campaigns"
)

func TestAWorkspaceIsComparedAndAppliedBesideARunningProgram(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	changed := t.TempDir()
	if err := os.CopyFS(changed, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := rapport(t, "diff", changed, "--exit-code", "--data", data); code != 0 || out != "nothing is different\n" {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	edit(t, filepath.Join(changed, "campaigns/welcome.yaml"), "  - wait: {until", "  - tag: [+new]\n  - wait: {until")
	edit(t, filepath.Join(changed, "segments/segments.yaml"), "cases.open > 0", "cases.open >= 0")

	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"diff", changed}, 0, []string{"step 1: tag +new", "~ segment open-complaint", "of today's customers 5"}},
		{[]string{"diff", changed, "--exit-code"}, 1, []string{"~ campaign welcome"}},
		{[]string{"apply", changed, "--dry-run"}, 0, []string{"nothing was applied (", "~ campaign welcome"}},
		{[]string{"apply", changed, "--dry-run", "--server", "http://" + address}, 0, []string{"nothing was applied ("}},
		{[]string{"apply", changed, "--server", "https://shop.example"}, 1, []string{"answers its own machine only"}},
		{[]string{"apply", changed}, 0, []string{"workspace 2 is in force, 8 campaigns ("}},
		{[]string{"diff", changed, "--exit-code"}, 0, []string{"nothing is different"}},
		{[]string{"apply", changed, "--server", "http://" + address}, 0, []string{"workspace 2 is in force, 8 campaigns (nothing is different)"}},
	} {
		out, errOut, code := rapport(t, append(c.args, "--data", data)...)
		if code != c.code {
			t.Errorf("%v: exit %d: %s%s", c.args, code, out, errOut)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errOut, want) {
				t.Errorf("%v lacks %q:\n%s%s", c.args, want, out, errOut)
			}
		}
	}
	out, _, _ := rapport(t, "apply", shopFolder, "--format", "json", "--data", data)
	var done campaigns.Application
	if err := json.Unmarshal([]byte(out), &done); err != nil || !done.Applied || done.Workspace != 3 || done.Changes.None() {
		t.Errorf("as JSON: %v: %s", err, out)
	}
	edit(t, filepath.Join(changed, "rapport.yaml"), "locale: en", "locale: 17")
	if _, errOut, code := rapport(t, "apply", changed, "--data", data); code != 1 || !strings.Contains(errOut, "nothing was applied") {
		t.Errorf("with a mistake: exit %d: %s", code, errOut)
	}
}
