package main

import (
	"os"
	"testing"
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
