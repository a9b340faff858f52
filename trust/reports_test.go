package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	crand "crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reporter signs and posts callbacks as providers do.
type reporter struct {
	key    *ecdsa.PrivateKey
	client *http.Client
}

func (t *trial) newReporter() *reporter {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &reporter{key: key, client: &http.Client{
		Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// public is the key that events are verified with.
func (p *reporter) public() string {
	der, err := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(der)
}

// report is one request as a provider makes it.
type report struct {
	url, kind, body string
	header          map[string]string
}

// events is a batch of SendGrid's, signed now.
func (p *reporter) events(hook string, some []string) (report, error) {
	body := "[" + strings.Join(some, ",\r\n") + "]\r\n"
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	sum := sha256.Sum256([]byte(stamp + body))
	signature, err := ecdsa.SignASN1(crand.Reader, p.key, sum[:])
	return report{url: hook, kind: "application/json", body: body, header: map[string]string{
		"X-Twilio-Email-Event-Webhook-Signature": base64.StdEncoding.EncodeToString(signature),
		"X-Twilio-Email-Event-Webhook-Timestamp": stamp,
	}}, err
}

// twilioReport is one callback of Twilio's.
func twilioReport(address string, fields url.Values) report {
	text := address
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text += name + fields.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(accountKey))
	mac.Write([]byte(text))
	return report{url: address, kind: "application/x-www-form-urlencoded", body: fields.Encode(), header: map[string]string{
		"X-Twilio-Signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}}
}

// post hands a report in; no answer is status 0.
func (p *reporter) post(r report) (status int) {
	request, err := http.NewRequest(http.MethodPost, r.url, strings.NewReader(r.body))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", r.kind)
	for name, value := range r.header {
		request.Header.Set(name, value)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	_ = answer.Body.Close()                 // it was read
	return answer.StatusCode
}

// fields are a form's.
func fields(pairs ...any) url.Values {
	values := url.Values{}
	for n := 0; n < len(pairs); n += 2 {
		values.Set(pairs[n].(string), fmt.Sprint(pairs[n+1]))
	}
	return values
}
