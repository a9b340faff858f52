package webhook

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"rapport/channels"
)

const (
	usualTimeout = 10 * time.Second
	// largest is the largest body, in bytes: what receivers commonly take.
	largest = 256 << 10
)

// Standard is the settings of webhooks signed as Standard Webhooks says.
type Standard struct {
	// Secrets are written whsec_ and base64, as GenerateSecret makes them. A
	// webhook is signed with all of them: put a new one first, and take the old
	// one out when every receiver knows the new.
	Secrets []channels.Secret `yaml:"secrets"`
	// Allow lists services on this machine, such as https://127.0.0.1:8443, that
	// a URL may name besides the public internet.
	Allow []string `yaml:"allow"`
	// BaseURL is a stand-in on this machine that gets every webhook in place of
	// its receiver, at /<host>/<path>, for development.
	BaseURL string `yaml:"base_url"`
	// Timeout bounds one request from dialling to the end of the answer; 0 is
	// 10 s.
	Timeout time.Duration `yaml:"timeout"`
	// Roots are trusted in place of the system's for services on this machine.
	Roots *x509.CertPool `yaml:"-"`
	// Now tells the time webhooks are dated by.
	Now func() time.Time `yaml:"-"`
}

// Open gives the sender, which is also a Checker and a Herald.
func (s Standard) Open() (channels.Sender, error) {
	sender, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("open webhooks: %w", err)
	}
	return sender, nil
}

func (s Standard) open() (*hooks, error) {
	if s.Timeout == 0 {
		s.Timeout = usualTimeout
	}
	switch {
	case s.Now == nil:
		return nil, errors.New("nobody tells the time (Now)")
	case s.Timeout < 0:
		return nil, fmt.Errorf("timeout %s is negative", s.Timeout)
	}
	keys, err := newSigner(s.Secrets)
	if err != nil {
		return nil, err
	}
	h := &hooks{
		signer: keys, now: s.Now,
		public: channels.NewPublicClient(s.Timeout),
		local:  channels.NewLoopbackClient(s.Timeout, s.Roots),
	}
	for _, allowed := range s.Allow {
		service, err := channels.StandIn(allowed, "https://127.0.0.1:8443")
		if err != nil {
			return nil, fmt.Errorf("allow: %w", err)
		}
		h.allowed = append(h.allowed, channels.Origin(service))
	}
	if s.BaseURL != "" {
		if h.standIn, err = channels.StandIn(s.BaseURL, "http://127.0.0.1:8025"); err != nil {
			return nil, fmt.Errorf("base_url: %w", err)
		}
	}
	return h, nil
}

type hooks struct {
	signer  signer
	now     func() time.Time
	public  *http.Client
	local   *http.Client // reaches this machine and nothing else
	allowed []string     // origins on this machine
	standIn *url.URL     // gets everything; nil for none
}

// Send tells one system. Its webhook-id is the delivery's, the same on every
// attempt, so that the receiver recognises a repeat. For that reason an outcome
// that nobody knows is a *NotSent here and not ambiguous: to try again is safe.
func (h *hooks) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	if err := h.send(ctx, m); err != nil {
		return channels.Receipt{}, fmt.Errorf("webhook of delivery %d: %w", m.Delivery, err)
	}
	return channels.Receipt{ProviderID: idOf(m)}, nil
}

func idOf(m channels.Message) string { return "dlv_" + strconv.FormatInt(m.Delivery, 10) }

func (h *hooks) send(ctx context.Context, m channels.Message) error {
	target, client, err := h.prepare(m)
	if err != nil {
		return err
	}
	return h.post(ctx, idOf(m), target, client, m.Content.Webhook.Body)
}

// Tell implements channels.Herald: one request that is signed and guarded as a
// delivery's is.
func (h *hooks) Tell(ctx context.Context, id string, what channels.WebhookContent) error {
	target, client, err := h.admit(what.URL)
	if err == nil {
		err = h.post(ctx, id, target, client, what.Body)
	}
	if err != nil {
		return fmt.Errorf("tell a webhook: %w", err)
	}
	return nil
}

