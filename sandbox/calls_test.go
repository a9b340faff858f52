package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"rapport/trust/bounds"
)

func (h *house) call(to string) *api.ApiV2010Call {
	h.t.Helper()
	params := &api.CreateCallParams{}
	params.SetTo(to).SetFrom("+4930555111").SetUrl(h.public.URL + "/hooks/call/twilio/script/scripttoken").
		SetStatusCallback(h.public.URL + "/hooks/call/twilio/status/statustoken").SetMachineDetection("Enable").SetTimeout(25).
		SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	placed, err := h.twilio(testToken).CreateCall(params)
	if err != nil {
		h.t.Fatal(err)
	}
	return placed
}

// script asks for a score, then for a comment, as our talker does.
func script(w http.ResponseWriter, r *http.Request, v visitor) bool {
	if !strings.HasPrefix(r.URL.Path, "/hooks/call/twilio/script/") {
		return false
	}
	next := func(q, try int) string { return fmt.Sprintf("%s?q=%d&amp;try=%d", r.URL.Path, q, try) }
	ask := func(try int) string {
		return `<Gather action="` + next(0, try) + `" input="dtmf" numDigits="1" timeout="6"><Say>From <emphasis>one</emphasis> to five?</Say></Gather><Redirect method="POST">` + next(0, try) + `</Redirect>`
	}
	var document string
	switch query := r.URL.Query(); {
	case strings.HasPrefix(v.form.Get("AnsweredBy"), "machine"):
		document = `<Hangup/>`
	case query.Get("q") == "":
		document = `<Say>Hello there</Say>` + ask(0)
	case query.Get("q") == "0" && v.form.Get("Digits") == "1":
		document = `<Say>One moment</Say><Dial>+493012345678</Dial>`
	case query.Get("q") == "0" && v.form.Get("Digits") != "":
		document = `<Say>And why?</Say><Record action="` + next(1, 0) + `" maxLength="30"/><Redirect>` + next(1, 0) + `</Redirect>`
	case query.Get("q") == "0" && query.Get("try") == "0":
		document = ask(1)
	default:
		document = `<Say>Goodbye</Say><Hangup/>`
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?><Response>` + document + `</Response>`))
	return true
}

func TestACallGoesByItsCustomersMood(t *testing.T) {
	cases := []struct {
		name     string
		mood     float64
		call     CallBehaviour
		statuses []string
		turns    []string // what each fetch of the script brought: path, keys, recording
	}{
		{"a happy person answers and says why", 1, CallBehaviour{}, []string{"initiated", "ringing", "in-progress", "completed"}, []string{"", "q=0 5", "q=1 recorded"}},
		{"an unhappy person is put through", 0, CallBehaviour{}, []string{"initiated", "ringing", "in-progress", "completed"}, []string{"", "q=0 1"}},
		{"a silent person is asked again", 1, CallBehaviour{Silence: 1}, []string{"initiated", "ringing", "in-progress", "completed"}, []string{"", "q=0", "q=0"}},
		{"somebody hangs up", 1, CallBehaviour{HangUp: 1}, []string{"initiated", "ringing", "in-progress", "completed"}, []string{""}},
		{"a wrong key", 1, CallBehaviour{Mistake: 1}, []string{"initiated", "ringing", "in-progress", "completed"}, []string{"", "q=0 6", "q=1 recorded"}},
		{"a machine", 1, CallBehaviour{Machine: 1}, []string{"initiated", "ringing", "in-progress", "completed"}, []string{"machine_start"}},
		{"busy", 1, CallBehaviour{Busy: 1}, []string{"initiated", "busy"}, nil},
		{"nobody", 1, CallBehaviour{NoAnswer: 1}, []string{"initiated", "ringing", "no-answer"}, nil},
		{"no such number", 1, CallBehaviour{Fail: 1}, []string{"initiated", "failed"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := build(t, func(o *Options) {
				c.call.Ringing = exactly(4 * time.Second)
				o.Behaviour = Behaviour{Mood: Mood{Mean: c.mood}, Call: c.call}
			})
			h.answer = script
			placed := h.call("+491511234567")
			h.playAll()
			wantList(t, "statuses", h.values("/hooks/call/twilio/status/statustoken", "CallStatus"), c.statuses...)
			var turns []string
			for _, v := range h.visits("/hooks/call/twilio/script/scripttoken") {
				_, query, _ := strings.Cut(v.path, "?")
				question, _, _ := strings.Cut(query, "&")
				turn := strings.TrimSpace(question + " " + v.form.Get("Digits"))
				if v.form.Has("RecordingUrl") {
					turn = question + " recorded"
				}
				if by := v.form.Get("AnsweredBy"); by != "human" {
					turn = by
				}
				turns = append(turns, turn)
				if v.form.Get("CallSid") != *placed.Sid || v.form.Get("CallStatus") != "in-progress" {
					t.Errorf("a turn brought %v", v.form)
				}
			}
			wantList(t, "turns", turns, c.turns...)
			one, err := h.twilio(testToken).FetchCall(*placed.Sid, nil)
			if err != nil {
				t.Fatal(err)
			}
			if last := c.statuses[len(c.statuses)-1]; *one.Status != last {
				t.Errorf("the call is %s, want %s", *one.Status, last)
			}
		})
	}
}

func TestWhatAGatherBrings(t *testing.T) {
	cases := []struct {
		name   string
		mood   float64
		call   CallBehaviour
		gather string
		want   []string // field=value of the fetches of /hooks/call/twilio/script/heard
	}{
		{"one for yes", 1, CallBehaviour{}, `numDigits="1"><Say>Press 1 for yes, 2 for no</Say>`, []string{"Digits=1"}},
		{"two for no", 0, CallBehaviour{}, `numDigits="1"><Say>Press 1 for yes, 2 for no</Say>`, []string{"Digits=2"}},
		{"words", 1, CallBehaviour{}, `input="speech"><Say>Why?</Say>`, []string{"SpeechResult=Everything was great, thank you!"}},
		{"silence", 1, CallBehaviour{Silence: 1}, `><Say>From 1 to 5?</Say>`, nil},
		{"silence that was asked for", 1, CallBehaviour{Silence: 1}, `actionOnEmptyResult="true"><Say>From 1 to 5?</Say>`, []string{"Digits="}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := build(t, func(o *Options) { o.Behaviour = Behaviour{Mood: Mood{Mean: c.mood}, Call: c.call} })
			h.answer = func(w http.ResponseWriter, r *http.Request, _ visitor) bool {
				if strings.HasSuffix(r.URL.Path, "/scripttoken") {
					_, _ = w.Write([]byte(`<Response><Gather action="heard" ` + c.gather + `</Gather></Response>`))
					return true
				}
				if strings.HasSuffix(r.URL.Path, "/heard") {
					_, _ = w.Write([]byte(`<Response/>`))
					return true
				}
				return false
			}
			h.call("+491511234567")
			h.playAll()
			var heard []string
			for _, v := range h.visits("/hooks/call/twilio/script/heard") {
				field := "Digits"
				if v.form.Has("SpeechResult") {
					field = "SpeechResult"
				}
				heard = append(heard, field+"="+v.form.Get(field))
			}
			wantList(t, "heard", heard, c.want...)
		})
	}
}

func TestACallTakesItsTime(t *testing.T) {
	h := build(t, func(o *Options) {
		o.Behaviour = Behaviour{Mood: Mood{Mean: 1}, Call: CallBehaviour{Ringing: exactly(4 * time.Second)}}
	})
	h.answer = script
	h.call("+491511234567")
	h.playAll()
	durations := h.values("/hooks/call/twilio/status/statustoken", "CallDuration")
	seconds := 0
	if _, err := fmt.Sscan(durations[len(durations)-1], &seconds); err != nil || seconds < 10 || seconds > 120 {
		t.Errorf("the call lasted %q seconds", durations[len(durations)-1])
	}
	if ended := start.Add(5*time.Second + time.Duration(seconds)*time.Second); h.clock.Now().Truncate(time.Second) != ended {
		t.Errorf("it ended at %s, want %s", h.clock.Now(), ended)
	}
}

func TestAScriptThatNeverEndsIsEnded(t *testing.T) {
	h := build(t, nil)
	h.answer = func(w http.ResponseWriter, r *http.Request, _ visitor) bool {
		if strings.HasPrefix(r.URL.Path, "/hooks/call/twilio/script/") {
			_, _ = w.Write([]byte(`<Response><Redirect/></Response>`))
			return true
		}
		return false
	}
	h.call("+491511234567")
	h.playAll()
	if n := len(h.visits("/hooks/call/twilio/script/")); n != maxTurns {
		t.Errorf("the script was fetched %d times, want %d", n, maxTurns)
	}
}

func TestTwiML(t *testing.T) {
	cases := []struct {
		document string
		sound    bool
	}{
		{`<Response/>`, true},
		{`<Response><Gather><Say>Press <say-as interpret-as="cardinal">1</say-as></Say></Gather></Response>`, true},
		{`<Response><Shout>Hello</Shout></Response>`, false},
		{`<Say>Hello</Say>`, false},
		{`<Response><Say>Hello`, false},
		{``, false},
	}
	for _, c := range cases {
		if _, err := readTwiML([]byte(c.document)); (err == nil) != c.sound || err != nil && !errors.Is(err, errTwiML) {
			t.Errorf("%q: %v", c.document, err)
		}
	}
}

func FuzzTwiML(f *testing.F) {
	f.Add([]byte(`<Response><Gather action="/x"><Say>Hi</Say></Gather><Redirect>/y</Redirect></Response>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		defer bounds.Watch(t)()
		if _, err := readTwiML(document); err != nil && !errors.Is(err, errTwiML) {
			t.Errorf("an error of another kind: %v", err)
		}
	})
}
