package main

import (
	"strings"
	"testing"

	"rapport/deliveries"
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
