package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/sendgrid/rest"

	"rapport/channels"
)

const (
	usualBase    = "https://api.sendgrid.com"
	usualTimeout = 10 * time.Second
)

// SendGrid is the settings of e-mail through Twilio SendGrid.
type SendGrid struct {
	APIKey channels.Secret `yaml:"api_key"`
	// WebhookPublicKeys prove the event webhook, as SendGrid shows them (base64
	// of a SubjectPublicKeyInfo, ECDSA P-256). Give two while rotating; with
	// none every callback is refused.
	WebhookPublicKeys []string `yaml:"webhook_public_keys"`
	// From and ReplyTo are used where the workspace names none.
	From    string `yaml:"from"`
	ReplyTo string `yaml:"reply_to"`
	// Batch is how many messages one request may carry; 1 sends each by itself, 0
	// is 100.
	Batch int `yaml:"batch"`
	// BaseURL is where the API is reached; empty is https://api.sendgrid.com.
	BaseURL string `yaml:"base_url"`
	// Timeout bounds one request from dialling to the end of the answer; 0 is
	// 10 s.
	Timeout time.Duration `yaml:"timeout"`
}

// Open gives the sender, which is also a Listener, a Checker, a Prober and a
// BatchSender. SendGrid offers no way to look for a message by what we know of it,
// so there is no Finder: events, which carry the delivery, are the only later
// evidence.
func (g SendGrid) Open() (channels.Sender, error) {
	s, err := g.open()
	if err != nil {
		return nil, fmt.Errorf("open e-mail through sendgrid: %w", err)
	}
	return s, nil
}

func (g SendGrid) open() (*mails, error) {
	base, err := channels.BaseURL(g.BaseURL, usualBase)
	if err != nil {
		return nil, err
	}
	switch {
	case g.APIKey == "":
		return nil, errors.New("api_key is missing")
	case !channels.OneLine(string(g.APIKey)):
		return nil, errors.New("api_key holds a line break")
	case g.Timeout < 0:
		return nil, fmt.Errorf("timeout %s is negative", g.Timeout)
	case g.Timeout == 0:
		g.Timeout = usualTimeout
	}
	switch {
	case g.Batch < 0 || g.Batch > largestBatch:
		return nil, fmt.Errorf("batch %d is not between 1 and %d", g.Batch, largestBatch)
	case g.Batch == 0:
		g.Batch = usualBatch
	}
	for name, address := range map[string]string{"from": g.From, "reply_to": g.ReplyTo} {
		if _, err := mail.ParseAddress(address); address != "" && err != nil {
			return nil, fmt.Errorf("%s is not a mailbox", name)
		}
	}
	keys, err := ReadKeys(g.WebhookPublicKeys)
	if err != nil {
		return nil, err
	}
	return &mails{
		key: g.APIKey, url: base.JoinPath("/v3/mail/send").String(), scopes: base.JoinPath("/v3/scopes").String(),
		client: &rest.Client{HTTPClient: channels.NewClient(g.Timeout, nil)},
		keys:   keys, from: g.From, replyTo: g.ReplyTo, batch: g.Batch,
	}, nil
}

type mails struct {
	key           channels.Secret
	url, scopes   string
	client        *rest.Client
	keys          Keys
	from, replyTo string
	batch         int
}

// Send hands one e-mail to SendGrid.
func (s *mails) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	receipt, err := s.send(ctx, m)
	if err != nil {
		return channels.Receipt{}, fmt.Errorf("send e-mail of delivery %d: %w", m.Delivery, err)
	}
	return receipt, nil
}

func (s *mails) send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	body, err := s.body(m)
	if err != nil {
		return channels.Receipt{}, err
	}
	return s.post(ctx, body)
}

// body is one message as it is posted.
func (s *mails) body(m channels.Message) ([]byte, error) {
	request, err := s.request(m)
	if err != nil {
		return nil, err
	}
	body, err := encoded(request)
	if err != nil {
		return nil, &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("the message has no JSON form")}
	}
	return body, nil
}

// post makes one request and judges the answer.
func (s *mails) post(ctx context.Context, body []byte) (channels.Receipt, error) {
	// The library's own client is shared between goroutines unprotected and
	// knows no time-out; its request is all that is taken from it.
	answer, err := s.client.SendWithContext(ctx, rest.Request{
		Method: rest.Post, BaseURL: s.url, Body: body,
		Headers: map[string]string{
			"Authorization": "Bearer " + string(s.key),
			"Accept":        "application/json",
			"User-Agent":    "rapport",
		},
	})
	if answer == nil {
		return channels.Receipt{}, channels.Cause(err)
	}
	return judge(answer)
}

// Probe implements channels.Prober: it asks which scopes the key has.
func (s *mails) Probe(ctx context.Context) error {
	answer, err := s.client.SendWithContext(ctx, rest.Request{
		Method: rest.Get, BaseURL: s.scopes,
		Headers: map[string]string{"Authorization": "Bearer " + string(s.key), "Accept": "application/json", "User-Agent": "rapport"},
	})
	if answer == nil {
		return fmt.Errorf("probe sendgrid: %w", channels.Cause(err))
	}
	return channels.Judge("sendgrid", answer.StatusCode, http.Header(answer.Headers), "")
}

// judge reads SendGrid's answer. Only 202 is its word that the message is
// taken; it stands in the status line, so a body that broke off changes nothing.
func judge(answer *rest.Response) (channels.Receipt, error) {
	header := http.Header(answer.Headers)
	if answer.StatusCode == http.StatusAccepted {
		return channels.Receipt{ProviderID: header.Get("X-Message-Id")}, nil
	}
	field, its := offender(answer.Body)
	err := channels.Judge("sendgrid", answer.StatusCode, header, field)
	var refused *channels.Refused
	if answer.StatusCode == http.StatusForbidden && errors.As(err, &refused) && fromField.MatchString(field) {
		// Letters from the other senders pass.
		return channels.Receipt{}, &channels.NotSent{Err: fmt.Errorf("%w: its sender is not verified", refused.Err), Own: true}
	}
	if errors.As(err, &refused) && refused.Reason == channels.ReasonRejected && !its {
		return channels.Receipt{}, refused.Err // SendGrid lists each mistake: this is a word of something in front of it
	}
	if answer.StatusCode == http.StatusBadRequest && errors.As(err, &refused) && toField.MatchString(field) {
		return channels.Receipt{}, &channels.Refused{Err: refused.Err, Reason: channels.ReasonInvalidAddress, Suppress: true}
	}
	if err == nil {
		err = fmt.Errorf("sendgrid answered %d, which is not its word for accepted", answer.StatusCode)
	}
	return channels.Receipt{}, err
}

var (
	fieldName = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+|\.[0-9]{1,3})*$`)
	fromField = regexp.MustCompile(`^from(\.|$)`)
	toField   = regexp.MustCompile(`^personalizations\.\d+\.to(\.\d+\.email)?$`)
)

// offender names the first field SendGrid objects to, and says whether the answer is
// one of SendGrid's. Its sentences are left out: they may repeat an address.
func offender(body string) (field string, its bool) {
	var said struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	if json.NewDecoder(strings.NewReader(body)).Decode(&said) != nil || len(said.Errors) == 0 {
		return "", false
	}
	if field := said.Errors[0].Field; len(field) < 80 && fieldName.MatchString(field) {
		return field, true
	}
	return "", true
}
