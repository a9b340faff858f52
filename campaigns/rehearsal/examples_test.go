package rehearsal_test

import (
	"testing"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/campaigns/rehearsal"
)

// shop is the sample shop's workspace.
func shop(t testing.TB) *campaigns.Workspace {
	t.Helper()
	files, err := campaigns.ReadFolder(examples.Shop())
	if err != nil {
		t.Fatal(err)
	}
	w, problems := campaigns.Load(files)
	for _, p := range problems {
		t.Error(p)
	}
	return w
}

// The sample shop's own tests pass.
func TestTheSampleShopsTestsPass(t *testing.T) {
	w := shop(t)
	if len(w.Tests) < 10 {
		t.Fatalf("only %d tests", len(w.Tests))
	}
	for _, test := range w.Tests {
		t.Run(test.Title, func(t *testing.T) { passes(t, w, test) })
	}
}

// passes plays a test and shows its days where it fails.
func passes(t *testing.T, w *campaigns.Workspace, test campaigns.Test) {
	t.Helper()
	outcome := rehearsal.Rehearse(w, test)
	if outcome.Passed() {
		return
	}
	t.Errorf("%s:%d: %s; %s", test.File, outcome.Unmet.Line, outcome.Unmet.Expected, outcome.Unmet.Instead)
	zone := outcome.Zone(w)
	for i, line := range outcome.Lines {
		mark := " "
		if i == outcome.Unmet.At {
			mark = ">"
		}
		t.Logf("%s %s %s %s", mark, line.At.In(zone).Format("Mon 01-02 15:04:05"), line.Customer, line.Words(zone))
	}
}

func BenchmarkThousandTests(b *testing.B) {
	w := shop(b)
	for b.Loop() {
		for i := range 1000 {
			rehearsal.Rehearse(w, w.Tests[i%len(w.Tests)])
		}
	}
}
