package webpush

import (
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/trust/bounds"
)

// FuzzSubscription holds that whatever keys and endpoint a browser hands in, it is
// refused, or its push service is one that we know.
func FuzzSubscription(f *testing.F) {
	good := newBrowser(f).subscription("")
	for _, endpoint := range []string{
		"https://fcm.googleapis.com/fcm/send/a", "https://web.push.apple.com:443/x", "https://fcm.googleapis.com@evil.example/", "https://evil.example\\.push.apple.com/", "http://[::1]:8025/",
	} {
		f.Add(endpoint, good.P256dh, good.Auth)
		f.Add(endpoint, good.P256dh+"=", strings.Repeat("A", 22))
	}
	public, private, err := GenerateVAPIDKeys()
	if err != nil {
		f.Fatal(err)
	}
	sender, err := VAPID{PublicKey: public, PrivateKey: channels.Secret(private), Subject: "mailto:ops@shop.example", Now: time.Now}.open()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, endpoint, p256dh, auth string) {
		defer bounds.Watch(t)()
		p, err := sender.prepare(channels.Message{
			To: endpoint, Push: &channels.PushSubscription{Endpoint: endpoint, P256dh: p256dh, Auth: auth}, Content: channels.Content{Push: &channels.PushContent{Title: "Hello"}},
		})
		if err != nil {
			if channels.Classify(err) != channels.KnownRefused {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		host := strings.ToLower(p.endpoint.Hostname())
		if p.endpoint.Scheme != "https" || p.client != sender.guard.public || !strings.HasSuffix(host, ".com") {
			t.Errorf("%q is let through", endpoint)
		}
		if _, err := sender.request(t.Context(), p); err != nil {
			t.Errorf("what was let through cannot be sent: %v", err)
		}
	})
}
