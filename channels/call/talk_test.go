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

const (
	self   = "https://shop.example/hooks/call/twilio/script/abc"
	status = "https://shop.example/hooks/call/twilio/status/def"
)

// understood stands in for whoever knows languages (campaigns).
func understood(_ channels.CallQuestion, said string) channels.Spoken {
	return map[string]channels.Spoken{"four": {Key: "4"}, "one": {Key: "1"}, "do not call me again": {Stop: true}}[said]
}

func script() channels.CallScript {
	return channels.CallScript{
		Say: "Hello Ada, this is Müller & Sons.",
		Questions: []channels.CallQuestion{
			{ID: "csat", Say: "From one to five?", Expect: channels.ExpectDigits, Low: 1, High: 5, Reprompt: 2, Hints: []string{"one", "two"}},
			{ID: "again", Say: "Would you come back? One for yes, two for no.", Expect: channels.ExpectYesNo},
			{ID: "why", Say: "Why?", Expect: channels.ExpectSpeech, Reprompt: 1},
			{ID: "comment", Say: "Tell us more after the tone.", Expect: channels.ExpectRecord, Record: 30 * time.Second},
		},
		Bye:  "Thank you. Goodbye.",
		Stop: "Press nine to be left alone.", Stopped: "We will not call again.",
		Language: "en", Voice: "Polly.Joanna",
		Transfer: &channels.Transfer{Question: "csat", AtOrBelow: 2, To: "+493099", Say: "I am putting you through.", Sorry: "Nobody is there."},
	}
}

