package email_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rapport/channels"
	"rapport/channels/email"
)

// asked is a request to SendGrid, as far as these tests look at it.
type asked struct {
	Subject          string
	ReplyTo          struct{ Email, Name string } `json:"reply_to"`
	Content          []struct{ Type, Value string }
	Personalizations []struct {
		To            []struct{ Email, Name string }
		Headers       map[string]string
		Substitutions map[string]string
		CustomArgs    map[string]string `json:"custom_args"`
	}
}

// desk stands in for SendGrid. Every request is held against the official
// description of the API.
type desk struct {
	*httptest.Server
	answer func(asked) (status int, body string)

	mu       sync.Mutex
	requests []asked
}

func newDesk(t *testing.T, answer func(asked) (int, string)) *desk {
	schema := described(t)
	d := &desk{answer: answer}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw)); err != nil || schema.Validate(document) != nil {
			t.Errorf("the API does not take this: %v", schema.Validate(document))
		}
		var request asked
		if err := json.Unmarshal(raw, &request); err != nil {
			t.Error(err)
		}
		d.mu.Lock()
		d.requests = append(d.requests, request)
		d.mu.Unlock()
		status, body := d.answer(request)
		w.Header().Set("X-Message-Id", fmt.Sprint("request of ", len(request.Personalizations)))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(d.Close)
	return d
}

func taken(asked) (int, string) { return http.StatusAccepted, "" }

