package email_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
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

// TestRequestIsInSendGridsDescription holds the request against the official
// API description: every property known, every required one there, types as
// described.
func TestRequestIsInSendGridsDescription(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/vectors/openapi/sendgrid_mail_v3.json")
	if err != nil {
		t.Skip("the API description is not here: ", err)
	}
	var api map[string]any
	if err := json.Unmarshal(raw, &api); err != nil {
		t.Fatal(err)
	}
	body := api["components"].(map[string]any)["requestBodies"].(map[string]any)["PostMailSend"].(map[string]any)
	schema := body["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
	// The description types the top-level custom_args as a string; the API
	// takes an object of strings.
	schema["properties"].(map[string]any)["custom_args"] = map[string]any{"type": "object"}
	description{t: t, api: api}.holds("message", schema, sent(t, email.SendGrid{}, message("")))
}

type description struct {
	t   *testing.T
	api map[string]any
}

func (d description) holds(at string, schema map[string]any, value any) {
	schema = d.resolve(schema)
	switch value := value.(type) {
	case map[string]any:
		d.typed(at, schema, "object")
		properties, closed := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, there := value[name.(string)]; !there {
				d.t.Errorf("%s lacks %s", at, name)
			}
		}
		for name, inner := range value {
			property, known := properties[name].(map[string]any)
			if !known {
				if closed {
					d.t.Errorf("%s has %s, which the API does not know", at, name)
				}
				continue
			}
			d.holds(at+"."+name, property, inner)
		}
	case []any:
		d.typed(at, schema, "array")
		for i, inner := range value {
			d.holds(fmt.Sprintf("%s[%d]", at, i), schema["items"].(map[string]any), inner)
		}
	case string:
		d.typed(at, schema, "string")
	case bool:
		d.typed(at, schema, "boolean")
	}
}

func (d description) typed(at string, schema map[string]any, want string) {
	if is, told := schema["type"].(string); told && is != want {
		d.t.Errorf("%s is of type %s, the API wants %s", at, want, is)
	}
}

// resolve follows references and joins allOf.
func (d description) resolve(schema map[string]any) map[string]any {
	if reference, is := schema["$ref"].(string); is {
		var at any = d.api
		for _, step := range strings.Split(strings.TrimPrefix(reference, "#/"), "/") {
			at = at.(map[string]any)[step]
		}
		return d.resolve(at.(map[string]any))
	}
	all, is := schema["allOf"].([]any)
	if !is {
		return schema
	}
	joined := map[string]any{}
	properties := map[string]any{}
	for _, part := range all {
		for name, value := range d.resolve(part.(map[string]any)) {
			joined[name] = value
		}
		more, _ := d.resolve(part.(map[string]any))["properties"].(map[string]any)
		for name, value := range more {
			properties[name] = value
		}
	}
	joined["properties"] = properties
	return joined
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
