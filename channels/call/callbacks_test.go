package call_test

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
	"rapport/channels/call"
	"rapport/channels/twilio"
	"rapport/trust/bounds"
)

var arrived = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

func reports(t *testing.T, address string, fields url.Values) []channels.Report {
	t.Helper()
	got, err := open(t, settings("")).(channels.Listener).Reports(channels.Callback{
		Method: http.MethodPost, URL: address, Body: []byte(fields.Encode()), ReceivedAt: arrived,
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
	const sid, recording, customer = "CA0123456789abcdef0123456789abcdef", "RE0123456789abcdef0123456789abcdef", "+12025550122"
	then := time.Date(2018, 11, 2, 10, 52, 20, 0, time.UTC)
	machine := channels.Report{Kind: channels.ReportFailed, Key: sid + "/machine", Reason: "machine", Again: true, At: arrived}
	want := map[string][]channels.Report{
		"call status initiated":   {{Kind: channels.ReportSent, Key: sid + "/initiated", From: customer, At: then}},
		"call status in-progress": {{Kind: channels.ReportSent, Key: sid + "/in-progress", From: customer, At: then}},
		"call status completed": {{
			Kind: channels.ReportDelivered, Key: sid + "/completed", From: customer, Duration: 9 * time.Second, At: then.Add(9 * time.Second),
		}},
		"call status no-answer": {{Kind: channels.ReportFailed, Key: sid + "/no-answer", From: customer, Reason: "no_answer", Again: true, At: then}},
		"call status canceled":  {{Kind: channels.ReportFailed, Key: sid + "/canceled", From: customer, Reason: "canceled", At: then}},
		"gather speech": {
			{Kind: channels.ReportAnswered, Key: sid + "/q/", From: customer, Answer: "Yes, four", Text: "Yes, four", At: arrived},
			{Kind: channels.ReportSent, Key: sid + "/in-progress", From: customer, At: arrived},
		},
		"async AMD machine_start":       {machine},
		"async AMD machine_end_silence": {machine},
		"async AMD fax":                 {{Kind: channels.ReportFailed, Key: sid + "/fax", Reason: "fax", At: arrived}},
		"recording completed (StartCallRecordingAPI, dual)": {{
			Kind: channels.ReportRecorded, Key: sid + "/" + recording, Recording: recording, Duration: 11 * time.Second,
			At: time.Date(2022, 4, 20, 23, 45, 25, 0, time.UTC),
		}},
		"sms status delivered (messaging service)":         nil,
		"sms status failed 21610 (recipient replied STOP)": nil,
		"inbound sms reply":                                nil,
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
				expected[i].Channel, expected[i].ProviderID = channels.Call, sid
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

func TestAnswers(t *testing.T) {
	const turn = "https://shop.example/hooks/call/twilio/script/abc?q=1&try=2"
	answer := channels.Report{Kind: channels.ReportAnswered, Question: "1", Key: "CA1/q1/2", From: "+49151", Channel: channels.Call, ProviderID: "CA1", At: arrived}
	with := func(change func(*channels.Report)) []channels.Report {
		r := answer
		change(&r)
		return []channels.Report{r}
	}
	for _, c := range []struct {
		name   string
		fields url.Values
		want   []channels.Report
	}{
		{"keys", url.Values{"Digits": {"4"}}, with(func(r *channels.Report) { r.Answer = "4" })},
		{"speech", url.Values{"SpeechResult": {"very good"}}, with(func(r *channels.Report) { r.Answer, r.Text = "very good", "very good" })},
		{"recording", url.Values{"RecordingUrl": {"https://api.twilio.com/RE1"}, "RecordingSid": {"RE1"}, "Digits": {"#"}, "RecordingDuration": {"4"}}, with(func(r *channels.Report) { r.Recording, r.Duration = "RE1", 4*time.Second })},
		{"hung up while recording", url.Values{"RecordingUrl": {"https://evil.example/RE1"}, "RecordingSid": {"RE1"}, "Digits": {"hangup"}, "CallStatus": {"completed"}}, with(func(r *channels.Report) { r.Recording = "RE1" })},
		{"nine ends the recording", url.Values{"RecordingUrl": {"https://api.twilio.com/RE1"}, "RecordingSid": {"RE1"}, "Digits": {"9"}}, with(func(r *channels.Report) { r.Recording, r.Answer = "RE1", "9" })},
		{"a recording that is ready", url.Values{"RecordingStatus": {"completed"}, "RecordingSid": {"RE1"}, "RecordingUrl": {"https://x"}, "RecordingDuration": {"7"}, "RecordingStartTime": {"Tue, 01 Dec 2026 09:59:00 +0000"}}, with(func(r *channels.Report) {
			r.Kind, r.Recording, r.Duration, r.Key, r.At = channels.ReportRecorded, "RE1", 7*time.Second, "CA1/RE1", arrived.Add(-time.Minute)
		})},
		{"a recording of nothing", url.Values{"RecordingStatus": {"absent"}, "RecordingSid": {"RE1"}}, nil},
		{"a transcript", url.Values{"TranscriptionStatus": {"completed"}, "TranscriptionSid": {"TR1"}, "TranscriptionText": {" It was late. "}, "RecordingSid": {"RE1"}, "RecordingUrl": {"https://x"}, "CallStatus": {"completed"}}, with(func(r *channels.Report) {
			r.Text, r.Key = "It was late.", "CA1/TR1"
		})},
		{"a transcript that failed", url.Values{"TranscriptionStatus": {"failed"}, "TranscriptionSid": {"TR1"}}, nil},
		{"silence", url.Values{"Digits": {""}}, nil},
		{"nothing", url.Values{}, nil},
		{"a machine that presses keys", url.Values{"AnsweredBy": {"machine_start"}, "Digits": {"4"}}, []channels.Report{
			{Kind: channels.ReportFailed, Reason: "machine", Again: true, Key: "CA1/machine", From: "+49151", Channel: channels.Call, ProviderID: "CA1", At: arrived},
		}},
		{"a person", url.Values{"AnsweredBy": {"human"}, "Digits": {"4"}}, with(func(r *channels.Report) { r.Answer = "4" })},
	} {
		c.fields.Set("CallSid", "CA1")
		c.fields.Set("To", "+49151")
		if diff := cmp.Diff(c.want, reports(t, turn, c.fields)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestEndsOfCalls(t *testing.T) {
	for _, c := range []struct {
		fields url.Values
		kind   channels.ReportKind
		reason string
		again  bool
	}{
		{url.Values{"CallStatus": {"busy"}}, channels.ReportFailed, "busy", true},
		{url.Values{"CallStatus": {"no-answer"}}, channels.ReportFailed, "no_answer", true},
		{url.Values{"CallStatus": {"failed"}}, channels.ReportFailed, "failed", false},
		{url.Values{"CallStatus": {"failed"}, "ErrorCode": {"0"}}, channels.ReportFailed, "failed", false},
		{url.Values{"CallStatus": {"failed"}, "ErrorCode": {"21214"}}, channels.ReportFailed, "invalid_address", false},
		{url.Values{"CallStatus": {"completed"}}, channels.ReportDelivered, "", false},
		{url.Values{"CallStatus": {"completed"}, "AnsweredBy": {"human"}}, channels.ReportDelivered, "", false},
		{url.Values{"CallStatus": {"completed"}, "AnsweredBy": {"machine_end_beep"}}, channels.ReportFailed, "machine", true},
	} {
		c.fields.Set("CallSid", "CA1")
		got := reports(t, "https://shop.example/hooks/call/twilio/status/abc", c.fields)
		if len(got) != 1 || got[0].Kind != c.kind || got[0].Reason != c.reason || got[0].Again != c.again {
			t.Errorf("%v: got %+v", c.fields, got)
		}
	}
}

func TestWhatBecameOfPuttingThrough(t *testing.T) {
	for _, c := range []struct {
		fields url.Values
		want   channels.Report
	}{
		{url.Values{"DialCallStatus": {"completed"}, "DialCallDuration": {"200"}}, channels.Report{Duration: 200 * time.Second}},
		{url.Values{"DialCallStatus": {"no-answer"}}, channels.Report{Reason: "no_answer"}},
		{url.Values{"DialCallStatus": {"busy"}, "CallStatus": {"completed"}}, channels.Report{Reason: "busy"}},
	} {
		c.fields.Set("CallSid", "CA1")
		got := reports(t, "https://shop.example/hooks/call/twilio/script/abc?dialled=1&q=0", c.fields)
		c.want.Channel, c.want.Kind, c.want.ProviderID, c.want.Key = channels.Call, channels.ReportTransferred, "CA1", "CA1/dialled"
		c.want.Question, c.want.At = "0", arrived
		if diff := cmp.Diff([]channels.Report{c.want}, got); diff != "" {
			t.Errorf("%v: %s", c.fields, diff)
		}
	}
}

// TestAMachineIsReportedOnce: the script's fetch and the final status both say
// that a machine answered.
func TestAMachineIsReportedOnce(t *testing.T) {
	fetch := reports(t, "https://shop.example/hooks/call/twilio/script/abc", url.Values{"CallSid": {"CA1"}, "CallStatus": {"in-progress"}, "AnsweredBy": {"machine_start"}})
	status := reports(t, "https://shop.example/hooks/call/twilio/status/abc", url.Values{"CallSid": {"CA1"}, "CallStatus": {"completed"}, "AnsweredBy": {"machine_start"}})
	if len(fetch) != 1 || len(status) != 1 || fetch[0].Key != status[0].Key {
		t.Errorf("got %+v and %+v", fetch, status)
	}
}

func FuzzReports(f *testing.F) {
	sender, err := call.Twilio{Account: twilio.Account{AccountSID: "AC1", AuthToken: "x"}}.Open()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("https://shop.example/x?q=1&try=99999999999", "CallSid=CA1&CallStatus=completed&CallDuration=-1&Digits=5")
	f.Fuzz(func(t *testing.T, address, body string) {
		defer bounds.Watch(t)()
		c := channels.Callback{Method: http.MethodPost, URL: address, Body: []byte(body)}
		_, _ = sender.(channels.Listener).Reports(c)
		script := channels.CallScript{Questions: []channels.CallQuestion{{Expect: channels.ExpectDigits, High: 9, Reprompt: 1}}}
		_, _ = sender.(channels.Talker).Talk(channels.CallTurn{Script: script, Self: "https://shop.example/x", Callback: c})
	})
}
