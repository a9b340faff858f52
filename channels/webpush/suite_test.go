package webpush_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/webpush"
)

// subscribed is a browser's subscription, whose private key nobody needs here.
func subscribed(t *testing.T) channels.PushSubscription {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return channels.PushSubscription{
		P256dh: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		Auth:   base64.RawURLEncoding.EncodeToString([]byte("sixteen bytes...")),
	}
}

func TestVAPID(t *testing.T) {
	keys := subscribed(t)
	public, private, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	content := func(c channels.PushContent) func(*channels.Message) {
		return func(m *channels.Message) { m.Content.Push = &c }
	}
	channeltest.Suite{
		Open: func(t *testing.T, baseURL string, timeout time.Duration) channels.Sender {
			sender, err := webpush.VAPID{
				PublicKey: public, PrivateKey: channels.Secret(private), Subject: "mailto:ops@shop.example",
				BaseURL: baseURL, Timeout: timeout,
				Now: func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) },
			}.Open()
			if err != nil {
				t.Fatal(err)
			}
			return sender
		},
		Message: func(baseURL string) channels.Message {
			return channels.Message{
				Delivery: 812, Attempt: 1, To: baseURL + "/push/endpoint-of-ada", Push: &keys, Token: "token-of-ada",
				Content: channels.Content{Push: &channels.PushContent{Title: "It is back"}},
			}
		},
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://push.example/m/1")
			w.WriteHeader(http.StatusCreated)
		},
		Receipt:      channels.Receipt{ProviderID: "https://push.example/m/1"},
		Evidence:     map[int]channels.Evidence{200: channels.Accepted}, // the status line is the whole answer
		KeepsRunning: true,
		Secrets:      []string{private, keys.Auth, keys.P256dh, "endpoint-of-ada"},
		Refused: map[string]func(*channels.Message){
			"another host":             func(m *channels.Message) { m.To = "https://evil.example/x" },
			"another port":             func(m *channels.Message) { m.To = "http://127.0.0.1:1/x" },
			"cloud metadata":           func(m *channels.Message) { m.To = "http://169.254.169.254/latest" },
			"an endpoint with a break": func(m *channels.Message) { m.To += "\r\nX: y" },
			"no keys":                  func(m *channels.Message) { m.Push = nil },
			"keys that are none": func(m *channels.Message) {
				m.Push = &channels.PushSubscription{P256dh: "AAAA", Auth: "AAAA"}
			},
			"no title":                    content(channels.PushContent{Body: "x"}),
			"not a notification":          func(m *channels.Message) { m.Content = channels.Content{} },
			"longer than services accept": content(channels.PushContent{Title: strings.Repeat("x", 4096)}),
		},
	}.Run(t)
}
