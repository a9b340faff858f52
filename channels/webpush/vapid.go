package webpush

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"rapport/channels"
)

const (
	usualTimeout = 10 * time.Second
	usualTTL     = 24 * time.Hour
	longestTTL   = 28 * 24 * time.Hour // what push services keep at most
	topicLength  = 32                  // RFC 8030 §5.4
)

// urgencies are the words of RFC 8030 §5.3.
var urgencies = []string{"very-low", "low", "normal", "high"}

// VAPID is the settings of web push.
type VAPID struct {
	// PublicKey and PrivateKey are a pair of GenerateVAPIDKeys. Browsers
	// subscribe with the public one: a new pair strands every subscription.
	PublicKey  string          `yaml:"public_key"`
	PrivateKey channels.Secret `yaml:"private_key"`
	// Subject is where a push service reaches us: mailto: or https:.
	Subject string `yaml:"subject"`
	// TTL is how long a push service keeps a notification for a browser that
	// is away, in whole seconds; 0 is 24 h, at most 28 days.
	TTL time.Duration `yaml:"ttl"`
	// Urgency is very-low, low, normal or high (RFC 8030 §5.3); empty is normal.
	Urgency string `yaml:"urgency"`
	// Hosts are the push services a subscription may point to, "*." standing
	// for any subdomain; none gives those of the browsers in use.
	Hosts []string `yaml:"hosts"`
	// BaseURL admits one stand-in on loopback besides them, for development.
	BaseURL string `yaml:"base_url"`
	// Timeout bounds one request from dialling to the end of the answer; 0 is
	// 10 s.
	Timeout time.Duration `yaml:"timeout"`
	// Now tells the time tokens are dated by.
	Now func() time.Time `yaml:"-"`
}

// Open gives the sender, which is also a Checker and Subscribed. Push services report nothing
// back; the service worker does, to webhooks.
func (v VAPID) Open() (channels.Sender, error) {
	s, err := v.open()
	if err != nil {
		return nil, fmt.Errorf("open web push: %w", err)
	}
	return s, nil
}

func (v VAPID) open() (*pushes, error) {
	if v.Timeout == 0 {
		v.Timeout = usualTimeout
	}
	if v.TTL == 0 {
		v.TTL = usualTTL
	}
	if v.Urgency == "" {
		v.Urgency = "normal"
	}
	switch {
	case v.Now == nil:
		return nil, errors.New("nobody tells the time (Now)")
	case v.Timeout < 0:
		return nil, fmt.Errorf("timeout %s is negative", v.Timeout)
	case v.TTL < 0 || v.TTL > longestTTL:
		return nil, fmt.Errorf("ttl %s is not between 0 and 28 days", v.TTL)
	case !slices.Contains(urgencies, v.Urgency):
		return nil, errors.New("urgency is none of very-low, low, normal, high")
	}
	identity, err := newIdentity(v.PublicKey, string(v.PrivateKey), v.Subject, v.Now)
	if err != nil {
		return nil, err
	}
	guard, err := newGuard(v.Hosts, v.BaseURL, v.Timeout)
	if err != nil {
		return nil, err
	}
	return &pushes{identity: identity, guard: guard, key: v.PublicKey, ttl: v.TTL, urgency: v.Urgency}, nil
}

type pushes struct {
	identity *identity
	guard    *guard
	key      string
	ttl      time.Duration
	urgency  string
}

// SubscriptionKey implements channels.Subscribed.
func (s *pushes) SubscriptionKey() string { return s.key }

// Send hands one notification to the push service of its subscription.
func (s *pushes) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	receipt, err := s.send(ctx, m)
	if err != nil {
		return channels.Receipt{}, fmt.Errorf("push delivery %d: %w", m.Delivery, err)
	}
	return receipt, nil
}

func (s *pushes) send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	p, err := s.prepare(m)
	if err != nil {
		return channels.Receipt{}, err
	}
	req, err := s.request(ctx, p)
	if err != nil {
		return channels.Receipt{}, err
	}
	answer, err := p.client.Do(req)
	if err != nil {
		return channels.Receipt{}, channels.Cause(err)
	}
	defer func() { _ = answer.Body.Close() }()
	// The status line is the whole answer; the rest is read so that the
	// connection can be used again.
	_, _ = io.Copy(io.Discard, answer.Body)
	return judge(answer)
}

