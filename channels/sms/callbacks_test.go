package sms_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/channels/sms"
	"rapport/channels/twilio"
	"rapport/trust/bounds"
)

var arrived = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

func listener(t *testing.T) channels.Listener {
	t.Helper()
	return open(t, settings("")).(channels.Listener)
}

func reports(t *testing.T, fields url.Values) []channels.Report {
	t.Helper()
	got, err := listener(t).Reports(channels.Callback{
		Method: http.MethodPost, URL: "https://shop.example/hooks/sms/twilio/status/abc", Body: []byte(fields.Encode()), ReceivedAt: arrived,
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRecordedCallbacksAreRead(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/vectors/twilio/callbacks.json")
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	var file struct {
		Cases []struct {
			Name, Method, Body string
			SignedFor          struct {
				AuthToken channels.Secret `json:"auth_token"`
				URL       string
				Signature string
			} `json:"signed_for"`
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	const sid, customer = "SM0123456789abcdef0123456789abcdef", "+12025550122"
	want := map[string][]channels.Report{
		"sms status delivered (messaging service)":         {{Kind: channels.ReportDelivered, ProviderID: sid, Key: sid + "/delivered"}},
		"sms status sent":                                  {{Kind: channels.ReportSent, ProviderID: sid, Key: sid + "/sent"}},
		"sms status failed 21610 (recipient replied STOP)": {{Kind: channels.ReportFailed, ProviderID: sid, Key: sid + "/failed", Reason: "opted_out", Suppress: true}},
		"inbound sms reply":                                {{Kind: channels.ReportReplied, Key: sid, Text: "STOP", To: "+12025550111", Answered: true}},
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			s := settings("")
			s.AuthToken = c.SignedFor.AuthToken
			l := open(t, s).(channels.Listener)
			cb := channels.Callback{
				Method: c.Method, URL: c.SignedFor.URL, Body: []byte(c.Body), ReceivedAt: arrived,
				Header: http.Header{"X-Twilio-Signature": {c.SignedFor.Signature}},
			}
			if err := l.Verify(cb); err != nil {
				t.Error(err)
			}
			got, err := l.Reports(cb)
			expected := want[c.Name]
			for i := range expected {
				expected[i].Channel, expected[i].At, expected[i].From = channels.SMS, arrived, customer
			}
			if diff := cmp.Diff(expected, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
			cb.Body = append(cb.Body, '0')
			if err := l.Verify(cb); !errors.Is(err, twilio.ErrSignature) {
				t.Errorf("altered: %v", err)
			}
		})
	}
}

func TestAStatusIsReportedAsWhatItMeans(t *testing.T) {
	for _, c := range []struct {
		status, code string
		want         channels.Report
	}{
		{"accepted", "", channels.Report{Kind: channels.ReportSent}},
		{"queued", "", channels.Report{Kind: channels.ReportSent}},
		{"sending", "", channels.Report{Kind: channels.ReportSent}},
		{"sent", "", channels.Report{Kind: channels.ReportSent}},
		{"delivered", "", channels.Report{Kind: channels.ReportDelivered}},
		{"read", "", channels.Report{Kind: channels.ReportOpened}},
		{"undelivered", "30003", channels.Report{Kind: channels.ReportFailed, Reason: "unreachable", Again: true}},
		{"undelivered", "30005", channels.Report{Kind: channels.ReportFailed, Reason: "invalid_address", Suppress: true}},
		{"undelivered", "30008", channels.Report{Kind: channels.ReportFailed, Reason: "30008"}},
		{"undelivered", "", channels.Report{Kind: channels.ReportFailed, Reason: "undelivered"}},
		{"failed", "30007", channels.Report{Kind: channels.ReportFailed, Reason: "filtered"}},
		{"canceled", "", channels.Report{Kind: channels.ReportFailed, Reason: "canceled"}},
	} {
		c.want.Channel, c.want.At, c.want.From = channels.SMS, arrived, "+49151"
		c.want.ProviderID, c.want.Key = "SM1", "SM1/"+c.status
		got := reports(t, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {c.status}, "ErrorCode": {c.code}, "To": {"+49151"}})
		if diff := cmp.Diff([]channels.Report{c.want}, got); diff != "" {
			t.Errorf("%s %s: %s", c.status, c.code, diff)
		}
	}
	if got := reports(t, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"whatever"}}); got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestTextsFromCustomers(t *testing.T) {
	replied, ours := channels.ReportReplied, "+493012345678"
	for _, c := range []struct {
		name, text, to, optOut string
		want                   channels.Report
	}{
		{"words", "5, thank you", ours, "", channels.Report{Kind: replied}},
		{"nothing", "", ours, "", channels.Report{Kind: replied}},
		{"a word Twilio answers", "stop ", ours, "", channels.Report{Kind: replied, Answered: true}}, // campaigns knows what it means
		{"a word Twilio does not know", "Stopp", ours, "", channels.Report{Kind: replied}},
		{"to a short code", "STOP", "12345", "", channels.Report{Kind: replied}},
		{"Twilio judged a stop", "leave me alone", ours, "STOP", channels.Report{Kind: channels.ReportUnsubscribed, Suppress: true, Reason: "opted_out", Answered: true}},
		{"Twilio judged a start", "yes", "12345", "START", channels.Report{Kind: channels.ReportResubscribed, Answered: true}},
		{"Twilio judged a call for help", "hilfe", ours, "HELP", channels.Report{Kind: replied, Answered: true}},
	} {
		c.want.Channel, c.want.At, c.want.Key, c.want.From, c.want.To, c.want.Text = channels.SMS, arrived, "SM1", "+49151", c.to, c.text
		got := reports(t, url.Values{
			"MessageSid": {"SM1"}, "SmsStatus": {"received"}, "From": {"+49151"}, "To": {c.to}, "Body": {c.text}, "OptOutType": {c.optOut},
		})
		if diff := cmp.Diff([]channels.Report{c.want}, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if got := reports(t, url.Values{"SmsStatus": {"received"}, "Body": {"x"}}); got != nil {
		t.Errorf("a text from nobody: %+v", got)
	}
}

func TestTwiliosOwnAnswersMayBeOff(t *testing.T) {
	s := settings("")
	s.OptOutsOff = true
	for optOut, want := range map[string]bool{"": false, "STOP": true} {
		fields := url.Values{"MessageSid": {"SM1"}, "From": {"+49151"}, "To": {"+493012345678"}, "Body": {"STOP"}, "OptOutType": {optOut}}
		got, err := open(t, s).(channels.Listener).Reports(channels.Callback{Method: http.MethodPost, URL: "https://shop.example/x", Body: []byte(fields.Encode())})
		if err != nil || got[0].Answered != want {
			t.Errorf("judged %q: answered %v, %v", optOut, got, err)
		}
	}
}

func TestPicturesComeWithTheirText(t *testing.T) {
	got := reports(t, url.Values{
		"MessageSid": {"MM1"}, "From": {"+49151"}, "To": {"+4930"}, "Body": {""}, "NumMedia": {"2"},
		"MediaUrl0": {"https://api.twilio.com/ME0"}, "MediaContentType0": {"image/jpeg"}, "MediaUrl1": {"https://api.twilio.com/ME1"},
	})
	want := []string{"https://api.twilio.com/ME0", "https://api.twilio.com/ME1"}
	if len(got) != 1 || cmp.Diff(want, got[0].Media) != "" {
		t.Errorf("got %+v", got)
	}
	for _, count := range []string{"", "x", "-1", "999999999"} {
		got := reports(t, url.Values{"MessageSid": {"MM1"}, "From": {"+49151"}, "Body": {"hi"}, "NumMedia": {count}})
		if len(got) != 1 || got[0].Media != nil {
			t.Errorf("%q files: %+v", count, got)
		}
	}
}

func FuzzReports(f *testing.F) {
	sender, err := sms.Twilio{Account: twilio.Account{AccountSID: "AC1", AuthToken: "x"}}.Open()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("https://shop.example/x?q=1", "MessageStatus=failed&ErrorCode=21610")
	f.Add("https://shop.example/x", "From=1&Body=%F0%9F%9B%91")
	f.Fuzz(func(t *testing.T, address, body string) {
		defer bounds.Watch(t)()
		_, _ = sender.(channels.Listener).Reports(channels.Callback{Method: http.MethodPost, URL: address, Body: []byte(body)})
	})
}
