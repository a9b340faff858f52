package call_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/channeltest"
	"rapport/channels/twilio"
)

const token = "0123456789very-secret"

func settings(baseURL string) call.Twilio {
	return call.Twilio{Account: twilio.Account{
		AccountSID: "AC0123456789abcdef0123456789abcdef", AuthToken: token, BaseURL: baseURL,
	}}
}

func open(t *testing.T, s call.Twilio) channels.Sender {
	t.Helper()
	sender, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func message(string) channels.Message {
	return channels.Message{
		Delivery: 812, Attempt: 1, To: "+4915112345678", From: "+493012345678",
		ScriptURL: "https://shop.example/hooks/call/twilio/script/script-of-ada",
		StatusURL: "https://shop.example/hooks/call/twilio/status/status-of-ada",
		Content:   channels.Content{Call: &channels.CallScript{Say: "Hello"}},
	}
}

func TestTwilio(t *testing.T) {
	channeltest.Suite{
		Open: func(t *testing.T, baseURL string, timeout time.Duration) channels.Sender {
			s := settings(baseURL)
			s.Timeout = timeout
			return open(t, s)
		},
		Message: message,
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"sid":"CA1","status":"queued"}`))
		},
		// A status without Twilio's code is a word of something in front of it.
		Evidence: map[int]channels.Evidence{400: channels.Ambiguous, 404: channels.Ambiguous, 410: channels.Ambiguous, 422: channels.Ambiguous},
		Receipt:  channels.Receipt{ProviderID: "CA1"},
		Secrets:  []string{token, "AC0123456789abcdef", "15112345678"},
		Refused: map[string]func(*channels.Message){
			"number with a line break": func(m *channels.Message) { m.To += "\r\n" },
			"number without a country": func(m *channels.Message) { m.To = "015112345678" },
			"caller with a line break": func(m *channels.Message) { m.From += "\n" },
			"no caller":                func(m *channels.Message) { m.From = "" },
			"no script URL":            func(m *channels.Message) { m.ScriptURL = "" },
			"script URL with a break":  func(m *channels.Message) { m.ScriptURL += "\r\n" },
			"status URL with a break":  func(m *channels.Message) { m.StatusURL += "\r\n" },
			"a language nobody speaks": func(m *channels.Message) { m.Content.Call = &channels.CallScript{Say: "سلام", Language: "fa"} },
			"not a call":               func(m *channels.Message) { m.Content = channels.Content{} },
		},
	}.Run(t)
}

func TestRequestCarriesTheWholeMessage(t *testing.T) {
	want := url.Values{
		"To": {"+4915112345678"}, "From": {"+493012345678"}, "Timeout": {"25"},
		"Url": {"https://shop.example/hooks/call/twilio/script/script-of-ada"}, "Method": {"POST"},
		"StatusCallback": {"https://shop.example/hooks/call/twilio/status/status-of-ada"}, "StatusCallbackMethod": {"POST"},
		"StatusCallbackEvent": {"initiated", "ringing", "answered", "completed"},
	}
	for _, c := range []struct {
		detect    bool
		voicemail string
		machine   string
	}{
		{false, "", ""},
		{false, "We called.", ""},
		{true, "", "Enable"},
		{true, "We called.", "DetectMessageEnd"},
	} {
		var got url.Values
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			got = r.PostForm
			_, _ = w.Write([]byte(`{"sid":"CA1"}`))
		}))
		s, m := settings(service.URL), message("")
		s.MachineDetection = c.detect
		m.Content.Call.Voicemail = c.voicemail
		_, err := open(t, s).Send(t.Context(), m)
		service.Close()
		for _, name := range []string{"MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod"} {
			want.Del(name)
		}
		if c.machine != "" {
			want.Set("MachineDetection", c.machine)
			want.Set("AsyncAmd", "true")
			want.Set("AsyncAmdStatusCallback", m.StatusURL)
			want.Set("AsyncAmdStatusCallbackMethod", "POST")
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%+v: %v %s", c, err, diff)
		}
	}
}

func TestFindAsksForTheNewestCalls(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("To") != "+4915112345678" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = w.Write([]byte(`{"calls":[
			{"sid":"CA2","direction":"outbound-dial","date_created":"Tue, 01 Dec 2026 10:00:09 +0000"},
			{"sid":"CA1","direction":"outbound-api","date_created":"Tue, 01 Dec 2026 10:00:01 +0000"},
			{"sid":"CA0","direction":"outbound-api","date_created":"Tue, 01 Dec 2026 08:00:01 +0000"}],"next_page_uri":null}`))
	}))
	defer service.Close()
	finder := open(t, settings(service.URL)).(channels.Finder)
	got, is, err := finder.Find(t.Context(), 812, "+4915112345678", time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC))
	if err != nil || !is || got.ProviderID != "CA1" {
		t.Errorf("got %+v, %v, %v", got, is, err)
	}
}

func TestSettingsAreReadStrictly(t *testing.T) {
	var got call.Twilio
	text := "account_sid: AC1\nauth_token: secret\nfrom: \"+493012345678\"\nmachine_detection: true\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &got, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if want := (call.Twilio{Account: twilio.Account{AccountSID: "AC1", AuthToken: "secret"}, From: "+493012345678", MachineDetection: true}); got != want {
		t.Errorf("got %#v", got)
	}
	got.From = "Shop"
	if _, err := got.Open(); err == nil {
		t.Error("a caller that is no number is accepted")
	}
}