// described is the official description of a request. It types custom_args as a
// string by mistake; the API takes an object of strings.
func described(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/vectors/openapi/sendgrid_mail_v3.json")
	if err != nil {
		t.Skip("the API description is not here: ", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	const body = "components/requestBodies/PostMailSend/content/application~1json/schema"
	at := document
	for step := range strings.SplitSeq(body+"/properties", "/") {
		at = at.(map[string]any)[strings.ReplaceAll(step, "~1", "/")]
	}
	at.(map[string]any)["custom_args"] = map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("https://sendgrid.example/api.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("https://sendgrid.example/api.json#/" + body)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// campaign are messages of one campaign: links, names and addresses differ.
func campaign(names ...string) []channels.Message {
	messages := make([]channels.Message, len(names))
	for i, name := range names {
		m := whole()
		m.Delivery, m.To, m.ToName = int64(i+1), fmt.Sprintf("c%d@customer.example", i), name
		m.Unsubscribe = fmt.Sprintf("https://shop.example/u/%d", i)
		m.ReplyTo = fmt.Sprintf("Shop <reply-%d@in.shop.example>", i)
		m.Envelope.MessageID = fmt.Sprintf("d%d@shop.example", i)
		m.Content.Email = &channels.EmailContent{
			Subject: name + ", how was it?",
			Text:    fmt.Sprintf("Dear %s,\n\nrate it: https://shop.example/s/%d\n", name, i),
			HTML:    fmt.Sprintf(`<p>Dear %s,</p><a href="https://shop.example/s/%d?a=1&amp;b=2">Rate it</a><img src="https://shop.example/o/%d">`, name, i, i),
		}
		messages[i] = m
	}
	return messages
}

// readBack applies substitutions as SendGrid does and checks that everybody gets
// their own letter and nothing else.
func readBack(t *testing.T, requests []asked, messages []channels.Message) {
	t.Helper()
	seen := map[string]bool{}
	for _, request := range requests {
		for _, p := range request.Personalizations {
			var pairs []string
			for name, value := range p.Substitutions {
				pairs = append(pairs, name, value)
			}
			put := strings.NewReplacer(pairs...).Replace
			at := 0
			for messages[at].To != p.To[0].Email {
				at++
			}
			m := messages[at]
			got := []string{
				put(request.Subject), put(request.Content[0].Value), put(request.Content[1].Value), put(request.ReplyTo.Email),
				p.Headers["Message-ID"], p.CustomArgs["delivery"], p.To[0].Name,
			}
			local, _, _ := strings.Cut(strings.TrimPrefix(m.ReplyTo, "Shop <"), "@")
			want := []string{
				m.Content.Email.Subject, m.Content.Email.Text, m.Content.Email.HTML, local + "@in.shop.example",
				"<" + m.Envelope.MessageID + ">", fmt.Sprint(m.Delivery), m.ToName,
			}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%s gets %q, want %q", m.To, got[i], want[i])
				}
			}
			if len(p.To) != 1 || seen[m.To] {
				t.Errorf("%s is written to with others or twice", m.To)
			}
			seen[m.To] = true
		}
	}
	if len(seen) != len(messages) {
		t.Errorf("%d of %d are written to", len(seen), len(messages))
	}
}

func together(t *testing.T, settings email.SendGrid, d *desk, messages []channels.Message) []channels.Result {
	t.Helper()
	settings.BaseURL = d.URL
	return open(t, settings).(channels.BatchSender).SendBatch(t.Context(), nil, messages)
}

func TestAlikeLettersLeaveTogether(t *testing.T) {
	d := newDesk(t, taken)
	messages := campaign("Ada", "Grace", "Zoë & Co")
	for i, result := range together(t, email.SendGrid{}, d, messages) {
		if want := map[bool]string{true: "request of 2", false: ""}[i < 2]; result.Err != nil || want != "" && result.Receipt.ProviderID != want {
			t.Errorf("%d: %+v", i, result)
		}
	}
	if len(d.requests) != 2 { // three words make another shape
		t.Errorf("%d requests", len(d.requests))
	}
	for _, request := range d.requests[:1] {
		if len(request.Personalizations) == 2 && !strings.Contains(request.Content[1].Value, ">Rate it</a>") {
			t.Errorf("what is common is not written once: %s", request.Content[1].Value)
		}
	}
}

func TestEverybodyGetsTheirOwnLetter(t *testing.T) {
	d := newDesk(t, taken)
	names := make([]string, 250)
	for i := range names {
		names[i] = []string{"Ada", "Grace", "Zoë", `$1`, `-rapport.0-`, "%s", ""}[i%7]
	}
	messages := campaign(names...)
	for _, result := range together(t, email.SendGrid{}, d, messages) {
		if result.Err != nil {
			t.Error(result.Err)
		}
	}
	if n := len(d.requests); n > 5 {
		t.Errorf("%d requests for %d letters of two shapes", n, len(messages))
	}
	for _, request := range d.requests {
		for i := range request.Personalizations {
			if request.Personalizations[i].Substitutions == nil && len(request.Personalizations) > 1 {
				t.Error("a letter has nothing of its own")
			}
		}
	}
	readBack(t, d.requests, messages)
}

func TestLettersOfDifferentCampaignsLeaveApart(t *testing.T) {
	d := newDesk(t, taken)
	messages := campaign("Ada", "Grace")
	messages[1].Envelope.FeedbackID = "summer:marketing:email:shop"
	together(t, email.SendGrid{}, d, messages)
	if len(d.requests) != 2 {
		t.Errorf("%d requests", len(d.requests))
	}
	alone := newDesk(t, taken)
	together(t, email.SendGrid{Batch: 1}, alone, campaign("Ada", "Grace"))
	if len(alone.requests) != 2 {
		t.Errorf("%d requests where each leaves by itself", len(alone.requests))
	}
	long := newDesk(t, taken)
	messages = campaign("Ada", "Grace")
	for i := range messages {
		messages[i].Content.Email.Text = strings.Repeat(fmt.Sprint(i), 9_500)
	}
	together(t, email.SendGrid{}, long, messages)
	if len(long.requests) != 2 {
		t.Errorf("%d requests where substitutions are too long", len(long.requests))
	}
}

func TestOneBadRecipientFailsNobodyElse(t *testing.T) {
	bad := func(request asked) (int, string) {
		for i, p := range request.Personalizations {
			if p.To[0].Email == "c1@customer.example" {
				return http.StatusBadRequest, fmt.Sprintf(`{"errors":[{"message":"c1@customer.example is bad","field":"personalizations.%d.to.0.email"}]}`, i)
			}
		}
		return http.StatusAccepted, ""
	}
	d := newDesk(t, bad)
	messages := append(campaign("Ada", "Grace", "Joan"), whole())
	messages[3].To = "not a mailbox"
	results := together(t, email.SendGrid{}, d, messages)
	for i, result := range results {
		switch i {
		case 1, 3:
			if refused := asRefused(t, result.Err); refused.Reason != channels.ReasonInvalidAddress || refused.Suppress != (i == 1) || strings.Contains(result.Err.Error(), "@") {
				t.Errorf("%d: %v", i, result.Err)
			}
		default:
			if result.Err != nil {
				t.Errorf("%d: %v", i, result.Err)
			}
		}
	}
	if len(d.requests) != 4 {
		t.Errorf("%d requests: one for all, and one each", len(d.requests))
	}
}

func TestWhatIsUnknownOfARequestIsUnknownOfAll(t *testing.T) {
	for status, want := range map[int]channels.Evidence{
		http.StatusBadGateway: channels.Ambiguous, http.StatusTooManyRequests: channels.KnownNotSent, http.StatusUnauthorized: channels.KnownRefused,
	} {
		d := newDesk(t, func(asked) (int, string) { return status, "" })
		for _, result := range together(t, email.SendGrid{}, d, campaign("Ada", "Grace", "Joan")) {
			if channels.Classify(result.Err) != want {
				t.Errorf("%d: %v", status, result.Err)
			}
		}
		if len(d.requests) != 1 {
			t.Errorf("%d: %d requests", status, len(d.requests))
		}
	}
}

func TestSingleRequestsAreInSendGridsDescription(t *testing.T) {
	d := newDesk(t, taken)
	m := whole()
	if _, err := open(t, email.SendGrid{BaseURL: d.URL}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestLettersThatLeaveAloneBeginInTime(t *testing.T) {
	d := newDesk(t, taken)
	sender, err := email.SendGrid{APIKey: "key", BaseURL: d.URL, From: "Shop <hello@shop.example>", Batch: 1}.Open()
	if err != nil {
		t.Fatal(err)
	}
	late := make(chan struct{})
	close(late)
	for i, result := range sender.(channels.BatchSender).SendBatch(t.Context(), late, campaign("Ann", "Ben", "Cleo")) {
		if !errors.Is(result.Err, channels.ErrLate) {
			t.Errorf("letter %d: %v", i, result.Err)
		}
	}
	if len(d.requests) > 0 {
		t.Errorf("%d letters left after all", len(d.requests))
	}
}

// breaking panics by the first request.
type breaking struct{ asked atomic.Int64 }

func (b *breaking) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.asked.Add(1) == 1 {
		panic("torn")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// A request that panics leaves its own letters in doubt and no others.
func TestARequestThatPanicsEndsNoOther(t *testing.T) {
	d := newDesk(t, taken)
	sender, err := email.SendGrid{APIKey: "key", BaseURL: d.URL, From: "Shop <hello@shop.example>", Batch: 2}.Open()
	if err != nil {
		t.Fatal(err)
	}
	email.Through(sender, &breaking{})
	doubtful := 0
	for _, result := range sender.(channels.BatchSender).SendBatch(t.Context(), nil, campaign("Ann", "Ben", "Cleo", "Dora")) {
		if evidence := channels.Classify(result.Err); evidence == channels.Ambiguous {
			doubtful++
		} else if evidence != channels.Accepted {
			t.Error(result.Err)
		}
	}
	if doubtful != 2 {
		t.Errorf("%d letters are in doubt, want the two of one request", doubtful)
	}
}
