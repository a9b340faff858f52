package email_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/channels/email"
	"rapport/trust/bounds"
)

func as[T error](err error, target *T) bool { return errors.As(err, target) }

func rsaKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func vector(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/vectors/sendgrid/" + name)
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func listener(t *testing.T, keys ...string) channels.Listener {
	t.Helper()
	return open(t, email.SendGrid{WebhookPublicKeys: keys}).(channels.Listener)
}

type signedCase struct {
	Name      string `json:"name"`
	PublicKey string `json:"public_key"`
	Signature string `json:"signature"`
	Timestamp string `json:"timestamp"`
	Payload   []byte `json:"payload_base64"`
	Valid     bool   `json:"valid"`
}

func (c signedCase) callback() channels.Callback {
	header := http.Header{}
	header.Set("X-Twilio-Email-Event-Webhook-Signature", c.Signature)
	header.Set("X-Twilio-Email-Event-Webhook-Timestamp", c.Timestamp)
	return channels.Callback{Method: http.MethodPost, URL: "https://shop.example/hooks/email/sendgrid", Header: header, Body: c.Payload}
}

func signedCases(t *testing.T) []signedCase {
	var file struct {
		Cases []signedCase `json:"cases"`
	}
	vector(t, "event_webhook_signatures.json", &file)
	return file.Cases
}

func TestOnlyWhatSendGridSignedIsBelieved(t *testing.T) {
	for _, c := range signedCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			if err := listener(t, c.PublicKey).Verify(c.callback()); (err == nil) != c.Valid {
				t.Errorf("got %v, want valid %v", err, c.Valid)
			}
		})
	}
}

func TestEveryAlterationOfACallbackIsRefused(t *testing.T) {
	genuine := signedCases(t)[0]
	l := listener(t, genuine.PublicKey)
	for i := range genuine.Payload {
		altered := genuine
		altered.Payload = append([]byte(nil), genuine.Payload...)
		altered.Payload[i] ^= 1
		if l.Verify(altered.callback()) == nil {
			t.Fatalf("a body altered at byte %d passes", i)
		}
	}
	for _, altered := range []func(*signedCase){
		func(c *signedCase) { c.Timestamp += "0" },
		func(c *signedCase) { c.Signature = "" },
		func(c *signedCase) { c.Signature = "not base64" },
		func(c *signedCase) { c.Signature = "AAAA" },
		func(c *signedCase) { c.Timestamp, c.Payload = c.Timestamp+"[", c.Payload[1:] }, // the same bytes are signed
	} {
		c := genuine
		altered(&c)
		if l.Verify(c.callback()) == nil {
			t.Errorf("%+v passes", c)
		}
	}
}

