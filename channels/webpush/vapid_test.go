package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	oracle "github.com/SherClockHolmes/webpush-go"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"rapport/channels"
)

var noon = time.Date(2026, 12, 1, 12, 34, 56, 0, time.UTC)

func settings(t testing.TB, baseURL string) VAPID {
	t.Helper()
	public, private, err := GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	return VAPID{
		PublicKey: public, PrivateKey: channels.Secret(private), Subject: "mailto:ops@shop.example",
		BaseURL: baseURL, Now: func() time.Time { return noon },
	}
}

func opened(t *testing.T, v VAPID) channels.Sender {
	t.Helper()
	sender, err := v.Open()
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func messageFor(b browser) func(string) channels.Message {
	return func(baseURL string) channels.Message {
		endpoint := baseURL + "/push/endpoint-of-ada"
		return channels.Message{
			Delivery: 812, Attempt: 1, To: endpoint, Push: b.subscription(endpoint),
			Token: "token-of-ada", ReportURL: "https://shop.example/push/reports",
			Content: channels.Content{Push: &channels.PushContent{
				Title: "It is back", Body: "سلام", URL: "https://shop.example/p/1",
				Actions: []channels.PushAction{{ID: "buy", Title: "Buy now"}},
			}},
		}
	}
}

// delivered gives the one request a Send makes.
func delivered(t *testing.T, v VAPID, m func(string) channels.Message) (http.Header, []byte, string) {
	t.Helper()
	var header http.Header
	var body []byte
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
	}))
	defer service.Close()
	v.BaseURL = service.URL
	if _, err := opened(t, v).Send(t.Context(), m(service.URL)); err != nil {
		t.Fatal(err)
	}
	return header, body, service.URL
}

