package main

import (
	"strings"
	"testing"

	"rapport/deliveries"
)

func TestDoubtsAreListedOrDecided(t *testing.T) {
	data := t.TempDir()
	if _, errOut, code := rapport(t, "migrate", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	if out, errOut, code := rapport(t, "doubts", "--data", data); code != 0 || !strings.Contains(strings.ToLower(out), "why in doubt") {
		t.Errorf("listed: exit %d, %s%s", code, out, errOut)
	}
	if out, errOut, code := rapport(t, "doubts", "--give-up", "--data", data); code != 0 || !strings.Contains(out, "0 messages given up") {
		t.Errorf("given up: exit %d, %s%s", code, out, errOut)
	}
	var decided struct {
		Messages *int
		Status   deliveries.Status
	}
	asJSON(t, &decided, "doubts", "--send-again", "--data", data)
	if decided.Messages == nil || *decided.Messages != 0 || decided.Status != deliveries.Planned {
		t.Errorf("what was decided is told as %+v", decided)
	}
	if _, errOut, code := rapport(t, "doubts", "--give-up", "--send-again", "--data", data); code == 0 {
		t.Errorf("both at once: exit %d, %s", code, errOut)
	}
}
