package sms_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/sms"
	"rapport/channels/twilio"
)

const token = "0123456789very-secret"

func settings(baseURL string) sms.Twilio {
	return sms.Twilio{Account: twilio.Account{
		AccountSID: "AC0123456789abcdef0123456789abcdef", AuthToken: token, BaseURL: baseURL,
	}}
}

func open(t *testing.T, s sms.Twilio) channels.Sender {
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
		StatusURL: "https://shop.example/hooks/sms/twilio/status/token-of-ada",
		Content:   channels.Content{SMS: &channels.SMSContent{Text: "Hello Ada & co"}},
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
			_, _ = w.Write([]byte(`{"sid":"SM1","num_segments":"2","status":"queued","to":"+4915112345678"}`))
		},
		// A status without Twilio's code is a word of something in front of it.
		Evidence: map[int]channels.Evidence{400: channels.Ambiguous, 404: channels.Ambiguous, 410: channels.Ambiguous, 422: channels.Ambiguous},
		Receipt:  channels.Receipt{ProviderID: "SM1", Segments: 2},
		Secrets:  []string{token, "AC0123456789abcdef", "15112345678", "Hello"},
		Refused: map[string]func(*channels.Message){
			"number with a line break":       func(m *channels.Message) { m.To += "\r\n" },
			"number without a country":       func(m *channels.Message) { m.To = "015112345678" },
			"number with a space":            func(m *channels.Message) { m.To = "+49 15112345678" },
			"sender with a line break":       func(m *channels.Message) { m.From = "Shop\nX" },
			"no sender":                      func(m *channels.Message) { m.From = "" },
			"status URL with a break":        func(m *channels.Message) { m.StatusURL += "\r\n" },
			"no text":                        func(m *channels.Message) { m.Content.SMS = &channels.SMSContent{} },
			"not a text":                     func(m *channels.Message) { m.Content = channels.Content{} },
			"a name where none is delivered": func(m *channels.Message) { m.From, m.Country = "Lindenhof", "US" },
			"too long a text": func(m *channels.Message) {
				m.Content.SMS = &channels.SMSContent{Text: strings.Repeat("ß", 1601)}
			},
		},
	}.Run(t)
}

