package call_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rapport/channels"
)

const self = "https://shop.example/hooks/twilio/voice/abc"

func script() channels.CallScript {
	return channels.CallScript{
		Say: "Hello Ada, this is Müller & Sons.",
		Questions: []channels.CallQuestion{
			{ID: "csat", Say: "From one to five?", Expect: channels.ExpectDigits, Low: 1, High: 5, Reprompt: 2},
			{ID: "again", Say: "Would you come back? One for yes, two for no.", Expect: channels.ExpectYesNo},
			{ID: "why", Say: "Why?", Expect: channels.ExpectSpeech, Reprompt: 1},
			{ID: "comment", Say: "Tell us more after the tone.", Expect: channels.ExpectRecord, Record: 30 * time.Second},
		},
		Bye:      "Thank you. Goodbye.",
		Language: "en", Voice: "Polly.Joanna",
		Transfer: &channels.Transfer{Question: "csat", AtOrBelow: 2, To: "+493099", Say: "I am putting you through."},
	}
}

func talk(t *testing.T, s channels.CallScript, query string, fields url.Values) string {
	t.Helper()
	fields.Set("CallSid", "CA1")
	fields.Set("From", "+493012345678")
	reply, err := open(t, settings("")).(channels.Talker).Talk(s, self, channels.Callback{
		Method: http.MethodPost, URL: self + query, Body: []byte(fields.Encode()),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(reply.ContentType, "text/xml") {
		t.Errorf("content type %s", reply.ContentType)
	}
	wellFormed(t, reply.Body)
	return strings.TrimPrefix(string(reply.Body), `<?xml version="1.0" encoding="UTF-8"?>`)
}

func wellFormed(t *testing.T, document []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(document)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, document)
		}
	}
}

const (
	voice  = `<Say language="en-US" voice="Polly.Joanna">`
	askOne = `<Gather action="` + self + `?q=0&amp;try=0" input="dtmf" method="POST" numDigits="1" timeout="6">` + voice + `From one to five?</Say></Gather>` +
		`<Redirect method="POST">` + self + `?q=0&amp;try=0</Redirect>`
	askTwo = `<Gather action="` + self + `?q=1&amp;try=0" input="dtmf" method="POST" numDigits="1" timeout="6">` + voice + `Would you come back? One for yes, two for no.</Say></Gather>` +
		`<Redirect method="POST">` + self + `?q=1&amp;try=0</Redirect>`
	askThree = `<Gather action="` + self + `?q=2&amp;try=0" input="speech" language="en-US" method="POST" speechTimeout="auto" timeout="6">` + voice + `Why?</Say></Gather>` +
		`<Redirect method="POST">` + self + `?q=2&amp;try=0</Redirect>`
	askFour = voice + `Tell us more after the tone.</Say>` +
		`<Record action="` + self + `?q=3&amp;try=0" finishOnKey="#" maxLength="30" method="POST" playBeep="true"/>` +
		`<Redirect method="POST">` + self + `?q=3&amp;try=0</Redirect>`
	bye = voice + `Thank you. Goodbye.</Say><Hangup/>`
)

