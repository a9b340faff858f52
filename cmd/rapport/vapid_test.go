package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/config"
)

// TestAKeyPairForPushIsMadeToPaste pastes what the command prints, and opens
// the provider with it.
func TestAKeyPairForPushIsMadeToPaste(t *testing.T) {
	out, errOut, code := rapport(t, "vapid", "--subject", "mailto:ops@shop.example")
	_, secret, found := strings.Cut(out, "VAPID_PRIVATE_KEY=")
	_, section, pasted := strings.Cut(secret, "below providers:\n\n")
	secret, _, _ = strings.Cut(secret, "\n")
	section, _, ended := strings.Cut(section, "\n\n")
	if code != 0 || !found || !pasted || !ended || strings.Contains(section, secret) {
		t.Fatalf("exit %d\n%s%s", code, out, errOut)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("providers:\n  "+strings.ReplaceAll(section, "\n", "\n  ")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, []string{"VAPID_PRIVATE_KEY=" + secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openProviders(c, time.Now); err != nil {
		t.Error(err)
	}
	for _, subject := range []string{"", "ops@shop.example"} {
		if _, errOut, code := rapport(t, "vapid", "--subject", subject); code == 0 || !strings.Contains(errOut, "mailto:") {
			t.Errorf("%q: exit %d, %s", subject, code, errOut)
		}
	}
}