func form(t *testing.T, s sms.Twilio, m channels.Message) url.Values {
	t.Helper()
	var got url.Values
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got = r.PostForm
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"sid":"SM1","num_segments":"0"}`))
	}))
	defer service.Close()
	s.BaseURL = service.URL
	if _, err := open(t, s).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRequestCarriesTheWholeMessage(t *testing.T) {
	want := url.Values{
		"To": {"+4915112345678"}, "From": {"+493012345678"}, "Body": {"Hello Ada & co"},
		"StatusCallback": {"https://shop.example/hooks/sms/twilio/status/token-of-ada"},
	}
	if diff := cmp.Diff(want, form(t, settings(""), message(""))); diff != "" {
		t.Error(diff)
	}
	for valid, want := range map[time.Duration]string{
		0: "", time.Millisecond: "1", 90*time.Second + 999*time.Millisecond: "90", 10*time.Hour - time.Second: "35999", 10 * time.Hour: "",
	} {
		m := message("")
		m.ValidFor = valid
		if got := form(t, settings(""), m).Get("ValidityPeriod"); got != want {
			t.Errorf("valid for %s: ValidityPeriod %q, want %q", valid, got, want)
		}
	}
	s, m := settings(""), message("")
	s.From, m.From = "SHOP", ""
	want.Set("From", "SHOP")
	if diff := cmp.Diff(want, form(t, s, m)); diff != "" {
		t.Error(diff)
	}
	const service = "MG0123456789abcdef0123456789abcdef"
	s.From, m.From = "", service
	want.Del("From")
	want.Set("MessagingServiceSid", service)
	if diff := cmp.Diff(want, form(t, s, m)); diff != "" {
		t.Error(diff)
	}
	s.MessagingServiceSID = service
	if diff := cmp.Diff(want, form(t, s, message(""))); diff != "" {
		t.Error(diff)
	}
}

func TestAnAnswerThatNamesNoMessageIsAmbiguous(t *testing.T) {
	for _, body := range []string{"", "null", "{}", "[]", `{"sid":""}`, `{"sid":4915112345678}`, `{"sid":"SM1"`, `{"sid":"SM1","error_code":4915112345678.5}`} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(body))
		}))
		_, err := open(t, settings(service.URL)).Send(t.Context(), message(""))
		service.Close()
		if channels.Classify(err) != channels.Ambiguous {
			t.Errorf("%q: got %v", body, err)
		}
		if err != nil && strings.Contains(err.Error(), "15112345678") {
			t.Errorf("%q: the error gives away a number: %v", body, err)
		}
	}
}

func TestAnOptOutAtTheProviderSuppresses(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"code":21610,"message":"Attempt to send to unsubscribed recipient +4915112345678","status":400}`))
	}))
	defer service.Close()
	_, err := open(t, settings(service.URL)).Send(t.Context(), message(""))
	if want := "send text of delivery 812: refused (opted_out): twilio answered 400: error 21610"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestFindAsksForTheNewestTexts(t *testing.T) {
	since := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	list := func(created ...time.Time) string {
		items := make([]string, len(created))
		for i, at := range created {
			items[i] = fmt.Sprintf(`{"sid":"SM%d","direction":"outbound-api","num_segments":"1","date_created":%q}`, i, at.Format(time.RFC1123Z))
		}
		return `{"messages":[` + strings.Join(items, ",") + `],"next_page_uri":null}`
	}
	for _, c := range []struct {
		name, body string
		status     int
		found      channels.Receipt
		fails      bool
	}{
		{"found", list(since.Add(time.Second), since.Add(-time.Hour)), 200, channels.Receipt{ProviderID: "SM0", Segments: 1}, false},
		{"not there", list(since.Add(-time.Hour)), 200, channels.Receipt{}, false},
		{"none at all", `{"messages":[]}`, 200, channels.Receipt{}, false},
		{"two that could be it", list(since.Add(time.Minute), since.Add(time.Second)), 200, channels.Receipt{}, true},
		{"a page that breaks off", strings.Replace(list(since.Add(time.Second)), "null", `"/next"`, 1), 200, channels.Receipt{}, true},
		{"not JSON", "<html>", 200, channels.Receipt{}, true},
		{"away", "{}", 503, channels.Receipt{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Query().Get("To") != "+4915112345678" {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer service.Close()
			finder := open(t, settings(service.URL)).(channels.Finder)
			got, is, err := finder.Find(t.Context(), 812, "+4915112345678", since)
			if got != c.found || is != (c.found.ProviderID != "") || (err != nil) != c.fails {
				t.Errorf("got %+v, %v, %v", got, is, err)
			}
			if err != nil && strings.Contains(err.Error(), "15112345678") {
				t.Errorf("the error gives away a number: %v", err)
			}
		})
	}
}

func TestSettingsAreReadStrictly(t *testing.T) {
	var got sms.Twilio
	text := "account_sid: AC1\nauth_token: secret\nmessaging_service_sid: MG1\nbase_url: http://127.0.0.1:1\ntimeout: 3s\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &got, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	want := sms.Twilio{
		Account:             twilio.Account{AccountSID: "AC1", AuthToken: "secret", BaseURL: "http://127.0.0.1:1", Timeout: 3 * time.Second},
		MessagingServiceSID: "MG1",
	}
	if got != want {
		t.Errorf("got %#v", got)
	}
	if err := yaml.UnmarshalWithOptions([]byte("acount_sid: AC1"), &got, yaml.Strict()); err == nil {
		t.Error("an unknown key is read")
	}
}
