package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport/recordings"
	"rapport/store"
)

// exported is what of an export is looked at.
type exported struct {
	Profiles []struct {
		Customer string
		Profile  []map[string]any
		Orders   []map[string]any

		Suppressions []map[string]any
		Timeline     []map[string]any
		Recordings   []map[string]any
	}
}

func TestAllThatIsKeptAboutACustomerIsExported(t *testing.T) {
	folder := t.TempDir()
	data, out := filepath.Join(folder, "data"), filepath.Join(folder, "ann")
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	orders := "order_id,customer_id,order_date,total\n"
	for n := range 620 {
		orders += fmt.Sprintf("o%d,1,2026-03-01,9.99\n", n)
	}
	wants(t, 0, "3 rows", "import", "customers", file("people.csv", "id,email,first_name\n1,ann@shop.example,Ann\n2,ann@shop.example,Twin\n3,bob@shop.example,Bob\n"), "--data", data)
	wants(t, 0, "620 rows", "import", "orders", file("orders.csv", orders), "--data", data)
	wants(t, 0, "suppressions: 1 new", "import", "suppressions", file("list.csv", "channel,address,reason\nemail,Ann@shop.example,bounced\n"), "--data", data)
	taped(t, data, "1", "said on the telephone")

	printed, told, code := rapport(t, "export", "ann@shop.example", "--data", data)
	var all exported
	if err := json.Unmarshal([]byte(printed), &all); err != nil || code != 0 {
		t.Fatalf("exit %d, %v: %s", code, err, told)
	}
	if p := all.Profiles; len(p) != 1 || len(p[0].Orders) != 620 || len(p[0].Timeline) != 620 || len(p[0].Recordings) != 1 || p[0].Profile[0]["email"] != "ann@shop.example" {
		t.Errorf("exported are %d profiles: %.300s", len(p), printed)
	}
	if kept := all.Profiles[0].Suppressions; len(kept) != 1 || kept[0]["reason"] != "bounced" {
		t.Errorf("suppressed is %v", kept)
	}
	if !strings.Contains(told, "not in it: 2; --twins") || !strings.Contains(told, "1 recording: --out FOLDER") {
		t.Errorf("told is: %s", told)
	}

	wants(t, 0, "all that is kept about 1, 2 is in "+filepath.Join(out, "customer.json"), "export", "1", "--twins", "--out", out, "--data", data)
	raw, err := os.ReadFile(filepath.Join(out, "customer.json"))
	if err := json.Unmarshal(raw, &all); err != nil || len(all.Profiles) != 2 || all.Profiles[1].Customer != "2" {
		t.Errorf("with the twin: %v, %d profiles", err, len(all.Profiles))
	}
	if err != nil || strings.Contains(string(raw), "bob@") {
		t.Errorf("somebody else's data, or %v", err)
	}
	if sound, err := os.ReadFile(filepath.Join(out, "recordings", "1.mp3")); err != nil || string(sound) != "said on the telephone" {
		t.Errorf("the sound is %q, %v", sound, err)
	}
	wants(t, 1, "customer.json", "export", "3", "--out", out, "--data", data) // another's, over this one
	wants(t, 1, "nobody", "export", "nobody", "--data", data)
	wants(t, 0, agent()+" at the command line", "audit", "--about", "customer 2", "--data", data)

	wants(t, 0, "the latest 500 of 620", "customer", "1", "--data", data)
	var shown struct {
		Timeline []json.RawMessage
		Happened int
	}
	asJSON(t, &shown, "customer", "1", "--data", data)
	if len(shown.Timeline) != 500 || shown.Happened != 620 {
		t.Errorf("%d of %d are shown", len(shown.Timeline), shown.Happened)
	}
}

// taped lets something have been recorded of a customer.
func taped(t *testing.T, data, customer, sound string) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "rapport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := recordings.Recording{ID: 1, ProviderID: "RE1", Customer: customer, Kind: recordings.Answer, At: time.Now(), State: recordings.Waiting, DueAt: time.Now()}
	if err := s.Recordings().Add(t.Context(), []recordings.Recording{r}); err != nil {
		t.Fatal(err)
	}
	r.State, r.Media, r.DueAt = recordings.Kept, "audio/mpeg", time.Time{}
	if err := s.Recordings().Settle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := (recordings.Folder{Path: filepath.Join(data, "sounds")}).Put(t.Context(), r.Key(), r.Media, strings.NewReader(sound)); err != nil {
		t.Fatal(err)
	}
}

func TestARunningProgramExports(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	up := startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	var all exported
	asJSON(t, &all, "export", "c00003", "--data", data)
	if len(all.Profiles) != 1 || len(all.Profiles[0].Profile) != 1 {
		t.Errorf("exported are %d profiles", len(all.Profiles))
	}
	wants(t, 0, agent()+" at the command line", "audit", "--about", "customer c00003", "--data", data)
	up.signal(syscall.SIGTERM)
}
