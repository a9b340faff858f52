package sandbox

import (
	"net/http"
	"strings"
	"testing"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// beside places a call whose machine detection runs beside it.
func (h *house) beside(to string) *api.ApiV2010Call {
	h.t.Helper()
	params := &api.CreateCallParams{}
	params.SetTo(to).SetFrom("+4930555111").SetUrl(h.public.URL + "/hooks/call/twilio/script/scripttoken").
		SetMachineDetection("DetectMessageEnd").SetAsyncAmd("true").SetAsyncAmdStatusCallback(h.public.URL + "/hooks/call/twilio/status/statustoken")
	placed, err := h.twilio(testToken).CreateCall(params)
	if err != nil {
		h.t.Fatal(err)
	}
	return placed
}

func TestAMachineIsToldBesideTheCall(t *testing.T) {
	h := build(t, func(o *Options) { o.Behaviour = Behaviour{Call: CallBehaviour{Machine: 1}} })
	h.answer = func(w http.ResponseWriter, r *http.Request, v visitor) bool {
		switch {
		case v.form.Get("AnsweredBy") == "machine_end_beep" && v.form.Has("MachineDetectionDuration"):
			document := `<Response><Redirect>` + h.public.URL + `/hooks/call/twilio/script/left</Redirect></Response>`
			if _, err := h.twilio(testToken).UpdateCall(v.form.Get("CallSid"), (&api.UpdateCallParams{}).SetTwiml(document)); err != nil {
				t.Error(err)
			}
		case strings.HasSuffix(r.URL.Path, "/scripttoken"):
			_, _ = w.Write([]byte(`<Response><Redirect>` + h.public.URL + `/hooks/call/twilio/script/asked</Redirect></Response>`))
		case strings.HasSuffix(r.URL.Path, "/left"), strings.HasSuffix(r.URL.Path, "/asked"):
			_, _ = w.Write([]byte(`<Response><Hangup/></Response>`))
		default:
			return false
		}
		return true
	}
	placed := h.beside("+491511234567")
	h.playAll()
	if left, asked := len(h.visits("/hooks/call/twilio/script/left")), len(h.visits("/hooks/call/twilio/script/asked")); left != 1 || asked != 0 {
		t.Errorf("the other document was fetched %d times, the script went on %d times", left, asked)
	}
	if _, err := h.twilio(testToken).UpdateCall(*placed.Sid, (&api.UpdateCallParams{}).SetTwiml("<Response/>")); err == nil {
		t.Error("a call that is over goes on")
	}
}

func TestWhatIsRecordedCanBeHeardAndDeleted(t *testing.T) {
	h := build(t, func(o *Options) { o.Behaviour = Behaviour{Mood: Mood{Mean: 1}} })
	h.answer = func(w http.ResponseWriter, r *http.Request, _ visitor) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/scripttoken"):
			_, _ = w.Write([]byte(`<Response><Record action="said" recordingStatusCallback="told" transcribe="true" transcribeCallback="written"/></Response>`))
		case strings.HasSuffix(r.URL.Path, "/said"):
			_, _ = w.Write([]byte(`<Response><Hangup/></Response>`))
		default:
			return false
		}
		return true
	}
	h.call("+491511234567")
	h.playAll()
	told := h.visits("/hooks/call/twilio/script/told")
	if len(told) != 1 || told[0].form.Get("RecordingStatus") != "completed" {
		t.Fatalf("told %v", told)
	}
	if words := h.values("/hooks/call/twilio/script/written", "TranscriptionText"); len(words) != 1 || words[0] == "" {
		t.Errorf("written down: %q", words)
	}
	sid := told[0].form.Get("RecordingSid")
	if sound := hum(3e9); string(sound[:4]) != "RIFF" || len(sound) != 44+3*samplesPerSecond {
		t.Errorf("a hum of %d bytes", len(sound))
	}
	service := h.twilio(testToken)
	if err := service.DeleteRecording(sid, &api.DeleteRecordingParams{}); err != nil {
		t.Error(err)
	}
	if err := service.DeleteRecording(sid, &api.DeleteRecordingParams{}); err == nil {
		t.Error("it is deleted twice")
	}
}

func TestHowPeopleStopAndSpeak(t *testing.T) {
	for _, c := range []struct {
		call   CallBehaviour
		gather string
		want   string
	}{
		{CallBehaviour{Stop: 1}, `input="dtmf speech" numDigits="1"`, "Digits=9"},
		{CallBehaviour{Stop: 1}, `input="dtmf speech" numDigits="2"`, "Digits=*"},
		{CallBehaviour{Speak: 1}, `input="dtmf speech" numDigits="1" speechModel="numbers_and_commands" hints="eins,zwei,drei,vier,fünf" language="de-DE"`, "SpeechResult=fünf"},
		{CallBehaviour{Speak: 1}, `input="dtmf speech" numDigits="1" speechModel="numbers_and_commands"`, "Digits=5"},
		{CallBehaviour{Speak: 1}, `input="dtmf speech" numDigits="1" language="ar-AE"`, "Digits=5"},
	} {
		h := build(t, func(o *Options) { o.Behaviour = Behaviour{Mood: Mood{Mean: 1}, Call: c.call} })
		h.answer = func(w http.ResponseWriter, r *http.Request, _ visitor) bool {
			if strings.HasSuffix(r.URL.Path, "/scripttoken") {
				_, _ = w.Write([]byte(`<Response><Gather action="heard" ` + c.gather + `><Say>From 1 to 5?</Say></Gather></Response>`))
				return true
			}
			return false
		}
		h.call("+491511234567")
		h.playAll()
		for _, v := range h.visits("/hooks/call/twilio/script/heard") {
			field, value, _ := strings.Cut(c.want, "=")
			if v.form.Get(field) != value {
				t.Errorf("%s brings %v, want %s", c.gather, v.form, c.want)
			}
		}
	}
}
