package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"rapport/campaigns"
	"rapport/customers"
)

// TestMain lets the test binary be the program itself, so that tests start and
// kill real processes.
func TestMain(m *testing.M) {
	if os.Getenv("RAPPORT_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// What pages tell people too is without flags; the command line adds them.
func TestTheCommandLineSaysWhatToWrite(t *testing.T) {
	for want, err := range map[string]error{
		"--set order_id=": fmt.Errorf("begin: %w", &campaigns.LacksField{Campaign: "settle", Field: "order_id"}),
		"rapport apply":   fmt.Errorf("read: %w", campaigns.ErrNoWorkspace),
		"--key":           fmt.Errorf("answer: %w", customers.ErrLostReply),
	} {
		if got := remedy(err); !strings.Contains(got, want) || strings.Contains(err.Error(), want) {
			t.Errorf("%v%s, want %q in the second part alone", err, got, want)
		}
	}
	if got := remedy(io.EOF); got != "" {
		t.Errorf("an error of its own gets %q", got)
	}
}