// A header that is missing, or there twice, proves nothing.
func TestHeadersOfTheSignatureStandThereOnce(t *testing.T) {
	genuine := signedCases(t)[0]
	l := listener(t, genuine.PublicKey)
	for _, name := range []string{"X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"} {
		missing, twice, other := genuine.callback(), genuine.callback(), genuine.callback()
		missing.Header.Del(name)
		twice.Header.Add(name, twice.Header.Get(name))
		other.Header.Add(name, "1600112503")
		for what, c := range map[string]channels.Callback{"missing": missing, "there twice": twice, "there with another": other} {
			if err := l.Verify(c); !errors.Is(err, email.ErrSignature) {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
}

func TestWithoutAKeyNothingPasses(t *testing.T) {
	if err := listener(t).Verify(signedCases(t)[0].callback()); !errors.Is(err, email.ErrSignature) {
		t.Errorf("got %v", err)
	}
}

func TestBothKeysHoldDuringRotation(t *testing.T) {
	cases := signedCases(t)
	genuine, other := cases[0], cases[2].PublicKey
	for _, keys := range [][]string{{genuine.PublicKey, other}, {other, genuine.PublicKey}} {
		if err := listener(t, keys...).Verify(genuine.callback()); err != nil {
			t.Error(err)
		}
	}
}

var arrived = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

func reports(t *testing.T, body string) []channels.Report {
	t.Helper()
	got, err := listener(t).Reports(channels.Callback{Method: http.MethodPost, Body: []byte(body), ReceivedAt: arrived})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEveryTypeOfEventIsRead(t *testing.T) {
	var events []json.RawMessage
	vector(t, "event_webhook_all_types_sendgrid_nodejs.json", &events)
	body, _ := json.Marshal(events)
	want := []channels.Report{
		{Kind: channels.ReportSent, Key: "3VQNwQVlOAoGt_mNmMf7Uw=="},
		{Kind: channels.ReportDeferred, Key: "Ge2kc923E-UtbFcT6uJCtw=="},
		{Kind: channels.ReportDelivered, Key: "WexDVCfDCkJ22oAzZDiiYw=="},
		{Kind: channels.ReportOpened, Key: "mSJ9e9BP2yLTzvStpKhcgw=="},
		{Kind: channels.ReportClicked, Key: "WMOHWv9ZJxMG0-YhbdoTPA==", Link: "http://www.sendgrid.com/"},
		{Kind: channels.ReportBounced, Key: "wMeZZPhZvsPgUP23YyDFKA==", Reason: "hard", Suppress: true},
		{Kind: channels.ReportFailed, Key: "tIulrwSK8TW4_o1JC79pMg==", Reason: "hard", Suppress: true},
		{Kind: channels.ReportComplained, Key: "fRCOMWprw3XpGSyNSFjybw==", Reason: "complained", Suppress: true},
		{Kind: channels.ReportUnsubscribed, Key: "hZdan0mTcEueyH0RM-LT8w==", Reason: "opted_out", Suppress: true},
		{Kind: channels.ReportUnsubscribed, Key: "bleyaOwyAFHJnkQedbujGw=="},
		{Kind: channels.ReportResubscribed, Key: "nYfQZaZgb0ircWsDYc21Kw=="},
	}
	for i := range want {
		want[i].Channel = channels.Email
		want[i].ProviderID = "14c5d75ce93.dfd.64b469"
		want[i].At = time.Unix(1539462305, 0).UTC()
		want[i].From = "example@test.com"
	}
	if diff := cmp.Diff(want, reports(t, string(body))); diff != "" {
		t.Error(diff)
	}
}

func TestRecordedEventsOfOthersAreRead(t *testing.T) {
	var file struct {
		Cases []struct {
			Test    string          `json:"test"`
			Payload json.RawMessage `json:"payload"`
		} `json:"cases"`
	}
	vector(t, "event_webhook_anymail.json", &file)
	want := map[string]channels.Report{
		"SendGridDeliveryTestCase.test_processed_event":            {Kind: channels.ReportSent, ProviderID: "wrfRRvF7Q0GgwUo2CvDmEA"},
		"SendGridDeliveryTestCase.test_dropped_invalid_event":      {Kind: channels.ReportFailed, Reason: "invalid_address", Suppress: true},
		"SendGridDeliveryTestCase.test_dropped_unsubscribed_event": {Kind: channels.ReportFailed, Reason: "opted_out", Suppress: true},
		"SendGridDeliveryTestCase.test_deferred_event":             {Kind: channels.ReportDeferred, ProviderID: "u9Gvi3mzT6iC2poAb58_qQ"},
		"SendGridDeliveryTestCase.test_click_event":                {Kind: channels.ReportClicked, ProviderID: "_fjPjuJfRW-IPs5SuvYotg", Link: "http://www.example.com"},
	}
	for _, c := range file.Cases {
		got := reports(t, string(c.Payload))
		w := want[c.Test]
		if len(got) != 1 || got[0].Kind != w.Kind || got[0].Reason != w.Reason || got[0].ProviderID != w.ProviderID || got[0].Link != w.Link || got[0].Suppress != w.Suppress {
			t.Errorf("%s: got %+v", c.Test, got)
		}
	}
}

func TestEventsNameTheirDelivery(t *testing.T) {
	for body, want := range map[string]int64{
		`[{"event":"delivered","delivery":"812","attempt":"2"}]`: 812,
		`[{"event":"delivered","delivery":812}]`:                 812,
		`[{"event":"delivered","delivery":"x"}]`:                 0,
		`[{"event":"delivered","delivery":["812"]}]`:             0,
		`[{"event":"delivered","delivery":-3}]`:                  0,
		`[{"event":"delivered"}]`:                                0,
	} {
		got := reports(t, body)
		if len(got) != 1 || got[0].Delivery != want || !got[0].At.Equal(arrived) {
			t.Errorf("%s: got %+v", body, got)
		}
	}
}

func TestBouncesAreToldApart(t *testing.T) {
	for _, c := range []struct {
		event    string
		reason   string
		suppress bool
	}{
		{`{"event":"bounce","type":"bounce","status":"5.1.1"}`, "hard", true},
		{`{"event":"bounce","type":"bounce","status":"5.0.0"}`, "hard", true},
		{`{"event":"bounce","type":"bounce"}`, "hard", true},
		{`{"event":"bounce","type":"bounce","status":"5.2.1","bounce_classification":"Invalid Address"}`, "hard", true},
		{`{"event":"bounce","type":"bounce","status":"5.2.2"}`, "soft", false},
		{`{"event":"bounce","type":"bounce","status":"4.4.7"}`, "soft", false},
		{`{"event":"bounce","type":"bounce","status":"5.0.0","bounce_classification":"Mailbox Unavailable"}`, "soft", false},
		{`{"event":"bounce","type":"blocked","status":"5.1.1"}`, "blocked", false},
		{`{"event":"bounce","type":"blocked","status":"4.7.1"}`, "blocked", false},
		{`{"event":"bounce","type":"bounce","status":"5.7.1"}`, "blocked", false},
		{`{"event":"blocked"}`, "blocked", false},
		{`{"event":"bounce","type":"blocked","bounce_classification":"Invalid Address"}`, "hard", true},
		{`{"event":"bounce","type":"blocked","status":"5.1.1","reason":"550 5.1.1 user unknown","bounce_classification":"Invalid Address"}`, "hard", true},
		{`{"event":"bounce","type":"blocked","status":"4.4.1","reason":"unable to get mx info: failed to get IPs from PTR record","bounce_classification":"Invalid Address"}`, "blocked", false},
		{`{"event":"bounce","type":"bounce","reason":"554 your IP is on spamhaus","bounce_classification":"Invalid Address"}`, "blocked", false},
		{`{"event":"bounce","type":"bounce","status":"5.2.2","reason":"552 mailbox full","bounce_classification":"Invalid Address"}`, "soft", false},
	} {
		got := reports(t, "["+c.event+"]")
		if len(got) != 1 || got[0].Kind != channels.ReportBounced || got[0].Reason != c.reason || got[0].Suppress != c.suppress {
			t.Errorf("%s: got %+v", c.event, got)
		}
	}
}

func TestMachineOpensAreMarked(t *testing.T) {
	got := reports(t, `[{"event":"open","sg_machine_open":true},{"event":"open","sg_machine_open":false}]`)
	if len(got) != 2 || !got[0].Bot || got[1].Bot {
		t.Errorf("got %+v", got)
	}
}

func TestRepeatedEventsMeanTheSameUnderAnotherKey(t *testing.T) {
	got := reports(t, `[
		{"event":"delivered","delivery":"7","timestamp":1539462305,"email":"a@b.example","sg_event_id":"one"},
		{"event":"delivered","delivery":"7","timestamp":1539462305,"email":"a@b.example","sg_event_id":"two"}]`)
	if got[0].Key == got[1].Key || got[0].Meaning() != got[1].Meaning() {
		t.Errorf("got %+v", got)
	}
}

func TestStrangeEventsDoNotLoseTheOthers(t *testing.T) {
	got := reports(t, `[{"event":"account_status_change"},{"event":"delivered","category":["a"],"status":5,"email":"a@b.example"},{"event":7},{}]`+"\r\n")
	if len(got) != 1 || got[0].From != "a@b.example" {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsNoBatchIsAnError(t *testing.T) {
	for _, body := range []string{"", "{}", `{"event":"open"}`, "[1]", `["x"]`, "[{", "null x"} {
		got, err := listener(t).Reports(channels.Callback{Body: []byte(body)})
		if err == nil && len(got) > 0 {
			t.Errorf("%q: got %+v", body, got)
		}
	}
}

func FuzzReports(f *testing.F) {
	sender, err := email.SendGrid{APIKey: apiKey}.Open()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`[{"event":"bounce","timestamp":1.5e9,"delivery":"1","sg_message_id":".filter"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		defer bounds.Watch(t)()
		_, _ = sender.(channels.Listener).Reports(channels.Callback{Body: body})
	})
}