func TestABrowserReceivesTheNotification(t *testing.T) {
	b := newBrowser(t)
	header, body, _ := delivered(t, settings(t, ""), messageFor(b))
	var got map[string]any
	if err := json.Unmarshal([]byte(b.read(t, body)), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"title": "It is back", "body": "سلام", "url": "https://shop.example/p/1", "tag": "delivery-812",
		"actions": []any{map[string]any{"id": "buy", "title": "Buy now"}},
		"token":   "token-of-ada", "reports": "https://shop.example/push/reports",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, value := range map[string]string{"TTL": "86400", "Urgency": "normal", "Content-Encoding": "aes128gcm"} {
		if header.Get(name) != value {
			t.Errorf("%s: %q", name, header.Get(name))
		}
	}
	if topic := header.Get("Topic"); len(topic) != 32 || strings.Trim(topic, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("topic %q", topic)
	}
}

func TestACopyReplacesTheFirst(t *testing.T) {
	b, v := newBrowser(t), settings(t, "")
	topic := func(change func(*channels.Message)) string {
		header, _, _ := delivered(t, v, func(base string) channels.Message {
			m := messageFor(b)(base)
			content := *m.Content.Push
			m.Content.Push = &content
			change(&m)
			return m
		})
		return header.Get("Topic")
	}
	first := topic(func(*channels.Message) {})
	if topic(func(m *channels.Message) { m.Attempt = 2 }) != first {
		t.Error("a second attempt has another topic")
	}
	if topic(func(m *channels.Message) { m.Delivery = 813 }) == first {
		t.Error("another delivery has the same topic")
	}
	tagged := topic(func(m *channels.Message) { m.Content.Push.Tag = "order 7\r\n" })
	if tagged != topic(func(m *channels.Message) { m.Content.Push.Tag, m.Delivery = "order 7\r\n", 813 }) || tagged == first {
		t.Error("a tag does not settle the topic")
	}
}

// claims checks a token's signature and gives what it says.
func claims(t *testing.T, v VAPID, authorization string) map[string]any {
	t.Helper()
	token, key, found := strings.Cut(strings.TrimPrefix(authorization, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !found || key != v.PublicKey || len(parts) != 3 {
		t.Fatalf("authorization %q", authorization)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw(t, key))
	if err != nil {
		t.Fatal(err)
	}
	sum, signature := sha256.Sum256([]byte(parts[0]+"."+parts[1])), raw(t, parts[2])
	if len(signature) != 64 || !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Fatal("the token is not signed with the key it names")
	}
	var head, said map[string]any
	if json.Unmarshal(raw(t, parts[0]), &head) != nil || json.Unmarshal(raw(t, parts[1]), &said) != nil || head["alg"] != "ES256" || head["typ"] != "JWT" {
		t.Fatalf("head %v", head)
	}
	return said
}

func TestTheTokenSaysWhoWeAreToThisServiceOnly(t *testing.T) {
	v := settings(t, "")
	header, _, base := delivered(t, v, messageFor(newBrowser(t)))
	want := map[string]any{"aud": base, "sub": "mailto:ops@shop.example", "exp": float64(noon.Truncate(time.Hour).Add(12 * time.Hour).Unix())}
	if diff := cmp.Diff(want, claims(t, v, header.Get("Authorization"))); diff != "" {
		t.Error(diff)
	}
}

func TestTokensAreSignedOncePerServiceAndHour(t *testing.T) {
	v := settings(t, "")
	now := noon
	i, err := newIdentity(v.PublicKey, string(v.PrivateKey), v.Subject, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	token := func(origin string) string {
		text, err := i.authorization(origin)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := token("https://a.example")
	now = noon.Add(20 * time.Minute)
	if token("https://a.example") != first {
		t.Error("signed twice within the hour")
	}
	if token("https://b.example") == first {
		t.Error("two services share a token")
	}
	now = noon.Add(30 * time.Minute)
	later := token("https://a.example")
	if later == first {
		t.Error("not signed anew in the next hour")
	}
	for _, authorization := range []string{first, later} {
		if life := int64(claims(t, v, authorization)["exp"].(float64)) - now.Unix(); life <= 0 || life > 24*3600 {
			t.Errorf("a token lives another %d s", life)
		}
	}
}

// TestTheOracleAgrees has an independent library send the same notification:
// the browser reads both, and both name the same key, audience and subject.
func TestTheOracleAgrees(t *testing.T) {
	v, b := settings(t, ""), newBrowser(t)
	header, body, base := delivered(t, v, messageFor(b))
	text := b.read(t, body)
	var theirs *http.Request
	var theirBody []byte
	_, err := oracle.SendNotification([]byte(text), &oracle.Subscription{
		Endpoint: base + "/push/endpoint-of-ada", Keys: oracle.Keys{Auth: encode(b.auth), P256dh: encode(b.key.PublicKey().Bytes())},
	}, &oracle.Options{
		Subscriber: "ops@shop.example", VAPIDPublicKey: v.PublicKey, VAPIDPrivateKey: string(v.PrivateKey),
		TTL: 86400, Urgency: oracle.UrgencyNormal, Topic: header.Get("Topic"),
		HTTPClient: caught(func(r *http.Request) (*http.Response, error) {
			theirs = r
			theirBody, _ = io.ReadAll(r.Body)
			return &http.Response{StatusCode: http.StatusCreated, Body: http.NoBody}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.read(t, theirBody); got != text {
		t.Errorf("the oracle's is read as %q", got)
	}
	for _, name := range []string{"Content-Encoding", "TTL", "Urgency", "Topic", "Content-Type"} {
		if theirs.Header.Get(name) != header.Get(name) {
			t.Errorf("%s: ours %q, theirs %q", name, header.Get(name), theirs.Header.Get(name))
		}
	}
	ours, other := claims(t, v, header.Get("Authorization")), claims(t, v, theirs.Header.Get("Authorization"))
	delete(ours, "exp")
	delete(other, "exp")
	if diff := cmp.Diff(other, ours); diff != "" {
		t.Error(diff)
	}
}

type caught func(*http.Request) (*http.Response, error)

func (f caught) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestAForgottenSubscriptionIsGone(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusGone} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		_, err := opened(t, settings(t, service.URL)).Send(t.Context(), messageFor(newBrowser(t))(service.URL))
		service.Close()
		refused, is := asRefused(err)
		if !is || refused.Reason != channels.ReasonGone || refused.Suppress || refused.Broken {
			t.Errorf("%d: got %+v", status, err)
		}
	}
}

func asRefused(err error) (*channels.Refused, bool) {
	var refused *channels.Refused
	is := errors.As(err, &refused)
	return refused, is
}

func TestAPushServiceOnAPrivateAddressIsNotReached(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was reached") }))
	defer service.Close()
	g := guardFor(t, nil, "")
	address, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		_, err := g.public.Get("http://" + host + ":" + address.Port())
		if channels.Classify(err) != channels.KnownNotSent {
			t.Errorf("%s: got %v", host, err)
		}
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	other, _, err := GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		says   string
		change func(*VAPID)
	}{
		{"public_key", func(v *VAPID) { v.PublicKey = "" }},
		{"public_key", func(v *VAPID) { v.PublicKey = other }},
		{"private_key", func(v *VAPID) { v.PrivateKey = "" }},
		{"private_key", func(v *VAPID) { v.PrivateKey = "?" }},
		{"private_key", func(v *VAPID) { v.PrivateKey = channels.Secret(encode(make([]byte, 32))) }},
		{"subject", func(v *VAPID) { v.Subject = "ops@shop.example" }},
		{"ttl", func(v *VAPID) { v.TTL = -time.Second }},
		{"ttl", func(v *VAPID) { v.TTL = 29 * 24 * time.Hour }},
		{"urgency", func(v *VAPID) { v.Urgency = "urgent" }},
		{"timeout", func(v *VAPID) { v.Timeout = -time.Second }},
		{"hosts", func(v *VAPID) { v.Hosts = []string{"https://x"} }},
		{"base_url", func(v *VAPID) { v.BaseURL = "https://push.example" }},
		{"Now", func(v *VAPID) { v.Now = nil }},
	} {
		v := settings(t, "")
		c.change(&v)
		if _, err := v.Open(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", c.says, err)
		}
	}
}

func TestSettingsAreReadStrictly(t *testing.T) {
	var got VAPID
	text := "public_key: p\nprivate_key: s\nsubject: mailto:a@b.example\nttl: 12h\nurgency: high\nhosts: [push.example]\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &got, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	want := VAPID{PublicKey: "p", PrivateKey: "s", Subject: "mailto:a@b.example", TTL: 12 * time.Hour, Urgency: "high", Hosts: []string{"push.example"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