func (h *hooks) post(ctx context.Context, id string, target *url.URL, client *http.Client, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return refuse(channels.ReasonInvalidAddress, "the URL cannot be requested")
	}
	at := h.now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "rapport")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", timestamp(at))
	req.Header.Set("Webhook-Signature", h.signer.sign(id, at, body))
	answer, err := client.Do(req)
	if err != nil {
		return safeToRepeat(channels.Cause(err), 0)
	}
	defer func() { _ = answer.Body.Close() }()
	// The status line is the whole answer; the rest is read so that the
	// connection can be used again.
	_, _ = io.Copy(io.Discard, answer.Body)
	return judge(answer)
}

// judge reads a receiver's answer: 2xx is its word, a 4xx is a refusal unless it
// asks to come again (408, 425, 429), and anything else is tried again. 401 and
// 403 condemn one receiver, not all of them.
func judge(answer *http.Response) error {
	err := channels.Judge("the receiver", answer.StatusCode, answer.Header, "")
	var refused *channels.Refused
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		refused.Broken = false
		if answer.StatusCode == http.StatusGone {
			refused.Reason = channels.ReasonGone
		}
		return err
	}
	return safeToRepeat(err, channels.RetryAfter(answer.Header))
}

// safeToRepeat is an outcome after which the same webhook may be sent again.
func safeToRepeat(err error, after time.Duration) error {
	if channels.Classify(err) == channels.KnownNotSent {
		return err
	}
	return &channels.NotSent{Err: err, RetryAfter: after}
}

// Check refuses a webhook that could not be sent.
func (h *hooks) Check(m channels.Message) error {
	_, _, err := h.prepare(m)
	return err
}

// prepare checks a webhook and gives where it goes, with the client that may
// reach it. Its errors are all *channels.Refused and name no part of the URL:
// many receivers are known by nothing but a secret in it.
func (h *hooks) prepare(m channels.Message) (*url.URL, *http.Client, error) {
	content := m.Content.Webhook
	switch {
	case content == nil:
		return nil, nil, refuse(channels.ReasonRejected, "there is no webhook")
	case m.Delivery <= 0:
		return nil, nil, refuse(channels.ReasonRejected, "the webhook has no delivery to be known by")
	case len(content.Body) > largest:
		return nil, nil, refuse(channels.ReasonTooLarge, fmt.Sprintf("the body is %d bytes long, %d are possible", len(content.Body), largest))
	case !json.Valid(content.Body):
		return nil, nil, refuse(channels.ReasonRejected, "the body is not JSON")
	}
	return h.admit(content.URL)
}

func (h *hooks) admit(address string) (*url.URL, *http.Client, error) {
	target, err := url.Parse(address)
	switch {
	case err != nil || target.Hostname() == "" || target.User != nil || target.Opaque != "":
		return nil, nil, refuse(channels.ReasonInvalidAddress, "the URL is not one such as https://example.com/hooks")
	case slices.Contains(h.allowed, channels.Origin(target)):
		return target, h.local, nil
	case target.Scheme != "https" || (target.Port() != "" && target.Port() != "443"):
		return nil, nil, refuse(channels.ReasonInvalidAddress, "the URL is not https on port 443")
	}
	if literal, err := netip.ParseAddr(target.Hostname()); err == nil && !channels.IsPublic(literal) {
		return nil, nil, refuse(channels.ReasonInvalidAddress, "the URL names an address that is not public")
	}
	if h.standIn == nil {
		return target, h.public, nil
	}
	there := h.standIn.JoinPath(target.Hostname(), target.EscapedPath())
	there.RawQuery = target.RawQuery
	return there, h.local, nil
}

func refuse(reason, why string) error {
	return &channels.Refused{Reason: reason, Err: errors.New(why)}
}