func TestACallFromHelloToGoodbye(t *testing.T) {
	again := strings.NewReplacer("try=0", "try=1")
	for _, c := range []struct {
		name, query string
		fields      url.Values
		want        string
	}{
		{"it greets and asks", "", url.Values{"CallStatus": {"in-progress"}}, voice + `Hello Ada, this is Müller &amp; Sons.</Say>` + askOne},
		{"a person is asked", "", url.Values{"AnsweredBy": {"human"}}, voice + `Hello Ada, this is Müller &amp; Sons.</Say>` + askOne},
		{"an answer leads on", "?q=0&try=0", url.Values{"Digits": {"3"}}, askTwo},
		{"a bad score is put through", "?q=0&try=0", url.Values{"Digits": {"2"}}, voice + `I am putting you through.</Say><Dial callerId="+493012345678">+493099</Dial>`},
		{"a key out of range is asked again", "?q=0&try=0", url.Values{"Digits": {"9"}}, again.Replace(askOne)},
		{"silence is asked again", "?q=0&try=0", url.Values{}, again.Replace(askOne)},
		{"and once more", "?q=0&try=1", url.Values{}, strings.ReplaceAll(askOne, "try=0", "try=2")},
		{"but not for ever", "?q=0&try=2", url.Values{}, askTwo},
		{"no reprompt, no second question", "?q=1&try=0", url.Values{"Digits": {"7"}}, askThree},
		{"only the named question puts through", "?q=1&try=0", url.Values{"Digits": {"1"}}, askThree},
		{"words answer a spoken question", "?q=2&try=0", url.Values{"SpeechResult": {"because"}}, askFour},
		{"keys do not", "?q=2&try=0", url.Values{"Digits": {"1"}}, again.Replace(askThree)},
		{"a recording ends it", "?q=3&try=0", url.Values{"RecordingUrl": {"https://x"}, "Digits": {"#"}}, bye},
		{"so does none", "?q=3&try=0", url.Values{}, bye},
		{"a question nobody has", "?q=4&try=0", url.Values{"Digits": {"1"}}, bye},
		{"a question that is no number", "?q=x", url.Values{"Digits": {"1"}}, bye},
		{"a negative question", "?q=-1", url.Values{"Digits": {"1"}}, bye},
		{"a machine hears nothing", "", url.Values{"AnsweredBy": {"machine_start"}}, `<Hangup/>`},
		{"nor does a fax", "", url.Values{"AnsweredBy": {"fax"}}, `<Hangup/>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := talk(t, script(), c.query, c.fields); got != "<Response>"+c.want+"</Response>" {
				t.Errorf("got  %s\nwant <Response>%s</Response>", got, c.want)
			}
		})
	}
}

func TestWordsAreLeftOnAMachine(t *testing.T) {
	s := script()
	s.Voicemail = "We tried to reach you."
	want := `<Response>` + voice + `We tried to reach you.</Say><Hangup/></Response>`
	if got := talk(t, s, "", url.Values{"AnsweredBy": {"machine_end_beep"}}); got != want {
		t.Errorf("got %s", got)
	}
}

func TestACallWithoutQuestionsSpeaksAndEnds(t *testing.T) {
	got := talk(t, channels.CallScript{Say: "Your order is here.", Language: "de-AT"}, "", url.Values{})
	if want := `<Response><Say language="de-AT">Your order is here.</Say><Hangup/></Response>`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestTheSameTurnIsAlwaysTheSameDocument(t *testing.T) {
	first := talk(t, script(), "", url.Values{})
	for range 50 {
		if got := talk(t, script(), "", url.Values{}); got != first {
			t.Fatalf("got %s, then %s", first, got)
		}
	}
}

func TestAQuestionUpToTenTakesTwoKeys(t *testing.T) {
	s := channels.CallScript{Questions: []channels.CallQuestion{{ID: "nps", Say: "?", Expect: channels.ExpectDigits, High: 10}}}
	if got := talk(t, s, "", url.Values{}); !strings.Contains(got, `numDigits="2"`) {
		t.Errorf("got %s", got)
	}
}

func TestWordsCannotBecomeInstructions(t *testing.T) {
	s := channels.CallScript{Say: "</Say><Dial>+1900</Dial><Say>\x00\x1f"}
	if got := talk(t, s, "", url.Values{}); strings.Contains(got, "<Dial>") {
		t.Errorf("got %s", got)
	}
}

func TestTheScriptsOwnQueryStays(t *testing.T) {
	reply, err := open(t, settings("")).(channels.Talker).Talk(script(), self+"?x=1", channels.Callback{Method: http.MethodPost, URL: self})
	if err != nil || !strings.Contains(string(reply.Body), self+"?q=0&amp;try=0&amp;x=1") {
		t.Errorf("got %s, %v", reply.Body, err)
	}
	if _, err := open(t, settings("")).(channels.Talker).Talk(script(), "/relative", channels.Callback{Method: http.MethodPost, URL: self}); err == nil {
		t.Error("a relative URL is accepted")
	}
}

func TestHangUpSaysNothing(t *testing.T) {
	reply := open(t, settings("")).(channels.Talker).HangUp()
	if want := `<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>`; string(reply.Body) != want {
		t.Errorf("got %s", reply.Body)
	}
}
