package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// record takes what the person says after the tone, or the machine's tape.
func (t *conversation) record(ctx context.Context, v verb) {
	c := t.call.chance.nth(t.turns)
	if !t.machine && c.happens("hang up", t.call.person.behaviour.Call.HangUp) {
		t.over = true
		return
	}
	if t.machine || c.happens("silence", t.call.person.behaviour.Call.Silence) {
		t.length += seconds(v.attr["timeout"], 5)
		return
	}
	spoken := min(time.Duration(4+c.pick("spoken", 20))*time.Second, seconds(v.attr["maxLength"], 3600))
	tape := t.tape(c, spoken, "RecordVerb")
	t.length += spoken
	t.tellOfTape(ctx, v, tape)
	if v.attr["transcribe"] == "true" {
		t.tellWords(ctx, v, tape, t.call.person.comment(c))
	}
	t.fetch(ctx, method(v.attr["method"]), t.resolve(v.attr["action"]), url.Values{
		"RecordingSid": tape["RecordingSid"], "RecordingUrl": tape["RecordingUrl"], "RecordingDuration": tape["RecordingDuration"], "Digits": {"hangup"},
	})
	t.over = true
}

// dial puts the person through to somebody, who may not pick up.
func (t *conversation) dial(ctx context.Context, v verb) {
	heard := url.Values{"DialCallSid": {"CA" + t.sandbox.sid(t.call.chance, "dial")}}
	if t.call.chance.happens("nobody", t.call.person.behaviour.Call.Nobody) {
		t.length += seconds(v.attr["timeout"], 30)
		heard.Set("DialCallStatus", "no-answer")
	} else {
		talked := time.Duration(60+t.call.chance.pick("dial", 240)) * time.Second
		if strings.HasPrefix(v.attr["record"], "record-from-answer") {
			tape := t.tape(t.call.chance, talked, "DialVerb")
			t.tellOfTape(ctx, v, tape)
			heard.Set("RecordingUrl", tape.Get("RecordingUrl"))
		}
		t.length += talked
		heard.Set("DialCallStatus", "completed")
		heard.Set("DialCallDuration", strconv.Itoa(int(talked.Seconds())))
	}
	if v.attr["action"] == "" {
		return
	}
	t.fetch(ctx, method(v.attr["method"]), t.resolve(v.attr["action"]), heard)
	t.over = true
}

// tape makes a recording and gives what Twilio says of it.
func (t *conversation) tape(c chance, lasts time.Duration, source string) url.Values {
	sid := "RE" + t.sandbox.sid(c, "recording")
	t.sandbox.tapes.Store(sid, lasts)
	base := t.sandbox.options.SelfURL
	if base == "" {
		base = "https://api.twilio.com"
	}
	account := t.sandbox.options.Twilio.AccountSID
	return url.Values{
		"AccountSid": {account}, "CallSid": {t.call.sid}, "RecordingSid": {sid}, "RecordingSource": {source}, "RecordingChannels": {"1"},
		"RecordingUrl":       {base + "/2010-04-01/Accounts/" + account + "/Recordings/" + sid},
		"RecordingDuration":  {strconv.Itoa(int(lasts.Seconds()))},
		"RecordingStartTime": {t.began.Add(t.length).UTC().Format(time.RFC1123Z)},
	}
}

// tellOfTape lets Twilio say, when the call is over, that a recording is ready.
func (t *conversation) tellOfTape(ctx context.Context, v verb, tape url.Values) {
	target := v.attr["recordingStatusCallback"]
	if target == "" {
		return
	}
	form := url.Values{"RecordingStatus": {"completed"}}
	for name, values := range tape {
		form[name] = values
	}
	target = t.resolve(target)
	t.later = append(t.later, func() {
		t.sandbox.callBack(ctx, method(v.attr["recordingStatusCallbackMethod"]), target, form)
	})
}

// tellWords lets Twilio say what was said on a recording.
func (t *conversation) tellWords(ctx context.Context, v verb, tape url.Values, words string) {
	target := t.resolve(v.attr["transcribeCallback"])
	form := t.sandbox.callForm(t.call, "completed")
	for name, value := range map[string]string{
		"RecordingSid": tape.Get("RecordingSid"), "RecordingUrl": tape.Get("RecordingUrl"),
		"TranscriptionSid":  "TR" + t.sandbox.sid(t.call.chance.nth(t.turns), "transcript"),
		"TranscriptionText": words, "TranscriptionStatus": "completed",
	} {
		form.Set(name, value)
	}
	t.later = append(t.later, func() { t.sandbox.callBack(ctx, http.MethodPost, target, form) })
}

// playRecording is GET Recordings/{sid}.wav.
func (s *Sandbox) playRecording(w http.ResponseWriter, r *http.Request, _ url.Values) {
	sid, is := strings.CutSuffix(r.PathValue("file"), ".wav")
	lasts, known := s.tapes.Load(sid)
	if !is || !known {
		twilioRefusal(http.StatusNotFound, 20404, "The requested resource was not found").write(w)
		return
	}
	answer{status: http.StatusOK, body: hum(lasts.(time.Duration))}.with("Content-Type", "audio/x-wav").write(w)
}

// dropRecording is DELETE Recordings/{sid}.json.
func (s *Sandbox) dropRecording(w http.ResponseWriter, r *http.Request, _ url.Values) {
	if _, known := s.tapes.LoadAndDelete(strings.TrimSuffix(r.PathValue("file"), ".json")); !known {
		twilioRefusal(http.StatusNotFound, 20404, "The requested resource was not found").write(w)
		return
	}
	answer{status: http.StatusNoContent}.write(w)
}

const (
	samplesPerSecond = 8000
	// longestHum keeps recordings small: nobody listens to all of them.
	longestHum = 3 * time.Second
)

// hum is a WAV file of 8 bits a sample in which somebody hums, for some seconds.
func hum(lasts time.Duration) []byte {
	samples := int(min(lasts, longestHum).Seconds() * samplesPerSecond)
	var file bytes.Buffer
	file.WriteString("RIFF")
	write := func(values ...any) {
		for _, value := range values {
			_ = binary.Write(&file, binary.LittleEndian, value) // a buffer takes everything
		}
	}
	write(uint32(36 + samples))
	file.WriteString("WAVEfmt ")
	// 16 bytes of format: PCM, one voice, samples and bytes a second, bytes and bits a sample.
	write(uint32(16), uint16(1), uint16(1), uint32(samplesPerSecond), uint32(samplesPerSecond), uint16(1), uint16(8))
	file.WriteString("data")
	write(uint32(samples))
	for n := range samples {
		at := float64(n) / samplesPerSecond
		file.WriteByte(byte(128 + 40*math.Sin(2*math.Pi*(180+30*math.Sin(7*at))*at)))
	}
	return file.Bytes()
}
