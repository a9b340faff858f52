package call_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rapport/channels"
)

// allowed is what Twilio's pages on TwiML say of the verbs we use: their
// attributes and the values these may have
// (https://www.twilio.com/docs/voice/twiml).
var allowed = map[string]map[string]string{
	"Response": {},
	"Say":      {"voice": `.+`, "language": `[a-z]{2,3}(-[A-Za-z]+)+`, "loop": `\d+`},
	"Gather": {
		"action": `https://.+`, "method": `GET|POST`, "input": `dtmf|speech|dtmf speech`, "numDigits": `[1-9]\d*`, "timeout": `[1-9]\d*`,
		"speechTimeout": `auto|[1-9]\d*`, "speechModel": `default|numbers_and_commands|phone_call`, "language": `[a-z]{2,3}(-[A-Za-z]+)+`,
		"hints": `.+`, "profanityFilter": `true|false`, "finishOnKey": `[0-9*#]?`, "actionOnEmptyResult": `true|false`,
	},
	"Record": {
		"action": `https://.+`, "method": `GET|POST`, "maxLength": `[1-9]\d*`, "playBeep": `true|false`, "finishOnKey": `[0-9*#]+`,
		"recordingStatusCallback": `https://.+`, "recordingStatusCallbackMethod": `GET|POST`, "transcribe": `true|false`, "transcribeCallback": `https://.+`,
	},
	"Dial": {
		"action": `https://.+`, "method": `GET|POST`, "timeout": `[1-9]\d{0,2}`, "timeLimit": `[1-9]\d*`, "callerId": `\+\d+`,
		"record":                  `do-not-record|record-from-(answer|ringing)(-dual)?`,
		"recordingStatusCallback": `https://.+`, "recordingStatusCallbackMethod": `GET|POST`,
	},
	"Redirect": {"method": `GET|POST`},
	"Hangup":   {},
}

// documented fails for anything in a document that Twilio does not document.
func documented(t *testing.T, document string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		start, is := token.(xml.StartElement)
		if !is {
			continue
		}
		attributes, known := allowed[start.Name.Local]
		if !known {
			t.Errorf("there is no verb %s", start.Name.Local)
		}
		for _, a := range start.Attr {
			values, known := attributes[a.Name.Local]
			if !known || !regexp.MustCompile(`^(`+values+`)$`).MatchString(a.Value) {
				t.Errorf("%s has no %s=%q", start.Name.Local, a.Name.Local, a.Value)
			}
		}
		listens(t, start)
	}
}

// notNova2 are languages that calls hear and Deepgram's nova-2 does not know, or
// not by Twilio's tag.
var notNova2 = regexp.MustCompile(`^(af|ar|fa|he|is|nb|sr|cmn)-`)

// listens fails where a Gather's attributes do not go together: a model forbids
// "auto" (Twilio warning 13335) and has languages of its own (13331).
func listens(t *testing.T, gather xml.StartElement) {
	t.Helper()
	attributes := map[string]string{}
	for _, a := range gather.Attr {
		attributes[a.Name.Local] = a.Value
	}
	if attributes["speechModel"] == "" {
		return
	}
	if attributes["speechTimeout"] == "auto" {
		t.Errorf("the model %s does not go with speechTimeout auto", attributes["speechModel"])
	}
	if notNova2.MatchString(attributes["language"]) {
		t.Errorf("the model %s does not hear %s", attributes["speechModel"], attributes["language"])
	}
}

func TestEveryTurnIsWhatTwilioDocuments(t *testing.T) {
	s := script()
	s.Voicemail, s.Late, s.Transfer.Record = "We called.", "Too late.", true
	for _, tag := range []string{"en", "en-GB", "de", "zh", "ru", "ga-IE", "pt-PT", "af", "ar", "fa", "he", "is", "nb", "sr"} {
		s.Language = tag
		for _, query := range []string{"", "?q=0&try=0", "?q=1&try=0", "?q=2&try=1", "?q=3&try=0", "?q=9", "?dialled=1&q=0"} {
			for _, fields := range []url.Values{
				{},
				{"Digits": {"1"}},
				{"Digits": {"5"}},
				{"Digits": {"9"}},
				{"SpeechResult": {"four"}},
				{"SpeechResult": {"nothing"}},
				{"RecordingUrl": {"https://x"}},
				{"AnsweredBy": {"machine_end_beep"}},
				{"DialCallStatus": {"no-answer"}},
			} {
				documented(t, talk(t, s, query, fields))
			}
		}
	}
	documented(t, talk(t, s.Apology(), "", url.Values{}))
}

// operation is what Twilio's own description says of a request.
func operation(t *testing.T, path string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/vectors/openapi/twilio_v2010_messages_calls.json")
	if err != nil {
		t.Skip("Twilio's description is not here: ", err)
	}
	var api struct {
		Paths map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct{ Properties map[string]any }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &api); err != nil {
		t.Fatal(err)
	}
	known := api.Paths[path].Post.RequestBody.Content["application/x-www-form-urlencoded"].Schema.Properties
	if len(known) == 0 {
		t.Fatalf("the description does not have %s", path)
	}
	return known
}

func TestRequestsAreWhatTwilioDescribes(t *testing.T) {
	const calls = "/2010-04-01/Accounts/{AccountSid}/Calls"
	for path, send := range map[string]func(channels.Sender) error{
		calls + ".json": func(s channels.Sender) error {
			m := message("")
			m.Content.Call.Voicemail = "We called."
			_, err := s.Send(t.Context(), m)
			return err
		},
		calls + "/{Sid}.json": func(s channels.Sender) error {
			talker := s.(channels.Talker)
			return talker.Interrupt(t.Context(), "CA1", talker.HangUp())
		},
	} {
		known := operation(t, path)
		var got url.Values
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			want := strings.NewReplacer("{AccountSid}", "AC0123456789abcdef0123456789abcdef", "{Sid}", "CA1").Replace(path)
			if r.Method != http.MethodPost || r.URL.Path != want {
				t.Errorf("%s %s, want POST %s", r.Method, r.URL.Path, want)
			}
			_ = r.ParseForm()
			got = r.PostForm
			_, _ = w.Write([]byte(`{"sid":"CA1"}`))
		}))
		s := settings(service.URL)
		s.MachineDetection = true
		err := send(open(t, s))
		service.Close()
		if err != nil || len(got) == 0 {
			t.Fatal(path, err, got)
		}
		for name, values := range got {
			property, described := known[name].(map[string]any)
			if !described {
				t.Errorf("%s: Twilio knows no %s", path, name)
				continue
			}
			if enum, closed := property["enum"].([]any); closed && !slices.Contains(enum, any(values[0])) {
				t.Errorf("%s: %s is %q, none of %v", path, name, values[0], enum)
			}
		}
	}
}
