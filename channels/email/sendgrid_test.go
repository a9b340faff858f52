package email_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/email"
)

const apiKey = "SG.very-secret.key"

func message(string) channels.Message {
	return channels.Message{
		Delivery: 812, Attempt: 2, To: "ada@customer.example", ToName: "Ada, Countess",
		From: "Shop <hello@shop.example>", ReplyTo: "help@shop.example",
		Unsubscribe: "https://shop.example/u/token-of-ada",
		Content: channels.Content{Email: &channels.EmailContent{
			Subject: "How was it?", HTML: "<p>Hello</p>", Text: "Hello",
		}},
	}
}

func open(t *testing.T, settings email.SendGrid) channels.Sender {
	t.Helper()
	settings.APIKey = apiKey
	sender, err := settings.Open()
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func TestSendGrid(t *testing.T) {
	channeltest.Suite{
		Open: func(t *testing.T, baseURL string, timeout time.Duration) channels.Sender {
			return open(t, email.SendGrid{BaseURL: baseURL, Timeout: timeout})
		},
		Message: message,
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Message-Id", "14c5d75ce93.dfd.64b469")
			w.WriteHeader(http.StatusAccepted)
		},
		Receipt: channels.Receipt{ProviderID: "14c5d75ce93.dfd.64b469"},
		Secrets: []string{apiKey, "ada@", "hello@shop.example", "Countess"},
		Refused: unfit,
	}.Run(t)
}

// unfit are changes that make a message one that must not leave.
var unfit = map[string]func(*channels.Message){
	"recipient with a line break":     func(m *channels.Message) { m.To = "ada@customer.example\r\nBcc: x@y.example" },
	"recipient with a name":           func(m *channels.Message) { m.To = "Ada <ada@customer.example>" },
	"no recipient":                    func(m *channels.Message) { m.To = "" },
	"two recipients":                  func(m *channels.Message) { m.To = "ada@customer.example, bob@customer.example" },
	"recipient's name with a break":   func(m *channels.Message) { m.ToName = "Ada\nBcc: x@y.example" },
	"recipient's name with a NUL":     func(m *channels.Message) { m.ToName = "Ada\x00" },
	"sender with a line break":        func(m *channels.Message) { m.From = "Shop\r\n <hello@shop.example>" },
	"no sender":                       func(m *channels.Message) { m.From = "" },
	"reply address with a line break": func(m *channels.Message) { m.ReplyTo = "help@shop.example\r\n" },
	"subject with a line break":       func(m *channels.Message) { edit(m).Subject = "Hi\r\nBcc: x@y.example" },
	"no subject":                      func(m *channels.Message) { edit(m).Subject = "" },
	"no content":                      func(m *channels.Message) { *edit(m) = channels.EmailContent{Subject: "Hi"} },
	"not an e-mail":                   func(m *channels.Message) { m.Content = channels.Content{} },
	"unsubscribe that ends its link":  func(m *channels.Message) { m.Unsubscribe = "https://shop.example/u/x>, <https://evil.example" },
	"unsubscribe with a line break":   func(m *channels.Message) { m.Unsubscribe = "https://shop.example/u/x\r\nBcc: x@y.example" },
	"message id with a line break":    func(m *channels.Message) { m.Envelope.MessageID = "a@b.example>\r\nBcc: <x@y.example" },
	"message id without a domain":     func(m *channels.Message) { m.Envelope.MessageID = "abc" },
	"id of the answered with a space": func(m *channels.Message) { m.Envelope.InReplyTo = "a b@c.example" },
	"list id with a line break":       func(m *channels.Message) { m.Envelope.ListID = "Offers\r\nBcc: x@y.example <a.shop.example>" },
	"list id without a name":          func(m *channels.Message) { m.Envelope.ListID = "Offers" },
	"an unknown kind of automatic":    func(m *channels.Message) { m.Envelope.AutoSubmitted = "no\r\nBcc: x@y.example" },
	"feedback id with a space":        func(m *channels.Message) { m.Envelope.FeedbackID = "a b:c:d:e" },
	"sender whose domain is none":     func(m *channels.Message) { m.From = "Shop <hello@b\u00fc..example>" },
}

func edit(m *channels.Message) *channels.EmailContent {
	content := *m.Content.Email
	m.Content.Email = &content
	return &content
}

