package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"rapport/config"
	"rapport/deliveries"
	"rapport/sandbox"
)

// What `rapport sandbox` prints can be pasted: every channel opens with it.
func TestASandboxTellsHowItIsReached(t *testing.T) {
	k, err := loadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const self = "http://127.0.0.1:8090"
	s := sandbox.New(sandboxOptions(k, self, "http://127.0.0.1:8080", 1, nil))
	path := filepath.Join(t.TempDir(), "rapport.yaml")
	if err := os.WriteFile(path, []byte(sandboxProviders(k, self, s.SendGridPublicKey())), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := openProviders(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if len(opened.Senders) != len(deliveries.Lanes()) {
		t.Errorf("%d of %d channels are open", len(opened.Senders), len(deliveries.Lanes()))
	}
}
