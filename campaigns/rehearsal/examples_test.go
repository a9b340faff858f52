package rehearsal_test

import (
	"fmt"
	"io/fs"
	"os"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/campaigns/rehearsal"
	"rapport/channels"
	"rapport/customers"
)

// shop is the sample shop's workspace.
func shop(t testing.TB) *campaigns.Workspace {
	t.Helper()
	return load(t, examples.Shop())
}

// load reads a workspace that has no mistake.
func load(t testing.TB, folder fs.FS) *campaigns.Workspace {
	t.Helper()
	files, err := campaigns.ReadFolder(folder)
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

// So do the cookbook's, and every recipe has some.
func TestTheCookbooksTestsPass(t *testing.T) {
	w := load(t, os.DirFS("../../docs/cookbook"))
	tested := map[string]bool{}
	for _, test := range w.Tests {
		tested[test.Campaigns[0]] = true
		t.Run(test.Title, func(t *testing.T) { passes(t, w, test) })
	}
	for id, recipe := range w.Campaigns {
		if !tested[id] && recipe.Trigger.Kind != campaigns.Manual {
			t.Errorf("%s has no test", id)
		}
	}
	if len(tested) < 12 {
		t.Errorf("only %d recipes have tests", len(tested))
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

// quiet is an audience in which everything arrives and nobody does anything.
type quiet struct{}

func (quiet) Receive(m rehearsal.Message) []rehearsal.Reaction {
	return []rehearsal.Reaction{{After: time.Second, Report: m.Report(channels.ReportDelivered)}, {After: time.Hour, Report: m.Report(channels.ReportOpened)}}
}

// A broadcast to 100,000 customers, thirty days.
func BenchmarkSimulation(b *testing.B) {
	w := shop(b)
	start := time.Date(2026, 12, 5, 9, 0, 0, 0, time.UTC)
	people := func(yield func(rehearsal.Newcomer, error) bool) {
		for n := range 100_000 {
			id := fmt.Sprintf("c%06d", n)
			c := &customers.Customer{
				ID: id, Kind: "consumer", Email: id + "@home.example", Country: "DE", Zone: "Europe/Berlin", Orders: customers.OrderTotals{Count: 1},
				Consents: []customers.Consent{{Topic: "marketing", Channel: channels.Email, In: true}},
			}
			if !yield(rehearsal.Newcomer{Customer: c}, nil) {
				return
			}
		}
	}
	for b.Loop() {
		figures, err := rehearsal.Simulate(rehearsal.Simulation{
			Workspace: w, Campaign: "advent-sale", Start: start, Until: start.Add(30 * 24 * time.Hour), Audience: quiet{}, Sample: 100,
		}, people)
		if err != nil || figures.Finished != 100_000 {
			b.Fatal(figures, err)
		}
	}
}
