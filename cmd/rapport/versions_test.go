package main

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/customers"
)

const callback = `campaign: callback
title: Call back
owner: support
topic: service
state: live
trigger: {manual: true}
audience: {segment: known}
steps:
  - wait: 1h
  - sms: sorry
`

// history is a workspace in which one campaign was applied, and a customer who
// stands at its first step.
func history(t *testing.T) (folder, data string) {
	t.Helper()
	folder, data = t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"rapport.yaml": "workspace: shop\nbrand: {name: Shop, url: \"https://shop.example\"}\nlocale: en\nzone: Europe/Berlin\ncurrency: EUR\n" +
			"topics: [{id: service, title: Orders, default: in}]\nsenders: {sms: {from: \"+493012345678\"}}\n",
		"segments/segments.yaml":     "segment: known\nwhere: email != nil\n",
		"segments/unused.yaml":       "segment: unused\nwhere: email == nil\n",
		"campaigns/callback.yaml":    callback,
		"templates/sms/sorry.liquid": "We are sorry\n",
		"templates/sms/other.liquid": "Something else\n",
	} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if _, errOut, code := rapport(t, "apply", folder, "--data", data); code != 0 {
		t.Fatalf("apply: exit %d, %s", code, errOut)
	}
	i, err := assemble(t.Context(), &backing{DSN: "sqlite:" + filepath.Join(data, "rapport.db")}, now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	ann := customers.Customer{ID: "ann", Email: "ann@home.example"}
	if _, err := i.Store.PutCustomers(t.Context(), now(), []customers.Customer{ann}); err != nil {
		t.Fatal(err)
	}
	if _, err := i.starter().Start(t.Context(), "callback", &ann, nil); err != nil {
		t.Fatal(err)
	}
	awake, err := i.Store.Awake(t.Context(), now(), time.Minute, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.worker().Walker.Walk(t.Context(), awake); err != nil {
		t.Fatal(err)
	}
	return folder, data
}

func TestApplyMigratesJourneysThatCanGoOn(t *testing.T) {
	folder, data := history(t)
	file := filepath.Join(folder, "campaigns/callback.yaml")
	migrate := func(want ...string) {
		t.Helper()
		out, errOut, code := rapport(t, "apply", folder, "--data", data, "--migrate")
		for _, line := range want {
			if code != 0 || !strings.Contains(out, line) {
				t.Errorf("exit %d, %s%s lacks %q", code, out, errOut, line)
			}
		}
	}
	migrate("no entries are under way in older versions")
	edit(t, file, "wait: 1h", "sms: sorry")
	migrate("callback: 0 moved to version 2, 1 stay", "  1 at step 0 of version 1: step 0 was wait and is sms sorry")
	edit(t, file, "  - sms: sorry\n  - sms: sorry\n", "  - wait: 2h\n  - sms: sorry\n")
	migrate("callback: 1 moved to version 3, 0 stay")
}

func TestTheHistoryOfACampaignStaysReadable(t *testing.T) {
	folder, data := history(t)
	edit(t, filepath.Join(folder, "campaigns/callback.yaml"), "state: live", "state: paused")
	edit(t, filepath.Join(folder, "templates/sms/sorry.liquid"), "sorry", "very sorry")
	if _, errOut, code := rapport(t, "apply", folder, "--data", data); code != 0 {
		t.Fatalf("apply: exit %d, %s", code, errOut)
	}
	out, _, _ := rapport(t, "versions", "callback", "--data", data)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 || !strings.Contains(lines[2], "paused") || !strings.Contains(lines[3], "live") || !strings.HasSuffix(strings.TrimSpace(lines[3]), "1") {
		t.Errorf("the versions:\n%s", out)
	}
	out, _, _ = rapport(t, "versions", "callback", "1", "--data", data)
	for _, want := range []string{"--- campaigns/callback.yaml\n" + callback, "--- rapport.yaml\n", "--- segments/segments.yaml\n", "--- templates/sms/sorry.liquid\nWe are sorry\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("version 1 lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "unused.yaml") || strings.Contains(out, "other.liquid") {
		t.Errorf("version 1 has what it does not lean on:\n%s", out)
	}
	if _, errOut, code := rapport(t, "versions", "calback", "--data", data); code == 0 || !strings.Contains(errOut, "no campaign calback was ever applied") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	for _, c := range []struct{ campaign, number, want string }{
		{"callback", "9", "there is no version 9 of campaign callback; there are versions 1 to 2"},
		{"calback", "1", "no campaign calback was ever applied"},
	} {
		if _, errOut, code := rapport(t, "versions", c.campaign, c.number, "--data", data); code != 1 || !strings.Contains(errOut, c.want) {
			t.Errorf("exit %d: %s lacks %q", code, errOut, c.want)
		}
	}
}
