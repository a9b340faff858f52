package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go/helpers/mail"
)

// letterTo is a mail as Rapport sends it, made with SendGrid's own library.
func letterTo(to, html string, delivery int) *mail.SGMailV3 {
	m := mail.NewV3Mail()
	m.SetFrom(mail.NewEmail("Shop", "hello@shop.example"))
	m.Subject = "How was order A1?"
	p := mail.NewPersonalization()
	p.AddTos(mail.NewEmail("", to))
	m.AddPersonalizations(p)
	m.AddContent(mail.NewContent("text/plain", "Hello"), mail.NewContent("text/html", html))
	m.SetCustomArg("delivery", fmt.Sprint(delivery))
	m.SetCustomArg("attempt", "1")
	return m
}

func (h *house) mail(m *mail.SGMailV3) (*rest.Response, error) {
	return h.mailBody(mail.GetRequestBody(m), testKey)
}

func (h *house) mailBody(body []byte, key string) (*rest.Response, error) {
	client := rest.Client{HTTPClient: h.api.Client()}
	return client.Send(rest.Request{
		Method: rest.Post, BaseURL: h.api.URL + "/v3/mail/send", Body: body,
		Headers: map[string]string{"Authorization": "Bearer " + key},
	})
}

func (h *house) mustMail(m *mail.SGMailV3) string {
	h.t.Helper()
	answer, err := h.mail(m)
	if err != nil {
		h.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusAccepted {
		h.t.Fatalf("the mail was not accepted: %d %s", answer.StatusCode, answer.Body)
	}
	return http.Header(answer.Headers).Get("X-Message-Id")
}

func TestMailIsAcceptedLoggedAndReported(t *testing.T) {
	h := build(t, nil)
	id := h.mustMail(letterTo("ada@customer.example", "<p>Hi</p>", 42))

	lines := h.accepted()
	if len(lines) != 1 {
		t.Fatalf("the log has %d lines, want 1", len(lines))
	}
	if line := lines[0]; line.Delivery != 42 || line.ProviderID != id || line.To != "ada@customer.example" || line.Channel != "email" || line.Body == "" || !line.At.Equal(start) {
		t.Errorf("the log says %+v", line)
	}
	h.playAll()
	wantList(t, "events", h.eventNames(), "processed", "delivered")
	for _, e := range h.events() {
		if e["delivery"] != "42" || e["attempt"] != "1" || !strings.HasPrefix(e["sg_message_id"].(string), id+".") {
			t.Errorf("the event does not name its message: %v", e)
		}
	}
}

func TestMailIsRefusedAsSendGridRefusesIt(t *testing.T) {
	h := build(t, nil)
	valid := func(change func(m map[string]any)) []byte {
		var m map[string]any
		if err := json.Unmarshal(mail.GetRequestBody(letterTo("ada@customer.example", "<p>Hi</p>", 1)), &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	to := func(addresses ...string) func(map[string]any) {
		return func(m map[string]any) {
			var list []any
			for _, a := range addresses {
				list = append(list, map[string]any{"email": a})
			}
			m["personalizations"] = []any{map[string]any{"to": list}}
		}
	}
	cases := []struct {
		name   string
		body   []byte
		key    string
		status int
		field  string
	}{
		{"a wrong key", valid(func(map[string]any) {}), "SG.other", 401, ""},
		{"no JSON", []byte("{"), testKey, 400, ""},
		{"no sender", valid(func(m map[string]any) { delete(m, "from") }), testKey, 400, "from.email"},
		{"no recipient", valid(to()), testKey, 400, "personalizations.0.to"},
		{"a recipient that is no mailbox", valid(to("ada@@customer.example")), testKey, 400, "personalizations.0.to.0.email"},
		{"a recipient twice", valid(to("ada@customer.example", "ADA@customer.example")), testKey, 400, "personalizations.0.to"},
		{"no subject", valid(func(m map[string]any) { delete(m, "subject") }), testKey, 400, "personalizations.0.subject"},
		{"no content", valid(func(m map[string]any) { delete(m, "content") }), testKey, 400, "content"},
		{"empty content", valid(func(m map[string]any) {
			m["content"] = []any{map[string]any{"type": "text/html", "value": ""}}
		}), testKey, 400, "content.0.value"},
		{"a reserved header", valid(func(m map[string]any) { m["headers"] = map[string]any{"Subject": "x"} }), testKey, 400, "headers"},
		{"an argument that is no string", valid(func(m map[string]any) { m["custom_args"] = map[string]any{"delivery": 1} }), testKey, 400, "custom_args"},
		{"too far ahead", valid(func(m map[string]any) { m["send_at"] = start.Add(96 * time.Hour).Unix() }), testKey, 400, "send_at"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			answer, err := h.mailBody(c.body, c.key)
			if err != nil {
				t.Fatal(err)
			}
			var said mailErrors
			if err := json.Unmarshal([]byte(answer.Body), &said); err != nil || len(said.Errors) == 0 {
				t.Fatalf("the answer is not SendGrid's form of an error: %s", answer.Body)
			}
			field := ""
			if said.Errors[0].Field != nil {
				field = *said.Errors[0].Field
			}
			if answer.StatusCode != c.status || field != c.field || said.Errors[0].Message == "" {
				t.Errorf("got %d at %q, want %d at %q", answer.StatusCode, field, c.status, c.field)
			}
		})
	}
	if lines := h.accepted(); len(lines) != 0 {
		t.Errorf("%d refused mails stand in the log", len(lines))
	}
}

func TestOneRequestMayCarryManyMails(t *testing.T) {
	h := build(t, nil)
	m := letterTo("c0@customer.example", "<p>Hi -name-</p>", 0)
	m.CustomArgs = nil
	m.Personalizations = nil
	for i := range 3 {
		p := mail.NewPersonalization()
		p.AddTos(mail.NewEmail("", fmt.Sprintf("c%d@customer.example", i)))
		p.SetCustomArg("delivery", fmt.Sprint(100+i))
		m.AddPersonalizations(p)
	}
	h.mustMail(m)
	var logged []int64
	for _, line := range h.accepted() {
		logged = append(logged, line.Delivery)
	}
	wantList(t, "deliveries", logged, 100, 101, 102)
}

func TestEventsComeInBatchesAndAgainUntilTheyAreTaken(t *testing.T) {
	h := build(t, nil)
	refusals := 2
	h.answer = func(w http.ResponseWriter, r *http.Request, _ visitor) bool {
		if refusals == 0 {
			return false
		}
		refusals--
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	for i := range 700 {
		h.mustMail(letterTo(fmt.Sprintf("c%d@customer.example", i), "<p>Hi</p>", i))
	}
	h.playAll()
	took := 0
	for _, v := range h.visits("/hooks/email/sendgrid") {
		var batch []map[string]any
		if err := json.Unmarshal(v.body, &batch); err != nil {
			t.Fatal(err)
		}
		if len(batch) > batchSize {
			t.Errorf("a batch has %d events", len(batch))
		}
		took += len(batch)
	}
	// 1,400 events in a batch of 1,000 and one of 400, each refused once.
	if len(h.visits("/hooks/email/sendgrid")) != 4 || took != 2800 {
		t.Errorf("%d requests brought %d events, want 4 and 2800", len(h.visits("/hooks/email/sendgrid")), took)
	}
	if lost := h.sandbox.Tally().Lost; lost != 0 {
		t.Errorf("%d events were lost", lost)
	}
}

func TestABouncedMailboxIsDroppedFromThenOn(t *testing.T) {
	h := build(t, func(o *Options) { o.Behaviour.Email.HardBounce = 1 })
	h.mustMail(letterTo("nobody@customer.example", "<p>Hi</p>", 1))
	h.playAll()
	h.mustMail(letterTo("nobody@customer.example", "<p>Hi</p>", 2))
	h.playAll()
	wantList(t, "events", h.eventNames(), "processed", "bounce", "dropped")
	if reason := h.events()[2]["reason"]; reason != "Bounced Address" {
		t.Errorf("dropped for %v", reason)
	}
}
