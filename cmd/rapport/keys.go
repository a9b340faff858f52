package main

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rapport/channels/webhook"
	"rapport/channels/webpush"
)

// keys are the secrets of an embedded installation, made at its first start
// and kept in its folder: links that were sent must still open after the next.
type keys struct {
	Links       string `json:"links"`
	Write       string `json:"write"` // shops send events with it
	Twilio      string `json:"twilio"`
	SendGrid    string `json:"sendgrid"`
	PushPublic  string `json:"push_public"`
	PushPrivate string `json:"push_private"`
	Webhook     string `json:"webhook"` // signs what other systems are told
	Erasure     string `json:"erasure"` // knows the addresses of erased people again
}

// loadKeys reads the keys of a folder, or makes them.
func loadKeys(folder string) (keys, error) {
	path := filepath.Join(folder, "keys.json")
	var k keys
	raw, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(raw, &k); err != nil {
			return k, fmt.Errorf("read %s: %w; restore the file, or remove it and lose the links that were sent", path, err)
		}
		if k.Webhook != "" && k.Erasure != "" {
			return k, nil
		}
		// The folder is older than these.
		k.Webhook = cmp.Or(k.Webhook, string(webhook.GenerateSecret()))
		k.Erasure = cmp.Or(k.Erasure, secret(32))
		return k, keepKeys(path, k)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = makeKeys(); err != nil {
		return k, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return k, err
	}
	return k, keepKeys(path, k)
}

func keepKeys(path string, k keys) error {
	raw, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}

func makeKeys() (keys, error) {
	k := keys{
		Links: secret(32), Write: secret(12), Twilio: secret(16), SendGrid: "SG." + secret(16),
		Webhook: string(webhook.GenerateSecret()), Erasure: secret(32),
	}
	var err error
	k.PushPublic, k.PushPrivate, err = webpush.GenerateVAPIDKeys()
	return k, err
}

// secret is n random bytes, in hexadecimal.
func secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