func talk(t *testing.T, s channels.CallScript, query string, fields url.Values) string {
	t.Helper()
	fields.Set("CallSid", "CA1")
	fields.Set("From", "+493012345678")
	account := settings("")
	account.Transcribe = true
	reply, err := open(t, account).(channels.Talker).Talk(channels.CallTurn{
		Script: s, Self: self, Status: status, Understand: understood,
		Callback: channels.Callback{Method: http.MethodPost, URL: self + query, Body: []byte(fields.Encode())},
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
	keys   = ` method="POST" numDigits="1"`
	heard  = ` speechModel="numbers_and_commands" speechTimeout="2" timeout="6">`
	askOne = `<Gather action="` + self + `?q=0&amp;try=0" hints="one,two" input="dtmf speech" language="en-US"` + keys + heard + `{stop}` + voice + `From one to five?</Say></Gather>` +
		`<Redirect method="POST">` + self + `?q=0&amp;try=0</Redirect>`
	askTwo = `<Gather action="` + self + `?q=1&amp;try=0" input="dtmf speech" language="en-US"` + keys + heard + voice + `Would you come back? One for yes, two for no.</Say></Gather>` +
		`<Redirect method="POST">` + self + `?q=1&amp;try=0</Redirect>`
	askThree = `<Gather action="` + self + `?q=2&amp;try=0" input="dtmf speech" language="en-US"` + keys + ` profanityFilter="false" speechTimeout="auto" timeout="6">` + voice + `Why?</Say></Gather>` +
		`<Redirect method="POST">` + self + `?q=2&amp;try=0</Redirect>`
	askFour = voice + `Tell us more after the tone.</Say>` +
		`<Record action="` + self + `?q=3&amp;try=0" finishOnKey="#*9" maxLength="30" method="POST" playBeep="true"` +
		` recordingStatusCallback="` + status + `?q=3" recordingStatusCallbackMethod="POST" transcribe="true" transcribeCallback="` + status + `?q=3"/>` +
		`<Redirect method="POST">` + self + `?q=3&amp;try=0</Redirect>`
	dial = voice + `I am putting you through.</Say><Dial action="` + self + `?dialled=1&amp;q=0" callerId="+493012345678" method="POST" timeLimit="3600" timeout="20">+493099</Dial>`
	stop = voice + `We will not call again.</Say><Hangup/>`
	bye  = voice + `Thank you. Goodbye.</Say><Hangup/>`
)

func TestACallFromHelloToGoodbye(t *testing.T) {
	once := strings.NewReplacer("{stop}", voice+"Press nine to be left alone.</Say>")
	again := strings.NewReplacer("try=0", "try=1", "{stop}", "")
	for _, c := range []struct {
		name, query string
		fields      url.Values
		want        string
	}{
		{"it greets and asks", "", url.Values{"CallStatus": {"in-progress"}}, voice + `Hello Ada, this is Müller &amp; Sons.</Say>` + once.Replace(askOne)},
		{"a person is asked", "", url.Values{"AnsweredBy": {"human"}}, voice + `Hello Ada, this is Müller &amp; Sons.</Say>` + once.Replace(askOne)},
		{"an answer leads on", "?q=0&try=0", url.Values{"Digits": {"3"}}, askTwo},
		{"a bad score is put through", "?q=0&try=0", url.Values{"Digits": {"2"}}, dial},
		{"said aloud too", "?q=0&try=0", url.Values{"SpeechResult": {"one"}}, dial},
		{"a person hung up", "?dialled=1&q=0", url.Values{"DialCallStatus": {"completed"}}, bye},
		{"nobody took the call", "?dialled=1&q=0", url.Values{"DialCallStatus": {"no-answer"}}, voice + `Nobody is there.</Say><Hangup/>`},
		{"an answer said aloud leads on", "?q=0&try=0", url.Values{"SpeechResult": {"four"}}, askTwo},
		{"words that say nothing are asked again", "?q=0&try=0", url.Values{"SpeechResult": {"hello?"}}, again.Replace(askOne)},
		{"a key out of range is asked again", "?q=0&try=0", url.Values{"Digits": {"7"}}, again.Replace(askOne)},
		{"nine stops", "?q=0&try=0", url.Values{"Digits": {"9"}}, stop},
		{"so does the star", "?q=1&try=0", url.Values{"Digits": {"*"}}, stop},
		{"so do words", "?q=2&try=0", url.Values{"SpeechResult": {"do not call me again"}}, stop},
		{"and nine in a recording", "?q=3&try=0", url.Values{"RecordingUrl": {"https://x"}, "Digits": {"9"}}, stop},
		{"silence is asked again", "?q=0&try=0", url.Values{}, again.Replace(askOne)},
		{"and once more", "?q=0&try=1", url.Values{}, strings.NewReplacer("try=0", "try=2", "{stop}", "").Replace(askOne)},
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
	s.Stopped = "Left alone."
	if got := talk(t, s, "?q=0&try=0", url.Values{"Digits": {"9"}}); strings.Contains(got, "Left alone.") {
		t.Errorf("a score of nine stops calls: %s", got)
	}
	if got := talk(t, s, "?q=0&try=0", url.Values{"Digits": {"*"}}); !strings.Contains(got, "Left alone.") {
		t.Errorf("the star does not: %s", got)
	}
}

func TestALanguageThatTwilioDoesNotHearIsAnsweredByKeys(t *testing.T) {
	for tag, want := range map[string]string{
		"de": `input="dtmf speech" language="de-DE"`, "de-AT": `input="dtmf speech" language="de-DE"`, "en-GB": `language="en-GB"`,
		"zh": `language="cmn-Hans-CN"`, "ga": `input="dtmf" method`,
	} {
		s := channels.CallScript{Language: tag, Questions: []channels.CallQuestion{{ID: "csat", Say: "?", Expect: channels.ExpectDigits, Low: 1, High: 5}}}
		if got := talk(t, s, "", url.Values{}); !strings.Contains(got, want) {
			t.Errorf("%s: %s", tag, got)
		}
	}
}

func TestATalkIsRecordedWhereTheScriptSaysSo(t *testing.T) {
	s := script()
	s.Transfer.Record, s.Transfer.Ring = true, 30*time.Second
	got := talk(t, s, "?q=0&try=0", url.Values{"Digits": {"1"}})
	want := `method="POST" record="record-from-answer-dual" recordingStatusCallback="` + status + `" recordingStatusCallbackMethod="POST" timeLimit="3600" timeout="30">`
	if !strings.Contains(got, want) {
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
	reply, err := open(t, settings("")).(channels.Talker).Talk(channels.CallTurn{Script: script(), Self: self + "?x=1", Callback: channels.Callback{Method: http.MethodPost, URL: self}})
	if err != nil || !strings.Contains(string(reply.Body), self+"?q=0&amp;try=0&amp;x=1") {
		t.Errorf("got %s, %v", reply.Body, err)
	}
	if _, err := open(t, settings("")).(channels.Talker).Talk(channels.CallTurn{Script: script(), Self: "/relative", Callback: channels.Callback{Method: http.MethodPost, URL: self}}); err == nil {
		t.Error("a relative URL is accepted")
	}
}

func TestHangUpSaysNothing(t *testing.T) {
	reply := open(t, settings("")).(channels.Talker).HangUp()
	if want := `<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>`; string(reply.Body) != want {
		t.Errorf("got %s", reply.Body)
	}
}
