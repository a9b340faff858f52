package config

import (
	"strings"
	"testing"

	"rapport/trust/bounds"
)

// FuzzRead holds that any file under any environment is a configuration or a
// mistake in words, and that neither shows what a secret holds.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"store: ${SECRET}\nredis: {sentinel: {master: m, addresses: [\"a:1\"]}, password: ${SECRET}}\nlink_keys: [a-key-that-is-long-enough]\n",
		"# ${NOT_SET}\nlimits: {sms: 50, email: {per_second: 1, per_sender: 2}}\nretention: {callbacks: 30d, timeline: 12w, recordings: 36h}\n",
		"providers: {email: {sendgrid: {api_key: ${SECRET}, from: a@b.c}}}\nworker: {lease: 90s, call: 10s}\n",
		"inbound: {domain: in.shop.example}\nrecordings: {s3: {endpoint: a, bucket: b, secret_key: ${SECRET}}}\n", "a: &a [*a]", "store: \"${SECRET\"", "{", "\t",
	} {
		f.Add([]byte(seed), "RAPPORT_PUBLIC_URL=https://shop.example\nRAPPORT_PROVIDERS_SMS_TWILIO_AUTH_TOKEN=[x, y]")
		f.Add([]byte(seed), "RAPPORT_REDIS=redis://h:1\nRAPPORT_LINK_KEYS=a, b\nRAPPORT_WORKER_LEASE=1h\nRAPPORT_TELEMETRY_SAMPLE=1e-2\nRAPPORT_NOTHING=1")
	}
	const secret = "in-no-word-of-ours"
	f.Fuzz(func(t *testing.T, file []byte, variables string) {
		defer bounds.Watch(t)()
		if strings.Contains(variables, "_FILE") {
			return // reads any file there is
		}
		config, err := read("rapport.yaml", file, append(strings.Split(variables, "\n"), "SECRET="+secret))
		if err != nil && err.Error() == "" {
			t.Error("a mistake without words")
		}
		if config.Store == secret && err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the mistake tells a secret: %v", err)
		}
		for _, providers := range config.Providers {
			for _, section := range providers {
				var m mail
				_ = section.Decode(&m)
			}
		}
	})
}
