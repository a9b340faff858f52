package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

// Each word of ours is told once, whatever campaigns it stands with; a provider's own
// stands alone.
func TestStatusSaysWhatReasonsMean(t *testing.T) {
	var out strings.Builder
	printFunnels(&out, []deliveries.Funnel{
		{Campaign: "welcome", Skipped: map[deliveries.SkipReason]int64{deliveries.Holdout: 2}, Failed: map[string]int64{"hard": 1, "30007": 4}},
		{Campaign: "win-back", Failed: map[string]int64{"hard": 3}},
	})
	for words, times := range map[string]int{
		"failed: 30007 4, failed: hard 1, holdout 2": 1, "means: the mailbox does not exist": 1, "never contacted": 1, "means": 2,
	} {
		if n := strings.Count(out.String(), words); n != times {
			t.Errorf("%q stands there %d times, want %d:\n%s", words, n, times, out.String())
		}
	}
}

// What a split's paths wanted stands in the version that was come to; a path below that
// is no tie.
func TestStatusKnowsTheSampleOfASplit(t *testing.T) {
	data, draft := filepath.Join(t.TempDir(), "data"), t.TempDir()
	if err := os.CopyFS(draft, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	campaign := tried + "trigger: {event: Tried}\nsteps:\n  - split: words\n    paths:\n" +
		"      a: {share: 10%, steps: [{email: welcome}]}\n      b: {share: 10%, steps: [{email: weekly-news}]}\n    winner: {by: clicked, after: 4h, min_sample: 50}\n"
	if err := os.WriteFile(filepath.Join(draft, "campaigns/tried.yaml"), []byte(campaign), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := rapport(t, "apply", draft, "--data", data); code != 0 {
		t.Fatal(out, errOut)
	}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "rapport.db"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	_, err = s.PutCustomers(t.Context(), now, []customers.Customer{{ID: "c1", Email: "c1@home.example", CreatedAt: now}})
	if err == nil {
		_, err = s.Enter(t.Context(), []campaigns.Entry{{Campaign: "tried", Version: 1, Customer: "c1", Trigger: "event:1", EnteredAt: now}}, campaigns.Again{})
	}
	if err != nil {
		t.Fatal(err)
	}
	at, err := s.RunningOf(t.Context(), []string{"c1"})
	if err != nil || len(at) != 1 {
		t.Fatal(at, err)
	}
	at[0].Position, at[0].WakeAt = "0", time.Time{}
	if err := s.Apply(t.Context(), now, []campaigns.Move{{Entry: at[0], Splits: []string{"0"}}}); err != nil {
		t.Fatal(err)
	}
	decided := campaigns.SplitPoint{Campaign: "tried", Version: 1, Step: "0", Winner: "a", Paths: []campaigns.PathResult{{Path: "a", Sent: 100, Reached: 10}, {Path: "b", Sent: 10, Reached: 1}}}
	if first, err := s.Splits().Decide(t.Context(), now, decided); err != nil || !first {
		t.Fatal(first, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := rapport(t, "status", "--data", data); code != 0 || !strings.Contains(out, "a was chosen; the difference may be chance") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}
