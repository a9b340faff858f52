package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// conversation is one answered call, from the first fetch of its script to the
// end. Its time is the call's own: it is held whole at the instant it begins.
type conversation struct {
	sandbox *Sandbox
	call    *phoneCall
	began   time.Time
	machine bool
	length  time.Duration
	at      string // the URL of the document being performed
	turns   int
	over    bool
}

const (
	// maxTurns ends a script that never does.
	maxTurns = 60
	// perWord is how long a voice takes for a word.
	perWord = 400 * time.Millisecond
	// thinking is how long a person takes to press a key.
	thinking = 3 * time.Second
	// greeting is how long a machine speaks before its beep.
	greeting = 12 * time.Second
)

// hold holds the conversation.
func (t *conversation) hold(ctx context.Context) {
	t.detect(ctx)
	if t.call.script == "" {
		t.perform(ctx, []byte(t.call.twiml))
		return
	}
	t.fetch(ctx, t.call.scriptMethod, t.call.script, nil)
}

// detect is Twilio's answering machine detection, where the caller asked for it.
func (t *conversation) detect(ctx context.Context) {
	if t.call.detection == "" {
		return
	}
	by := "human"
	if t.machine {
		by = "machine_start"
		if strings.EqualFold(t.call.detection, "DetectMessageEnd") {
			by, t.length = "machine_end_beep", greeting
		}
	}
	t.length += 3500 * time.Millisecond
	t.call.mu.Lock()
	t.call.answerer = by
	t.call.mu.Unlock()
	if t.call.async != "" {
		form := t.sandbox.callForm(t.call, "in-progress")
		form.Set("MachineDetectionDuration", "3500")
		t.sandbox.callBack(ctx, http.MethodPost, t.call.async, form)
	}
}

// fetch asks the caller what to do next, with what was heard, and does it.
func (t *conversation) fetch(ctx context.Context, method, target string, heard url.Values) {
	t.turns++
	if t.turns > maxTurns {
		t.sandbox.tally.fail("call script: it does not end")
		t.over = true
		return
	}
	t.at = target
	form := t.sandbox.callForm(t.call, "in-progress")
	for name, values := range heard {
		form[name] = values
	}
	document := t.sandbox.callBack(ctx, method, target, form)
	if !document.ok() {
		t.over = true
		return
	}
	t.perform(ctx, document.body)
}

// perform does what a document says, verb by verb, until one leads elsewhere.
func (t *conversation) perform(ctx context.Context, document []byte) {
	verbs, err := readTwiML(document)
	if err != nil {
		t.sandbox.tally.fail("call script: " + errTwiML.Error())
		t.over = true
		return
	}
	for _, v := range verbs {
		if t.do(ctx, v); t.over {
			return
		}
	}
	t.over = true // nothing more to do: Twilio hangs up
}

// do performs one verb. When it leads to another document the rest of this one
// is never reached, and over is set on return.
func (t *conversation) do(ctx context.Context, v verb) {
	switch v.name {
	case "Say", "Play":
		t.listen(v.text)
	case "Pause":
		t.length += seconds(v.attr["length"], 1)
	case "Gather":
		t.gather(ctx, v)
	case "Record":
		t.record(ctx, v)
	case "Dial":
		t.dial(ctx, v)
	case "Redirect":
		t.fetch(ctx, method(v.attr["method"]), t.resolve(v.text), nil)
		t.over = true
	case "Hangup", "Reject", "Leave":
		t.over = true
	}
}

// listen is the time words take.
func (t *conversation) listen(words string) {
	t.length += time.Duration(len(strings.Fields(words))) * perWord
}

// gather asks for keys or words.
func (t *conversation) gather(ctx context.Context, v verb) {
	t.listen(v.text)
	heard := url.Values{}
	if !t.machine {
		heard = t.reply(v)
	}
	if t.over {
		return
	}
	if len(heard) == 0 {
		t.length += seconds(v.attr["timeout"], 5)
		if v.attr["actionOnEmptyResult"] != "true" {
			return
		}
	}
	t.length += thinking
	t.fetch(ctx, method(v.attr["method"]), t.resolve(v.attr["action"]), heard)
	t.over = true
}

// reply is what the person presses or says; nothing where they keep silent.
func (t *conversation) reply(v verb) url.Values {
	c, who := t.call.chance.nth(t.turns), t.call.person
	b := who.behaviour.Call
	switch {
	case c.happens("hang up", b.HangUp):
		t.over = true
		return nil
	case c.happens("silence", b.Silence):
		return nil
	}
	if input := v.attr["input"]; strings.Contains(input, "speech") && !strings.Contains(input, "dtmf") {
		return url.Values{"SpeechResult": {who.comment(c)}, "Confidence": {"0.93"}, "Language": {v.attr["language"]}}
	}
	low, high := scaleIn(v.text)
	key := who.score(c, low, high)
	if low == 1 && high == 2 { // one for yes
		key = 2 - who.score(c, 0, 1)
	}
	if c.happens("mistake", b.Mistake) {
		key = (high + 1) % 10
	}
	return url.Values{"Digits": {strconv.Itoa(key)}, "FinishedOnKey": {""}}
}

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
	t.length += spoken
	id := "RE" + t.sandbox.sid(c, "recording")
	base := t.sandbox.options.SelfURL
	if base == "" {
		base = "https://api.twilio.com"
	}
	t.fetch(ctx, method(v.attr["method"]), t.resolve(v.attr["action"]), url.Values{
		"RecordingSid":      {id},
		"RecordingUrl":      {base + "/2010-04-01/Accounts/" + t.sandbox.options.Twilio.AccountSID + "/Recordings/" + id},
		"RecordingDuration": {strconv.Itoa(int(spoken.Seconds()))}, "Digits": {"hangup"},
	})
	t.over = true
}

// dial puts the person through to somebody, who always answers.
func (t *conversation) dial(ctx context.Context, v verb) {
	talked := time.Duration(60+t.call.chance.pick("dial", 240)) * time.Second
	t.length += talked
	if v.attr["action"] == "" {
		return
	}
	t.fetch(ctx, method(v.attr["method"]), t.resolve(v.attr["action"]), url.Values{
		"DialCallSid": {"CA" + t.sandbox.sid(t.call.chance, "dial")}, "DialCallStatus": {"completed"},
		"DialCallDuration": {strconv.Itoa(int(talked.Seconds()))},
	})
	t.over = true
}

// resolve reads a URL of a document, relative to the document's own; an empty
// one is the document's own.
func (t *conversation) resolve(target string) string {
	base, err := url.Parse(t.at)
	if err != nil {
		return target
	}
	if target == "" {
		return t.at
	}
	resolved, err := base.Parse(target)
	if err != nil {
		return target
	}
	return resolved.String()
}

// seconds reads an attribute; usual where there is none.
func seconds(text string, usual int) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		n = usual
	}
	return time.Duration(n) * time.Second
}
