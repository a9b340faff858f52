package storetest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"rapport/store/storetest/fresh"
)

// shared is the checks that lean most on a connection: temporary tables filled by
// COPY, locks, time-outs, settings, many writers at once. All of them run through
// the pooler with RAPPORT_TEST_POOLED=1 go test ./store/...
var shared = []string{
	"TestAnEventIsRecordedOnce", "TestManyEventsInOneCall", "TestManyCustomersInOneCall", "TestAnOrderMayChangeHandsAndStatus",
	"TestSlowConditionsAreGivenUp", "TestReadersNeverShareACallback", "TestClaimersNeverShareARow", "TestACapHoldsBetweenWorkers",
	"TestManyWorkersEnterAShardOnce", "TestTheArchiveKeepsWorkspacesWhole", "TestBeginWritesEveryVerdict",
}

// A pooler in transaction mode changes nothing.
func TestThroughAPooler(t *testing.T) {
	if os.Getenv(fresh.Pooled) != "" {
		t.Skip("all checks run through it")
	}
	fresh.ThroughPooler(t) // skips where there is none
	checks := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", "^("+strings.Join(shared, "|")+")$/^PostgreSQL$")
	checks.Env = append(os.Environ(), fresh.Pooled+"=1")
	out, err := checks.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range shared {
		if !regexp.MustCompile(`--- PASS: ` + name + `/PostgreSQL`).Match(out) {
			t.Errorf("%s did not run", name)
		}
	}
}
