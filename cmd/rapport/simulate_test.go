package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rapport/campaigns/rehearsal"
	"rapport/sandbox"
)

func TestASimulationSumsUpWhatWouldCome(t *testing.T) {
	simulate := func(args ...string) rehearsal.Figures {
		t.Helper()
		out, errOut, code := rapport(t, append([]string{"simulate", "after-delivery", shopFolder, "--people", "300", "--at", "2026-12-01 09:00", "--format", "json"}, args...)...)
		var figures rehearsal.Figures
		if err := json.Unmarshal([]byte(out), &figures); code != 0 || err != nil {
			t.Fatalf("exit %d, %v: %s%s", code, err, out, errOut)
		}
		return figures
	}
	usual := simulate()
	if usual.Entered == 0 || usual.Entered != usual.Finished+usual.Left+usual.Waiting {
		t.Errorf("%d entered, of whom %d finished, %d left and %d wait", usual.Entered, usual.Finished, usual.Left, usual.Waiting)
	}
	if len(usual.Mistakes) > 0 || usual.Busiest.Messages == 0 || usual.Steps[0].Reached != usual.Entered {
		t.Errorf("figures %+v", usual)
	}
	if again := simulate(); again.Busiest != usual.Busiest || again.Finished != usual.Finished || len(again.Cases) != len(usual.Cases) {
		t.Error("the same seed plays other days")
	}
	if other := simulate("--seed", "2"); other.Busiest == usual.Busiest && other.Finished == usual.Finished {
		t.Error("another seed plays the same days")
	}
	// Nobody picks up: every call is tried three times and nobody answers it.
	file := filepath.Join(t.TempDir(), "behaviour.yaml")
	if err := os.WriteFile(file, []byte("call: {busy: 0, fail: 0, no_answer: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	silent := simulate("--behaviour", file)
	for _, answers := range silent.Answers {
		if answers.Ask == "csat" {
			t.Errorf("%d answered a call that nobody took", answers.Answers)
		}
	}
	if silent.Failed["no_answer"] == 0 {
		t.Errorf("failed: %v", silent.Failed)
	}
}

func TestASimulationOfAStoreWritesNothing(t *testing.T) {
	data := t.TempDir()
	if _, errOut, code := rapport(t, "apply", shopFolder, "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	people := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(people, []byte("id,email,country\nc1,c1@home.example,DE\nc2,c2@home.example,DE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := rapport(t, "import", "customers", people, "--data", data); code != 0 {
		t.Fatal(out, errOut)
	}
	out, errOut, code := rapport(t, "simulate", "welcome", "--data", data)
	if code != 0 || !strings.Contains(out, "2 customers, 2 journeys") || !strings.Contains(out, "no_consent") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if n := entered(t, data, "welcome"); n != 0 {
		t.Errorf("the simulation left %d journeys behind", n)
	}
	if _, errOut, code := rapport(t, "simulate", "wellcome", "--data", data); code != 1 || !strings.Contains(errOut, `there is no campaign "wellcome"`) {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

// The page on simulations shows the usual behaviour as it is.
func TestTheUsualBehaviourIsAsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/simulate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/simulate.md shows no behaviour")
	}
	file := filepath.Join(t.TempDir(), "behaviour.yaml")
	if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	shown, err := readBehaviour(file)
	if err != nil || shown != sandbox.Lifelike() {
		t.Errorf("%v\nshown %+v\nusual %+v", err, shown, sandbox.Lifelike())
	}
}