// push is one checked notification.
type push struct {
	endpoint *url.URL
	client   *http.Client
	to       recipient
	text     []byte
	topic    string
	ttl      time.Duration
	urgency  string
}

// prepare checks a message; its errors are all *channels.Refused.
func (s *pushes) prepare(m channels.Message) (push, error) {
	endpoint, client, err := s.guard.admit(m.To)
	if err != nil {
		return push{}, &channels.Refused{Reason: channels.ReasonInvalidAddress, Err: err}
	}
	to, err := recipientOf(m.Push)
	if err != nil {
		return push{}, &channels.Refused{Reason: channels.ReasonInvalidAddress, Err: err}
	}
	if m.Content.Push == nil || m.Content.Push.Title == "" {
		return push{}, &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("the notification has no title")}
	}
	text, err := payload(m)
	if err != nil {
		return push{}, &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("the notification has no JSON form")}
	}
	if len(text) > longest {
		return push{}, &channels.Refused{
			Reason: channels.ReasonTooLarge,
			Err:    fmt.Errorf("the notification is %d bytes long, %d are possible", len(text), longest),
		}
	}
	p := push{endpoint: endpoint, client: client, to: to, text: text, topic: topicOf(tagOf(m)), ttl: s.ttl, urgency: s.urgency}
	if content := m.Content.Push; content.TTL != nil {
		p.ttl = min(*content.TTL, longestTTL)
	}
	if word := m.Content.Push.Urgency; slices.Contains(urgencies, word) {
		p.urgency = word
	}
	return p, nil
}

// payload is what the service worker receives: the notification and where it
// reports with which token.
func payload(m channels.Message) ([]byte, error) {
	content := *m.Content.Push
	content.Tag = tagOf(m)
	return json.Marshal(struct {
		channels.PushContent
		Token     string `json:"token,omitempty"`
		ReportURL string `json:"reports,omitempty"`
	}{content, m.Token, m.ReportURL})
}

// tagOf names the notification, so that a second copy takes the first one's
// place instead of standing beside it.
func tagOf(m channels.Message) string {
	if m.Content.Push.Tag != "" {
		return m.Content.Push.Tag
	}
	return "delivery-" + strconv.FormatInt(m.Delivery, 10)
}

// topicOf gives the tag in the alphabet and length of a Topic, so that a push
// service replaces a copy it still holds.
func topicOf(tag string) string {
	sum := sha256.Sum256([]byte(tag))
	return encode(sum[:])[:topicLength]
}

func (s *pushes) request(ctx context.Context, p push) (*http.Request, error) {
	sealed, err := p.to.seal(p.text)
	if err != nil {
		return nil, &channels.NotSent{Err: fmt.Errorf("encrypt: %w", err)}
	}
	authorization, err := s.identity.authorization(channels.Origin(p.endpoint))
	if err != nil {
		return nil, &channels.NotSent{Err: fmt.Errorf("sign: %w", err)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint.String(), bytes.NewReader(sealed))
	if err != nil {
		return nil, &channels.Refused{Reason: channels.ReasonInvalidAddress, Err: errors.New("the endpoint is not a URL of a push service")}
	}
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("TTL", strconv.Itoa(int(p.ttl.Seconds())))
	req.Header.Set("Urgency", p.urgency)
	req.Header.Set("Topic", p.topic)
	return req, nil
}

// judge reads a push service's answer. 401 and 403 do not condemn the channel:
// services give them for a subscription made with another key too, and anybody
// can hand in one of those.
func judge(answer *http.Response) (channels.Receipt, error) {
	err := channels.Judge("the push service", answer.StatusCode, answer.Header, "")
	var refused *channels.Refused
	if errors.As(err, &refused) {
		refused.Broken = false
	}
	switch answer.StatusCode {
	case http.StatusCreated, http.StatusOK, http.StatusAccepted:
		return channels.Receipt{ProviderID: answer.Header.Get("Location")}, nil
	case http.StatusNotFound, http.StatusGone:
		refused.Reason = channels.ReasonGone
	}
	if err == nil {
		err = fmt.Errorf("the push service answered %d, which is not its word for accepted", answer.StatusCode)
	}
	return channels.Receipt{}, err
}

// Check refuses a notification or subscription that could not be sent to.
func (s *pushes) Check(m channels.Message) error {
	_, err := s.prepare(m)
	return err
}