// sent gives the body of the request one Send makes.
func sent(t *testing.T, settings email.SendGrid, m channels.Message) map[string]any {
	t.Helper()
	var body []byte
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/v3/mail/send" || r.Header.Get("Authorization") != "Bearer "+apiKey {
			t.Errorf("%s %s with %q", r.Method, r.URL.Path, r.Header.Get("Authorization"))
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer service.Close()
	settings.BaseURL = service.URL
	if _, err := open(t, settings).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(body, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

func TestRequestCarriesTheWholeMessage(t *testing.T) {
	got := sent(t, email.SendGrid{}, message(""))
	off := map[string]any{"enable": false}
	want := map[string]any{
		"from":             map[string]any{"name": "Shop", "email": "hello@shop.example"},
		"reply_to":         map[string]any{"email": "help@shop.example"},
		"subject":          "How was it?",
		"personalizations": []any{map[string]any{"to": []any{map[string]any{"name": "Ada, Countess", "email": "ada@customer.example"}}}},
		"content": []any{
			map[string]any{"type": "text/plain", "value": "Hello"},
			map[string]any{"type": "text/html", "value": "<p>Hello</p>"},
		},
		"custom_args": map[string]any{"delivery": "812", "attempt": "2"},
		"headers": map[string]any{
			"List-Unsubscribe":      "<https://shop.example/u/token-of-ada>",
			"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		},
		"tracking_settings": map[string]any{
			"click_tracking": map[string]any{"enable": false, "enable_text": false}, "open_tracking": off, "subscription_tracking": off,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMessageWithoutUnsubscribeHasNoSuchHeader(t *testing.T) {
	m := message("")
	m.Unsubscribe, m.From, m.ReplyTo = "", "", ""
	got := sent(t, email.SendGrid{From: "Default <default@shop.example>", ReplyTo: "r@shop.example"}, m)
	if got["headers"] != nil {
		t.Errorf("headers %v", got["headers"])
	}
	if diff := cmp.Diff(map[string]any{"name": "Default", "email": "default@shop.example"}, got["from"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"email": "r@shop.example"}, got["reply_to"]); diff != "" {
		t.Error(diff)
	}
}

func TestAnInvalidRecipientIsSuppressed(t *testing.T) {
	for field, want := range map[string]channels.Refused{
		"personalizations.0.to.0.email": {Reason: channels.ReasonInvalidAddress, Suppress: true},
		"personalizations.0.to":         {Reason: channels.ReasonInvalidAddress, Suppress: true},
		"from.email":                    {Reason: channels.ReasonRejected},
		"ada@customer.example":          {Reason: channels.ReasonRejected},
	} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{"message": "no", "field": field}}})
		}))
		_, err := open(t, email.SendGrid{BaseURL: service.URL}).Send(t.Context(), message(""))
		service.Close()
		refused := asRefused(t, err)
		if refused.Reason != want.Reason || refused.Suppress != want.Suppress {
			t.Errorf("%s: got %+v", field, refused)
		}
		if strings.Contains(err.Error(), "@") {
			t.Errorf("the error gives away an address: %v", err)
		}
	}
}

// A gateway in front of SendGrid refuses in words of its own, and proves nothing.
func TestARefusalThatIsNotSendGridsLeavesADoubt(t *testing.T) {
	for body, want := range map[string]channels.Evidence{
		`<html>Not Found</html>`: channels.Ambiguous, `{"errors":[]}`: channels.Ambiguous,
		`{"errors":[{"message":"no"}]}`: channels.KnownRefused, `{"errors":[{"message":"no","field":null}]}`: channels.KnownRefused,
	} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, body)
		}))
		_, err := open(t, email.SendGrid{BaseURL: service.URL}).Send(t.Context(), message(""))
		service.Close()
		if got := channels.Classify(err); got != want {
			t.Errorf("%s: got %d, want %d, %v", body, got, want, err)
		}
	}
}

// One sender that is not verified speaks for itself: the key is well, and so are the
// letters from others.
func TestAnUnverifiedSenderIsNoWordOnTheAccount(t *testing.T) {
	for field, own := range map[any]bool{"from": true, "from.email": true, "from_name": false, "reply_to": false, "null": false, nil: false} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
				"message": "The from address does not match a verified Sender Identity: hello@shop.example", "field": field,
			}}})
		}))
		sender := open(t, email.SendGrid{BaseURL: service.URL})
		_, alone := sender.Send(t.Context(), message(""))
		results := sender.(channels.BatchSender).SendBatch(t.Context(), nil, campaign("ada", "bob"))
		service.Close()
		for _, err := range []error{alone, results[0].Err, results[1].Err} {
			var notSent *channels.NotSent
			var refused *channels.Refused
			switch {
			case own && (!errors.As(err, &notSent) || !notSent.Own || !strings.Contains(err.Error(), "sendgrid answered 403: from")):
				t.Errorf("%v: got %v", field, err)
			case !own && (!errors.As(err, &refused) || !refused.Broken):
				t.Errorf("%v: got %v", field, err)
			case strings.Contains(err.Error(), "shop.example"):
				t.Errorf("%v: the error gives away an address: %v", field, err)
			}
		}
	}
}

func asRefused(t *testing.T, err error) *channels.Refused {
	t.Helper()
	var refused *channels.Refused
	if !as(err, &refused) {
		t.Fatalf("got %v", err)
	}
	return refused
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings email.SendGrid
		says     string
	}{
		{"no key", email.SendGrid{}, "api_key is missing"},
		{"key with a line break", email.SendGrid{APIKey: "a\nb"}, "api_key holds a line break"},
		{"base URL without a scheme", email.SendGrid{APIKey: apiKey, BaseURL: "api.sendgrid.com"}, "base_url"},
		{"base URL with a password", email.SendGrid{APIKey: apiKey, BaseURL: "https://u:p@api.sendgrid.com"}, "base_url"},
		{"negative time-out", email.SendGrid{APIKey: apiKey, Timeout: -1}, "timeout"},
		{"batch", email.SendGrid{APIKey: apiKey, Batch: 1001}, "batch 1001"},
		{"sender", email.SendGrid{APIKey: apiKey, From: "nobody"}, "from is not a mailbox"},
		{"webhook key", email.SendGrid{APIKey: apiKey, WebhookPublicKeys: []string{"?"}}, "webhook_public_keys[0] is not base64"},
		{"webhook key of nonsense", email.SendGrid{APIKey: apiKey, WebhookPublicKeys: []string{"AAAA"}}, "webhook_public_keys[0] is not a public key"},
		{"RSA webhook key", email.SendGrid{APIKey: apiKey, WebhookPublicKeys: []string{rsaKey(t)}}, "webhook_public_keys[0] is not an ECDSA key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.settings.Open()
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), apiKey) {
				t.Errorf("the error gives away the key: %v", err)
			}
		})
	}
}
